/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "igd.h"

G_BEGIN_DECLS

/* How long it may go on finding: the search, and the download of what the last answer led to. */
#define MH_IGD_FINDER_MS 12000

/**
 * MhIgdFinder:
 *
 * Searches the network of our address for services that forward ports. Of the loop.
 */
typedef struct _MhIgdFinder MhIgdFinder;

/* A service was found; or it was none, where a router has told of one: @service is NULL with @error
 * set then. */
typedef void (*MhIgdFound) (MhIgdService *service, const GError *error, gpointer data);

/**
 * mh_igd_finder_new:
 * @session: from mh_igd_session_new(); outlives it
 * @local: our address
 * @found: what to tell
 * @data: for @found
 * @error: return location
 *
 * Thread: the one of @session.
 * Errors: those of sockets
 * Returns: (transfer full): it, or %NULL with @error set
 */
MhIgdFinder *mh_igd_finder_new (SoupSession *session, GInetAddress *local, MhIgdFound found,
                                gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends it. Not within @found. */
void mh_igd_finder_free (MhIgdFinder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIgdFinder, mh_igd_finder_free)

G_END_DECLS
