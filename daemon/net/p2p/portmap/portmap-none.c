/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap.h"

/* In place of portmap.c where there is no GUPnP IGD. */

struct _MhPortmap
{
  guint lease_s;
};

void
mh_portmap_state_clear (MhPortmapState *state)
{
  g_clear_pointer (&state->error, g_free);
}

MhPortmap *
mh_portmap_new (MhHost *host, guint lease_s, MhPortmapChanged changed, gpointer data)
{
  MhPortmap *self = g_new0 (MhPortmap, 1);

  self->lease_s = lease_s != 0 ? lease_s : MH_PORTMAP_LEASE_S;

  return self;
}

void
mh_portmap_free (MhPortmap *self)
{
  g_free (self);
}

void
mh_portmap_state (const MhPortmap *self, MhPortmapState *out)
{
  *out = (MhPortmapState){ .lease_s = self->lease_s };
  out->error = g_strdup ("this program was built without port mapping");
}
