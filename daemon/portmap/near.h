/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define MH_NEAR_ELSEWHERE "the router leads to somewhere else than our own network"

/* Ways to others, for what asks for them before it connects: there is one to those of the network
 * that an address of ours is in, and to nobody else. */
#define MH_TYPE_NEAR (mh_near_get_type ())
G_DECLARE_FINAL_TYPE (MhNear, mh_near, MH, NEAR, GObject)

/* @local: IPv4 address of ours. Returns: (transfer full): it */
GProxyResolver *mh_near_new (const char *local);

/* Returns: whether there is a way to @host, an IPv4 address if it is near */
gboolean mh_near_has (GProxyResolver *resolver, const char *host);

G_END_DECLS
