/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "mesh-plays.h"

/* Few, so that they meet: files and folders of the same name among them. */
static const char *const paths[] = {
  "/a", "/b", "/c.txt", "/d/a", "/d/b", "/d/e/a", "/d/e", "/f/a", "/f",
};

static const char *const folders[] = { "/d", "/d/e", "/f", "/x", "/y/z" };

#define MINUTE_MS (60 * 1000)
#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * MINUTE_MS)

typedef struct
{
  guint weight;
  void (*play) (MeshMachine *self);
} Play;

static const char *
any_path (MeshWorld *self)
{
  return paths[sim_random_below (&self->random, G_N_ELEMENTS (paths))];
}

static const char *
any_place (MeshWorld *self)
{
  return sim_random_percent (&self->random, 40)
             ? folders[sim_random_below (&self->random, G_N_ELEMENTS (folders))]
             : any_path (self);
}

MeshMachine *
mesh_any_other (MeshMachine *self)
{
  MeshWorld *world = self->world;
  guint step = 1 + sim_random_below (&world->random, world->count - 1);

  return &world->machines[(self->number + step) % world->count];
}

char *
mesh_any_file (MeshMachine *self)
{
  g_autofree char *tree = mesh_tree (self);
  g_auto (GStrv) lines = g_strsplit (tree, "\n", -1);
  guint count = g_strv_length (lines); /* the last one is empty */
  char *line;

  mesh_machine_enter (self);
  if (count < 2)
    return NULL;
  line = lines[sim_random_below (&self->world->random, count - 1)];

  return g_strndup (line, strcspn (line, "\t"));
}

/* -- changes of files -- */

static gboolean
is_refusal (const GError *error)
{
  return error->domain == MH_ERROR
         && (error->code == MH_ERROR_NOT_FOUND || error->code == MH_ERROR_CONFLICT
             || error->code == MH_ERROR_INVALID || error->code == MH_ERROR_PRECONDITION);
}

/* Takes the outcome of a change. What was acknowledged is there now, whatever happens. */
static void
settle (MeshMachine *self, gboolean done, const GError *error, const char *what)
{
  gboolean dead = mesh_machine_is_dead (self);

  mesh_log (self->world, "%c %s%s%s", self->name, what, error != NULL ? ": " : "",
            error != NULL ? error->message : "");
  if (error != NULL && !is_refusal (error) && !dead && !mesh_machine_lacks_room (self))
    mesh_violate (self->world, "%c %s failed, though nothing is wrong", self->name, what);
  if (dead)
    self->owes += done ? 1 : 0;
  else if (mesh_look (self, MESH_CHANGED) < (done ? 1 : 0))
    mesh_violate (self->world, "%c %s made no version", self->name, what);
}

static gsize
any_size (MeshWorld *self)
{
  static const gsize most[] = { 1, 2, 300, 2000, 2000, 6000, 20000 };

  return sim_random_below (&self->random,
                           (guint) most[sim_random_below (&self->random, G_N_ELEMENTS (most))]);
}

/* Returns: (transfer full) (nullable): the file, or %NULL with @error set */
static MhFile *
put (MeshMachine *self, const char *path, guint content, GError **error)
{
  MhUploadNew request = { .vault_id = MESH_VAULT, .path = path, .mtime_ms = -1 };
  g_autoptr (MhUpload) upload = mh_upload_new (self->store, &request, error);
  gsize size;
  const guint8 *data = g_bytes_get_data (sim_contents_get (self->world->contents, content), &size);

  if (upload == NULL || !mh_upload_write (upload, data, size, NULL, error))
    return NULL;

  return mh_upload_finish (upload, NULL, error);
}

static void
put_any (MeshMachine *self, const char *path)
{
  MeshWorld *world = self->world;
  SimContents *contents = world->contents;
  guint content = sim_random_percent (&world->random, 10) && contents->bytes->len > 0
                      ? sim_random_below (&world->random, contents->bytes->len)
                      : sim_contents_add (contents, &world->random, any_size (world));
  GArray *blocks = sim_contents_blocks (contents, content);
  g_autofree char *what = NULL;
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < blocks->len; i++)
    {
      GBytes *id = g_bytes_new (g_array_index (blocks, SimBlock, i).id, MH_SYNC_HASH_SIZE);

      if (g_hash_table_contains (world->blocks, id))
        g_bytes_unref (id);
      else
        g_hash_table_insert (world->blocks, id, GUINT_TO_POINTER (0));
    }
  what = g_strdup_printf ("puts %s, content %u of %u blocks", path, content, blocks->len);
  file = put (self, path, content, &error);
  if (file != NULL && strcmp (file->content_hash, sim_contents_hash (contents, content)) != 0)
    mesh_violate (world, "%c %s: another hash is acknowledged", self->name, what);
  settle (self, file != NULL, error, what);
}

static void
play_put (MeshMachine *self)
{
  put_any (self, any_path (self->world));
}

static void
play_delete (MeshMachine *self)
{
  g_autofree char *shown = mesh_any_file (self);
  const char *path = shown != NULL ? shown : any_path (self->world);
  g_autofree char *what = g_strdup_printf ("deletes %s", path);
  g_autoptr (GError) error = NULL;
  gboolean done = mh_store_delete (self->store, MESH_VAULT, path, &error);

  settle (self, done, error, what);
}

static void
play_move (MeshMachine *self)
{
  const char *from = any_place (self->world);
  const char *to = any_place (self->world);
  g_autofree char *what = g_strdup_printf ("moves %s to %s", from, to);
  g_autoptr (GError) error = NULL;
  gboolean done = mh_store_move (self->store, MESH_VAULT, from, to, &error) > 0;

  settle (self, done, error, what);
}

static void
play_copy (MeshMachine *self)
{
  MhCopyNew request = { MESH_VAULT, any_place (self->world), any_place (self->world),
                        (MhExisting) sim_random_below (&self->world->random, 4) };
  g_autofree char *what = g_strdup_printf ("copies %s to %s", request.from, request.to);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhCopied) copied = mh_store_copy (self->store, &request, &error);

  settle (self, copied != NULL && copied->copied > 0, error, what);
}

static void
play_restore (MeshMachine *self)
{
  g_autofree char *path = mesh_any_file (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) history =
      path != NULL ? mh_store_history (self->store, MESH_VAULT, path, &error) : NULL;
  const MhFileVersion *version;
  g_autoptr (MhFile) file = NULL;
  g_autofree char *what = NULL;

  if (history == NULL)
    return;
  version = g_ptr_array_index (history, sim_random_below (&self->world->random, history->len));
  if (version->content_hash == NULL)
    return;
  what = g_strdup_printf ("restores %s as %.8s", path, version->version_hash);
  file = mh_store_restore (self->store, MESH_VAULT, path, version->content_hash, &error);
  settle (self, file != NULL, error, what);
}

static void
play_undelete (MeshMachine *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhTrashList) trash = mh_store_list_trash (self->store, MESH_VAULT, 100, NULL, &error);
  const char *wanted[2] = { NULL, NULL };
  g_autoptr (MhBatch) batch = NULL;
  g_autofree char *what = NULL;

  if (trash == NULL || trash->entries->len == 0)
    return;
  wanted[0] = ((MhTrashEntry *) g_ptr_array_index (
                   trash->entries, sim_random_below (&self->world->random, trash->entries->len)))
                  ->path;
  what = g_strdup_printf ("undeletes %s", wanted[0]);
  batch = mh_store_undelete (self->store, MESH_VAULT, wanted, 0, &error);
  settle (self, batch != NULL && batch->files > 0, error, what);
}

/* Returns: (transfer full) (nullable): the path of a file with a conflict */
static char *
any_conflict (MeshMachine *self)
{
  g_autofree char *tree = mesh_tree (self);
  g_auto (GStrv) lines = g_strsplit (tree, "\n", -1);
  char *found = NULL;
  guint count = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (strstr (lines[i], " (conflict ") != NULL)
        mesh_note (self->world, MESH_EVENT_CLASH);
      if (!g_str_has_suffix (lines[i], "\tconflict"))
        continue;
      mesh_note (self->world, MESH_EVENT_CONFLICT);
      if (sim_random_below (&self->world->random, ++count) > 0)
        continue;
      g_free (found);
      found = g_strndup (lines[i], strcspn (lines[i], "\t"));
    }
  mesh_machine_enter (self);

  return found;
}

static void
play_resolve (MeshMachine *self)
{
  g_autofree char *path = any_conflict (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFileDetail) detail =
      path != NULL ? mh_store_get_detail (self->store, MESH_VAULT, path, &error) : NULL;
  MhLeaf leaf = { 0 };
  g_autoptr (MhFile) file = NULL;
  g_autofree char *what = NULL;

  if (detail == NULL || g_strv_length (detail->conflicts) == 0)
    return;
  if (sim_random_percent (&self->world->random, 50))
    leaf.content_hash = detail->file->content_hash;
  else
    leaf.version_hash =
        detail
            ->conflicts[sim_random_below (&self->world->random, g_strv_length (detail->conflicts))];
  what = g_strdup_printf ("resolves %s", path);
  file = mh_store_resolve (self->store, MESH_VAULT, path, &leaf, &error);
  if (file != NULL)
    mesh_note (self->world, MESH_EVENT_RESOLVED);
  settle (self, file != NULL, error, what);
}

/* -- versions go -- */

static void
play_purge (MeshMachine *self)
{
  g_autofree char *path = mesh_any_file (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) history = NULL;
  MhPurged purged = { 0 };
  const MhFileVersion *version;

  if (!self->world->forgets || path == NULL)
    return;
  if (sim_random_percent (&self->world->random, 40))
    {
      if (mh_store_purge_trash (self->store, MESH_VAULT, NULL, &purged, &error))
        mesh_log (self->world, "%c purges the trash: %" G_GINT64_FORMAT, self->name,
                  purged.versions);
    }
  else if ((history = mh_store_history (self->store, MESH_VAULT, path, &error)) != NULL)
    {
      version = g_ptr_array_index (history, sim_random_below (&self->world->random, history->len));
      if (version->content_hash != NULL
          && mh_store_purge_version (self->store, MESH_VAULT, path, version->content_hash, &purged,
                                     &error))
        mesh_log (self->world, "%c purges %.8s of %s: %" G_GINT64_FORMAT, self->name,
                  version->version_hash, path, purged.versions);
    }
  if (purged.versions > 0)
    mesh_note (self->world, MESH_EVENT_FORGOTTEN);
  if (!mesh_machine_is_dead (self))
    (void) mesh_look (self, MESH_PURGED);
}

static void
play_maintain (MeshMachine *self)
{
  g_autoptr (GError) error = NULL;
  MhUpkeep upkeep = { 0 };
  gboolean done = mh_store_maintain (self->store, 0, &upkeep, NULL, &error);

  mesh_log (self->world, "%c maintains: %" G_GINT64_FORMAT " versions%s%s", self->name,
            upkeep.pruned.versions, done ? "" : ": ", done ? "" : error->message);
  if (upkeep.pruned.versions > 0)
    mesh_note (self->world, MESH_EVENT_FORGOTTEN);
  if (!done && !mesh_machine_is_dead (self) && !mesh_machine_lacks_room (self))
    mesh_violate (self->world, "%c: upkeep failed, though nothing is wrong", self->name);
  if (!mesh_machine_is_dead (self))
    (void) mesh_look (self, MESH_CHANGED);
}

/* A machine is away while a file that it knows is changed, and what it knows of is removed. */
static void
play_away (MeshMachine *self)
{
  MeshWorld *world = self->world;
  MeshMachine *other = mesh_any_other (self);
  g_autofree char *path = mesh_any_file (self);
  guint changes = 1 + sim_random_below (&world->random, 3);

  if (!world->forgets || path == NULL)
    return;
  mesh_log (world, "%c is away", other->name);
  for (guint i = 0; i < world->all; i++)
    world->cut[i][other->number] = world->cut[other->number][i] = i != other->number;
  mesh_machine_enter (self);
  for (guint i = 0; i < changes && !mesh_machine_is_dead (self); i++)
    put_any (self, path);
  mesh_world_pass (world, (2 + sim_random_below (&world->random, 3)) * DAY_MS);
  if (!mesh_machine_is_dead (self))
    play_maintain (self);
  if (!mesh_machine_is_dead (self) && sim_random_percent (&world->random, 30))
    play_purge (self);
  memset (world->cut, 0, sizeof world->cut);
  mesh_world_pass (world, 0);
}

/* -- what goes wrong -- */

static void
play_arm (MeshMachine *self)
{
  guint operations = 1 + sim_random_below (&self->world->random, 150);

  mesh_log (self->world, "%c dies in %u operations of its disk", self->name, operations);
  sim_disk_die_after (self->disk, operations);
}

/* There is little room for a while. */
static void
play_full (MeshMachine *self)
{
  guint room = sim_random_below (&self->world->random, 40000);
  gboolean secret = sim_random_percent (&self->world->random, 60);

  if (self->is_full)
    {
      mesh_log (self->world, "%c has room again", self->name);
      mesh_machine_make_room (self);
      return;
    }
  mesh_log (self->world, "%c has room for %u bytes%s", self->name, room,
            secret ? ", in secret" : "");
  mesh_machine_fill (self, room, secret);
}

static SimCrash
any_crash (MeshWorld *self)
{
  return sim_random_percent (&self->random, 50) ? SIM_KILL : SIM_POWER_CUT;
}

static void
play_crash (MeshMachine *self)
{
  mesh_machine_crash (self, any_crash (self->world));
}

static void
play_lose_index (MeshMachine *self)
{
  mesh_machine_lose_index (self);
}

static void
play_lose_disk (MeshMachine *self)
{
  mesh_machine_lose_disk (self, sim_random_percent (&self->world->random, 50));
}

/* Machines fall into two groups that do not reach each other. */
static void
play_part (MeshMachine *self)
{
  MeshWorld *world = self->world;
  guint group = sim_random_below (&world->random, 1U << world->all);

  for (guint i = 0; i < world->all; i++)
    for (guint j = 0; j < world->all; j++)
      world->cut[i][j] = (group >> i & 1) != (group >> j & 1);
  mesh_log (world, "groups: %x", group);
  mesh_note (world, MESH_EVENT_PARTED);
  mesh_world_pass (world, 0);
}

static void
play_heal (MeshMachine *self)
{
  memset (self->world->cut, 0, sizeof self->world->cut);
  mesh_log (self->world, "all reach all");
  mesh_world_pass (self->world, 0);
}

/* Minutes, and where versions go also days. */
static void
play_time (MeshMachine *self)
{
  gint64 most = self->world->forgets ? 3 * DAY_MS / MINUTE_MS : 15;
  gint64 minutes = 1 + sim_random_below (&self->world->random, (guint) most);

  mesh_log (self->world, "%" G_GINT64_FORMAT " minutes", minutes);
  mesh_world_pass (self->world, minutes * MINUTE_MS);
}

/* What nobody wants goes after a month. */
static void
play_month (MeshMachine *self)
{
  mesh_log (self->world, "31 days");
  mesh_world_pass (self->world, 31 * DAY_MS);
}

static const Play keeper_plays[] = {
  { 60, mesh_play_keeper }, { 6, play_full },      { 8, play_arm },   { 6, play_crash },
  { 3, play_lose_index },   { 3, play_lose_disk }, { 6, play_month },
};

static const Play plays[] = {
  { 8, play_away },        { 28, play_put },       { 8, play_delete },      { 8, play_move },
  { 4, play_copy },        { 4, play_restore },    { 5, play_undelete },    { 8, play_resolve },
  { 6, play_purge },       { 3, play_maintain },   { 40, mesh_play_round }, { 6, mesh_play_tell },
  { 12, mesh_play_audit }, { 12, mesh_play_read }, { 8, play_arm },         { 4, play_crash },
  { 2, play_lose_index },  { 2, play_lose_disk },  { 5, play_part },        { 5, play_heal },
  { 4, play_time },        { 4, play_full },
};

void
mesh_world_revive (MeshWorld *self)
{
  for (guint i = 0; i < self->all; i++)
    {
      MeshMachine *machine = &self->machines[i];

      if (!mesh_machine_is_dead (machine) || self->violation != NULL)
        continue;
      mesh_note (self, MESH_EVENT_DIED);
      mesh_machine_crash (machine, any_crash (self));
    }
}

static const Play *
any_play (MeshWorld *self, const Play *some, gsize count)
{
  guint sum = 0;
  guint chosen;

  for (gsize i = 0; i < count; i++)
    sum += some[i].weight;
  chosen = sim_random_below (&self->random, sum);
  while (chosen >= some->weight)
    chosen -= some++->weight;

  return some;
}

void
mesh_play_one (MeshWorld *self)
{
  MeshMachine *machine = &self->machines[sim_random_below (&self->random, self->all)];
  const Play *play = machine->is_keeper ? any_play (self, keeper_plays, G_N_ELEMENTS (keeper_plays))
                                        : any_play (self, plays, G_N_ELEMENTS (plays));

  self->steps++;
  mesh_world_pass (self, 1000);
  mesh_machine_enter (machine);
  play->play (machine);
  mesh_world_revive (self);
}
