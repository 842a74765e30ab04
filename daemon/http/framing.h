/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MhFraming:
 *
 * Follows where the messages of a connection begin and end (RFC 9112 §6 and §7). libsoup 3.2 takes
 * the end of a connection between two chunks, and a chunk size that is none, for the regular end of
 * a body: half an upload would be whole.
 */
typedef struct
{
  guint state;
  guint64 left;   /* bytes of the body or chunk to come */
  guint64 length; /* Content-Length of the head that is being read */
  gboolean is_chunked;
  gboolean is_framing_line; /* the last line of the head said how long the body is */
  gsize line_size;
  char line[256]; /* the beginning of the line that is being read */
} MhFraming;

/* Before the first byte, and when whoever reads knows that a message begins. */
void mh_framing_reset (MhFraming *self);

/**
 * mh_framing_feed:
 * @self: zeroed before the first byte
 * @data: @size bytes that came next
 * @size: number of bytes
 *
 * Returns: %FALSE when a chunk is malformed; then nothing further may be read
 */
gboolean
mh_framing_feed (MhFraming *self, const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether a body is on its way */
gboolean mh_framing_in_body (const MhFraming *self);

/* Returns: whether a body in chunks is on its way, so that the end of the connection cuts it off */
gboolean mh_framing_in_chunks (const MhFraming *self);

G_END_DECLS
