/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "partial-private.h"

#include <string.h>

#include "base/error.h"
#include "content.h"
#include "known.h"
#include "load.h"
#include "upload-private.h"

/* What one request brings is kept after so many bytes, not only at its end. */
#define SAVE_EVERY (64 * 1024 * 1024)

/* So many bytes of tails that were replaced are worth an upkeep. */
#define MOST_TAILS (64 * 1024 * 1024)

struct _MhPartialWriter
{
  MhStore *store;     /* (unowned) */
  MhKeys *keys;       /* (owned) */
  MhPartialRow *row;  /* (owned): as it is kept */
  MhPartial *session; /* (owned): of @row */
  MhUpload *upload;   /* (owned): what came in since this writer was made, the tail first */
  gint64 before;      /* bytes of the whole blocks that were there then */
  guint saved;        /* chunks of @upload that are kept */
  guint8 hash[MH_SHA256_SIZE];
  gboolean has_hash;
  gsize tails;      /* bytes of tails that were replaced */
  gboolean failed;  /* what is in @upload cannot be relied on */
  gboolean is_over; /* it has become a file */
};

void
mh_partial_writer_free (MhPartialWriter *self)
{
  if (self == NULL)
    return;

  mh_upload_free (self->upload);
  mh_partial_row_free (self->row);
  mh_partial_free (self->session);
  mh_keys_unref (self->keys);
  g_free (self);
}

GArray *
mh_partial_open_chunks (MhKeys *keys, const MhPartialRow *row, GBytes *ids, GBytes *chunks,
                        GError **error)
{
  MhVersion version = { .blocks = ids, .chunks = chunks };

  memcpy (version.file_id, row->id, sizeof version.file_id);

  return mh_chunks_open (&version, keys, error);
}

/* Reads the last bytes back that make no whole block. */
static gboolean
feed_tail (MhPartialWriter *self, GError **error)
{
  MhPartialRow *row = self->row;
  g_autoptr (GArray) chunks = NULL;
  g_autoptr (GBytes) plain = NULL;

  if (row->tail_size == 0)
    return TRUE;

  chunks = mh_partial_open_chunks (self->keys, row, row->tail_id, row->tail_chunk, error);
  if (chunks == NULL)
    return FALSE;

  plain = mh_load_block (self->store, self->keys, &g_array_index (chunks, MhChunk, 0), error);
  if (plain == NULL)
    {
      g_prefix_error (error, "the end of what came in for %s cannot be read: ", row->path);
      return FALSE;
    }

  return mh_upload_write (self->upload, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain),
                          NULL, error);
}

/* Makes a writer that goes on where the session is. */
static MhPartialWriter *
writer_new (MhStore *store, MhKeys *keys, const char *id, GError **error)
{
  MhPartialWriter *self = g_new0 (MhPartialWriter, 1);
  MhUploadNew request = { keys->vault_id };

  self->store = store;
  self->keys = mh_keys_ref (keys);
  self->row = mh_partial_find (store, keys, id, error);
  if (self->row != NULL)
    {
      self->session = mh_partial_of_row (self->row);
      self->before = self->row->offset - self->row->tail_size;
      request.path = self->row->path;
      request.mtime_ms = self->row->mtime_ms;
      request.unchecked = TRUE;
      self->upload = mh_upload_new (store, &request, error);
    }
  if (self->upload != NULL && feed_tail (self, error))
    return self;

  mh_partial_writer_free (self);

  return NULL;
}

/* Fails unless the caller goes on where the session is. */
static gboolean
check_offset (MhPartialWriter *self, gint64 offset, GError **error)
{
  GError *local;

  if (offset < 0 || offset == self->row->offset)
    return TRUE;

  local = g_error_new (MH_ERROR, MH_ERROR_CONFLICT,
                       "offset: the session is at %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT,
                       self->row->offset, offset);
  mh_error_add_int (local, "offset", self->row->offset);
  g_propagate_error (error, local);

  return FALSE;
}

/* Takes or makes the writer of a session that nobody else has. */
static MhPartialWriter *
take_writer (MhStore *store, MhKeys *keys, const char *id, GError **error)
{
  MhPartialWriter *self;

  if (!mh_partials_take (store->partials, id, &self, error))
    return NULL;

  if (self != NULL && !g_str_equal (self->keys->vault_id, keys->vault_id))
    {
      mh_partials_give (store->partials, id, self);
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no upload session %s", id);
      return NULL;
    }

  if (self == NULL)
    self = writer_new (store, keys, id, error);
  if (self == NULL)
    mh_partials_give (store->partials, id, NULL);

  return self;
}

MhPartialWriter *
mh_partial_open (MhStore *store, const char *vault_id, const char *id, gint64 offset,
                 GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (store, vault_id, error);
  g_autoptr (MhPartialWriter) self = NULL;

  if (keys != NULL)
    self = take_writer (store, keys, id, error);
  if (self != NULL && check_offset (self, offset, error))
    return g_steal_pointer (&self);

  mh_store_lift (store, error);

  return NULL;
}

void
mh_partial_close (MhPartialWriter *self)
{
  MhPartials *sessions;
  g_autofree char *id = NULL;

  if (self == NULL)
    return;

  sessions = self->store->partials;
  id = g_strdup (self->session->id);
  /* Only what is kept may be gone on from. */
  if (self->failed || self->is_over
      || self->before + mh_upload_size (self->upload) != self->row->offset)
    g_clear_pointer (&self, mh_partial_writer_free);
  mh_partials_give (sessions, id, self);
}

const MhPartial *
mh_partial_writer_state (MhPartialWriter *self)
{
  return self->session;
}

static void
drop_held_task (MhWriter *writer, gpointer data)
{
  mh_writer_drop_blocks (writer, data);
  g_ptr_array_unref (data);
}

/* What holds the blocks is needed no more: they are kept now. */
static void
release_held (MhPartialWriter *self)
{
  mh_writer_post (self->store->writer, drop_held_task,
                  g_ptr_array_ref (mh_upload_held (self->upload)));
}

/* Describes the whole blocks that are new. Returns: their bytes */
static gint64
fill_part (MhPartialWriter *self, MhPartialSave *save)
{
  GArray *chunks = mh_upload_chunks (self->upload);
  g_autoptr (GArray) fresh = g_array_new (FALSE, FALSE, sizeof (MhChunk));
  gint64 size = 0;

  if (chunks->len == self->saved)
    return 0;

  for (guint i = self->saved; i < chunks->len; i++)
    {
      g_array_append_val (fresh, g_array_index (chunks, MhChunk, i));
      size += g_array_index (chunks, MhChunk, i).plain_size;
    }
  save->part.ids = mh_chunks_ids (fresh);
  save->part.chunks = mh_chunks_seal (fresh, self->keys, self->row->id);
  save->to.parts++;

  return size;
}

/* Seals a copy of the last bytes; they go on being filled. */
static void
fill_tail (MhPartialWriter *self, MhPartialSave *save)
{
  g_autoptr (GArray) one = g_array_new (FALSE, FALSE, sizeof (MhChunk));
  MhPlain plain = { NULL };
  gsize size;
  guint8 *rest = mh_upload_rest (self->upload, &size);

  if (rest == NULL)
    return;

  plain.data = rest;
  plain.size = size;
  mh_content_hash_block (rest, size, save->tail.content);
  save->sealed =
      mh_seal_block (self->store->buffers, self->keys, &plain, &save->tail, &save->sealed_size);
  g_array_append_val (one, save->tail);
  save->to.tail_size = (gint64) size;
  save->to.tail_id = mh_chunks_ids (one);
  save->to.tail_chunk = mh_chunks_seal (one, self->keys, self->row->id);
}

/* From now on the session is as @save says. */
static void
note_saved (MhPartialWriter *self, MhPartialSave *save)
{
  MhPartialRow *row = self->row;

  self->tails += (gsize) row->tail_size;
  if (self->tails >= MOST_TAILS)
    {
      mh_store_want_upkeep (self->store);
      self->tails = 0;
    }
  g_clear_pointer (&row->tail_id, g_bytes_unref);
  g_clear_pointer (&row->tail_chunk, g_bytes_unref);
  *row = save->to;
  if (row->tail_id == NULL)
    row->tail_id = g_bytes_new (NULL, 0);
  if (row->tail_chunk == NULL)
    row->tail_chunk = g_bytes_new (NULL, 0);
  self->saved = mh_upload_chunks (self->upload)->len;
  g_array_set_size (mh_upload_known (self->upload), 0);
  mh_partial_free (self->session);
  self->session = mh_partial_of_row (row);
  release_held (self);
}

/* Keeps what came in, without the last bytes if they make no whole block and are not wanted. */
static gboolean
save_now (MhPartialWriter *self, gboolean with_tail, GError **error)
{
  MhPartialSave save = { self->keys, self->row, *self->row };
  gint64 whole = self->row->offset - self->row->tail_size;
  gboolean done;

  if (!mh_upload_settle (self->upload, error))
    return FALSE;

  save.to.tail_size = 0;
  save.to.tail_id = NULL;
  save.to.tail_chunk = NULL;
  save.to.used_ms = mh_store_now_ms (self->store);
  save.held = mh_upload_held (self->upload);
  save.known = mh_upload_known (self->upload);
  whole += fill_part (self, &save);
  if (with_tail)
    fill_tail (self, &save);
  save.to.offset = whole + save.to.tail_size;
  done = mh_writer_commit_durable (self->store->writer, mh_partial_commit_save, &save, error);
  mh_buffers_give (self->store->buffers, save.sealed);
  g_clear_pointer (&save.part.ids, g_bytes_unref);
  g_clear_pointer (&save.part.chunks, g_bytes_unref);
  if (done)
    {
      note_saved (self, &save);
      return TRUE;
    }

  g_clear_pointer (&save.to.tail_id, g_bytes_unref);
  g_clear_pointer (&save.to.tail_chunk, g_bytes_unref);

  return FALSE;
}

gboolean
mh_partial_save (MhPartialWriter *self, GError **error)
{
  if (save_now (self, TRUE, error))
    return TRUE;

  self->failed = TRUE;
  mh_store_lift (self->store, error);

  return FALSE;
}

/* Bytes that came in, kept or not. */
static gint64
position (MhPartialWriter *self)
{
  return self->before + mh_upload_size (self->upload);
}

static gboolean
write_some (MhPartialWriter *self, const guint8 *data, gsize size, GCancellable *cancellable,
            GError **error)
{
  if ((gint64) size > self->row->size - position (self))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "size: more than the %" G_GINT64_FORMAT " bytes that were announced",
                   self->row->size);
      return FALSE;
    }

  return mh_upload_write (self->upload, data, size, cancellable, error)
         && (position (self) - self->row->offset < SAVE_EVERY || save_now (self, FALSE, error));
}

gboolean
mh_partial_write (MhPartialWriter *self, const guint8 *data, gsize size, GCancellable *cancellable,
                  GError **error)
{
  if (write_some (self, data, size, cancellable, error))
    return TRUE;

  /* A client that leaves has written what it has written; all else cannot be gone on from. */
  self->failed = !g_cancellable_is_cancelled (cancellable);
  mh_store_lift (self->store, error);

  return FALSE;
}

static GPtrArray *
get_parts (MhPartialWriter *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->store->readers, error);

  return lease == NULL ? NULL
                       : mh_partial_rows_parts (mh_db_lease_db (lease), self->row->ref, error);
}

/* Adds what was sealed for the session to a list of chunks. */
static gboolean
add_chunks (MhPartialWriter *self, GBytes *ids, GBytes *sealed, GArray *chunks, GError **error)
{
  g_autoptr (GArray) some = mh_partial_open_chunks (self->keys, self->row, ids, sealed, error);

  if (some == NULL)
    return FALSE;

  g_array_append_vals (chunks, some->data, some->len);

  return TRUE;
}

/* Returns: (transfer full) (element-type MhChunk): all that came in, in order */
static GArray *
collect_chunks (MhPartialWriter *self, GError **error)
{
  g_autoptr (GPtrArray) parts = get_parts (self, error);
  g_autoptr (GArray) chunks = g_array_new (FALSE, FALSE, sizeof (MhChunk));

  if (parts == NULL)
    return NULL;

  for (guint i = 0; i < parts->len; i++)
    {
      const MhPartialPart *part = g_ptr_array_index (parts, i);

      if (!add_chunks (self, part->ids, part->chunks, chunks, error))
        return NULL;
    }

  if (self->row->tail_size > 0
      && !add_chunks (self, self->row->tail_id, self->row->tail_chunk, chunks, error))
    return NULL;

  return g_steal_pointer (&chunks);
}

/* Reads everything once more: nobody has hashed it from the beginning to the end. */
static gboolean
hash_again (MhPartialWriter *self, const GArray *chunks, GCancellable *cancellable, GError **error)
{
  g_autoptr (MhSha256) sha = mh_content_begin ();

  for (guint i = 0; i < chunks->len; i++)
    {
      g_autoptr (GBytes) plain = NULL;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      plain = mh_load_block (self->store, self->keys, &g_array_index (chunks, MhChunk, i), error);
      if (plain == NULL)
        {
          g_prefix_error (error, "what came in for %s: block %u of %u: ", self->row->path, i + 1,
                          chunks->len);
          return FALSE;
        }
      mh_content_add_data (sha, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
    }
  mh_sha256_finish (sha, self->hash);

  return TRUE;
}

static gboolean
find_hash (MhPartialWriter *self, const GArray *chunks, GCancellable *cancellable, GError **error)
{
  if (self->has_hash)
    return TRUE;

  if (self->before == 0)
    mh_upload_hash (self->upload, self->hash);
  else if (!hash_again (self, chunks, cancellable, error))
    return FALSE;
  self->has_hash = TRUE;

  return TRUE;
}

static MhFile *
commit (MhPartialWriter *self, GArray *chunks, GError **error)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GArray) nothing = g_array_new (FALSE, FALSE, sizeof (MhKnown));
  MhPartialRow *row = self->row;
  MhPartialFinish finish = { { self->keys, row->path, row->if_match, row->if_none_match } };
  MhFile *file = NULL;

  finish.session = row->ref;
  finish.put.mtime_ms = row->mtime_ms;
  finish.put.size = row->size;
  finish.put.chunks = chunks;
  finish.put.held = none;
  finish.put.known = nothing;
  memcpy (finish.put.content_hash, self->hash, sizeof self->hash);
  mh_change_prepare (&finish.put, self->store);
  if (mh_writer_commit (self->store->writer, mh_partial_commit_finish, &finish, error))
    file = g_steal_pointer (&finish.put.result);
  g_clear_pointer (&finish.put.result, mh_file_free);
  mh_change_put_clear (&finish.put);

  return file;
}

static gboolean
check_complete (MhPartialWriter *self, GError **error)
{
  MhPartialRow *row = self->row;
  GError *local;

  if (row->offset == row->size)
    return TRUE;

  local = g_error_new (MH_ERROR, MH_ERROR_CONFLICT,
                       "%" G_GINT64_FORMAT " of the %" G_GINT64_FORMAT " bytes of %s are missing",
                       row->size - row->offset, row->size, row->path);
  mh_error_add_int (local, "offset", row->offset);
  g_propagate_error (error, local);

  return FALSE;
}

MhFile *
mh_partial_finish (MhPartialWriter *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) chunks = NULL;
  MhFile *file = NULL;

  if (!check_complete (self, error))
    return NULL;

  chunks = collect_chunks (self, error);
  if (chunks != NULL && find_hash (self, chunks, cancellable, error))
    file = commit (self, chunks, error);
  self->is_over = file != NULL;
  mh_store_lift (self->store, error);

  return file;
}
