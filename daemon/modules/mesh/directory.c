/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "directory.h"

typedef struct
{
  MhPeerId peer;
  MhHello *hello;  /* (owned) (nullable) */
  GBytes *record;  /* (owned) (nullable): @hello as it was signed */
  gint64 heard_ms; /* when it was fresh */
  gint64 seen_ms;  /* when there was a sign of it, a connection included */
  gboolean is_connected;
  gboolean is_here; /* as it was told last */
} Entry;

/* What is to be told once the lock is given back. */
typedef struct
{
  MhPeerId peer;
  gboolean is_presence;
  gboolean is_here;
} News;

struct _MhDirectory
{
  MhPeerId self_id;
  const MhDirectoryEvents *events; /* (unowned) (nullable) */
  gpointer data;
  GMutex lock;
  GHashTable *entries; /* (owned) (element-type MhPeerId Entry) (locked-by lock) */
  guint64 own_seq;     /* (locked-by lock) */
};

void
mh_node_free (MhNode *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->hello, mh_hello_unref);
  g_clear_pointer (&self->record, g_bytes_unref);
  g_free (self);
}

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_clear_pointer (&self->hello, mh_hello_unref);
  g_clear_pointer (&self->record, g_bytes_unref);
  g_free (self);
}

MhDirectory *
mh_directory_new (const MhPeerId *self_id, const MhDirectoryEvents *events, gpointer data)
{
  MhDirectory *self = g_new0 (MhDirectory, 1);

  self->self_id = *self_id;
  self->events = events;
  self->data = data;
  g_mutex_init (&self->lock);
  self->entries = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, NULL, entry_free);

  return self;
}

void
mh_directory_free (MhDirectory *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->entries);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* -- under the lock -- */

static Entry *
get_entry (MhDirectory *self, const MhPeerId *peer)
{
  Entry *entry = g_hash_table_lookup (self->entries, peer);

  if (entry != NULL)
    return entry;

  entry = g_new0 (Entry, 1);
  entry->peer = *peer;
  entry->heard_ms = G_MININT64;
  entry->seen_ms = G_MININT64;
  g_hash_table_insert (self->entries, &entry->peer, entry);

  return entry;
}

static gboolean
is_here (const Entry *entry, gint64 now_ms)
{
  return entry->is_connected
         || (entry->heard_ms != G_MININT64 && now_ms - entry->heard_ms < MH_DIRECTORY_FRESH_MS);
}

static void
note_presence (Entry *entry, gint64 now_ms, GArray *news)
{
  gboolean here = is_here (entry, now_ms);
  News item = { entry->peer, TRUE, here };

  if (here == entry->is_here)
    return;
  entry->is_here = here;
  g_array_append_val (news, item);
}

/* Makes room for one more. Those that are here stay, however many they are. */
static void
make_room (MhDirectory *self)
{
  const Entry *oldest = NULL;
  GHashTableIter iter;
  gpointer value;

  if (g_hash_table_size (self->entries) < MH_DIRECTORY_MOST)
    return;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Entry *entry = value;

      if (!entry->is_here && (oldest == NULL || entry->heard_ms < oldest->heard_ms))
        oldest = entry;
    }
  if (oldest != NULL)
    g_hash_table_remove (self->entries, &oldest->peer);
}

/* -- */

static void
tell (MhDirectory *self, GArray *news)
{
  for (guint i = 0; self->events != NULL && i < news->len; i++)
    {
      const News *item = &g_array_index (news, News, i);

      if (item->is_presence && self->events->presence != NULL)
        self->events->presence (&item->peer, item->is_here, self->data);
      else if (!item->is_presence && self->events->changed != NULL)
        self->events->changed (&item->peer, self->data);
    }
}

static MhDirectoryVerdict
put_locked (MhDirectory *self, MhHello *hello, GBytes *record, gint64 heard_ms, gint64 now_ms,
            GArray *news)
{
  News item = { hello->peer, FALSE, FALSE };
  Entry *entry = g_hash_table_lookup (self->entries, &hello->peer);
  gboolean was_here;

  if (mh_peer_id_equal (&hello->peer, &self->self_id))
    {
      self->own_seq = MAX (self->own_seq, hello->seq);
      return MH_DIRECTORY_KNOWN;
    }
  if (entry != NULL && entry->hello != NULL && hello->seq <= entry->hello->seq)
    return MH_DIRECTORY_KNOWN;
  if (entry == NULL)
    {
      make_room (self);
      if (g_hash_table_size (self->entries) >= MH_DIRECTORY_MOST)
        return MH_DIRECTORY_KNOWN;
      entry = get_entry (self, &hello->peer);
    }

  g_clear_pointer (&entry->hello, mh_hello_unref);
  g_clear_pointer (&entry->record, g_bytes_unref);
  entry->hello = mh_hello_ref (hello);
  entry->record = g_bytes_ref (record);
  entry->heard_ms = MAX (entry->heard_ms, heard_ms);
  entry->seen_ms = MAX (entry->seen_ms, heard_ms);
  g_array_append_val (news, item);
  was_here = entry->is_here;
  note_presence (entry, now_ms, news);

  return was_here || !entry->is_here ? MH_DIRECTORY_NEWER : MH_DIRECTORY_CAME;
}

MhDirectoryVerdict
mh_directory_put (MhDirectory *self, GBytes *record, gint64 age_ms, gint64 now_ms, MhPeerId *peer)
{
  g_autoptr (MhHello) hello = mh_hello_open (record);
  g_autoptr (GArray) news = g_array_new (FALSE, FALSE, sizeof (News));
  MhDirectoryVerdict verdict;

  if (hello == NULL)
    return MH_DIRECTORY_BAD;

  if (peer != NULL)
    *peer = hello->peer;
  if (self->events != NULL && self->events->may != NULL
      && !self->events->may (&hello->peer, self->data))
    return MH_DIRECTORY_KNOWN;
  age_ms = CLAMP (age_ms, 0, MH_DIRECTORY_FORGET_MS);
  g_mutex_lock (&self->lock);
  verdict = put_locked (self, hello, record, now_ms - age_ms, now_ms, news);
  g_mutex_unlock (&self->lock);
  tell (self, news);

  return verdict;
}

void
mh_directory_set_connected (MhDirectory *self, const MhPeerId *peer, gboolean is_connected,
                            gint64 now_ms)
{
  g_autoptr (GArray) news = g_array_new (FALSE, FALSE, sizeof (News));
  Entry *entry;

  g_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->entries, peer);
  if (entry == NULL && is_connected)
    {
      make_room (self);
      entry = get_entry (self, peer);
    }
  if (entry != NULL)
    {
      entry->is_connected = is_connected;
      entry->seen_ms = now_ms;
      /* the age of its record says nothing any more: only another one shows that it is there */
      entry->heard_ms =
          is_connected ? now_ms : now_ms - MH_DIRECTORY_FRESH_MS + MH_DIRECTORY_GRACE_MS;
      note_presence (entry, now_ms, news);
    }
  g_mutex_unlock (&self->lock);
  tell (self, news);
}

void
mh_directory_tick (MhDirectory *self, gint64 now_ms)
{
  g_autoptr (GArray) news = g_array_new (FALSE, FALSE, sizeof (News));
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Entry *entry = value;

      note_presence (entry, now_ms, news);
      if (!entry->is_here
          && (entry->hello == NULL || now_ms - entry->heard_ms > MH_DIRECTORY_FORGET_MS))
        g_hash_table_iter_remove (&iter);
    }
  g_mutex_unlock (&self->lock);
  tell (self, news);
}

guint64
mh_directory_own_seq (MhDirectory *self)
{
  guint64 seq;

  g_mutex_lock (&self->lock);
  seq = self->own_seq;
  g_mutex_unlock (&self->lock);

  return seq;
}

static MhNode *
copy_entry (const Entry *entry)
{
  MhNode *node = g_new0 (MhNode, 1);

  node->peer = entry->peer;
  if (entry->hello != NULL)
    {
      node->hello = mh_hello_ref (entry->hello);
      node->record = g_bytes_ref (entry->record);
    }
  node->heard_ms = entry->heard_ms;
  node->seen_ms = entry->seen_ms;
  node->is_here = entry->is_here;
  node->is_connected = entry->is_connected;

  return node;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return mh_peer_id_compare (&(*(MhNode *const *) a)->peer, &(*(MhNode *const *) b)->peer);
}

GPtrArray *
mh_directory_list (MhDirectory *self)
{
  GPtrArray *nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_node_free);
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (nodes, copy_entry (value));
  g_mutex_unlock (&self->lock);
  g_ptr_array_sort (nodes, compare);

  return nodes;
}

MhNode *
mh_directory_get (MhDirectory *self, const MhPeerId *peer)
{
  MhNode *node = NULL;
  const Entry *entry;

  g_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->entries, peer);
  if (entry != NULL)
    node = copy_entry (entry);
  g_mutex_unlock (&self->lock);

  return node;
}

gboolean
mh_directory_is_here (MhDirectory *self, const MhPeerId *peer)
{
  const Entry *entry;
  gboolean here;

  g_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->entries, peer);
  here = entry != NULL && entry->is_here;
  g_mutex_unlock (&self->lock);

  return here;
}
