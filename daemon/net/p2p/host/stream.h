/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/p2p/wire/buf.h"
#include "net/p2p/wire/peer-id.h"
#include "net/p2p/yamux/yamux.h"

G_BEGIN_DECLS

/**
 * MhStream:
 *
 * A stream of one protocol to one peer: ordered bytes in each direction, ended one by one. It is
 * used either on the loop, with callbacks, or by workers that wait, never both. One worker may read
 * while another writes.
 */
typedef struct _MhStream MhStream;

/* What happens, on the loop. Each may be %NULL. */
typedef struct
{
  /* There is more to read, or the end of it: mh_stream_is_ended(). */
  void (*readable) (MhStream *self, gpointer data);
  /* A stream that took less than was offered takes more. */
  void (*writable) (MhStream *self, gpointer data);
  /* It was reset, or its connection is gone. Nothing comes after this. */
  void (*broken) (MhStream *self, gpointer data);
} MhStreamFuncs;

/* Holds and gives back a stream. One that is given back for the last time is reset, unless both
 * directions have ended. Thread: any. */
MhStream *mh_stream_ref (MhStream *self);
void mh_stream_unref (MhStream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhStream, mh_stream_unref)

/* Returns: (transfer none): who is at the other end. Thread: any. */
const MhPeerId *mh_stream_peer (const MhStream *self);

/* Returns: (transfer none): the name of its protocol. Thread: any. */
const char *mh_stream_protocol (const MhStream *self);

/* Returns: whether we opened it. Thread: any. */
gboolean mh_stream_is_ours (const MhStream *self);

/* Returns: whether its connection goes over a relay. Thread: any. */
gboolean mh_stream_is_relayed (const MhStream *self);

/**
 * mh_stream_set_funcs:
 * @self: a stream
 * @funcs: (nullable): what is told; outlives the stream
 * @data: for @funcs
 *
 * When there is something to read already, readable() is called soon; when it is broken already,
 * broken() is.
 *
 * Thread: the loop.
 */
void mh_stream_set_funcs (MhStream *self, const MhStreamFuncs *funcs, gpointer data);

/* Returns: (transfer none): what can be read now. Thread: the loop. */
const MhBuf *mh_stream_received (const MhStream *self);

/* Drops @size bytes of what was read, which lets the other side send more. Thread: the loop. */
void mh_stream_consume (MhStream *self, gsize size);

/* Returns: whether nothing comes after what is there. Thread: the loop. */
gboolean mh_stream_is_ended (const MhStream *self);

/* Returns: whether it was reset or its connection is gone. Thread: the loop. */
gboolean mh_stream_is_broken (const MhStream *self);

/* Returns: bytes taken, fewer than @size when too much waits: writable() follows. On the loop. */
gsize mh_stream_write (MhStream *self, gconstpointer data, gsize size);

/* Returns: bytes that mh_stream_write() would take now. Thread: the loop. */
gsize mh_stream_room (const MhStream *self);

/* Returns: bytes that were written and did not leave yet. Thread: the loop. */
gsize mh_stream_unsent (const MhStream *self);

/* Writes @size bytes however much waits; for what is small and bounded. Thread: the loop. */
void mh_stream_write_all (MhStream *self, gconstpointer data, gsize size);

/* Ends our direction, after what was written. Thread: any. */
void mh_stream_close_write (MhStream *self);

/* Ends both directions at once. Thread: any. */
void mh_stream_reset (MhStream *self);

/* Says what it goes before. Thread: any. */
void mh_stream_set_priority (MhStream *self, MhYamuxPriority priority);

/**
 * mh_stream_take_message:
 * @self: a stream
 * @most: bytes of the longest message that is taken
 * @message: (out) (nullable): the next message, or %NULL when it is not complete
 * @error: return location
 *
 * Takes a message with its length before it, as a varint.
 *
 * Thread: the loop.
 * Errors: %G_IO_ERROR_INVALID_DATA when it is longer than @most or has a bad length
 * Returns: %FALSE with @error set
 */
gboolean mh_stream_take_message (MhStream *self, gsize most, GBytes **message,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a message with its length before it; for what is small and bounded. On the loop. */
void mh_stream_put_message (MhStream *self, gconstpointer data, gsize size);

/**
 * mh_stream_read_wait:
 * @self: a stream
 * @out: (out caller-allocates): room for @size bytes
 * @size: most bytes
 * @timeout_ms: milliseconds to wait for the first byte
 * @error: return location
 *
 * Thread: the worker that uses the stream.
 * Errors: %G_IO_ERROR_TIMED_OUT, %G_IO_ERROR_CONNECTION_CLOSED when it was reset
 * Returns: bytes read, 0 at the end, -1 with @error set
 */
gssize mh_stream_read_wait (MhStream *self, guint8 *out, gsize size, guint timeout_ms,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_stream_write_wait:
 * @self: a stream
 * @data: @size bytes
 * @size: number of bytes
 * @timeout_ms: milliseconds to wait for room, each time there is none
 * @error: return location
 *
 * Thread: the worker that uses the stream.
 * Errors: as mh_stream_read_wait()
 * Returns: %FALSE with @error set
 */
gboolean mh_stream_write_wait (MhStream *self, const guint8 *data, gsize size, guint timeout_ms,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a message of at most @most bytes with its length before it. As mh_stream_read_wait().
 * Returns: (transfer full): the message, or %NULL with @error set */
GBytes *mh_stream_read_message_wait (MhStream *self, gsize most, guint timeout_ms,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a message with its length before it. As mh_stream_write_wait(). */
gboolean mh_stream_write_message_wait (MhStream *self, gconstpointer data, gsize size,
                                       guint timeout_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a message of @head and the nullable @body, which are referenced and not copied. May
 * return before they are sent, with up to a megabyte of earlier messages. */
gboolean mh_stream_write_parts_wait (MhStream *self, GBytes *head, GBytes *body, guint timeout_ms,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
