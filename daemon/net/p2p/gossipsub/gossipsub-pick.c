/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-private.h"

void
mh_gossipsub_shuffle (MhGossipsub *self, GPtrArray *array, guint from)
{
  for (guint i = from; i + 1 < array->len; i++)
    {
      guint other = (guint) g_rand_int_range (self->rand, (gint32) i, (gint32) array->len);
      gpointer element = array->pdata[i];

      array->pdata[i] = array->pdata[other];
      array->pdata[other] = element;
    }
}

GPtrArray *
mh_gossipsub_pick (MhGossipsub *self, const MhGossipsubTopic *topic, guint most,
                   MhGossipsubFits fits)
{
  GPtrArray *picked = g_ptr_array_new ();

  for (guint i = 0; i < topic->members->len; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (topic->members, i);

      if (fits (self, topic, peer))
        g_ptr_array_add (picked, peer);
    }
  mh_gossipsub_shuffle (self, picked, 0);
  if (picked->len > most)
    g_ptr_array_set_size (picked, (int) most);

  return picked;
}

gboolean
mh_gossipsub_has (const GPtrArray *array, gconstpointer element)
{
  for (guint i = 0; i < array->len; i++)
    if (array->pdata[i] == element)
      return TRUE;

  return FALSE;
}

GPtrArray *
mh_gossipsub_keys (GHashTable *table)
{
  GPtrArray *keys = g_ptr_array_sized_new (g_hash_table_size (table));
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (keys, key);

  return keys;
}
