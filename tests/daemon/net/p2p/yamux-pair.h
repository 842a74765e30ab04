/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/yamux/yamux.h"

#define MIB (1024 * 1024)

/* What is sent where it does not matter. */
extern const guint8 zeros[MIB];

/* For events of a session. */
void do_nothing (MhYamuxStream *stream, gpointer data);
/* Writes all that there is room for. */
void fill (MhYamuxStream *stream, gpointer data);

/*
 * One end of a connection in memory. It notes what its session tells as text, "opened 1|abc 1|",
 * unless @events of its own are given.
 */
typedef struct
{
  MhYamux *session;
  MhBuf out;         /* bytes that were pulled */
  GString *log;      /* what happened */
  gboolean consumes; /* what comes is read at once */
  gint64 now_us;
} Peer;

void peer_init (Peer *peer, gboolean is_client, const MhYamuxLimits *limits);
void peer_clear (Peer *peer);

/* Events of a session whose data is a Peer. */
const MhYamuxEvents *peer_events (void);

/*
 * Appends frames: "W SA 1 0|D F 1 3 abc" is a window with SYN and ACK for stream 1, and "abc" with
 * FIN. Types are D, W, P and G, V for another version and X for another type; flags S, A, F, R, U
 * for one that nobody knows, and - for none. A data frame whose bytes are not given is its header
 * only.
 */
void frames_put (MhBuf *out, const char *text);

/* Takes all frames of @in. Returns: (transfer full): the same text; long data as "..." */
char *frames_take (MhBuf *in);

/* Feeds @text in pieces of @piece bytes. */
gboolean peer_feed (Peer *peer, const char *text, gsize piece, GError **error);

/* Pulls all. Returns: (transfer full): it as text */
char *peer_pull (Peer *peer);

/* Pulls all of @from and feeds it to @to, in one piece. Returns: whether there was anything */
gboolean peer_move (Peer *from, Peer *to);

/* Moves in both directions until there is nothing more. */
void peers_settle (Peer *one, Peer *two);

/* Asserts what was noted, and forgets it. */
#define assert_log(peer, expected)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpstr ((peer)->log->str, ==, expected);                                              \
    g_string_truncate ((peer)->log, 0);                                                            \
  }                                                                                                \
  G_STMT_END

/* Asserts what mh_yamux_pull() gives. */
#define assert_pull(peer, expected)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *pulled = peer_pull (peer);                                                    \
                                                                                                   \
    g_assert_cmpstr (pulled, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

/* Feeds what has to be taken. */
#define assert_feed(peer, text)                                                                    \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (GError) wrong = NULL;                                                               \
                                                                                                   \
    peer_feed (peer, text, G_MAXSIZE, &wrong);                                                     \
    g_assert_no_error (wrong);                                                                     \
  }                                                                                                \
  G_STMT_END

/* Feeds what has to break the session. */
#define assert_breaks(peer, text)                                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (GError) wrong = NULL;                                                               \
                                                                                                   \
    g_assert_false (peer_feed (peer, text, G_MAXSIZE, &wrong));                                    \
    g_assert_error (wrong, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);                                   \
  }                                                                                                \
  G_STMT_END
