/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-disk.h"

#include <errno.h>
#include <string.h>

#include "sim-image.h"
#include "sim-node.h"

struct _SimNode
{
  int references;
  gboolean index;     /* not a segment */
  SimImage now;       /* what everybody sees */
  SimImage durable;   /* what a crash leaves at least */
  GPtrArray *changes; /* (owned) (element-type SimChange): since the last sync */
  gboolean stale;     /* a failed sync made @now differ from what is going to be durable */
  GByteArray *in_use; /* (owned): for each page whether it takes space */
  SimLocks locks;
  gboolean locked;     /* by mh_os_lock() */
  GHashTable *entries; /* (owned) (nullable) (element-type utf8 SimNode): of a folder, now */
  GHashTable *durable_entries; /* (owned) (nullable) */
  GPtrArray *renames;          /* (owned) (nullable) (element-type Rename): since the last sync */
};

/* A change of a folder: a name goes, another comes, or both at once. */
typedef struct
{
  char *gone;    /* (owned) (nullable) */
  char *come;    /* (owned) (nullable) */
  SimNode *node; /* (owned) (nullable): what @come is */
} Rename;

struct _SimDisk
{
  SimRandom random;
  SimNode *root; /* (owned) */
  guint64 operations;
  guint64 last_operation; /* 0 for none */
  gboolean dead;
  gboolean lying;
  SimFaults faults;
  gboolean paused;
  gboolean failed;
  guint64 segment_changes; /* writes and the like, to segments */
  gboolean index_unsynced; /* a sync of the index failed */
  guint64 used;            /* bytes */
  guint64 room;
  gboolean secret;
  guint open;
};

typedef enum
{
  CALL_READ,
  CALL_WRITE,
  CALL_SYNC,
  CALL_NAME,
} Call;

/* The only disk there is for mh_os_…() and SQLite, which know paths and no disks. */
static SimDisk *disk;

static void
rename_free (gpointer data)
{
  Rename *self = data;

  g_free (self->gone);
  g_free (self->come);
  g_clear_pointer (&self->node, sim_node_unref);
  g_free (self);
}

static SimNode *
node_new (gboolean folder)
{
  SimNode *self = g_new0 (SimNode, 1);

  self->references = 1;
  self->changes = g_ptr_array_new_with_free_func ((GDestroyNotify) sim_change_free);
  self->in_use = g_byte_array_new ();
  if (folder)
    {
      GDestroyNotify unref = (GDestroyNotify) sim_node_unref;

      self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref);
      self->durable_entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref);
      self->renames = g_ptr_array_new_with_free_func (rename_free);
    }

  return self;
}

SimNode *
sim_node_ref (SimNode *self)
{
  self->references++;

  return self;
}

static void
free_pages (SimNode *self, gsize from, gsize to)
{
  for (gsize i = from; i < MIN (to, self->in_use->len); i++)
    {
      if (self->in_use->data[i] && disk != NULL)
        disk->used -= SIM_PAGE;
      self->in_use->data[i] = FALSE;
    }
}

void
sim_node_unref (SimNode *self)
{
  if (--self->references > 0)
    return;

  free_pages (self, 0, self->in_use->len);
  sim_image_clear (&self->now);
  sim_image_clear (&self->durable);
  g_ptr_array_unref (self->changes);
  g_byte_array_unref (self->in_use);
  g_clear_pointer (&self->locks.regions, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_hash_table_unref);
  g_clear_pointer (&self->durable_entries, g_hash_table_unref);
  g_clear_pointer (&self->renames, g_ptr_array_unref);
  g_free (self);
}

SimDisk *
sim_disk_new (guint64 seed)
{
  SimDisk *self = g_new0 (SimDisk, 1);

  self->random.state = seed;
  self->root = node_new (TRUE);
  self->room = G_MAXINT64;

  return self;
}

void
sim_disk_free (SimDisk *self)
{
  SimDisk *before = disk;

  disk = self;
  sim_node_unref (self->root);
  disk = before == self ? NULL : before;
  g_free (self);
}

void
sim_disk_use (SimDisk *self)
{
  disk = self;
}

guint64
sim_disk_operations (SimDisk *self)
{
  return self->operations;
}

void
sim_disk_die_after (SimDisk *self, guint operations)
{
  self->last_operation = operations == 0 ? 0 : self->operations + operations;
}

guint64
sim_disk_segment_changes (SimDisk *self)
{
  return self->segment_changes;
}

gboolean
sim_disk_is_dead (SimDisk *self)
{
  return self->dead;
}

void
sim_disk_set_faults (SimDisk *self, const SimFaults *faults)
{
  static const SimFaults none = { 0 };

  self->faults = faults != NULL ? *faults : none;
  self->failed = FALSE;
}

void
sim_disk_pause_faults (SimDisk *self, gboolean paused)
{
  self->paused = paused;
}

gboolean
sim_disk_has_failed (SimDisk *self)
{
  return self->failed;
}

gboolean
sim_disk_take_index_unsynced (SimDisk *self)
{
  gboolean unsynced = self->index_unsynced;

  self->index_unsynced = FALSE;

  return unsynced;
}

void
sim_disk_set_room (SimDisk *self, guint64 bytes, gboolean secret)
{
  self->room = bytes;
  self->secret = secret;
}

void
sim_disk_set_lying (SimDisk *self, gboolean lying)
{
  self->lying = lying;
}

guint64
sim_disk_used (SimDisk *self)
{
  return self->used;
}

static guint
chance_of (Call call)
{
  switch (call)
    {
    case CALL_READ:
      return disk->faults.read;
    case CALL_WRITE:
      return disk->faults.write;
    case CALL_SYNC:
      return disk->faults.sync;
    case CALL_NAME:
    default:
      return disk->faults.name;
    }
}

/*
 * Counts a call. Returns: 0, or the errno value it is to fail with; after the call during which the
 * disk dies, @half tells whether it still is to have an effect
 */
static int
enter (Call call, const SimNode *node, gboolean *half)
{
  gboolean is_index = node != NULL && node->index;
  guint chance = chance_of (call);

  *half = FALSE;
  if (disk->dead)
    return EIO;

  if (disk->paused)
    return 0;

  disk->operations++;
  if (disk->operations == disk->last_operation)
    {
      disk->dead = TRUE;
      *half = sim_random_percent (&disk->random, 50);
      return EIO;
    }

  if (chance == 0 || (disk->faults.only && is_index != disk->faults.index)
      || sim_random_below (&disk->random, 1000) >= chance)
    return 0;

  disk->failed = TRUE;
  *half = sim_random_percent (&disk->random, 50);

  return EIO;
}

/* Finds what a path leads to; @name is its last segment, @folder what that is in. */
static SimNode *
walk (const char *path, SimNode **folder, const char **name)
{
  g_auto (GStrv) segments = g_strsplit (path + 1, "/", -1);
  SimNode *node = disk->root;

  g_assert (path[0] == '/');
  *folder = NULL;
  for (gsize i = 0; segments[i] != NULL; i++)
    {
      *folder = node;
      if (node == NULL || node->entries == NULL)
        {
          *folder = NULL;
          return NULL;
        }
      node = g_hash_table_lookup (node->entries, segments[i]);
    }
  *name = strrchr (path, '/') + 1;

  return node;
}

static void
apply_rename (GHashTable *entries, const Rename *change)
{
  if (change->gone != NULL)
    g_hash_table_remove (entries, change->gone);
  if (change->come != NULL)
    g_hash_table_replace (entries, g_strdup (change->come), sim_node_ref (change->node));
}

static void
rename_entry (SimNode *folder, const char *gone, const char *come, SimNode *node)
{
  Rename *change = g_new0 (Rename, 1);

  change->gone = g_strdup (gone);
  change->come = g_strdup (come);
  change->node = node != NULL ? sim_node_ref (node) : NULL;
  apply_rename (folder->entries, change);
  g_ptr_array_add (folder->renames, change);
}

int
sim_open (const char *path, gboolean create, gboolean exclusive, SimNode **node)
{
  const char *name;
  SimNode *folder;
  SimNode *found;
  gboolean half;
  int errnum = enter (CALL_NAME, NULL, &half);

  if (path == NULL)
    {
      *node = node_new (FALSE);
      return 0;
    }

  found = walk (path, &folder, &name);
  if (errnum == 0 && folder == NULL)
    errnum = ENOENT;
  if (errnum == 0 && found == NULL && !create)
    errnum = ENOENT;
  if (errnum == 0 && found != NULL && exclusive)
    errnum = EEXIST;
  if (found == NULL && folder != NULL && create && (errnum == 0 || half))
    {
      g_autoptr (SimNode) made = node_new (FALSE);

      made->index = !g_str_has_suffix (name, ".seg");
      rename_entry (folder, NULL, name, made);
      found = made;
    }
  if (errnum == 0)
    *node = sim_node_ref (found);

  return errnum;
}

int
sim_exists (const char *path, gboolean *exists)
{
  const char *name;
  SimNode *folder;
  gboolean half;
  int errnum = enter (CALL_NAME, NULL, &half);

  *exists = errnum == 0 && walk (path, &folder, &name) != NULL;

  return errnum;
}

int
sim_make_folder (const char *path)
{
  const char *name;
  SimNode *folder;
  SimNode *found;
  gboolean half;
  int errnum = enter (CALL_NAME, NULL, &half);

  found = walk (path, &folder, &name);
  if (errnum == 0 && found != NULL)
    errnum = EEXIST;
  if (errnum == 0 && folder == NULL)
    errnum = ENOENT;
  if (found == NULL && folder != NULL && (errnum == 0 || half))
    {
      g_autoptr (SimNode) made = node_new (TRUE);

      rename_entry (folder, NULL, name, made);
    }

  return errnum;
}

int
sim_list (const char *path, char ***names)
{
  g_autoptr (GList) keys = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *name;
  SimNode *folder;
  SimNode *found;
  gboolean half;
  int errnum = enter (CALL_NAME, NULL, &half);

  if (errnum != 0)
    return errnum;

  found = walk (path, &folder, &name);
  if (found == NULL || found->entries == NULL)
    return found == NULL ? ENOENT : ENOTDIR;

  keys = g_hash_table_get_keys (found->entries);
  for (GList *link = keys; link != NULL; link = link->next)
    g_strv_builder_add (builder, link->data);
  *names = g_strv_builder_end (builder);

  return 0;
}

int
sim_remove (const char *path)
{
  const char *name;
  SimNode *folder;
  SimNode *found;
  gboolean half;
  int errnum = enter (CALL_NAME, NULL, &half);

  found = walk (path, &folder, &name);
  if (errnum == 0 && found == NULL)
    errnum = ENOENT;
  if (found != NULL && (errnum == 0 || half))
    rename_entry (folder, name, NULL, NULL);

  return errnum;
}

int
sim_rename (const char *from, const char *to)
{
  const char *name;
  const char *new_name;
  SimNode *folder;
  SimNode *new_folder;
  SimNode *found;
  gboolean half;
  int errnum = enter (CALL_NAME, NULL, &half);

  found = walk (from, &folder, &name);
  (void) walk (to, &new_folder, &new_name);
  if (errnum == 0 && found == NULL)
    errnum = ENOENT;
  g_assert (found == NULL || folder == new_folder);
  if (found != NULL && (errnum == 0 || half))
    rename_entry (folder, name, new_name, found);

  return errnum;
}

/* The first @count changes of a folder become durable, the others are forgotten. */
static void
settle_folder (SimNode *self, guint count)
{
  for (guint i = 0; i < count; i++)
    apply_rename (self->durable_entries, g_ptr_array_index (self->renames, i));
  g_ptr_array_set_size (self->renames, 0);
}

int
sim_sync_folder_of (const char *path)
{
  const char *name;
  SimNode *folder;
  gboolean half;
  int errnum = enter (CALL_SYNC, NULL, &half);

  if (errnum == 0 && disk->lying)
    return 0;

  (void) walk (path, &folder, &name);
  if (errnum == 0 && folder == NULL)
    errnum = ENOENT;
  /* Unlike the pages of a file, what is in the journal is not dropped: the next sync may do. */
  if (errnum == 0)
    settle_folder (folder, folder->renames->len);

  return errnum;
}

int
sim_read (SimNode *self, guint64 offset, guint8 *out, gsize size, gsize *got)
{
  gboolean half;
  int errnum = enter (CALL_READ, self, &half);

  *got = 0;
  if (errnum != 0)
    return errnum;

  if (offset < self->now.size)
    {
      *got = MIN (size, self->now.size - offset);
      memcpy (out, self->now.data + offset, *got);
    }

  return 0;
}

static void
change_file (SimNode *self, SimChangeKind kind, guint64 offset, const guint8 *data, gsize size)
{
  SimChange *change = sim_change_new (kind, offset, data, size);

  sim_image_apply (&self->now, change);
  g_ptr_array_add (self->changes, change);
  disk->segment_changes += self->index ? 0 : 1;
}

/* Takes space for a range. Returns: bytes of it for which there is space */
static gsize
take_pages (SimNode *self, guint64 offset, gsize size)
{
  gsize end = (gsize) ((offset + size + SIM_PAGE - 1) / SIM_PAGE);
  gsize before = self->in_use->len;

  if (end > before)
    {
      g_byte_array_set_size (self->in_use, (guint) end);
      memset (self->in_use->data + before, 0, end - before);
    }
  for (gsize i = (gsize) (offset / SIM_PAGE); i < end; i++)
    {
      if (self->in_use->data[i])
        continue;
      if (disk->used + SIM_PAGE > disk->room)
        return (gsize) (MAX (i * SIM_PAGE, offset) - offset);
      self->in_use->data[i] = TRUE;
      disk->used += SIM_PAGE;
    }

  return size;
}

int
sim_write (SimNode *self, guint64 offset, const guint8 *data, gsize size)
{
  gboolean half;
  int errnum = enter (CALL_WRITE, self, &half);
  gsize room;

  /* Also all of it may get there before it fails. */
  if (errnum != 0 && half && size > 0 && sim_random_percent (&disk->random, 60))
    size = 1 + sim_random_below (&disk->random, (guint) size);
  if (errnum != 0 && !half)
    return errnum;

  room = take_pages (self, offset, size);
  if (room > 0)
    change_file (self, SIM_WRITE, offset, data, room);
  if (errnum == 0 && room < size)
    {
      disk->failed = TRUE;
      return ENOSPC;
    }

  return errnum;
}

int
sim_truncate (SimNode *self, guint64 size)
{
  gboolean half;
  int errnum = enter (CALL_WRITE, self, &half);

  if (errnum != 0 && !half)
    return errnum;

  change_file (self, SIM_TRUNCATE, size, NULL, 0);
  free_pages (self, (gsize) ((size + SIM_PAGE - 1) / SIM_PAGE), self->in_use->len);

  return errnum;
}

int
sim_punch (SimNode *self, guint64 offset, guint64 size)
{
  gboolean half;
  int errnum = enter (CALL_WRITE, self, &half);

  if (errnum != 0 && !half)
    return errnum;

  change_file (self, SIM_PUNCH, offset, NULL, size);
  free_pages (self, (gsize) ((offset + SIM_PAGE - 1) / SIM_PAGE),
              (gsize) ((offset + size) / SIM_PAGE));

  return errnum;
}

/* Goes back to what the disk has, with what is to be written to it. */
static void
evict (SimNode *self)
{
  if (!self->stale)
    return;

  sim_image_copy (&self->now, &self->durable);
  for (guint i = 0; i < self->changes->len; i++)
    sim_image_apply (&self->now, g_ptr_array_index (self->changes, i));
  self->stale = FALSE;
}

int
sim_sync (SimNode *self)
{
  gboolean half;
  int errnum = enter (CALL_SYNC, self, &half);

  if (disk->dead || disk->lying)
    return errnum;

  if (errnum == 0)
    {
      for (guint i = 0; i < self->changes->len; i++)
        sim_image_apply (&self->durable, g_ptr_array_index (self->changes, i));
      g_ptr_array_set_size (self->changes, 0);
      return 0;
    }

  disk->index_unsynced |= self->index;
  /* The pages count as clean from now on, whether they were written or not. */
  sim_image_settle (&self->durable, self->changes, &disk->random);
  g_ptr_array_set_size (self->changes, 0);
  self->stale = TRUE;
  if (sim_random_percent (&disk->random, disk->faults.evict))
    evict (self);

  return errnum;
}

guint64
sim_size (SimNode *self)
{
  return self->now.size;
}

guint64
sim_skip_hole (SimNode *self, guint64 offset)
{
  for (gsize i = (gsize) (offset / SIM_PAGE); i < self->in_use->len; i++)
    {
      if (self->in_use->data[i])
        return MAX (offset, i * SIM_PAGE);
    }

  return G_MAXUINT64;
}

guint64
sim_allocated (SimNode *self)
{
  guint64 pages = 0;

  for (gsize i = 0; i < self->in_use->len; i++)
    pages += self->in_use->data[i] ? 1 : 0;

  return pages * SIM_PAGE;
}

guint64
sim_free_space (void)
{
  return disk->secret || disk->room < disk->used ? G_MAXINT64 : disk->room - disk->used;
}

SimLocks *
sim_locks (SimNode *self)
{
  return &self->locks;
}

void
sim_opened (void)
{
  disk->open++;
}

void
sim_closed (void)
{
  disk->open--;
}

gboolean
sim_lock (SimNode *self)
{
  gboolean locked = self->locked;

  self->locked = TRUE;

  return !locked;
}

void
sim_unlock (SimNode *self)
{
  self->locked = FALSE;
}

/* Every page that is not zero takes space, and no other. */
static void
count_pages (SimNode *self)
{
  static const guint8 zeros[SIM_PAGE] = { 0 };

  free_pages (self, 0, self->in_use->len);
  g_byte_array_set_size (self->in_use, (guint) ((self->now.size + SIM_PAGE - 1) / SIM_PAGE));
  for (gsize i = 0; i < self->in_use->len; i++)
    {
      gsize size = MIN (SIM_PAGE, self->now.size - i * SIM_PAGE);

      self->in_use->data[i] = memcmp (self->now.data + i * SIM_PAGE, zeros, size) != 0;
      if (self->in_use->data[i])
        disk->used += SIM_PAGE;
    }
}

static void settle_node (SimNode *self);

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
settle_entries (SimNode *self)
{
  g_autoptr (GList) names = NULL;

  settle_folder (self, sim_random_below (&disk->random, self->renames->len + 1));
  names = g_list_sort (g_hash_table_get_keys (self->durable_entries), compare_names);
  g_hash_table_remove_all (self->entries);
  for (GList *link = names; link != NULL; link = link->next)
    {
      SimNode *node = g_hash_table_lookup (self->durable_entries, link->data);

      settle_node (node);
      g_hash_table_insert (self->entries, g_strdup (link->data), sim_node_ref (node));
    }
}

/* What is left of a file or folder after a power cut. */
static void
settle_node (SimNode *self)
{
  if (self->entries != NULL)
    {
      settle_entries (self);
      return;
    }

  sim_image_settle (&self->durable, self->changes, &disk->random);
  g_ptr_array_set_size (self->changes, 0);
  sim_image_copy (&self->now, &self->durable);
  self->stale = FALSE;
  count_pages (self);
}

static void
evict_all (SimNode *self)
{
  GHashTableIter iter;
  gpointer value;

  evict (self);
  if (self->entries == NULL)
    return;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    evict_all (value);
}

void
sim_disk_evict (SimDisk *self)
{
  evict_all (self->root);
}

void
sim_disk_revive (SimDisk *self, SimCrash crash)
{
  g_assert (self == disk);
  g_assert_cmpuint (self->open, ==, 0);
  self->dead = FALSE;
  self->last_operation = 0;
  if (crash == SIM_POWER_CUT)
    settle_entries (self->root);
}

void
sim_disk_lose (SimDisk *self, const char *path)
{
  const char *name;
  SimNode *folder;

  if (walk (path, &folder, &name) == NULL)
    return;

  rename_entry (folder, name, NULL, NULL);
  settle_folder (folder, folder->renames->len);
}

gboolean
sim_disk_flip (SimDisk *self, const char *path, guint64 bit)
{
  const char *name;
  SimNode *folder;
  SimNode *node = walk (path, &folder, &name);

  if (node == NULL || bit / 8 >= node->now.size || bit / 8 >= node->durable.size)
    return FALSE;

  node->now.data[bit / 8] ^= (guint8) (1 << (bit % 8));
  node->durable.data[bit / 8] ^= (guint8) (1 << (bit % 8));

  return TRUE;
}

guint64
sim_disk_cut (SimDisk *self, const char *path, guint64 size)
{
  const char *name;
  SimNode *folder;
  SimNode *node = walk (path, &folder, &name);
  guint64 before = node->now.size;

  sim_image_resize (&node->now, size);
  sim_image_resize (&node->durable, size);

  return before;
}

static void
hash_node (SimNode *self, guint64 *hash)
{
  g_autoptr (GList) names = NULL;

  for (gsize i = 0; i < self->now.size; i++)
    *hash = (*hash ^ self->now.data[i]) * G_GUINT64_CONSTANT (0x100000001b3);
  if (self->entries == NULL)
    return;

  names = g_list_sort (g_hash_table_get_keys (self->entries), compare_names);
  for (GList *link = names; link != NULL; link = link->next)
    {
      *hash = (*hash ^ g_str_hash (link->data)) * G_GUINT64_CONSTANT (0x100000001b3);
      hash_node (g_hash_table_lookup (self->entries, link->data), hash);
    }
}

guint64
sim_disk_hash (SimDisk *self)
{
  guint64 hash = self->operations;

  hash_node (self->root, &hash);

  return hash;
}
