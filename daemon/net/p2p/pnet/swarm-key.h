/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/secret.h"

G_BEGIN_DECLS

#define MH_SWARM_KEY_SIZE 32

/*
 * The key that all members of a private network share, in the file format of go-ipfs and
 * js-libp2p: a line with the kind, a line with the encoding, 64 hexadecimal digits.
 */

/**
 * mh_swarm_key_parse:
 * @text: the text of a key file
 * @error: return location
 *
 * Takes the encodings base16 and base64, line ends of any system, and spaces around the lines.
 *
 * Errors: %G_IO_ERROR_INVALID_DATA, without the key in its message
 * Returns: (transfer full): the key, or %NULL with @error set
 */
MhSecret *
mh_swarm_key_parse (const char *text, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_swarm_key_to_text:
 * @key: a swarm key
 *
 * Returns: (transfer full): the 95 bytes of a key file, without a NUL
 */
MhSecret *mh_swarm_key_to_text (const MhSecret *key) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_swarm_key_fingerprint:
 * @key: a swarm key
 *
 * Tells networks from each other without giving the key away.
 *
 * Returns: (transfer full): 16 hexadecimal digits
 */
char *mh_swarm_key_fingerprint (const MhSecret *key) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
