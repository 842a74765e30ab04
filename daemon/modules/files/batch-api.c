/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"

/* So many paths get an event each. */
#define MOST_EVENTS 100

void
mh_files_publish_all (MhRequest *request, const char *vault_id, char **paths, const char *op)
{
  if (g_strv_length (paths) > MOST_EVENTS)
    {
      mh_files_publish (request, vault_id, "/", op);
      return;
    }

  for (guint i = 0; paths[i] != NULL; i++)
    mh_files_publish (request, vault_id, paths[i], op);
}

/* Writes down many paths in one line. */
static void
audit_all (MhRequest *request, const char *type, const char *vault_id, char **paths)
{
  guint count = g_strv_length (paths);
  g_autofree char *text = NULL;

  text = count > 1 ? g_strdup_printf ("%s and %u more", paths[0], count - 1) : g_strdup (paths[0]);
  mh_files_audit (request, type, vault_id, text);
}

/* Tells of what a batch did, if anything. */
static void
finish_batch (MhRequest *request, const char *vault_id, char **paths, const char *op,
              const MhBatch *batch)
{
  g_autofree char *type = g_strconcat ("file.", op, NULL);

  if (batch->files == 0)
    return;

  audit_all (request, type, vault_id, paths);
  mh_files_publish_all (request, vault_id, paths, op);
}

static void
batch_to_json (MhJson *out, const MhBatch *batch)
{
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "files", batch->files);
  mh_json_int (out, "bytes", batch->bytes);
  mh_json_int (out, "at_ms", batch->at_ms);
  mh_json_begin_array (out, "failures");
  for (guint i = 0; i < batch->failures->len; i++)
    {
      const MhPathFailure *failure = g_ptr_array_index (batch->failures, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "path", failure->path);
      mh_json_string (out, "error", failure->message);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
  mh_json_end_object (out);
}

gboolean
files_delete_many (MhRequest *request, const MhFilesDelete *body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhBatch) batch = NULL;

  if (store == NULL)
    return FALSE;

  batch = mh_store_delete_many (store, vault_id, (const char *const *) body->paths, error);
  if (batch == NULL)
    return FALSE;

  finish_batch (request, vault_id, body->paths, "delete", batch);
  batch_to_json (out, batch);

  return TRUE;
}

gboolean
files_undelete (MhRequest *request, const MhFilesUndelete *body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhBatch) batch = NULL;

  if (store == NULL)
    return FALSE;

  batch =
      mh_store_undelete (store, vault_id, (const char *const *) body->paths, body->since_ms, error);
  if (batch == NULL)
    return FALSE;

  finish_batch (request, vault_id, body->paths, "restore", batch);
  batch_to_json (out, batch);

  return TRUE;
}

static MhExisting
parse_existing (const char *text)
{
  if (g_str_equal (text, "replace"))
    return MH_EXISTING_REPLACE;
  if (g_str_equal (text, "skip"))
    return MH_EXISTING_SKIP;
  if (g_str_equal (text, "rename"))
    return MH_EXISTING_RENAME;

  return MH_EXISTING_REFUSE;
}

gboolean
files_copy (MhRequest *request, const MhFileCopy *body, MhJson *out, GError **error)
{
  MhCopyNew wanted = { NULL, body->from, body->to, parse_existing (body->existing) };
  MhStore *store = mh_files_open_vault (request, &wanted.vault_id, error);
  g_autoptr (MhCopied) copied = NULL;

  if (store == NULL)
    return FALSE;

  copied = mh_store_copy (store, &wanted, error);
  if (copied == NULL)
    return FALSE;

  if (copied->copied > 0)
    mh_files_publish (request, wanted.vault_id, copied->to, "copy");
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "copied", copied->copied);
  mh_json_int (out, "skipped", copied->skipped);
  mh_json_string (out, "to", copied->to);
  mh_json_end_object (out);

  return TRUE;
}
