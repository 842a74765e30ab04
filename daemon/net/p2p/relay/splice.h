/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/stream.h"

G_BEGIN_DECLS

/* Told when both streams have ended. On the loop. */
typedef void (*MhSpliceDone) (gpointer data);

/**
 * mh_splice:
 * @one: (transfer full): a stream
 * @two: (transfer full): another
 * @done: told of the end
 * @data: for @done
 *
 * Sends on what comes from each to the other, no faster than the other takes it. Ends and resets go
 * through as well.
 *
 * Thread: the loop.
 */
void mh_splice (MhStream *one, MhStream *two, MhSpliceDone done, gpointer data);

G_END_DECLS
