/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/client.h"

G_BEGIN_DECLS

/**
 * MhTrayLink:
 *
 * The tray's lasting connection to the daemon. It asks for the state every few seconds, notices at
 * once when the daemon goes, and then tries to connect again and again. Never blocks.
 */
typedef struct _MhTrayLink MhTrayLink;

/**
 * MhTrayLinkStatus:
 * @status: (nullable): the daemon's answer to `status`, or %NULL while no daemon answers
 * @user_data: the owner's
 *
 * Called after every answer and every failed attempt.
 */
typedef void (*MhTrayLinkStatus) (JsonObject *status, gpointer user_data);

/**
 * MhTrayLinkReply:
 * @reply: (nullable): the answer
 * @error: (nullable): why there is none
 * @user_data: the owner's
 *
 * Called once for a request.
 */
typedef void (*MhTrayLinkReply) (JsonObject *reply, const GError *error, gpointer user_data);

/**
 * mh_tray_link_new:
 * @home: (nullable): as given with `--home`
 * @status: called from the loop, never from here
 * @user_data: for all callbacks
 *
 * Thread: the loop.
 * Returns: (transfer full): the link; it connects by itself
 */
MhTrayLink *mh_tray_link_new (const char *home, MhTrayLinkStatus status,
                              gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the link; a request under way gets no reply. */
void mh_tray_link_free (MhTrayLink *self);

/**
 * mh_tray_link_request:
 * @self: the link
 * @op: what to ask for
 * @reply: gets the answer, from the loop or, when no daemon is connected, from here
 *
 * Thread: the loop.
 */
void mh_tray_link_request (MhTrayLink *self, const char *op, MhTrayLinkReply reply);

G_END_DECLS
