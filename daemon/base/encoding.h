/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_hex_encode:
 * @data: bytes
 * @length: number of bytes
 *
 * Returns: (transfer full): lower-case hexadecimal digits
 */
char *mh_hex_encode (const guint8 *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_hex_decode:
 * @text: hexadecimal digits of either case
 * @out: (out caller-allocates): room for @length bytes
 * @length: exact number of bytes expected
 *
 * Returns: %FALSE unless @text is exactly @length bytes in hexadecimal
 */
gboolean mh_hex_decode (const char *text, guint8 *out, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_base32_encode:
 * @data: bytes
 * @length: number of bytes
 *
 * RFC 4648 §6 without padding, in lower case.
 *
 * Returns: (transfer full): the text
 */
char *mh_base32_encode (const guint8 *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_base58_encode:
 * @data: bytes
 * @length: number of bytes, at most 128
 *
 * The Bitcoin alphabet, as libp2p writes peer ids.
 *
 * Returns: (transfer full): the text
 */
char *mh_base58_encode (const guint8 *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_base58_decode:
 * @text: text that mh_base58_encode() could have made
 * @out: (out caller-allocates): room for @room bytes
 * @room: most bytes, at most 128
 * @size: (out): number of bytes
 *
 * Returns: %FALSE when @text has other characters, or stands for more than @room bytes
 */
gboolean
mh_base58_decode (const char *text, guint8 *out, gsize room, gsize *size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_base32_decode:
 * @text: RFC 4648 §6 digits of either case, without padding
 * @out: (out caller-allocates): room for @room bytes
 * @room: most bytes
 * @size: (out): number of bytes
 *
 * Returns: %FALSE when @text has other characters, does not end on a whole byte, or stands for
 *   more than @room bytes
 */
gboolean
mh_base32_decode (const char *text, guint8 *out, gsize room, gsize *size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_base64url_encode:
 * @data: bytes
 * @length: number of bytes
 *
 * Returns: (transfer full): base64 with the alphabet of URLs and without padding (RFC 4648 §5)
 */
char *mh_base64url_encode (const guint8 *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_base64url_decode:
 * @text: what mh_base64url_encode() gives, maybe with white space in it
 * @size: (out): number of bytes
 *
 * Returns: (transfer full) (nullable): the bytes, for g_free(); %NULL when another sign is in it
 */
guint8 *mh_base64url_decode (const char *text, gsize *size) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_percent_decode:
 * @text: one encoded path segment or query part, @length bytes
 * @length: bytes of @text, or -1
 * @plus_is_space: whether `+` means a space (query strings)
 *
 * Decodes once. Refuses a broken escape, NUL and invalid UTF-8.
 *
 * Returns: (transfer full) (nullable): the decoded text, or %NULL
 */
char *mh_percent_decode (const char *text, gssize length,
                         gboolean plus_is_space) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
