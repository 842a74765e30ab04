/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "message.h"
#include "net/p2p/host/stream.h"

G_BEGIN_DECLS

/* A message that is waited for. */
typedef struct _MhRelayHearing MhRelayHearing;

/* A message that was waited for, or why there is none. @stream and @message are borrowed. */
typedef void (*MhRelayHeard) (MhStream *stream, const MhRelayMessage *message, const GError *error,
                              gpointer data);

/* How long the other side may take for a message, seconds: a relay asks somebody else for it. */
#define MH_RELAY_PATIENCE_S 30

/**
 * mh_relay_hear:
 * @stream: (transfer full): a stream
 * @is_stop: which protocol it is of
 * @heard: told of the end, exactly once; has to hold the stream to keep it
 * @data: for @heard
 *
 * Waits for one message, %MH_RELAY_PATIENCE_S at most. What comes after it stays in the stream.
 *
 * Thread: the loop.
 * Returns: (transfer none): what waits, valid until @heard is called
 */
MhRelayHearing *
mh_relay_hear (MhStream *stream, gboolean is_stop, MhRelayHeard heard, gpointer data);

/* Ends it now, as if its stream were broken. Thread: the loop. */
void mh_relay_unhear (MhRelayHearing *self);

/* Sends a message. Thread: the loop. */
void mh_relay_say (MhStream *stream, gboolean is_stop, const MhRelayMessage *message);

/* Sends one that has a status only. Thread: the loop. */
void mh_relay_say_status (MhStream *stream, gboolean is_stop, MhRelayCode status);

G_END_DECLS
