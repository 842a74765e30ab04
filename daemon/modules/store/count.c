/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "writer-private.h"

#include <errno.h>

#include "base/error.h"
#include "base/os.h"
#include "catalog-space.h"
#include "scan.h"
#include "usage.h"

/*
 * Counts what one version needs. One that is damaged is reported when somebody reads it; one that
 * the disk does not give may be there at the next try.
 */
static gboolean
count_version (MhWriter *self, const MhPrunable *row, GError **error)
{
  g_autoptr (GBytes) record = NULL;
  g_autoptr (MhVersion) version = NULL;
  g_autoptr (GError) local = NULL;
  MhVaultRow vault;

  mh_ledger_add (self->ledger, MH_LEDGER_LIVE, row->row.location.segment,
                 (gint64) mh_record_span (row->row.location.size));
  record =
      mh_segments_read_verified (self->store->segments, &row->row.location, row->row.hash, &local);
  if (g_error_matches (local, MH_ERROR, MH_ERROR_FAILED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  version = record == NULL ? NULL : mh_version_decode (record, NULL);

  return version == NULL
         || (mh_catalog_ensure_vault (self->db, version->vault_id, &vault, error)
             && mh_usage_add_version (self, &vault, version->blocks, MH_BLOCK_BAD, error));
}

static gboolean
count_versions (MhWriter *self, GError **error)
{
  gint64 last = 0;

  while (TRUE)
    {
      g_autoptr (GArray) versions = mh_catalog_every_version (self->db, last, error);

      if (versions == NULL)
        return FALSE;
      if (versions->len == 0)
        return TRUE;

      for (guint i = 0; i < versions->len; i++)
        {
          const MhPrunable *version = &g_array_index (versions, MhPrunable, i);

          last = version->ref;
          if (!count_version (self, version, error))
            return FALSE;
        }
    }
}

/* Erases a version's record that the index does not know: it is of a vault that was forgotten. */
static gboolean
erase_unknown (MhWriter *self, int fd, const MhRecord *record, guint64 position, GError **error)
{
  MhVersionRow row;
  gint64 ref;

  if (record->type != MH_RECORD_VERSION)
    return TRUE;

  if (!mh_catalog_find_version (self->db, record->id, &ref, &row, error))
    return FALSE;

  if (ref == 0 && !mh_os_punch (fd, position, mh_record_span (record->payload_size)))
    mh_store_set_fault (self->store, "erasing a forgotten version: %s", g_strerror (errno));

  return TRUE;
}

static gboolean
look_at_segment (MhWriter *self, guint64 id, GError **error)
{
  g_autofree char *path = mh_segments_path (self->store->segments, id);
  g_auto (MhScan) scan = { 0 };
  gboolean done = TRUE;
  MhRecord record;
  guint64 position;
  guint64 indexed_to;
  int fd;

  if (!mh_catalog_get_indexed (self->db, id, &indexed_to, error))
    return FALSE;

  if (indexed_to <= MH_SEGMENT_HEADER_SIZE)
    return TRUE;

  fd = mh_os_open (path, TRUE, FALSE, error);
  if (fd < 0)
    return FALSE;

  mh_scan_init (&scan, fd, MH_SEGMENT_HEADER_SIZE,
                MIN (indexed_to, (guint64) MAX (0, mh_os_size (fd))));
  while (done && mh_scan_next (&scan, &record, &position))
    done = erase_unknown (self, fd, &record, position, error);
  if (!mh_os_sync (fd))
    mh_store_set_fault (self->store, "%s: %s", path, g_strerror (errno));
  mh_os_close (fd);

  return done;
}

static gboolean
look_at_segments (MhWriter *self, GError **error)
{
  g_autoptr (GArray) ids = mh_segments_list (self->store->segments, error);

  if (ids == NULL)
    return FALSE;

  for (guint i = 0; i < ids->len; i++)
    {
      if (!look_at_segment (self, g_array_index (ids, guint64, i), error))
        return FALSE;
    }

  return TRUE;
}

gboolean
mh_writer_count (MhWriter *self, GError **error)
{
  gint64 counted;

  if (!mh_catalog_get_state (self->db, "counted", &counted, error))
    return FALSE;

  return counted != 0
         || (mh_catalog_clear_counts (self->db, error) && count_versions (self, error)
             && look_at_segments (self, error)
             && mh_catalog_set_state (self->db, "counted", 1, error));
}
