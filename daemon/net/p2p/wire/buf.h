/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MhBuf:
 *
 * A queue of bytes in one piece of memory: written at its end, read at its front. Plain data that
 * its owner may keep in a struct or on the stack; all zeros is an empty one. Not for two threads at
 * once. What a pointer into it shows is there until the next call that writes.
 */
typedef struct
{
  guint8 *data; /* (owned) (nullable) */
  gsize start;  /* first byte that was not read */
  gsize end;    /* first byte that was not written */
  gsize capacity;
  gboolean keeps; /* its memory when it becomes empty, until mh_buf_trim() */
} MhBuf;

/**
 * mh_buf_clear:
 * @self: a buffer
 *
 * Gives its memory back and leaves it empty, ready for use.
 */
void mh_buf_clear (MhBuf *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhBuf, mh_buf_clear)

/* Returns: the number of bytes that wait to be read */
gsize mh_buf_size (const MhBuf *self);

/* Returns: (transfer none): the bytes that wait to be read, mh_buf_size() of them */
guint8 *mh_buf_peek (const MhBuf *self);

/**
 * mh_buf_reserve:
 * @self: a buffer
 * @size: bytes wanted
 *
 * Returns: (transfer none): room for @size bytes after those that are there; they count once
 *   mh_buf_commit() says how many were written
 */
guint8 *mh_buf_reserve (MhBuf *self, gsize size);

/**
 * mh_buf_commit:
 * @self: a buffer
 * @size: bytes written to what mh_buf_reserve() gave, at most what was wanted
 */
void mh_buf_commit (MhBuf *self, gsize size);

/* Appends a copy of @size bytes. */
void mh_buf_append (MhBuf *self, gconstpointer data, gsize size);

/**
 * mh_buf_consume:
 * @self: a buffer
 * @size: bytes that were read, at most mh_buf_size()
 *
 * Drops them from the front.
 */
void mh_buf_consume (MhBuf *self, gsize size);

/* Gives the memory of an empty buffer back, for one that is not used for a while. */
void mh_buf_trim (MhBuf *self);

G_END_DECLS
