/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/p2p/wire/buf.h"

G_BEGIN_DECLS

/*
 * yamux (hashicorp/yamux spec.md, libp2p yamux README): many streams over one connection. A machine
 * of bytes and times: it has no socket, clock or thread.
 */

/* Every stream begins with this window in each direction (spec.md). */
#define MH_YAMUX_WINDOW_START (256 * 1024)

/* A receive window may shrink to this where round trips are so short that it is enough. */
#define MH_YAMUX_WINDOW_LEAST (128 * 1024)

/* Of a bulk stream at work: what keeps both sides busy when their threads have to wait for a core.
 */
#define MH_YAMUX_WINDOW_BULK (512 * 1024)

/* Bytes of a frame before its data (spec.md). */
#define MH_YAMUX_HEADER 12

/* Bytes of data that we put in a frame: with the header they fill a record of a secure channel. */
#define MH_YAMUX_MOST_DATA (16384 - MH_YAMUX_HEADER)

/* Streams of ours that the other side did not acknowledge; more are opened, but it is told of them
 * and they send only when others were acknowledged (libp2p yamux README). */
#define MH_YAMUX_MOST_UNACKNOWLEDGED 256

/* Numbers of streams may come out of order, but not further apart than this many streams. */
#define MH_YAMUX_MOST_DISORDER 4096

/* Pings of the other side whose answers may wait to be sent; one more breaks the session. */
#define MH_YAMUX_MOST_PINGS 64

/* Streams of the other side whose resets may wait to be sent, apart from as many as it may have
 * open; one more breaks the session. */
#define MH_YAMUX_MOST_RESETS 1024

/* Frames of higher priority that go before a stream of lower priority gets a turn nevertheless. */
#define MH_YAMUX_PATIENCE 32

/* How long the other side has to answer a ping, microseconds. */
#define MH_YAMUX_PING_TIMEOUT_US (30 * G_USEC_PER_SEC)

typedef struct _MhYamux MhYamux;
typedef struct _MhYamuxStream MhYamuxStream;

/* What goes first when several streams have something to send. */
typedef enum
{
  MH_YAMUX_URGENT, /* calls */
  MH_YAMUX_NORMAL, /* messages; what a new stream is */
  MH_YAMUX_BULK,   /* files */
} MhYamuxPriority;

/* What the windows of several sessions may grow by together, and what may come over those that have
 * shrunk, which has the same bound. */
typedef struct
{
  gsize most;
  gsize used;
  gsize surplus;
} MhYamuxBudget;

/* Plain data. Zeros stand for the defaults. */
typedef struct
{
  guint most_streams;    /* that the other side may have open; 1024 */
  guint32 most_window;   /* bytes that a receive window grows to; 64 MiB */
  gsize most_received;   /* bytes that wait to be read, of all streams together, before windows
                            stop growing, and that they grow by together; 128 MiB */
  guint32 most_send;     /* bytes that a stream takes before it is no longer writable; 256 KiB */
  MhYamuxBudget *budget; /* (unowned) (nullable): shared with other sessions, outlives them */
} MhYamuxLimits;

/*
 * What happens, called from mh_yamux_feed(); writable() from mh_yamux_pull(), which makes the room;
 * broken() from mh_yamux_free() too, for each stream that is open still. They may call anything
 * here but mh_yamux_feed() and mh_yamux_free().
 */
typedef struct
{
  /* The other side opened @stream. The session holds it until both directions have ended or it is
   * broken; who wants it longer holds it too. */
  void (*opened) (MhYamuxStream *stream, gpointer data);
  /* There is more to be read, or the end. */
  void (*readable) (MhYamuxStream *stream, gpointer data);
  /* A stream that took less than was offered takes more again: half of most_send at least. */
  void (*writable) (MhYamuxStream *stream, gpointer data);
  /* The stream was reset, or the connection ended; nothing comes after it but freeing. */
  void (*broken) (MhYamuxStream *stream, gpointer data);
} MhYamuxEvents;

/**
 * mh_yamux_new:
 * @is_client: whether we dialled: gives our streams odd numbers
 * @limits: (nullable): limits, copied
 * @events: what is told, outlives the session
 * @data: for @events
 *
 * Returns: (transfer full): a session
 */
MhYamux *mh_yamux_new (gboolean is_client, const MhYamuxLimits *limits, const MhYamuxEvents *events,
                       gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Breaks every stream, without a word to the other side, and frees the session. */
void mh_yamux_free (MhYamux *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhYamux, mh_yamux_free)

/* Returns: whether something else than bulk streams has something to be sent */
gboolean mh_yamux_is_urgent (const MhYamux *self);

/* So long after something else than bulk streams was at work, it is likely to be again: a call, a
 * terminal. */
#define MH_YAMUX_INTERACTIVE_US (G_USEC_PER_SEC / 10)

/* Returns: whether data of other streams than bulk ones went or came a moment ago */
gboolean mh_yamux_is_interactive (const MhYamux *self, gint64 now_us);

/**
 * mh_yamux_feed:
 * @self: a session
 * @data: bytes that came in, cut anywhere
 * @size: number of bytes
 * @now_us: monotonic time, microseconds
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_DATA: the session and all its streams are broken; what
 *   mh_yamux_pull() still gives says so to the other side. %G_IO_ERROR_CLOSED: the other side gave
 *   the session up for an error, and nothing more is to be sent
 * Returns: %FALSE with @error set
 */
gboolean mh_yamux_feed (MhYamux *self, const guint8 *data, gsize size, gint64 now_us,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_yamux_pull:
 * @self: a session
 * @out: where what has to be sent goes
 * @most: bytes to stop after; a frame that was begun is always whole
 *
 * Control frames go first, then the streams by priority; streams of one priority take turns, frame
 * by frame. A bulk stream never has more than one frame of at most 16 KiB less the header before an
 * urgent one gets its turn. What is before bulk streams ends a call: it need not wait until they
 * are sealed and written.
 *
 * Returns: whether anything was put in @out
 */
gboolean mh_yamux_pull (MhYamux *self, MhBuf *out, gsize most);

/* Returns: whether mh_yamux_pull() would give something */
gboolean mh_yamux_wants_send (const MhYamux *self);

/**
 * mh_yamux_tick:
 * @self: a session
 * @now_us: monotonic time, microseconds
 *
 * To be called about once in ten seconds: pings, for the round trip and to see that the other side
 * is there.
 *
 * Returns: %FALSE when the other side has answered no ping for %MH_YAMUX_PING_TIMEOUT_US, or the
 *   session is broken
 */
gboolean mh_yamux_tick (MhYamux *self, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: the shortest of the last eight round trips in microseconds, or 0 when none is known; the
 * first ones are taken as soon as something came in, and none that waited behind much else */
gint64 mh_yamux_rtt_us (const MhYamux *self);

/* Says goodbye: no new streams on either side. Those that are open go on, if the other side does
 * not take it for the end of the connection, as js-libp2p does. */
void mh_yamux_go_away (MhYamux *self);

/* Returns: whether the other side said goodbye */
gboolean mh_yamux_is_going (const MhYamux *self);

/* Returns: number of streams that are open, of both sides */
guint mh_yamux_count (const MhYamux *self);

/* Returns: number of streams of the other side that were reset because there were too many */
guint64 mh_yamux_refused (const MhYamux *self);

/**
 * mh_yamux_open:
 * @self: a session
 *
 * Returns: (transfer full) (nullable): a stream of ours, which may be written at once, or %NULL
 *   when either side said goodbye, the session is broken, or numbers have run out
 */
MhYamuxStream *mh_yamux_open (MhYamux *self) G_GNUC_WARN_UNUSED_RESULT;

/* Holds and gives back a stream. It stays valid, broken, after its session is freed. */
MhYamuxStream *mh_yamux_stream_ref (MhYamuxStream *self);
void mh_yamux_stream_unref (MhYamuxStream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhYamuxStream, mh_yamux_stream_unref)

/* What the user of a stream wants to find with it, %NULL at first. */
void mh_yamux_stream_set_data (MhYamuxStream *self, gpointer data);
gpointer mh_yamux_stream_get_data (MhYamuxStream *self);

/* Returns: its number on the wire */
guint32 mh_yamux_stream_id (const MhYamuxStream *self);

/* Says what it goes before. */
void mh_yamux_stream_set_priority (MhYamuxStream *self, MhYamuxPriority priority);

/**
 * mh_yamux_stream_write:
 * @self: a stream
 * @data: @size bytes, copied
 * @size: number of bytes
 *
 * Returns: bytes taken, which are fewer than @size when too many wait to be sent; writable() is
 *   called then when there is room. 0 for a stream that is broken or closed for writing.
 */
gsize mh_yamux_stream_write (MhYamuxStream *self, const guint8 *data, gsize size);

/* Returns: bytes that mh_yamux_stream_write() would take now */
gsize mh_yamux_stream_room (const MhYamuxStream *self);

/* Returns: bytes that were written and did not go to mh_yamux_pull() yet */
gsize mh_yamux_stream_unsent (const MhYamuxStream *self);

/* Returns: (transfer none): what came in and was not read yet, to be looked at and consumed with
 * mh_yamux_stream_consume() only */
const MhBuf *mh_yamux_stream_received (const MhYamuxStream *self);

/**
 * mh_yamux_stream_consume:
 * @self: a stream
 * @size: bytes that were read
 *
 * Lets the other side send more.
 */
void mh_yamux_stream_consume (MhYamuxStream *self, gsize size);

/* Returns: whether the other side ended its direction, so that nothing comes after what
 * mh_yamux_stream_received() has. A broken stream need not have come to its end. */
gboolean mh_yamux_stream_is_ended (const MhYamuxStream *self);

/* Returns: whether it was reset, or its connection ended, in which case nothing can be written */
gboolean mh_yamux_stream_is_broken (const MhYamuxStream *self);

/* Ends our direction, after what was written. */
void mh_yamux_stream_close_write (MhYamuxStream *self);

/* Ends both directions at once; what waits is dropped, also what was received and not consumed.
 * Without broken() being called. */
void mh_yamux_stream_reset (MhYamuxStream *self);

G_END_DECLS
