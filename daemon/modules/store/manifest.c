/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "manifest.h"

#include "base/error.h"
#include "chunker.h"

void
mh_manifest_free (MhManifest *self)
{
  if (self == NULL)
    return;

  mh_version_free (self->version);
  mh_meta_free (self->meta);
  g_clear_pointer (&self->chunks, g_array_unref);
  g_free (self);
}

/* A record of another machine may say anything; only this may be relied on. */
static gboolean
is_consistent (const MhManifest *self)
{
  gint64 size = 0;

  for (guint i = 0; i < self->chunks->len; i++)
    {
      guint32 plain_size = g_array_index (self->chunks, MhChunk, i).plain_size;

      if (plain_size == 0 || plain_size > MH_CHUNK_MAX)
        return FALSE;
      size += plain_size;
    }

  return self->version->op == MH_FILE_OP_DELETE || size == self->meta->size;
}

/*
 * Reads the record of a version. It may be given another place, or be removed, between the look
 * into the index and the read; only what fails twice at one place is damaged.
 */
static GBytes *
read_record (MhStore *store, MhDb *db, gint64 ref, GError **error)
{
  MhLocation last = { 0 };

  while (TRUE)
    {
      g_autoptr (GError) local = NULL;
      MhVersionRow row;
      GBytes *record;

      if (!mh_catalog_get_version (db, ref, &row, error))
        return NULL;

      record = mh_segments_read_verified (store->segments, &row.location, row.hash, &local);
      if (record != NULL)
        return record;

      if (row.location.segment == last.segment && row.location.position == last.position)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      last = row.location;
    }
}

MhVersion *
mh_manifest_read (MhStore *store, MhDb *db, gint64 ref, GError **error)
{
  g_autoptr (GBytes) record = read_record (store, db, ref, error);

  return record != NULL ? mh_version_decode (record, error) : NULL;
}

MhManifest *
mh_manifest_load (MhStore *store, MhDb *db, MhKeys *keys, gint64 ref, GError **error)
{
  g_autoptr (MhManifest) self = g_new0 (MhManifest, 1);

  self->version = mh_manifest_read (store, db, ref, error);
  if (self->version == NULL)
    return NULL;

  self->meta = mh_meta_open (self->version, keys, error);
  if (self->meta == NULL)
    return NULL;

  self->chunks = mh_chunks_open (self->version, keys, error);
  if (self->chunks == NULL)
    return NULL;

  if (!is_consistent (self))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a sealed manifest is malformed");
      return NULL;
    }

  return g_steal_pointer (&self);
}
