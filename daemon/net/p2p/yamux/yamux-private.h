/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "yamux.h"

G_BEGIN_DECLS

/* Types and flags of frames, and why a session ends (spec.md). */
enum
{
  FRAME_DATA,
  FRAME_WINDOW,
  FRAME_PING,
  FRAME_GO_AWAY,
};

enum
{
  FLAG_SYN = 1,
  FLAG_ACK = 2,
  FLAG_FIN = 4,
  FLAG_RST = 8,
};

enum
{
  GO_AWAY_NORMAL,
  GO_AWAY_PROTOCOL_ERROR,
};

#define PRIORITIES (MH_YAMUX_BULK + 1)
#define SPARES 2
#define ROUND_TRIPS 8

struct _MhYamux
{
  const MhYamuxEvents *events; /* (unowned) */
  gpointer data;               /* (unowned): for @events */
  MhYamuxLimits limits;

  GHashTable *streams; /* (owned) (element-type guint MhYamuxStream): by stream_key(), each held */
  guint32 salt;
  guint32 parity;  /* of the numbers of our streams */
  guint32 next_id; /* of our next stream, 0 when none is left */
  guint theirs;    /* streams that are open and not ours */
  guint unacknowledged;
  guint32 last_place; /* of the highest number that the other side used, halved */
  guint64 used[MH_YAMUX_MOST_DISORDER / 64]; /* a bit for each number up to that */

  GQueue held;              /* ours that the other side is not told of yet */
  GQueue telling;           /* those with a SYN, an ACK or a window to send */
  GQueue turns[PRIORITIES]; /* those with data or a FIN that may be sent now */
  guint passed[PRIORITIES]; /* frames that went before the first of them */
  GQueue roomy;             /* those of which writable() is to be called */
  gboolean is_telling_room;
  MhBuf frames;    /* of the session, and resets */
  guint pings;     /* answers in @frames */
  guint resets;    /* of streams that are not ours in @frames */
  guint64 refused; /* streams of the other side, since the beginning */
  gsize unsent;    /* bytes of all streams */

  guint8 header[MH_YAMUX_HEADER];
  gsize header_size;      /* bytes of it that came in */
  gsize left;             /* bytes of the frame's data that did not come in */
  MhYamuxStream *current; /* (owned) (nullable): whose they are */
  gboolean fin_follows;
  guint64 in_flight; /* bytes at most that may come for streams that we reset */

  gsize received; /* bytes that wait to be read, of all streams */
  gsize grown;    /* bytes that the windows of all streams are over the first one */
  gsize surplus;  /* bytes that may come over the windows of streams that have shrunk */
  guint32 proved; /* window that did a stream of late good */

  gint64 now_us;
  guint64 moved;         /* bytes in both directions */
  gint64 interactive_us; /* when data of a stream that is not bulk last went or came */
  gint64 ping_us;        /* when the last ping was made */
  guint64 ping_moved;    /* @moved then */
  guint32 ping_id;
  gboolean is_pinging;
  gint64 round_trips_us[ROUND_TRIPS];
  guint round_trips;

  MhBuf spares[SPARES];
  gboolean said_goodbye;
  gboolean is_going;
  gboolean is_broken;
};

struct _MhYamuxStream
{
  MhYamux *session; /* (unowned) (nullable): while it is open */
  gpointer data;    /* (unowned) */
  MhBuf unsent;
  MhBuf received;
  guint refs;
  guint32 id;
  guint32 credit;  /* bytes that the other side still takes */
  guint32 window;  /* bytes that it may have sent and we did not consume */
  guint32 allowed; /* of these, what it may still send */
  guint32 due;     /* of these, what it is to be told of */
  guint32 surplus; /* bytes beyond @window that it was allowed before the window shrank */
  guint32 epoch_bytes;
  gint64 epoch_us;
  MhYamuxPriority priority;
  guint is_ours : 1;
  guint is_held : 1;
  guint is_unacknowledged : 1;
  guint needs_syn : 1;
  guint needs_ack : 1;
  guint is_telling : 1;
  guint has_turn : 1;
  guint is_roomy : 1;
  guint wants_room : 1;
  guint is_closing : 1;
  guint fin_sent : 1;
  guint fin_received : 1;
  guint is_broken : 1;
  guint is_at_work : 1; /* half of a window came since the last tick */
  GList telling;        /* its place in these queues of the session */
  GList turn;           /* or in @held */
  GList roomy;
};

/* yamux.c */

/* Lends an empty buffer memory that another one had. */
void mh_yamux_lend (MhYamux *self, MhBuf *buf);
/* Takes the memory of a buffer whose bytes are no longer needed. */
void mh_yamux_take_back (MhYamux *self, MhBuf *buf);
/* Does something that opens and ends no stream with each of them. */
void mh_yamux_each (MhYamux *self, void (*func) (MhYamuxStream *stream));
/* Makes a ping. */
void mh_yamux_ping (MhYamux *self);
/* Breaks every stream. */
void mh_yamux_break_all (MhYamux *self);

/* yamux-pull.c */

void mh_yamux_put_frame (MhBuf *out, guint8 type, guint16 flags, guint32 id, guint32 length);
/* Gives @stream its place among those with a turn, when it has something that may be sent. */
void mh_yamux_schedule (MhYamuxStream *stream);
/* Has a SYN, an ACK or a window sent. */
void mh_yamux_tell (MhYamuxStream *stream);

/* yamux-stream.c */

MhYamuxStream *mh_yamux_stream_new (MhYamux *session, guint32 id, gboolean is_ours);
MhYamuxStream *mh_yamux_find (const MhYamux *self, guint32 id);
/* Opens those that waited for others to be acknowledged. */
void mh_yamux_release_held (MhYamux *self);
/* What the session knows of @stream ends, and perhaps @stream. */
void mh_yamux_stream_detach (MhYamuxStream *stream);
/* The same, when both sides ended their direction. */
void mh_yamux_stream_detach_if_done (MhYamuxStream *stream);
/* The same, with a word to the user. */
void mh_yamux_stream_break (MhYamuxStream *stream);
/* @size bytes came in: the window grows when they came quickly and were read quickly. */
void mh_yamux_stream_measure (MhYamuxStream *stream, gsize size);
/* To be called when the first round trip is known: some began without. */
void mh_yamux_stream_begin (MhYamuxStream *stream);
/* To be called once in a while: what little comes for needs no more than its first window. */
void mh_yamux_stream_rest (MhYamuxStream *stream);

G_END_DECLS
