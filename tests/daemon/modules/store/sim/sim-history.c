/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-history.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "modules/store/store-private.h"
#include "modules/store/writer-private.h"
#include "sim-plays.h"

/* Few, so that they meet: files and folders of the same name among them. */
static const char *const paths[] = {
  "/a", "/b", "/c", "/d/a", "/d/b", "/d/e/a", "/d/e/b", "/f/a", "/f/b", "/f/g/h", "/d/e", "/f",
};

#define MOST_STEPS 60
#define CLOCK_START_MS G_GINT64_CONSTANT (1700000000000)

typedef struct
{
  guint weight;
  void (*play) (SimWorld *self);
} Play;

const char *
sim_any_vault (SimWorld *self)
{
  return self->vaults[sim_random_percent (&self->random, 75) ? 0 : 1];
}

const char *
sim_any_path (SimWorld *self, const char *vault)
{
  const char *path = NULL;

  if (sim_random_percent (&self->random, 50))
    path = sim_model_any_path (self->model, vault, &self->random);

  return path != NULL ? path : paths[sim_random_below (&self->random, G_N_ELEMENTS (paths))];
}

static gsize
any_size (SimWorld *self)
{
  static const gsize most[] = { 1, 2, 64, 500, 3000, 3000, 9000, 9000, 30000, 90000 };

  return sim_random_below (&self->random,
                           (guint) most[sim_random_below (&self->random, G_N_ELEMENTS (most))]);
}

/* Sometimes to where another is under way. */
static SimStep *
new_put (SimWorld *self)
{
  const SimUpload *other = g_ptr_array_index (self->uploads, 0);
  const char *vault = sim_any_vault (self);
  SimStep *step = NULL;

  if (other->step != NULL && sim_random_percent (&self->random, 30))
    step = sim_step_new (SIM_PUT, other->step->vault, other->step->path);
  else
    step = sim_step_new (SIM_PUT, vault, sim_any_path (self, vault));

  step->content = sim_random_percent (&self->random, 10) && self->contents->bytes->len > 0
                      ? sim_random_below (&self->random, self->contents->bytes->len)
                      : sim_contents_add (self->contents, &self->random, any_size (self));

  return step;
}

void
sim_end_upload (SimUpload *upload)
{
  g_clear_pointer (&upload->upload, mh_upload_free);
  g_clear_pointer (&upload->step, sim_step_free);
}

/* Takes @step. */
static SimUpload *
upload_begin (SimWorld *self, SimUpload *upload, SimStep *step)
{
  g_autoptr (GError) error = NULL;
  MhUploadNew request = { 0 };

  upload->step = step;
  upload->written = 0;
  upload->hurt = FALSE;
  request.vault_id = upload->step->vault;
  request.path = upload->step->path;
  request.mtime_ms = self->now_ms;
  request.unchecked = sim_random_percent (&self->random, 50);
  upload->upload = mh_upload_new (self->store, &request, &error);
  if (upload->upload != NULL)
    return upload;

  sim_world_settle (self, upload->step, error);
  sim_end_upload (upload);

  return NULL;
}

static void
settle_upload (SimWorld *self, const SimUpload *upload, const GError *error)
{
  gboolean before = self->trouble;

  self->trouble |= upload->hurt;
  sim_world_settle (self, upload->step, error);
  self->trouble = before || sim_world_is_in_trouble (self);
}

/* Writes up to @most bytes more. Returns: %FALSE when the upload is over */
static gboolean
upload_continue (SimWorld *self, SimUpload *upload, gsize most)
{
  g_autoptr (GError) error = NULL;
  GBytes *content = sim_contents_get (self->contents, upload->step->content);
  gsize size;
  const guint8 *data = g_bytes_get_data (content, &size);
  gsize piece = MIN (most, size - upload->written);

  if (mh_upload_write (upload->upload, data + upload->written, piece, NULL, &error))
    {
      upload->written += piece;
      return TRUE;
    }

  settle_upload (self, upload, error);
  sim_end_upload (upload);

  return FALSE;
}

static void
upload_finish (SimWorld *self, SimUpload *upload)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhFile) file = NULL;

  if (!upload_continue (self, upload, G_MAXSIZE))
    return;

  file = mh_upload_finish (upload->upload, NULL, &error);
  settle_upload (self, upload, error);
  if (file != NULL
      && strcmp (file->content_hash, sim_contents_hash (self->contents, upload->step->content))
             != 0)
    sim_violate (self, "%s: another hash is acknowledged", upload->step->path);
  sim_end_upload (upload);
}

/* Returns: (nullable): an upload under way, or a free slot for one */
static SimUpload *
any_upload (SimWorld *self, gboolean under_way)
{
  guint first = sim_random_below (&self->random, SIM_UPLOADS);

  for (guint i = 0; i < SIM_UPLOADS; i++)
    {
      SimUpload *upload = g_ptr_array_index (self->uploads, (first + i) % SIM_UPLOADS);

      if ((upload->upload != NULL) == under_way)
        return upload;
    }

  return NULL;
}

static void
play_put (SimWorld *self)
{
  SimUpload *upload = any_upload (self, FALSE);

  if (upload == NULL)
    upload = any_upload (self, TRUE);
  else if (upload_begin (self, upload, new_put (self)) == NULL)
    return;

  upload_finish (self, upload);
}

static void
play_begin (SimWorld *self)
{
  SimUpload *upload = any_upload (self, FALSE);

  if (upload != NULL)
    (void) upload_begin (self, upload, new_put (self));
}

static void
play_continue (SimWorld *self)
{
  SimUpload *upload = any_upload (self, TRUE);

  if (upload != NULL)
    (void) upload_continue (self, upload, sim_random_below (&self->random, 20000));
}

static void
play_finish (SimWorld *self)
{
  SimUpload *upload = any_upload (self, TRUE);

  if (upload != NULL)
    upload_finish (self, upload);
}

static void
play_abandon (SimWorld *self)
{
  SimUpload *upload = any_upload (self, TRUE);

  if (upload == NULL)
    return;

  sim_log (self, "abandon %s%s", upload->step->vault, upload->step->path);
  sim_end_upload (upload);
}

/* The last version of a content goes while an upload has found its blocks. */
static void
play_overtake (SimWorld *self)
{
  const char *vault = sim_any_vault (self);
  const char *path = sim_model_any_trash (self->model, vault, &self->random);
  SimUpload *upload = any_upload (self, FALSE);
  SimStep *step;

  if (path == NULL || upload == NULL)
    return;

  step = sim_step_new (SIM_PUT, vault, sim_any_path (self, vault));
  (void) sim_model_any_content (self->model, vault, path, &self->random, &step->content);
  if (upload_begin (self, upload, step) == NULL || !upload_continue (self, upload, G_MAXSIZE))
    return;

  if (sim_purge (self, vault, path))
    sim_note (self, SIM_EVENT_OVERTAKEN);
  if (!sim_disk_is_dead (self->disk))
    sim_play_maintain (self);
}

/* Whether two files may be put in any order, one or both. */
static gboolean
are_apart (const SimStep *a, const SimStep *b)
{
  gsize length_a = strlen (a->path);
  gsize length_b = strlen (b->path);

  return strcmp (a->vault, b->vault) != 0
         || strncmp (a->path, b->path, MIN (length_a, length_b)) != 0;
}

/* While one commit waits: finishes another upload, so that both become durable together. */
static void
gather (gpointer data)
{
  SimWorld *self = data;
  SimUpload *upload = NULL;

  if (self->gathering == 0 || self->gathering > 2 || !sim_random_percent (&self->random, 40))
    return;

  for (guint i = 0; i < SIM_UPLOADS && upload == NULL; i++)
    {
      SimUpload *other = g_ptr_array_index (self->uploads, i);
      gboolean apart = other->upload != NULL;

      for (guint j = 0; j < self->waiting->len && apart; j++)
        apart = are_apart (other->step, g_ptr_array_index (self->waiting, j));
      if (apart)
        upload = other;
    }
  if (upload == NULL)
    return;

  self->gathering++;
  g_ptr_array_add (self->waiting, upload->step);
  upload_finish (self, upload);
  self->gathering--;
}

static void
play_together (SimWorld *self)
{
  SimUpload *upload = any_upload (self, TRUE);

  if (upload == NULL)
    return;

  self->gathering = 1;
  g_ptr_array_add (self->waiting, upload->step);
  mh_writer_set_gather (self->store->writer, gather, self);
  upload_finish (self, upload);
  mh_writer_set_gather (self->store->writer, NULL, NULL);
  g_ptr_array_set_size (self->waiting, 0);
  self->gathering = 0;
}

/* Finishes all uploads in one call. They may be in each other's way. */
static void
play_batch (SimWorld *self)
{
  MhUpload *uploads[SIM_UPLOADS];
  SimUpload *slots[SIM_UPLOADS];
  MhFile *files[SIM_UPLOADS] = { NULL };
  GError *errors[SIM_UPLOADS] = { NULL };
  guint count = 0;

  for (guint i = 0; i < SIM_UPLOADS; i++)
    {
      SimUpload *upload = g_ptr_array_index (self->uploads, i);
      g_autoptr (GError) error = NULL;

      if (upload->upload == NULL || !upload_continue (self, upload, G_MAXSIZE))
        continue;
      if (!mh_upload_prepare (upload->upload, NULL, &error))
        {
          settle_upload (self, upload, error);
          sim_end_upload (upload);
          continue;
        }
      slots[count] = upload;
      uploads[count++] = upload->upload;
    }
  if (count == 0)
    return;

  self->gathering = 1;
  mh_uploads_finish (uploads, count, files, errors);
  for (guint i = 0; i < count; i++)
    {
      settle_upload (self, slots[i], errors[i]);
      sim_end_upload (slots[i]);
      mh_file_free (files[i]);
      g_clear_error (&errors[i]);
    }
  self->gathering = 0;
}

static void
play_delete (SimWorld *self)
{
  const char *vault = sim_any_vault (self);
  g_autoptr (SimStep) step = sim_step_new (SIM_DELETE, vault, sim_any_path (self, vault));
  g_autoptr (GError) error = NULL;

  (void) !mh_store_delete (self->store, vault, step->path, &error);
  sim_world_settle (self, step, error);
}

static void
play_restore (SimWorld *self)
{
  const char *vault = sim_any_vault (self);
  g_autoptr (SimStep) step = sim_step_new (SIM_RESTORE, vault, sim_any_path (self, vault));
  g_autoptr (GError) error = NULL;

  if (!sim_model_any_content (self->model, vault, step->path, &self->random, &step->content))
    return;

  mh_file_free (mh_store_restore (self->store, vault, step->path,
                                  sim_contents_hash (self->contents, step->content), &error));
  sim_world_settle (self, step, error);
}

static void
play_move (SimWorld *self)
{
  static const char *const folders[] = { "/d", "/d/e", "/f", "/f/g", "/x", "/y/z" };
  const char *vault = sim_any_vault (self);
  gboolean folder = sim_random_percent (&self->random, 50);
  guint number = sim_random_below (&self->random, G_N_ELEMENTS (folders));
  g_autoptr (SimStep) step =
      sim_step_new (SIM_MOVE, vault, folder ? folders[number] : sim_any_path (self, vault));
  g_autoptr (GError) error = NULL;

  number = sim_random_below (&self->random, G_N_ELEMENTS (folders));
  step->to = g_strdup (sim_random_percent (&self->random, 50) ? folders[number]
                                                              : sim_any_path (self, vault));
  (void) !mh_store_move (self->store, vault, step->path, step->to, &error);
  sim_world_settle (self, step, error);
}

/* Whether @piece is what @content has at @offset. */
static gboolean
is_part (GBytes *piece, GBytes *content, gsize offset)
{
  gsize size = g_bytes_get_size (piece);
  g_autoptr (GBytes) part = NULL;

  if (offset + size > g_bytes_get_size (content))
    return FALSE;

  part = g_bytes_new_from_bytes (content, offset, size);

  return size == 0 || g_bytes_equal (part, piece);
}

/* Reads a range; whatever the disk does, no other bytes than the right ones are given. */
static void
play_read (SimWorld *self)
{
  const char *vault = sim_any_vault (self);
  const char *path = sim_any_path (self, vault);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhReader) reader = mh_reader_new (self->store, vault, path, NULL, &error);
  g_autoptr (GBytes) piece = NULL;
  GBytes *content;
  gsize offset;

  if (reader == NULL)
    return;

  content = sim_contents_find (self->contents, mh_reader_file (reader)->content_hash);
  offset = sim_random_below (&self->random, (guint) g_bytes_get_size (content) + 1);
  piece = mh_reader_read (reader, offset, 1 + sim_random_below (&self->random, 9000), NULL, &error);
  self->trouble |= sim_world_is_in_trouble (self);
  if (piece == NULL && !self->trouble)
    sim_violate (self, "reading %s%s: %s", vault, path, error->message);
  if (piece != NULL && !is_part (piece, content, offset))
    sim_violate (self, "reading %s%s: other bytes", vault, path);
}

static void
set_faults (SimWorld *self)
{
  SimFaults faults = { 0 };

  switch (sim_random_below (&self->random, 5))
    {
    case 0:
      faults.read = 1 + sim_random_below (&self->random, 100);
      break;
    case 1:
      faults.write = 1 + sim_random_below (&self->random, 100);
      break;
    case 2:
      faults.sync = 1 + sim_random_below (&self->random, 400);
      faults.evict = 100 * sim_random_below (&self->random, 2);
      break;
    case 3:
      faults.name = 1 + sim_random_below (&self->random, 200);
      break;
    default:
      faults.read = faults.write = faults.sync = faults.name =
          1 + sim_random_below (&self->random, 50);
      break;
    }
  faults.only = sim_random_percent (&self->random, 50);
  faults.index = sim_random_percent (&self->random, 50);
  sim_log (self, "faults: read %u, write %u, sync %u, name %u of 1000, evict %u %%%s", faults.read,
           faults.write, faults.sync, faults.name, faults.evict,
           !faults.only   ? ""
           : faults.index ? ", the index"
                          : ", segments");
  sim_disk_set_faults (self->disk, &faults);
}

/*
 * From now on the store has to work as ever; only uploads under way may have lost something. When
 * the index could not be synced, nothing can be relied on before it is opened again.
 */
static void
end_faults (SimWorld *self)
{
  for (guint i = 0; i < SIM_UPLOADS; i++)
    ((SimUpload *) g_ptr_array_index (self->uploads, i))->hurt = TRUE;
  self->reader.hurt = TRUE;
  (void) sim_world_is_in_trouble (self);
  self->trouble = self->index_lost;
  sim_disk_set_faults (self->disk, NULL);
  sim_disk_set_room (self->disk, G_MAXINT64, FALSE);
}

static void
play_faults (SimWorld *self)
{
  if (sim_random_percent (&self->random, 50))
    {
      sim_log (self, "faults end");
      end_faults (self);
    }
  else
    set_faults (self);
}

static void
play_full (SimWorld *self)
{
  gboolean secret = sim_random_percent (&self->random, 60);
  guint64 room = sim_random_below (&self->random, secret ? 200 * 1000 : 12 * 1000 * 1000);

  sim_log (self, "room for %" G_GUINT64_FORMAT " bytes%s", room, secret ? ", in secret" : "");
  /* Refusing for want of room is no fault of the disk, but a step may fail. */
  self->trouble = TRUE;
  sim_disk_set_room (self->disk, sim_disk_used (self->disk) + room, secret);
}

static void
play_arm (SimWorld *self)
{
  guint most = sim_random_percent (&self->random, 40) ? 10 : 120;
  guint operations = 1 + sim_random_below (&self->random, most);

  sim_log (self, "the disk dies in %u operations", operations);
  sim_disk_die_after (self->disk, operations);
}

/* Opens the store on a disk that works; that has to succeed. */
static void
open_surely (SimWorld *self)
{
  g_autoptr (GError) error = NULL;

  end_faults (self);
  sim_disk_die_after (self->disk, 0);
  if (!sim_world_open (self, &error))
    sim_violate (self, "the store does not open: %s", error->message);
}

/* Opens the store, perhaps on a disk that dies or fails again. */
static void
open_at_last (SimWorld *self, SimDoubt *doubt)
{
  for (guint i = 0; i < 4 && sim_random_percent (&self->random, 40); i++)
    {
      g_autoptr (GError) error = NULL;
      SimCrash crash = sim_random_percent (&self->random, 70) ? SIM_POWER_CUT : SIM_KILL;

      if (sim_random_percent (&self->random, 70))
        play_arm (self);
      else
        set_faults (self);
      if (sim_world_open (self, &error) && !sim_disk_is_dead (self->disk))
        break;
      sim_log (self, "opening: %s", error != NULL ? error->message : "the disk dies");
      sim_world_close (self);
      if (sim_disk_is_dead (self->disk))
        {
          sim_log (self, crash == SIM_KILL ? "killed again" : "power cut again");
          sim_disk_revive (self->disk, crash);
          if (crash == SIM_POWER_CUT)
            *doubt = SIM_DOUBT_ALL;
        }
    }
  sim_world_close (self);
  if (sim_disk_is_dead (self->disk))
    {
      sim_disk_revive (self->disk, SIM_POWER_CUT);
      *doubt = SIM_DOUBT_ALL;
    }
  open_surely (self);
}

static void
lose_index (SimWorld *self)
{
  static const char *const names[] = { "", "-wal" };
  guint32 removals = 1U << SIM_EVENT_TRASH_PURGED | 1U << SIM_EVENT_FILE_PURGED
                     | 1U << SIM_EVENT_VERSION_PURGED | 1U << SIM_EVENT_HISTORY_RETIRED
                     | 1U << SIM_EVENT_TRASH_RETIRED;

  self->rebuilt = TRUE;
  if (self->events & removals)
    sim_note (self, SIM_EVENT_REBUILT);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strconcat ("/disk/metadata/index.db", names[i], NULL);

      sim_disk_lose (self->disk, path);
    }
}

static void
crash (SimWorld *self)
{
  SimCrash kind = sim_random_percent (&self->random, 70) ? SIM_POWER_CUT : SIM_KILL;
  SimDoubt doubt = SIM_DOUBT_ALL;

  sim_log (self, kind == SIM_KILL ? "killed" : "power cut");
  self->crashes++;
  sim_world_close (self);
  sim_disk_revive (self->disk, kind);
  if (sim_random_percent (&self->random, 10))
    {
      sim_log (self, "and the index is lost");
      lose_index (self);
    }
  open_at_last (self, &doubt);
  if (self->violation == NULL)
    sim_world_check (self, doubt);
}

void
sim_play_reopen (SimWorld *self)
{
  /* On a disk that fails the store may be unable to see to it that nothing comes back. */
  SimDoubt doubt = self->trouble ? SIM_DOUBT_ALL : SIM_DOUBT_NONE;

  sim_log (self, "reopen");
  sim_world_close (self);
  if (sim_disk_is_dead (self->disk))
    return;

  if (sim_random_percent (&self->random, 50))
    sim_disk_evict (self->disk);
  open_surely (self);
  if (self->violation == NULL)
    sim_world_check (self, doubt);
}

/* Returns: bytes of records in use as the index has them, or -1 when that is not sure */
static gint64
live_bytes (SimWorld *self)
{
  MhStoreSpace space = { 0 };

  return self->store != NULL && !self->trouble && !self->leaked && sim_world_is_clean (self)
                 && sim_model_is_sure (self->model) && mh_store_space (self->store, &space, NULL)
             ? space.live_bytes
             : -1;
}

static void
play_lose_index (SimWorld *self)
{
  SimDoubt doubt = self->trouble ? SIM_DOUBT_ALL : SIM_DOUBT_NONE;
  gint64 live;

  sim_log (self, "reopen without the index");
  end_faults (self);
  live = doubt == SIM_DOUBT_NONE ? live_bytes (self) : -1;
  sim_world_close (self);
  if (sim_disk_is_dead (self->disk))
    return;

  lose_index (self);
  open_surely (self);
  if (self->violation == NULL)
    sim_world_check (self, doubt);
  if (self->violation == NULL && live >= 0 && live_bytes (self) != live)
    sim_violate (self, "%" G_GINT64_FORMAT " bytes in use, %" G_GINT64_FORMAT " with a new index",
                 live, live_bytes (self));
}

static void
play_check (SimWorld *self)
{
  end_faults (self);
  sim_disk_die_after (self->disk, 0);
  if (!self->trouble)
    sim_world_check (self, SIM_DOUBT_NONE);
}

static const Play plays[] = {
  { 20, play_put },
  { 15, play_begin },
  { 15, play_continue },
  { 8, play_finish },
  { 4, play_abandon },
  { 8, play_together },
  { 8, play_batch },
  { 8, play_delete },
  { 6, play_restore },
  { 8, play_move },
  { 10, play_read },
  { 6, play_faults },
  { 3, play_full },
  { 8, play_arm },
  { 4, sim_play_reopen },
  { 2, play_lose_index },
  { 2, play_check },
  { 5, sim_play_purge_trash },
  { 5, sim_play_purge_version },
  { 9, sim_play_maintain },
  { 6, sim_play_time },
  { 2, sim_play_limits },
  { 2, sim_play_forget },
  { 9, sim_play_reader },
  { 5, play_overtake },
};

static void
play_one (SimWorld *self)
{
  guint sum = 0;
  guint chosen;
  gsize i = 0;

  for (gsize j = 0; j < G_N_ELEMENTS (plays); j++)
    sum += plays[j].weight;
  chosen = sim_random_below (&self->random, sum);
  while (chosen >= plays[i].weight)
    chosen -= plays[i++].weight;

  self->now_ms += 1000;
  mh_clock_set_ms (self->clock, self->now_ms);
  plays[i].play (self);
  if (sim_disk_is_dead (self->disk) && self->violation == NULL)
    crash (self);
}

static SimWorld *
world_new (guint64 seed, SimFlags flags)
{
  SimWorld *self = g_new0 (SimWorld, 1);
  g_autoptr (MhSecret) secret = mh_secret_new (32);

  memset (mh_secret_bytes (secret), 7, 32);
  self->flags = flags;
  self->random.state = seed;
  sim_seed_random_bytes (sim_random_next (&self->random));
  self->disk = sim_disk_new (sim_random_next (&self->random));
  sim_disk_use (self->disk);
  sim_vfs_seed (sim_random_next (&self->random));
  sim_disk_set_lying (self->disk, (flags & SIM_LYING) != 0);
  self->signer = mh_signer_new (secret);
  self->segment_bytes = (12 * 1024) << sim_random_below (&self->random, 3);
  self->deleted = g_array_new (FALSE, FALSE, sizeof (SimDeleted));
  for (guint i = 0; i < SIM_VAULTS; i++)
    {
      sim_world_name_vault (self, i);
      sim_choose_limits (self, i);
    }
  self->clock = mh_clock_new ();
  self->now_ms = CLOCK_START_MS;
  self->contents = sim_contents_new ();
  self->model = sim_model_new ();
  self->doubts = g_ptr_array_new_with_free_func ((GDestroyNotify) sim_step_free);
  self->uploads = g_ptr_array_new_with_free_func (g_free);
  self->waiting = g_ptr_array_new ();
  for (guint i = 0; i < SIM_UPLOADS; i++)
    g_ptr_array_add (self->uploads, g_new0 (SimUpload, 1));
  self->log = g_string_new (NULL);

  return self;
}

static SimResult *
world_end (SimWorld *self)
{
  SimResult *result = g_new0 (SimResult, 1);

  sim_world_close (self);
  result->hash = sim_disk_hash (self->disk);
  result->operations = sim_disk_operations (self->disk);
  result->steps = self->steps;
  result->crashes = self->crashes;
  result->events = self->events;
  result->violation = self->violation;
  result->log = g_string_free (self->log, FALSE);
  g_ptr_array_unref (self->uploads);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->doubts);
  sim_model_free (self->model);
  sim_contents_free (self->contents);
  mh_signer_free (self->signer);
  g_array_unref (self->deleted);
  mh_clock_free (self->clock);
  sim_disk_free (self->disk);
  g_free (self);

  return result;
}

SimResult *
sim_history_run (guint64 seed, SimFlags flags)
{
  SimWorld *self = world_new (seed, flags);
  guint steps = 10 + sim_random_below (&self->random, MOST_STEPS);

  mh_clock_set_ms (self->clock, self->now_ms);
  if (sim_random_percent (&self->random, 10))
    play_arm (self);
  open_at_last (self, &(SimDoubt){ SIM_DOUBT_NONE });
  for (guint i = 0; i < steps && self->violation == NULL; i++)
    play_one (self);
  if (self->violation == NULL)
    sim_play_reopen (self);
  if (self->violation == NULL)
    play_lose_index (self);

  return world_end (self);
}

void
sim_result_free (SimResult *self)
{
  g_free (self->violation);
  g_free (self->log);
  g_free (self);
}

/* Warnings about a disk that fails are what is asked for. */
static GLogWriterOutput
log_writer (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
  if (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG))
    return G_LOG_WRITER_HANDLED;

  return g_log_writer_default (level, fields, count, data);
}

void
sim_history_init (void)
{
  g_autoptr (GError) error = NULL;

  g_log_set_writer_func (log_writer, NULL, NULL);
  g_assert_true (mh_crypto_init (&error));
  sim_vfs_register ();
}
