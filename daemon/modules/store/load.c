/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "load.h"

#include "base/error.h"
#include "catalog.h"
#include "writer.h"

static gboolean
locate (MhStore *store, const MhChunk *chunk, MhBlockRow *row, gboolean *found, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, error);

  return lease != NULL
         && mh_catalog_find_block (mh_db_lease_db (lease), chunk->id, row, found, error);
}

/* Reads and opens a block at a place. Returns: (nullable): %NULL with @why set when it is not there
 */
static GBytes *
open_at (MhStore *store, MhKeys *keys, const MhChunk *chunk, const MhLocation *location,
         GError **why)
{
  MhBuffer *sealed = mh_buffers_take (store->buffers, location->size);
  GBytes *plain = NULL;

  if (mh_segments_read (store->segments, location, sealed->data, why))
    {
      plain = mh_open_block (store->buffers, keys, chunk, sealed->data, location->size);
      if (plain == NULL)
        g_set_error (why, MH_ERROR, MH_ERROR_CORRUPT, "its bytes are damaged");
    }
  mh_buffers_give (store->buffers, sealed);

  return plain;
}

static GBytes *
fail (const char *why, GError **error)
{
  g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT, why);

  return NULL;
}

/* Has somebody else give a block. That it cannot be had is no damage unless it was lost here. */
static GBytes *
fetch (MhStore *store, MhKeys *keys, const MhChunk *chunk, gboolean elsewhere, GError **error)
{
  g_autoptr (GBytes) sealed =
      mh_store_fetch_block (store, keys->vault_id, chunk->id, elsewhere ? error : NULL);
  GBytes *plain;
  gsize size;
  const guint8 *data;

  if (sealed == NULL)
    return elsewhere ? NULL : fail ("it is not in the store", error);
  data = g_bytes_get_data (sealed, &size);
  plain = mh_open_block (store->buffers, keys, chunk, data, size);
  if (plain == NULL)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                         "another machine gave other bytes than those that were stored");

  return plain;
}

static void
mark_bad_task (MhWriter *writer, gpointer data)
{
  g_autofree guint8 *id = data;
  g_autoptr (GError) error = NULL;

  /* Without the mark, neither an upload nor another machine heals it. */
  if (!mh_catalog_mark_bad (mh_writer_db (writer), id, &error))
    mh_store_set_fault (mh_writer_store (writer), "marking a damaged block: %s", error->message);
}

/* What is damaged here may be whole elsewhere. */
static GBytes *
replace (MhStore *store, MhKeys *keys, const MhChunk *chunk, const char *why, GError **error)
{
  GBytes *plain = fetch (store, keys, chunk, FALSE, NULL);

  mh_writer_post (store->writer, mark_bad_task, g_memdup2 (chunk->id, sizeof chunk->id));
  if (plain == NULL)
    return fail (why, error);
  g_warning ("vault %s: a block that is damaged here came from another machine: %s", keys->vault_id,
             why);

  return plain;
}

GBytes *
mh_load_block (MhStore *store, MhKeys *keys, const MhChunk *chunk, GError **error)
{
  g_autoptr (GError) why = NULL;
  MhLocation last = { 0 };

  while (TRUE)
    {
      GBytes *plain;
      MhBlockRow row;
      gboolean found;

      if (!locate (store, chunk, &row, &found, error))
        return NULL;

      if (!found)
        return fail ("it is not in the store", error);

      if (row.location.segment == 0)
        return fetch (store, keys, chunk, row.elsewhere, error);

      if (row.location.size > MH_CHUNK_MAX + MH_SEAL_OVERHEAD)
        return replace (store, keys, chunk, "its place in the index is wrong", error);

      if (row.location.segment == last.segment && row.location.position == last.position)
        return replace (store, keys, chunk, why->message, error);

      g_clear_error (&why);
      plain = open_at (store, keys, chunk, &row.location, &why);
      if (plain != NULL)
        return plain;
      last = row.location;
    }
}
