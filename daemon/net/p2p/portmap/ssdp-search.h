/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "igd.h"

G_BEGIN_DECLS

/* Descriptions of devices that are taken of one search. */
#define MH_SSDP_MOST_LOCATIONS 16

/**
 * MhSsdpSearch:
 *
 * A search for routers by multicast (UDA 1.2.2). It asks three times within three seconds, and then
 * waits a little for answers. Of the loop.
 */
typedef struct _MhSsdpSearch MhSsdpSearch;

/* Some device is described there. It is told of once. */
typedef void (*MhSsdpFound) (GUri *location, gpointer data);

/**
 * mh_ssdp_search_new:
 * @local: our address in the network that is searched
 * @found: what to tell
 * @data: for @found
 * @error: return location
 *
 * Only what a device says of itself is taken: the description has to be at the address that the
 * answer came from.
 *
 * Thread: the one whose default context it is to use.
 * Errors: those of sockets
 * Returns: (transfer full): it, or %NULL with @error set
 */
MhSsdpSearch *mh_ssdp_search_new (GInetAddress *local, MhSsdpFound found, gpointer data,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends it. Not within @found. */
void mh_ssdp_search_free (MhSsdpSearch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSsdpSearch, mh_ssdp_search_free)

G_END_DECLS
