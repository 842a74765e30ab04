/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-cache-private.h"

#include <string.h>

#include "crypto/random.h"

/* Bytes that a message counts for on top of its own. */
#define ITEM_COST 512

/* A message that can be asked for. */
typedef struct
{
  MhGossipsubIdKey key;
  MhGossipsubItem *item; /* (owned) */
  guint tick;
  GHashTable *sent; /* (owned) (nullable) (element-type guint guint): times, by peer */
} Kept;

typedef struct
{
  guint32 peer;
  gint64 until_ms;
} Promise;

typedef struct
{
  MhGossipsubIdKey key;
  GArray *promises; /* (owned) (element-type Promise) */
} Promised;

struct _MhGossipsubCache
{
  const MhGossipsubConfig *config; /* (unowned) */
  guint64 hash_key[2];
  GHashTable *seen; /* (owned) (element-type MhGossipsubSeen MhGossipsubSeen) */
  GQueue by_age;    /* of them, oldest first */
  gsize seen_size;
  gsize held_size;
  GHashTable *kept; /* (element-type Kept Kept) */
  GQueue by_tick;   /* (owned) of them, oldest first */
  gsize kept_size;
  guint tick;
  GHashTable *promised; /* (owned) (element-type Promised Promised) */
};

static void
seen_free (gpointer data)
{
  MhGossipsubSeen *self = data;

  g_clear_pointer (&self->senders, g_array_unref);
  g_clear_pointer (&self->item, mh_gossipsub_item_unref);
  g_free (self);
}

static void
kept_free (gpointer data)
{
  Kept *self = data;

  g_clear_pointer (&self->sent, g_hash_table_unref);
  mh_gossipsub_item_unref (self->item);
  g_free (self);
}

static void
promised_free (gpointer data)
{
  Promised *self = data;

  g_array_unref (self->promises);
  g_free (self);
}

static GHashTable *
table_new (GDestroyNotify free_value)
{
  return g_hash_table_new_full (mh_gossipsub_id_key_hash, mh_gossipsub_id_key_equal, NULL,
                                free_value);
}

MhGossipsubCache *
mh_gossipsub_cache_new (const MhGossipsubConfig *config)
{
  MhGossipsubCache *self = g_new0 (MhGossipsubCache, 1);

  self->config = config;
  mh_random_bytes ((guint8 *) self->hash_key, sizeof self->hash_key);
  self->seen = table_new (seen_free);
  self->kept = table_new (NULL);
  self->promised = table_new (promised_free);
  g_queue_init (&self->by_age);
  g_queue_init (&self->by_tick);

  return self;
}

void
mh_gossipsub_cache_free (MhGossipsubCache *self)
{
  g_hash_table_unref (self->seen);
  g_hash_table_unref (self->kept);
  g_hash_table_unref (self->promised);
  g_queue_clear_full (&self->by_tick, kept_free);
  g_free (self);
}

MhGossipsubIdKey
mh_gossipsub_cache_key (const MhGossipsubCache *self, const MhGossipsubId *id)
{
  MhGossipsubIdKey key = { .id = *id };
  guint64 words[sizeof (MhGossipsubId) / sizeof (guint64)];
  guint64 hash = self->hash_key[0];

  memcpy (words, id, sizeof words);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      hash = (hash ^ words[i]) * (self->hash_key[1] | 1);
      hash ^= hash >> 29;
    }
  key.hash = (guint) (hash ^ hash >> 32);

  return key;
}

guint
mh_gossipsub_id_key_hash (gconstpointer key)
{
  return ((const MhGossipsubIdKey *) key)->hash;
}

gboolean
mh_gossipsub_id_key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (&((const MhGossipsubIdKey *) a)->id, &((const MhGossipsubIdKey *) b)->id,
                 sizeof (MhGossipsubId))
         == 0;
}

MhGossipsubItem *
mh_gossipsub_item_ref (MhGossipsubItem *self)
{
  self->refs++;

  return self;
}

void
mh_gossipsub_item_unref (MhGossipsubItem *self)
{
  if (--self->refs > 0)
    return;

  g_ref_string_release (self->topic);
  g_bytes_unref (self->rpc);
  g_bytes_unref (self->data);
  g_free (self);
}

static gsize
item_size (const MhGossipsubItem *item)
{
  return g_bytes_get_size (item->rpc) + ITEM_COST;
}

MhGossipsubSeen *
mh_gossipsub_cache_seen (MhGossipsubCache *self, const MhGossipsubIdKey *key)
{
  return g_hash_table_lookup (self->seen, key);
}

void
mh_gossipsub_cache_unsee (MhGossipsubCache *self, MhGossipsubSeen *seen)
{
  mh_gossipsub_cache_forget_senders (self, seen);
  if (seen->item != NULL)
    self->held_size -= item_size (seen->item);
  self->seen_size -= MH_GOSSIPSUB_SEEN_COST;
  g_queue_unlink (&self->by_age, &seen->link);
  g_hash_table_remove (self->seen, seen);
}

static void
make_room (MhGossipsubCache *self, gsize size)
{
  while (self->seen_size + size > self->config->max_seen_bytes && !g_queue_is_empty (&self->by_age))
    mh_gossipsub_cache_unsee (self, g_queue_peek_head (&self->by_age));
}

MhGossipsubSeen *
mh_gossipsub_cache_see (MhGossipsubCache *self, const MhGossipsubIdKey *key, gint64 now_ms)
{
  MhGossipsubSeen *seen = g_new0 (MhGossipsubSeen, 1);

  make_room (self, MH_GOSSIPSUB_SEEN_COST);
  seen->key = *key;
  seen->seen_ms = now_ms;
  seen->link.data = seen;
  g_hash_table_add (self->seen, seen);
  g_queue_push_tail_link (&self->by_age, &seen->link);
  self->seen_size += MH_GOSSIPSUB_SEEN_COST;

  return seen;
}

gboolean
mh_gossipsub_cache_has_sender (const MhGossipsubSeen *seen, guint32 sender)
{
  for (guint i = 0; seen->senders != NULL && i < seen->senders->len; i++)
    if (g_array_index (seen->senders, guint32, i) == sender)
      return TRUE;

  return FALSE;
}

gboolean
mh_gossipsub_cache_note_sender (MhGossipsubCache *self, MhGossipsubSeen *seen, guint32 sender)
{
  if (mh_gossipsub_cache_has_sender (seen, sender))
    return FALSE;
  if (seen->senders == NULL)
    seen->senders = g_array_new (FALSE, FALSE, sizeof sender);
  g_array_append_val (seen->senders, sender);
  self->seen_size += sizeof sender;

  return TRUE;
}

void
mh_gossipsub_cache_forget_senders (MhGossipsubCache *self, MhGossipsubSeen *seen)
{
  if (seen->senders != NULL)
    self->seen_size -= seen->senders->len * sizeof (guint32);
  g_clear_pointer (&seen->senders, g_array_unref);
}

gboolean
mh_gossipsub_cache_hold (MhGossipsubCache *self, MhGossipsubSeen *seen, MhGossipsubItem *item)
{
  if (self->held_size + item_size (item) > self->config->max_pending_bytes)
    return FALSE;
  self->held_size += item_size (item);
  seen->item = mh_gossipsub_item_ref (item);

  return TRUE;
}

MhGossipsubItem *
mh_gossipsub_cache_take (MhGossipsubCache *self, MhGossipsubSeen *seen)
{
  if (seen->item != NULL)
    self->held_size -= item_size (seen->item);

  return g_steal_pointer (&seen->item);
}

static void
drop_oldest (MhGossipsubCache *self)
{
  Kept *kept = g_queue_pop_head (&self->by_tick);

  self->kept_size -= item_size (kept->item);
  g_hash_table_remove (self->kept, kept);
  kept_free (kept);
}

void
mh_gossipsub_cache_put (MhGossipsubCache *self, MhGossipsubItem *item)
{
  Kept *kept;

  if (g_hash_table_contains (self->kept, &item->key))
    return;

  kept = g_new0 (Kept, 1);
  kept->key = item->key;
  kept->item = mh_gossipsub_item_ref (item);
  kept->tick = self->tick;
  self->kept_size += item_size (item);
  g_hash_table_add (self->kept, kept);
  g_queue_push_tail (&self->by_tick, kept);
  while (self->kept_size > self->config->max_cache_bytes)
    drop_oldest (self);
}

MhGossipsubItem *
mh_gossipsub_cache_get (MhGossipsubCache *self, const MhGossipsubIdKey *key, guint32 peer)
{
  Kept *kept = g_hash_table_lookup (self->kept, key);
  guint count;

  if (kept == NULL)
    return NULL;
  if (kept->sent == NULL)
    kept->sent = g_hash_table_new (NULL, NULL);
  count = GPOINTER_TO_UINT (g_hash_table_lookup (kept->sent, GUINT_TO_POINTER (peer)));
  if (count == MH_GOSSIPSUB_MAX_RETRANSMISSIONS)
    return NULL;
  g_hash_table_insert (kept->sent, GUINT_TO_POINTER (peer), GUINT_TO_POINTER (count + 1));

  return kept->item;
}

void
mh_gossipsub_cache_gossip (MhGossipsubCache *self, MhGossipsubCacheEach each, gpointer data)
{
  for (GList *link = self->by_tick.head; link != NULL; link = link->next)
    {
      Kept *kept = link->data;

      if (self->tick - kept->tick < self->config->history_gossip)
        each (kept->item, data);
    }
}

void
mh_gossipsub_cache_promise (MhGossipsubCache *self, const MhGossipsubIdKey *key, guint32 peer,
                            gint64 until_ms)
{
  Promised *promised = g_hash_table_lookup (self->promised, key);
  Promise promise = { peer, until_ms };

  if (promised == NULL)
    {
      promised = g_new0 (Promised, 1);
      promised->key = *key;
      promised->promises = g_array_new (FALSE, FALSE, sizeof promise);
      g_hash_table_add (self->promised, promised);
    }
  for (guint i = 0; i < promised->promises->len; i++)
    if (g_array_index (promised->promises, Promise, i).peer == peer)
      return;
  g_array_append_val (promised->promises, promise);
}

void
mh_gossipsub_cache_keep_promise (MhGossipsubCache *self, const MhGossipsubIdKey *key)
{
  g_hash_table_remove (self->promised, key);
}

void
mh_gossipsub_cache_break_promises (MhGossipsubCache *self, gint64 now_ms,
                                   MhGossipsubCacheBroken broken, gpointer data)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->promised);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      GArray *promises = ((Promised *) key)->promises;

      for (guint i = promises->len; i-- > 0;)
        if (g_array_index (promises, Promise, i).until_ms < now_ms)
          {
            broken (g_array_index (promises, Promise, i).peer, data);
            g_array_remove_index_fast (promises, i);
          }
      if (promises->len == 0)
        g_hash_table_iter_remove (&iter);
    }
}

static void
forget_old (MhGossipsubCache *self, gint64 now_ms)
{
  MhGossipsubSeen *oldest = g_queue_peek_head (&self->by_age);

  for (; oldest != NULL && oldest->seen_ms + self->config->seen_ttl_ms <= now_ms;
       oldest = g_queue_peek_head (&self->by_age))
    mh_gossipsub_cache_unsee (self, oldest);
}

void
mh_gossipsub_cache_shift (MhGossipsubCache *self, gint64 now_ms)
{
  Kept *oldest;

  self->tick++;
  for (oldest = g_queue_peek_head (&self->by_tick);
       oldest != NULL && self->tick - oldest->tick >= self->config->history_length;
       oldest = g_queue_peek_head (&self->by_tick))
    drop_oldest (self);
  forget_old (self, now_ms);
}

gsize
mh_gossipsub_cache_seen_size (const MhGossipsubCache *self)
{
  return self->seen_size;
}

gsize
mh_gossipsub_cache_kept_size (const MhGossipsubCache *self)
{
  return self->kept_size;
}

gsize
mh_gossipsub_cache_held_size (const MhGossipsubCache *self)
{
  return self->held_size;
}
