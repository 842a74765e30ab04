/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "partial-change.h"

#include "base/error.h"
#include "change-private.h"
#include "usage.h"
#include "writer-private.h"

/* Sessions of a vault. */
#define MOST_SESSIONS 1000

gboolean
mh_partial_commit_begin (MhWriter *writer, gpointer data, GError **error)
{
  const MhPartialBegin *begin = data;
  g_autoptr (GPtrArray) others = NULL;
  MhVaultRow vault;

  if (!mh_change_get_vault (writer, begin->keys, &vault, error))
    return FALSE;

  others = mh_partial_rows_list (mh_writer_db (writer), &vault, error);
  if (others == NULL)
    return FALSE;

  begin->row->vault = vault.ref;
  if (others->len < MOST_SESSIONS)
    return mh_partial_rows_add (mh_writer_db (writer), begin->row, error);

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
               "the vault has %d upload sessions already; finish some or give them up",
               MOST_SESSIONS);

  return FALSE;
}

/* Keeps the whole blocks that came in; those that the session has already are counted. */
static gboolean
keep_whole (MhWriter *writer, const MhPartialSave *save, const MhVaultRow *vault, GError **error)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new ();

  for (guint i = 0; i < save->held->len; i++)
    {
      MhPending *block = g_ptr_array_index (save->held, i);
      gboolean is_new;

      if (!mh_partial_rows_add_block (mh_writer_db (writer), save->from->ref, block->id, TRUE,
                                      &is_new, error))
        return FALSE;
      if (is_new)
        g_ptr_array_add (added, block);
    }

  return mh_writer_keep_blocks (writer, vault, added, error);
}

/* Keeps the last bytes, in a block of their own. */
static gboolean
keep_tail (MhWriter *writer, const MhPartialSave *save, const MhVaultRow *vault, GError **error)
{
  gboolean is_new;
  MhPiece sealed;

  if (save->sealed == NULL)
    return TRUE;

  if (!mh_partial_rows_add_block (mh_writer_db (writer), save->from->ref, save->tail.id, FALSE,
                                  &is_new, error))
    return FALSE;

  sealed.data = save->sealed->data;
  sealed.size = save->sealed_size;

  return !is_new
         || mh_writer_add_block (writer, vault, save->keys->vault_id, &save->tail, &sealed, error);
}

/* Releases the block of the tail before, unless it is needed still. */
static gboolean
drop_tail (MhWriter *writer, const MhPartialSave *save, GError **error)
{
  GBytes *before = save->from->tail_id;
  gboolean removed;
  gint64 unused = 0;

  if (g_bytes_get_size (before) == 0
      || (save->to.tail_id != NULL && g_bytes_equal (before, save->to.tail_id)))
    return TRUE;

  if (!mh_partial_rows_remove_tail (mh_writer_db (writer), save->from->ref,
                                    g_bytes_get_data (before, NULL), &removed, error))
    return FALSE;

  return !removed || mh_usage_remove_version (writer, before, &unused, error);
}

gboolean
mh_partial_commit_save (MhWriter *writer, gpointer data, GError **error)
{
  const MhPartialSave *save = data;
  MhDb *db = mh_writer_db (writer);
  g_autoptr (MhPartialRow) there = NULL;
  MhVaultRow vault;
  gint64 before;

  if (!mh_change_get_vault (writer, save->keys, &vault, error))
    return FALSE;

  /* It may have been hidden with its vault, which then came back. */
  there = mh_partial_rows_get (db, &vault, save->from->id, error);
  if (there == NULL)
    return FALSE;

  before = mh_usage_stored (writer, &vault);

  return keep_whole (writer, save, &vault, error) && keep_tail (writer, save, &vault, error)
         && drop_tail (writer, save, error) && mh_change_remember (writer, save->known, error)
         && mh_change_check_quota (writer, save->keys, &vault, before,
                                   save->to.offset - save->from->offset, error)
         && (save->part.ids == NULL
             || mh_partial_rows_add_part (db, save->from->ref, save->from->parts, &save->part,
                                          error))
         && mh_partial_rows_update (db, &save->to, error);
}

gboolean
mh_partial_commit_finish (MhWriter *writer, gpointer data, GError **error)
{
  MhPartialFinish *finish = data;

  /* The version names each block of the session and no other: their references are now its own. */
  return mh_change_put (writer, &finish->put, error)
         && mh_partial_rows_remove (mh_writer_db (writer), finish->session, error);
}

gboolean
mh_partial_commit_mark_gone (MhWriter *writer, gpointer data, GError **error)
{
  const gint64 *session = data;

  return mh_partial_rows_mark_gone (mh_writer_db (writer), *session, error);
}

gboolean
mh_partial_commit_release (MhWriter *writer, gpointer data, GError **error)
{
  gboolean *more = data;
  MhDb *db = mh_writer_db (writer);
  g_autoptr (GBytes) ids = NULL;
  gint64 unused = 0;
  gint64 session;

  if (!mh_partial_rows_next_gone (db, &session, error))
    return FALSE;

  *more = session != 0;
  if (session == 0)
    return TRUE;

  ids = mh_partial_rows_take_blocks (db, session, error);
  if (ids == NULL)
    return FALSE;

  if (g_bytes_get_size (ids) == 0)
    return mh_partial_rows_remove (db, session, error);

  return mh_usage_remove_version (writer, ids, &unused, error);
}
