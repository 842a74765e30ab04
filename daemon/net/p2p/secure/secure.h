/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/sign.h"
#include "net/p2p/wire/buf.h"
#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/*
 * What the two secure channels have in common. Each is a machine of bytes: what came from the
 * network goes in, what has to go there comes out, and so do the plain bytes of the layer above.
 */

/* Bytes of plain text that mh_secure_seal() takes at best: one TLS record. */
#define MH_SECURE_PIECE 16384

typedef struct _MhSecure MhSecure;

typedef struct
{
  gboolean (*start) (MhSecure *self, MhBuf *out, GError **error);
  gboolean (*feed) (MhSecure *self, MhBuf *in, MhBuf *plain, MhBuf *out, GError **error);
  gboolean (*seal) (MhSecure *self, const guint8 *plain, gsize size, MhBuf *out, GError **error);
  void (*close) (MhSecure *self, MhBuf *out);
  void (*free) (MhSecure *self);
} MhSecureFuncs;

/**
 * MhSecure:
 *
 * One end of a secure channel. Its kinds begin with this. Not for two threads at once.
 */
struct _MhSecure
{
  const MhSecureFuncs *funcs;
  gboolean is_open;  /* the handshake is done: @peer is proved, mh_secure_seal() may be called */
  gboolean is_ended; /* the other side will send nothing more */
  gboolean has_expected;
  MhPeerId expected; /* who it has to be, when @has_expected */
  MhPeerId peer;     /* who it is, once @is_open */
  const char *muxer; /* (unowned) (nullable): agreed in the handshake, once @is_open */
};

/**
 * mh_secure_start:
 * @self: a channel
 * @out: where what has to be sent goes
 * @error: return location
 *
 * Begins the handshake. To be called once, before anything else.
 *
 * Errors: %G_IO_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_secure_start (MhSecure *self, MhBuf *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_secure_feed:
 * @self: a channel
 * @in: what came in: what makes a whole message is consumed
 * @plain: where the bytes for the layer above go
 * @out: where what has to be sent goes
 * @error: return location
 *
 * Does the handshake, and when that is done opens what comes after it, in one call or in many. A
 * failed channel is to be freed; @out may hold an alert that tells the other side.
 *
 * Errors: %G_IO_ERROR_PERMISSION_DENIED when the other side does not prove who it is, or is not who
 *   was expected; %G_IO_ERROR_INVALID_DATA for everything that does not follow the protocol
 * Returns: %FALSE with @error set
 */
gboolean mh_secure_feed (MhSecure *self, MhBuf *in, MhBuf *plain, MhBuf *out,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_secure_seal:
 * @self: a channel that is open
 * @plain: @size bytes
 * @size: number of bytes, any
 * @out: where what has to be sent goes
 * @error: return location
 *
 * Errors: %G_IO_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_secure_seal (MhSecure *self, const guint8 *plain, gsize size, MhBuf *out,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells the other side that nothing more will come, where the channel has a word for it. */
void mh_secure_close (MhSecure *self, MhBuf *out);

/* Wipes and frees it. */
void mh_secure_free (MhSecure *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSecure, mh_secure_free)

G_END_DECLS
