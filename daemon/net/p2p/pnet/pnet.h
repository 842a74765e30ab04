/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/secret.h"
#include "net/p2p/wire/buf.h"

G_BEGIN_DECLS

/* libp2p "Private Networks": both sides begin with a nonce, everything after it is XSalsa20. */
#define MH_PNET_NONCE_SIZE 24

/**
 * MhPnet:
 *
 * The outermost layer of a connection in a private network. It hides, and keeps strangers out as
 * what they say makes no sense; it does not protect from changes, which the layers above do.
 */
typedef struct _MhPnet MhPnet;

/**
 * mh_pnet_new:
 * @key: the swarm key, which has to outlive the layer
 * @out: where our nonce goes: the first bytes to be sent
 *
 * Returns: (transfer full): the layer for one connection
 */
MhPnet *mh_pnet_new (const MhSecret *key, MhBuf *out) G_GNUC_WARN_UNUSED_RESULT;

/* Wipes and frees it. */
void mh_pnet_free (MhPnet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPnet, mh_pnet_free)

/**
 * mh_pnet_seal:
 * @self: a layer
 * @data: bytes that are to be sent next, turned in place
 * @size: number of bytes
 */
void mh_pnet_seal (MhPnet *self, guint8 *data, gsize size);

/**
 * mh_pnet_open:
 * @self: a layer
 * @data: bytes that came in, turned in place
 * @size: number of bytes
 *
 * Returns: bytes at the front that are the nonce of the other side and not for the layer above
 */
gsize mh_pnet_open (MhPnet *self, guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
