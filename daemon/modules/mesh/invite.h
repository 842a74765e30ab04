/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/secret.h"

G_BEGIN_DECLS

/*
 * What joins a network: `meshhold://join/` and JSON in base64url without padding. Members: `v` 1,
 * `n` name of the network, `k` its key in hexadecimal digits, `b` addresses that end on a peer id.
 * Members that we do not know are passed over; another `v` is refused.
 */

#define MH_INVITE_PREFIX "meshhold://join/"

/* Bytes of the longest URL that is read, and addresses in one that is made: a QR code of that size
 * is still read by a telephone (900 bytes, of which 170 are not addresses). */
#define MH_INVITE_MAX 4096
#define MH_INVITE_MOST_PEERS 8
#define MH_INVITE_QR_BYTES 900

typedef struct
{
  char *name;       /* (owned) (nullable) */
  MhSecret *key;    /* (owned) (nullable): of the network */
  char **bootstrap; /* (owned): multiaddresses that end on a peer id */
} MhInvite;

/* Frees it. */
void mh_invite_free (MhInvite *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhInvite, mh_invite_free)

/**
 * mh_invite_to_url:
 * @self: a network, with its key
 *
 * Leaves out addresses from the last on when there are too many.
 *
 * Returns: (transfer full): the URL; whoever has it is a member
 */
char *mh_invite_to_url (const MhInvite *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): `meshhold://node/…`, which leads to a node and joins nothing */
char *
mh_invite_node_url (const char *peer_id, const char *const *addresses) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_invite_parse:
 * @url: what somebody pasted; spaces and line ends in it are passed over
 * @error: return location
 *
 * Takes the URLs of nodes, `meshhold://node/…`, as well, which have addresses and no key.
 *
 * Errors: %MH_ERROR_INVALID, which says what is wrong with it
 * Returns: (transfer full): what it says, or %NULL with @error set
 */
MhInvite *mh_invite_parse (const char *url, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_invite_check_peers:
 * @addresses: (nullable): multiaddresses from anybody
 * @field: name for messages
 * @error: return location
 *
 * Errors: %MH_ERROR_INVALID, naming the first that is none or does not end on `/p2p/…`
 */
gboolean mh_invite_check_peers (const char *const *addresses, const char *field,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
