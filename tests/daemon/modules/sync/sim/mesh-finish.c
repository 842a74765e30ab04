/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "mesh-world.h"
#include "modules/store/version.h"

/* After so many times that everybody has asked everybody, nothing may come any more. */
#define MOST_SWEEPS 10

/* After it, all who were away count as gone, promises are over, and nobody is to blame. */
#define LONG_MS (49 * G_GINT64_CONSTANT (60) * 60 * 1000)

/* Keepers ask what they are to keep. Returns: whether anything came */
static gboolean
sweep_keepers (MeshWorld *self)
{
  gboolean any = FALSE;

  for (guint i = self->count; i < self->all; i++)
    any |= mesh_sweep (&self->machines[i]) > 0;

  return any;
}

/* So they do, and everybody asks everybody once. Returns: whether anything came */
static gboolean
sweep (MeshWorld *self)
{
  gboolean any = sweep_keepers (self);

  for (guint i = 0; i < self->count; i++)
    for (guint j = 0; j < self->count; j++)
      if (i != j)
        any |= mesh_round (&self->machines[i], &self->machines[j]) != 0;

  return any;
}

static void
check_heads (MeshWorld *self)
{
  g_autoptr (GBytes) first = NULL;

  for (guint i = 0; i < self->count; i++)
    {
      MeshMachine *machine = &self->machines[i];
      g_autoptr (GBytes) heads = NULL;

      mesh_machine_enter (machine);
      heads = mh_store_heads (machine->store, MESH_VAULT, NULL);
      if (heads == NULL)
        mesh_violate (self, "%c does not list its heads", machine->name);
      else if (first == NULL)
        first = g_bytes_ref (heads);
      else if (!g_bytes_equal (first, heads))
        mesh_violate (self, "%c has %u heads, and A other %u", machine->name,
                      (guint) (g_bytes_get_size (heads) / MH_SYNC_HASH_SIZE),
                      (guint) (g_bytes_get_size (first) / MH_SYNC_HASH_SIZE));
    }
}

static void
check_trees (MeshWorld *self)
{
  g_autofree char *first = mesh_tree (&self->machines[0]);

  for (guint i = 1; i < self->count; i++)
    {
      g_autofree char *tree = mesh_tree (&self->machines[i]);

      if (strcmp (tree, first) != 0)
        mesh_violate (self, "A shows\n%s%c shows\n%s", first, self->machines[i].name, tree);
    }
}

/* Returns: (transfer full): versions without a successor, as @machine has them */
static GPtrArray *
heads_of (MeshMachine *machine)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_version_free);
  g_autoptr (GBytes) hashes = NULL;
  g_autoptr (GPtrArray) records = NULL;

  mesh_machine_enter (machine);
  hashes = mh_store_heads (machine->store, MESH_VAULT, NULL);
  if (hashes != NULL)
    records = mh_store_version_records (machine->store, MESH_VAULT, hashes, G_MAXSIZE, NULL);
  for (guint i = 0; records != NULL && i < records->len; i++)
    {
      MhVersion *version = mh_version_decode (g_ptr_array_index (records, i), NULL);

      if (version != NULL)
        g_ptr_array_add (out, version);
    }

  return out;
}

/* No deletion hides what it did not know of: a file with a version without a successor that is no
 * deletion is shown. */
static void
check_hidden (MeshWorld *self)
{
  g_autoptr (GPtrArray) heads = heads_of (&self->machines[0]);
  g_autoptr (GHashTable) live = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *tree = mesh_tree (&self->machines[0]);
  g_auto (GStrv) lines = g_strsplit (tree, "\n", -1);
  guint shown = MAX (g_strv_length (lines), 1) - 1;

  for (guint i = 0; i < heads->len; i++)
    {
      const MhVersion *version = g_ptr_array_index (heads, i);

      if (version->op != MH_FILE_OP_DELETE)
        g_hash_table_add (live, mh_hex_encode (version->file_id, MH_FILE_ID_SIZE));
    }
  for (guint i = 0; i < heads->len; i++)
    {
      const MhVersion *version = g_ptr_array_index (heads, i);

      g_autofree char *file_id = mh_hex_encode (version->file_id, MH_FILE_ID_SIZE);

      if (version->op == MH_FILE_OP_DELETE && g_hash_table_contains (live, file_id))
        mesh_note (self, MESH_EVENT_NOT_HIDDEN);
    }
  if (g_hash_table_size (live) != shown)
    mesh_violate (self, "A shows %u files, and has %u:\n%s", shown, g_hash_table_size (live), tree);
}

static void
check_totals (MeshWorld *self)
{
  MhStoreTotals first = { 0 };

  for (guint i = 0; i < self->count; i++)
    {
      MeshMachine *machine = &self->machines[i];
      MhStoreTotals totals = { 0 };

      mesh_machine_enter (machine);
      if (!mh_store_totals (machine->store, MESH_VAULT, &totals, NULL))
        mesh_violate (self, "%c does not count its files", machine->name);
      if (i == 0)
        first = totals;
      else if (totals.files != first.files || totals.bytes != first.bytes)
        mesh_violate (self, "%c counts other files than A", machine->name);
    }
}

/* What somebody has, everybody knows. What nobody has was on disks that were lost. */
static void
check_versions (MeshWorld *self)
{
  guint all = (1U << self->count) - 1;
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_iter_init (&iter, self->versions);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (GPOINTER_TO_UINT (value) != 0 && GPOINTER_TO_UINT (value) != all)
      {
        g_autofree char *name = mh_hex_encode (g_bytes_get_data (key, NULL), 4);

        mesh_violate (self, "version %s is on the machines %x alone", name,
                      GPOINTER_TO_UINT (value));
      }
}

/* What was purged is gone everywhere, unless who did it has forgotten that it did. */
static void
check_purged (MeshWorld *self)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_iter_init (&iter, self->purged);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      guint bits = GPOINTER_TO_UINT (g_hash_table_lookup (self->versions, key));
      g_autofree char *name = mh_hex_encode (g_bytes_get_data (key, NULL), 4);

      if (value == NULL)
        continue;
      mesh_note (self, MESH_EVENT_PURGED);
      if (bits != 0)
        mesh_violate (self, "version %s was purged, and is on the machines %x", name, bits);
    }
}

/* Returns: (transfer full): ids of blocks that @machine names and has not */
static GHashTable *
missing_of (MeshMachine *machine)
{
  GHashTable *out =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  g_autoptr (GArray) missing = NULL;

  mesh_machine_enter (machine);
  missing = mh_store_missing_blocks (machine->store, MESH_VAULT, NULL, 100000, NULL);
  for (guint i = 0; missing != NULL && i < missing->len; i++)
    g_hash_table_add (out,
                      g_bytes_new (g_array_index (missing, MhSyncBlock, i).id, MH_SYNC_HASH_SIZE));
  if (missing == NULL)
    mesh_violate (machine->world, "%c does not list what is missing", machine->name);

  return out;
}

/* Keepers that keep all that is wanted of them. */
static gint64
count_keepers (MeshWorld *self)
{
  gint64 count = 0;

  for (guint i = self->count; i < self->all; i++)
    count += self->machines[i].core.config.hold == MESH_HOLD_BYTES ? 1 : 0;

  return count;
}

static gint64
count_reliable (MeshWorld *self)
{
  gint64 count = 0;

  for (guint i = 0; i < self->count; i++)
    count += mesh_machine_is_reliable (&self->machines[i]) ? 1 : 0;

  return count;
}

/* What machines with the key name has as many copies as there can be, those without the key
 * included: others stand in for one that has little room. */
static void
check_kept (MeshWorld *self)
{
  gint64 wanted = MIN (self->copies, count_reliable (self) + count_keepers (self));
  g_autoptr (GArray) named = NULL;

  mesh_machine_enter (&self->machines[0]);
  named = mh_store_named_blocks (self->machines[0].store, MESH_VAULT, NULL, 100000, NULL);
  for (guint i = 0; named != NULL && i < named->len; i++)
    {
      const guint8 *id = g_array_index (named, MhNamedBlock, i).id;
      g_autofree char *name = mh_hex_encode (id, 4);
      gint64 copies = 0;

      for (guint j = 0; j < self->all; j++)
        if (self->machines[j].is_keeper || mesh_machine_is_reliable (&self->machines[j]))
          copies += mesh_is_block_at (self, id, 1U << j) ? 1 : 0;
      if (copies < wanted && !mesh_is_block_lost (self, id))
        mesh_violate (self, "%" G_GINT64_FORMAT " copies of block %s, with those without the key",
                      copies, name);
    }
}

static void
check_copies (MeshWorld *self)
{
  GHashTable *missing[MESH_MOST];
  gint64 reliable = count_reliable (self);

  for (guint i = 0; i < self->count; i++)
    missing[i] = missing_of (&self->machines[i]);
  for (guint i = 0; i < self->count; i++)
    {
      GHashTableIter iter;
      gpointer key;

      g_hash_table_iter_init (&iter, missing[i]);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        {
          const guint8 *id = g_bytes_get_data (key, NULL);
          g_autofree char *name = mh_hex_encode (id, 4);
          gint64 copies = 0;

          for (guint j = 0; j < self->count; j++)
            copies += mesh_machine_is_reliable (&self->machines[j])
                              && !g_hash_table_contains (missing[j], key)
                          ? 1
                          : 0;
          if (copies < MIN (self->copies, reliable) && !mesh_is_block_lost (self, id))
            mesh_violate (self, "%" G_GINT64_FORMAT " copies of block %s", copies, name);
          if (self->machines[i].roles & MH_VAULT_PIN && !mesh_is_block_lost (self, id))
            mesh_violate (self, "%c has not block %s, though it keeps all", self->machines[i].name,
                          name);
        }
    }
  for (guint i = 0; i < self->count; i++)
    g_hash_table_unref (missing[i]);
}

static gboolean
is_file_lost (MeshMachine *machine, const char *path)
{
  g_autoptr (GBytes) ids = NULL;
  guint missing;

  mesh_machine_enter (machine);
  if (!mh_store_locate (machine->store, MESH_VAULT, path, &ids, &missing, NULL))
    return FALSE;
  for (gsize at = 0; at < g_bytes_get_size (ids); at += MH_SYNC_HASH_SIZE)
    if (mesh_is_block_lost (machine->world, (const guint8 *) g_bytes_get_data (ids, NULL) + at))
      return TRUE;

  return FALSE;
}

/*
 * All give up what others are to have. The first audit finds it, the second does it; both say how
 * the blocks stand.
 */
static void
audit_all (MeshWorld *self)
{
  gboolean is_enough = count_reliable (self) + count_keepers (self) >= self->copies;

  for (guint i = 0; i < self->count; i++)
    self->machines[i].core.config.surplus_ms = 0;
  for (guint i = 0; i < 2 * self->count && self->violation == NULL; i++)
    {
      MeshMachine *machine = &self->machines[i % self->count];
      MhSyncHealth health = { 0 };

      if (!mesh_audit (machine, &health))
        return;
      /* where versions go, one may name what others do not */
      if (health.under > 0 && (is_enough || count_reliable (self) >= self->copies)
          && !self->forgets)
        mesh_violate (self, "%c finds too few copies", machine->name);
      if (health.repaired > 0)
        mesh_violate (self, "%c repairs what everybody has taken already", machine->name);
    }
}

/* What is for others, of whom enough have it, is not here any more. */
static void
check_surplus (MeshWorld *self)
{
  GHashTableIter iter;
  gpointer key;

  for (guint i = 0; i < self->count; i++)
    {
      g_hash_table_iter_init (&iter, self->blocks);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        {
          const guint8 *id = g_bytes_get_data (key, NULL);
          g_autofree char *name = mh_hex_encode (id, 4);

          if (mesh_is_block_at (self, id, 1U << i) && mesh_may_go (&self->machines[i], id))
            mesh_violate (self, "%c keeps block %s, which is for others", self->machines[i].name,
                          name);
        }
    }
}

static void
check_contents (MeshMachine *machine)
{
  g_autofree char *tree = mesh_tree (machine);
  g_auto (GStrv) lines = g_strsplit (tree, "\n", -1);

  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      g_autofree char *path = g_strndup (lines[i], strcspn (lines[i], "\t"));

      (void) mesh_read (machine, path, !is_file_lost (machine, path));
    }
}

/* Where versions are removed, each machine does so in its time, and what one has differs. What is
 * to be seen does not. */
static void
check_all (MeshWorld *self)
{
  check_heads (self);
  check_trees (self);
  check_hidden (self);
  check_purged (self);
  if (!self->forgets)
    {
      check_versions (self);
      check_totals (self);
      check_surplus (self);
    }
  check_copies (self);
  if (!self->forgets)
    check_kept (self);
  for (guint i = 0; i < self->count && self->violation == NULL; i++)
    check_contents (&self->machines[i]);
}

/* What only machines without the key have comes by an audit. Returns: whether anything came */
static gboolean
bring_back (MeshWorld *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->count && self->violation == NULL; i++)
    {
      MhSyncHealth health = { 0 };

      any |= mesh_audit (&self->machines[i], &health) && health.repaired > 0;
    }

  return any;
}

/* Once each. Returns: whether anything came */
static gboolean
go_round (MeshWorld *self)
{
  gboolean any = sweep (self);

  any |= bring_back (self);

  return sweep_keepers (self) || any; /* for they are told what that has found out */
}

/* All reach all until nothing more comes; then all is compared. */
static void
settle (MeshWorld *self)
{
  guint sweeps = 0;

  memset (self->cut, 0, sizeof self->cut);
  for (guint i = 0; i < self->all; i++)
    {
      sim_disk_die_after (self->machines[i].disk, 0);
      mesh_machine_make_room (&self->machines[i]);
    }
  mesh_world_pass (self, LONG_MS);
  while (self->violation == NULL && go_round (self))
    if (++sweeps > MOST_SWEEPS)
      mesh_violate (self, "after %u sweeps something still comes", sweeps);
  if (self->violation == NULL)
    audit_all (self);
  if (self->violation == NULL && sweep (self))
    mesh_violate (self, "what was given up is taken again");
  if (self->violation == NULL)
    check_all (self);
}

/* Returns: how many blocks no machine with the key has, though some without it do */
static guint
count_apart (MeshWorld *self)
{
  guint trusted = (1U << self->count) - 1;
  GHashTableIter iter;
  gpointer key;
  gpointer value;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->blocks);
  while (g_hash_table_iter_next (&iter, &key, &value))
    count += (GPOINTER_TO_UINT (value) & trusted) == 0
                     && !mesh_is_block_lost (self, g_bytes_get_data (key, NULL))
                 ? 1
                 : 0;

  return count;
}

/* All disks with the key are lost but one. */
static void
ruin (MeshWorld *self)
{
  guint left = sim_random_below (&self->random, self->count);
  guint apart = count_apart (self);

  mesh_log (self, "all disks but that of %c are lost", self->machines[left].name);
  for (guint i = 0; i < self->count && self->violation == NULL; i++)
    if (i != left)
      mesh_machine_lose_disk (&self->machines[i], sim_random_percent (&self->random, 30));
  apart = count_apart (self) - apart;
  if (self->violation == NULL)
    settle (self);
  if (apart > 0 && count_reliable (self) > 0)
    mesh_note (self, MESH_EVENT_BROUGHT_BACK);
}

void
mesh_finish (MeshWorld *self)
{
  mesh_log (self, "the end: all reach all");
  settle (self);
  if (self->violation == NULL && self->all > self->count && sim_random_percent (&self->random, 50))
    ruin (self);
}
