/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "mesh-world.h"

/* A machine that hung up counts for the placement of blocks for so long. */
#define ABSENT_MS (10 * 60 * 1000)

#define PAGE 1000

static guint
bit_of (const MeshMachine *self)
{
  return 1U << self->number;
}

static guint
bits_of (GHashTable *table, GBytes *key)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (table, key));
}

static void
set_bits (GHashTable *table, GBytes *key, guint bits)
{
  g_hash_table_replace (table, g_bytes_ref (key), GUINT_TO_POINTER (bits));
}

/* Returns: (transfer full): the beginning of a hash, for people */
static char *
short_of (GBytes *hash)
{
  return mh_hex_encode (g_bytes_get_data (hash, NULL), 4);
}

/* -- versions -- */

/* Returns: (transfer full) (element-type GBytes): hashes of all that the index has */
static GHashTable *
list_versions (MeshMachine *self)
{
  GHashTable *out =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  MhSyncMark mark = { 0 };
  g_autoptr (GError) error = NULL;

  while (error == NULL)
    {
      g_autoptr (GBytes) page =
          mh_store_versions_since (self->store, MESH_VAULT, &mark, PAGE, &error);
      gsize size = page != NULL ? g_bytes_get_size (page) : 0;

      if (size == 0)
        break;
      for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
        g_hash_table_add (out, g_bytes_new_from_bytes (page, at, MH_SYNC_HASH_SIZE));
    }
  if (error != NULL)
    mesh_violate (self->world, "%c does not list its versions: %s", self->name, error->message);

  return out;
}

/* Returns: how many are new here */
static guint
look_at_versions (MeshMachine *self, MeshCause cause)
{
  g_autoptr (GHashTable) here = list_versions (self);
  GHashTable *versions = self->world->versions;
  g_autoptr (GList) known = g_hash_table_get_keys (versions);
  GHashTableIter iter;
  gpointer key;
  guint count = 0;

  for (GList *link = known; link != NULL; link = link->next)
    {
      GBytes *hash = link->data;
      guint bits = bits_of (versions, hash);

      if ((bits & bit_of (self)) == 0 || g_hash_table_contains (here, hash))
        continue;
      if (!self->world->forgets)
        {
          g_autofree char *name = short_of (hash);

          mesh_violate (self->world, "%c had version %s, and has it no more", self->name, name);
        }
      set_bits (versions, hash, bits & ~bit_of (self));
      if (cause == MESH_PURGED)
        set_bits (self->world->purged, hash, bit_of (self));
    }

  g_hash_table_iter_init (&iter, here);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      guint bits = bits_of (versions, key);

      count += (bits & bit_of (self)) == 0 ? 1 : 0;
      set_bits (versions, key, bits | bit_of (self));
    }

  return count;
}

/* -- blocks -- */

guint64
mesh_weight_of (const MhPeerId *peer, const guint8 *id)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize size = sizeof digest;
  guint64 weight;

  g_checksum_update (sum, peer->bytes, peer->size);
  g_checksum_update (sum, id, MH_SYNC_HASH_SIZE);
  g_checksum_get_digest (sum, digest, &size);
  memcpy (&weight, digest, sizeof weight);

  return GUINT64_FROM_BE (weight);
}

gboolean
mesh_is_left_out (MeshMachine *self, const MhPeerId *id)
{
  return mh_sync_blame_is_out (self->blame, id, self->world->now_ms);
}

gboolean
mesh_counts (MeshMachine *self, const MeshPeer *peer)
{
  return peer->reliable && peer->heard_ms > 0 && self->world->now_ms - peer->heard_ms < ABSENT_MS
         && !mesh_is_left_out (self, &peer->id);
}

gboolean
mesh_wants (MeshMachine *self, const guint8 *id)
{
  MeshWorld *world = self->world;
  gint64 before = 0;

  if (self->roles & MH_VAULT_PIN)
    return TRUE;
  if (!mesh_machine_is_reliable (self))
    return FALSE;

  for (guint i = 0; i < self->known.peers->len; i++)
    {
      const MeshPeer *peer = &g_array_index (self->known.peers, MeshPeer, i);

      if (!peer->has_key || !peer->reliable || peer->heard_ms == 0
          || mesh_is_left_out (self, &peer->id))
        continue;
      if (world->now_ms - peer->heard_ms >= ABSENT_MS)
        mesh_note (world, MESH_EVENT_AWAY_LONG);
      else if (mesh_weight_of (&peer->id, id) > mesh_weight_of (&self->id, id))
        before++;
    }

  return before < world->copies;
}

gboolean
mesh_may_go (MeshMachine *self, const guint8 *id)
{
  MeshWorld *world = self->world;
  gint64 copies = 0;

  for (guint i = 0; i < world->count; i++)
    {
      MeshMachine *other = &world->machines[i];

      if (other != self && mesh_machine_is_reliable (other)
          && mesh_is_block_at (world, id, bit_of (other)))
        copies++;
    }

  return copies >= world->copies && !mesh_wants (self, id);
}

/* Whether what @self had until now may be gone. */
static gboolean
was_given_up (MeshMachine *self, GBytes *id)
{
  if (self->world->forgets)
    return TRUE;
  if (!self->audits || !mesh_may_go (self, g_bytes_get_data (id, NULL)))
    return FALSE;

  mesh_note (self->world, MESH_EVENT_EVICTED);

  return TRUE;
}

/* Returns: (transfer full) (element-type GBytes): those of all blocks that are here */
static GHashTable *
list_blocks (MeshMachine *self)
{
  GHashTable *out =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  g_autoptr (GBytes) all = NULL;
  g_autoptr (GBytes) here = NULL;
  g_autoptr (GError) error = NULL;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->world->blocks);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_byte_array_append (ids, g_bytes_get_data (key, NULL), MH_SYNC_HASH_SIZE);
  all = g_byte_array_free_to_bytes (g_steal_pointer (&ids));
  here = mh_store_known_blocks (self->store, MESH_VAULT, all, &error);
  if (here == NULL)
    mesh_violate (self->world, "%c does not list its blocks: %s", self->name, error->message);
  for (gsize at = 0; here != NULL && at < g_bytes_get_size (here); at += MH_SYNC_HASH_SIZE)
    g_hash_table_add (out, g_bytes_new_from_bytes (here, at, MH_SYNC_HASH_SIZE));

  return out;
}

/* Returns: whether something is otherwise than before */
static gboolean
look_at_blocks (MeshMachine *self, MeshCause cause)
{
  gboolean any = FALSE;
  g_autoptr (GHashTable) here = list_blocks (self);
  GHashTable *blocks = self->world->blocks;
  g_autoptr (GList) known = g_hash_table_get_keys (blocks);

  for (GList *link = known; link != NULL; link = link->next)
    {
      GBytes *id = link->data;
      guint bits = bits_of (blocks, id);
      gboolean was = (bits & bit_of (self)) != 0;
      gboolean is = g_hash_table_contains (here, id);
      g_autofree char *name = short_of (id);

      any |= was != is;
      if (was && !is && !was_given_up (self, id))
        mesh_violate (self->world, "%c had block %s, and has it no more", self->name, name);
      /* where versions go, a block that nothing named may still be here when it is named again */
      if (is && !was && (cause == MESH_TAKEN || cause == MESH_AUDITED) && !self->world->forgets
          && !(self->world->flags & MESH_END_ONLY)
          && !mesh_wants (self, g_bytes_get_data (id, NULL)))
        mesh_violate (self->world, "%c took block %s, which is for others", self->name, name);
      set_bits (blocks, id, is ? bits | bit_of (self) : bits & ~bit_of (self));
    }

  return any;
}

/* Whether what an audit of @self asks for depends on what is where alone. */
static gboolean
is_plain (MeshMachine *self)
{
  MeshWorld *world = self->world;
  guint found = 0;

  for (guint i = 0; i < self->known.peers->len; i++)
    {
      const MeshPeer *peer = &g_array_index (self->known.peers, MeshPeer, i);
      MeshMachine *other = mesh_world_find (world, &peer->id);

      if (other == NULL && mesh_counts (self, peer)) /* one that is no more */
        return FALSE;
      if (other == NULL)
        continue;
      found++;
      if (!mesh_are_linked (self, other) || mesh_machine_is_dead (other) || other->lies
          || mesh_is_left_out (self, &peer->id) || (!peer->is_keeper && !peer->has_key))
        return FALSE;
    }

  return found + 1 == world->all && world->trouble.messages == 0 && world->trouble.bytes == 0;
}

static gint64
count_copies (MeshMachine *self, const MhNamedBlock *block)
{
  gint64 copies = mesh_machine_is_reliable (self) && block->is_here ? 1 : 0;

  for (guint i = 0; i < self->known.peers->len; i++)
    {
      const MeshPeer *peer = &g_array_index (self->known.peers, MeshPeer, i);
      MeshMachine *other = mesh_world_find (self->world, &peer->id);

      if (other != NULL && mesh_counts (self, peer) && (!peer->is_keeper || peer->holds))
        copies += mesh_is_block_at (self->world, block->id, bit_of (other)) ? 1 : 0;
    }

  return copies;
}

gint64
mesh_count_under (MeshMachine *self)
{
  g_autoptr (GArray) named = NULL;
  gint64 under = 0;

  if (!is_plain (self))
    return -1;
  mesh_machine_enter (self);
  sim_disk_pause_faults (self->disk, TRUE);
  named = mh_store_named_blocks (self->store, MESH_VAULT, NULL, 100 * PAGE, NULL);
  sim_disk_pause_faults (self->disk, FALSE);
  for (guint i = 0; named != NULL && i < named->len; i++)
    under += count_copies (self, &g_array_index (named, MhNamedBlock, i)) < self->world->copies;

  return named != NULL ? under : -1;
}

/* -- both -- */

guint
mesh_look (MeshMachine *self, MeshCause cause)
{
  guint count = 0;

  mesh_machine_enter (self);
  sim_disk_pause_faults (self->disk, TRUE);
  if (self->is_keeper)
    mesh_look_at_keeper (self, cause);
  else
    count = look_at_versions (self, cause);
  if (!self->is_keeper && (look_at_blocks (self, cause) || count > 0))
    mh_sync_keep_note (self->keep, MESH_VAULT);
  sim_disk_pause_faults (self->disk, FALSE);
  self->audits = FALSE;

  return count;
}

static void
take_bit (MeshMachine *self, GHashTable *table)
{
  g_autoptr (GList) keys = g_hash_table_get_keys (table);

  for (GList *link = keys; link != NULL; link = link->next)
    {
      guint bits = bits_of (table, link->data);

      if (bits == bit_of (self) && table != self->world->purged)
        mesh_note (self->world, MESH_EVENT_ALL_LOST);
      set_bits (table, link->data, bits & ~bit_of (self));
    }
}

void
mesh_forget_machine (MeshMachine *self)
{
  take_bit (self, self->world->versions);
  take_bit (self, self->world->blocks);
  mesh_forget_purged (self);
}

void
mesh_forget_purged (MeshMachine *self)
{
  take_bit (self, self->world->purged);
}

gboolean
mesh_is_block_at (MeshWorld *self, const guint8 *id, guint bits)
{
  g_autoptr (GBytes) key = g_bytes_new (id, MH_SYNC_HASH_SIZE);

  return (bits_of (self->blocks, key) & bits) != 0;
}

gboolean
mesh_is_block_lost (MeshWorld *self, const guint8 *id)
{
  return !mesh_is_block_at (self, id, G_MAXUINT);
}

static void
check_versions (MeshMachine *asks, MeshMachine *gives)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_iter_init (&iter, asks->world->versions);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      guint bits = GPOINTER_TO_UINT (value);
      g_autofree char *name = short_of (key);

      if ((bits & bit_of (gives)) != 0 && (bits & bit_of (asks)) == 0)
        mesh_violate (asks->world, "%c has asked %c, and does not know version %s", asks->name,
                      gives->name, name);
    }
}

void
mesh_check_taken (MeshMachine *asks, MeshMachine *gives)
{
  g_autoptr (GArray) missing = NULL;

  if (!asks->world->forgets)
    check_versions (asks, gives);
  mesh_machine_enter (asks);
  sim_disk_pause_faults (asks->disk, TRUE);
  missing = mh_store_missing_blocks (asks->store, MESH_VAULT, NULL, PAGE, NULL);
  sim_disk_pause_faults (asks->disk, FALSE);
  for (guint i = 0; missing != NULL && i < missing->len; i++)
    {
      const guint8 *id = g_array_index (missing, MhSyncBlock, i).id;
      g_autofree char *name = mh_hex_encode (id, 4);

      if (!mesh_wants (asks, id))
        mesh_note (asks->world, MESH_EVENT_NOT_WANTED);
      else if (mesh_is_block_at (asks->world, id, bit_of (gives)))
        mesh_violate (asks->world, "%c has asked %c, and left block %s", asks->name, gives->name,
                      name);
    }
}

/* -- files -- */

static void
list_into (MeshMachine *self, GString *out)
{
  g_autofree char *cursor = NULL;

  do
    {
      MhListQuery query = { MESH_VAULT, "/", FALSE, FALSE, PAGE, cursor };
      g_autoptr (GError) error = NULL;
      g_autoptr (MhFileList) list = mh_store_list (self->store, &query, &error);

      if (list == NULL)
        {
          mesh_violate (self->world, "%c does not list its files: %s", self->name, error->message);
          return;
        }
      for (guint i = 0; i < list->files->len; i++)
        {
          const MhFile *file = g_ptr_array_index (list->files, i);

          g_string_append_printf (out, "%s\t%s\t%" G_GINT64_FORMAT "\t%s%s\n", file->path,
                                  file->content_hash, file->mtime_ms, file->file_id,
                                  file->conflict ? "\tconflict" : "");
        }
      g_free (cursor);
      cursor = g_steal_pointer (&list->cursor);
    }
  while (cursor != NULL);
}

char *
mesh_tree (MeshMachine *self)
{
  GString *out = g_string_new (NULL);

  mesh_machine_enter (self);
  sim_disk_pause_faults (self->disk, TRUE);
  list_into (self, out);
  sim_disk_pause_faults (self->disk, FALSE);

  return g_string_free (out, FALSE);
}

/* Returns: (transfer full) (nullable): all bytes, or %NULL with @error set */
static GByteArray *
read_all (MhReader *reader, GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  while (TRUE)
    {
      g_autoptr (GBytes) piece = mh_reader_read (reader, all->len, PAGE * 10, NULL, error);
      gsize size;
      const guint8 *data;

      if (piece == NULL)
        return NULL;
      data = g_bytes_get_data (piece, &size);
      if (size == 0)
        return g_steal_pointer (&all);
      g_byte_array_append (all, data, (guint) size);
    }
}

gboolean
mesh_read (MeshMachine *self, const char *path, gboolean must)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhReader) reader = NULL;
  g_autoptr (GByteArray) all = NULL;
  GBytes *content;

  mesh_machine_enter (self);
  reader = mh_reader_new (self->store, MESH_VAULT, path, NULL, &error);
  all = reader != NULL ? read_all (reader, &error) : NULL;
  if (all == NULL)
    {
      if (must)
        mesh_violate (self->world, "%c does not give %s: %s", self->name, path, error->message);
      return FALSE;
    }

  content = sim_contents_find (self->world->contents, mh_reader_file (reader)->content_hash);
  if (content != NULL && g_bytes_get_size (content) == all->len
      && (all->len == 0 || memcmp (g_bytes_get_data (content, NULL), all->data, all->len) == 0))
    return TRUE;

  mesh_violate (self->world, "%c gives other bytes of %s", self->name, path);

  return FALSE;
}
