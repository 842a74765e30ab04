/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "limit.h"

typedef struct
{
  MhPeerId peer;
  gint64 since_us;
} Taken;

struct _MhAutonatLimit
{
  GArray *rows; /* (owned) (element-type Taken): of the last minute, the oldest first */
};

MhAutonatLimit *
mh_autonat_limit_new (void)
{
  MhAutonatLimit *self = g_new0 (MhAutonatLimit, 1);

  self->rows = g_array_new (FALSE, FALSE, sizeof (Taken));

  return self;
}

void
mh_autonat_limit_free (MhAutonatLimit *self)
{
  g_array_unref (self->rows);
  g_free (self);
}

gboolean
mh_autonat_limit_take (MhAutonatLimit *self, const MhPeerId *peer, gint64 now_us)
{
  Taken taken = { *peer, now_us };
  guint of_peer = 0;

  while (self->rows->len > 0
         && now_us - g_array_index (self->rows, Taken, 0).since_us >= MH_AUTONAT_MINUTE_US)
    g_array_remove_index (self->rows, 0);
  for (guint i = 0; i < self->rows->len; i++)
    of_peer += mh_peer_id_equal (&g_array_index (self->rows, Taken, i).peer, peer) ? 1 : 0;
  if (of_peer >= MH_AUTONAT_MOST_OF_PEER || self->rows->len >= MH_AUTONAT_MOST_OF_ALL)
    return FALSE;
  g_array_append_val (self->rows, taken);

  return TRUE;
}
