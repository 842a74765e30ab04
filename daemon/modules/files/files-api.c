/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"

#include <string.h>

#include "files.h"
#include "modules/audit/audit.h"
#include "modules/vaults/vaults.h"

MhStore *
mh_files_open_vault (MhRequest *request, const char **vault_id, GError **error)
{
  *vault_id = mh_request_param (request, "vault_id");
  if (!mh_vaults_require (mh_request_service (request, "vaults"), *vault_id, error))
    return NULL;

  return mh_request_service (request, "store");
}

void
mh_files_publish (MhRequest *request, const char *vault_id, const char *path, const char *op)
{
  MhFiles *files = mh_request_service (request, "files");
  MhJson *members = mh_json_new ();

  mh_json_string (members, "vault_id", vault_id);
  mh_json_string (members, "path", path);
  mh_json_string (members, "op", op);
  mh_bus_publish (mh_core_bus (files->core), "file_changed", members);
}

void
mh_files_audit (MhRequest *request, const char *type, const char *vault_id, const char *path)
{
  mh_audit_record (mh_request_service (request, "audit"), request, type, vault_id, path);
}

void
mh_files_members_to_json (MhJson *out, const MhFile *file, const char *local)
{
  mh_json_string (out, "file_id", file->file_id);
  mh_json_string (out, "path", file->path);
  mh_json_string (out, "name", strrchr (file->path, '/') + 1);
  mh_json_int (out, "size", file->size);
  mh_json_int (out, "mtime_ms", file->mtime_ms);
  mh_json_string (out, "mime", file->mime);
  mh_json_string (out, "content_hash", file->content_hash);
  mh_json_bool (out, "deleted", file->deleted);
  mh_json_string (out, "local", local);
  mh_json_int (out, "version_count", file->version_count);
  mh_json_bool (out, "conflict", file->conflict);
  mh_json_int (out, "changed_ms", file->changed_ms);
}

void
mh_files_file_to_json (MhJson *out, const char *name, const MhFile *file)
{
  mh_json_begin_object (out, name);
  mh_files_members_to_json (out, file, "full");
  mh_json_end_object (out);
}

void
mh_files_found_to_json (MhJson *out, const MhFile *file)
{
  static const char *const names[] = { NULL, "full", "partial", "none" };

  mh_json_begin_object (out, NULL);
  mh_files_members_to_json (out, file, names[file->local]);
  mh_json_end_object (out);
}

void
mh_files_chosen_to_json (MhJson *out, MhStore *store, const char *vault_id, MhFile *file)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (one, file);
  /* It is done: that it is not known how much is here is no failure. */
  if (!mh_store_find_local (store, vault_id, one, &error))
    g_info ("how much of a file is here: %s", error->message);
  mh_files_found_to_json (out, file);
}

static void
folder_to_json (MhJson *out, const MhFileFolder *folder)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "path", folder->path);
  mh_json_string (out, "name", strrchr (folder->path, '/') + 1);
  mh_json_int (out, "files", folder->files);
  mh_json_int (out, "bytes", folder->bytes);
  mh_json_int (out, "changed_ms", folder->changed_ms);
  mh_json_end_object (out);
}

gboolean
files_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesListQuery *asked = mh_request_query (request);
  g_autoptr (MhFileList) list = NULL;
  MhListQuery query = { 0 };
  MhStore *store = mh_files_open_vault (request, &query.vault_id, error);

  if (store == NULL)
    return FALSE;

  query.path = asked->path;
  query.include_deleted = asked->include_deleted;
  query.shallow = asked->shallow;
  query.limit = (guint) asked->limit;
  query.cursor = asked->cursor;
  list = mh_store_list (store, &query, error);
  if (list == NULL || !mh_store_find_local (store, query.vault_id, list->files, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "files");
  for (guint i = 0; i < list->files->len; i++)
    mh_files_found_to_json (out, g_ptr_array_index (list->files, i));
  mh_json_end_array (out);
  mh_json_begin_array (out, "folders");
  for (guint i = 0; i < list->folders->len; i++)
    folder_to_json (out, g_ptr_array_index (list->folders, i));
  mh_json_end_array (out);
  mh_json_string (out, "cursor", list->cursor);
  mh_json_end_object (out);

  return TRUE;
}

static void
detail_to_json (MhJson *out, const MhFileDetail *detail)
{
  mh_json_begin_object (out, NULL);
  mh_files_members_to_json (out, detail->file, mh_files_local (detail->different, detail->missing));
  mh_json_begin_array (out, "blocks");
  for (guint i = 0; i < detail->blocks->len; i++)
    {
      const MhFileBlock *block = g_ptr_array_index (detail->blocks, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "id", block->id);
      mh_json_int (out, "offset", block->offset);
      mh_json_int (out, "size", block->size);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
  mh_json_string (out, "parent_hash", detail->parent_hash);
  mh_json_begin_array (out, "conflicts");
  for (guint i = 0; detail->conflicts[i] != NULL; i++)
    mh_json_string (out, NULL, detail->conflicts[i]);
  mh_json_end_array (out);
  mh_json_end_object (out);
}

gboolean
files_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhFileDetail) detail = NULL;

  if (store == NULL)
    return FALSE;

  detail = mh_store_get_detail (store, vault_id, mh_request_param (request, "path"), error);
  if (detail == NULL)
    return FALSE;

  detail_to_json (out, detail);

  return TRUE;
}

gboolean
files_delete (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *path = mh_request_param (request, "path");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);

  if (store == NULL || !mh_store_delete (store, vault_id, path, error))
    return FALSE;

  mh_files_audit (request, "file.delete", vault_id, path);
  mh_files_publish (request, vault_id, path, "delete");

  return TRUE;
}

static GBytes *
read_content (gpointer source, guint64 offset, gsize max, GError **error)
{
  return mh_reader_read (source, offset, max, NULL, error);
}

/* Hands a version of a file over to be streamed. */
static gboolean
send_file (MhRequest *request, const char *content_hash, gboolean attachment, GError **error)
{
  const char *path = mh_request_param (request, "path");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  MhReader *reader;
  const MhFile *file;
  MhContent *content;

  if (store == NULL)
    return FALSE;

  reader = mh_reader_new (store, vault_id, path, content_hash, error);
  if (reader == NULL)
    return FALSE;

  file = mh_reader_file (reader);
  content = g_new0 (MhContent, 1);
  content->size = (guint64) file->size;
  content->mime = g_strdup (file->mime);
  content->etag = g_strdup (file->content_hash);
  content->mtime_ms = file->mtime_ms;
  content->filename = g_strdup (strrchr (path, '/') + 1);
  content->attachment = attachment;
  content->read = read_content;
  content->source = reader;
  content->destroy = (GDestroyNotify) mh_reader_free;
  mh_request_take_content (request, content);

  return TRUE;
}

gboolean
files_download (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return send_file (request, NULL, TRUE, error);
}

gboolean
files_stream (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return send_file (request, NULL, FALSE, error);
}

gboolean
files_version (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesVersionQuery *query = mh_request_query (request);

  return send_file (request, query->content_hash, TRUE, error);
}

/*
 * Picks from a list of entity tags the one that counts: the one of the file as it is now, or else
 * the first. The store compares it again when it commits. A weak tag is no content hash: where the
 * comparison is strong, one that stands alone becomes a tag that no file has.
 */
static char *
pick_tag (const char *header, const MhFile *current, MhEtagComparison comparison)
{
  g_autofree char *first = NULL;
  const char *quote;
  const char *end;

  if (header == NULL)
    return NULL;

  if (current != NULL && strchr (header, '*') == NULL
      && mh_etag_matches (header, current->content_hash, comparison))
    return g_strdup (current->content_hash);
  if (comparison == MH_ETAG_STRONG && strchr (header, '*') == NULL)
    return g_strdup ("");

  quote = strchr (header, '"');
  end = quote == NULL ? NULL : strchr (quote + 1, '"');
  if (end != NULL)
    return g_strndup (quote + 1, (gsize) (end - quote - 1));

  first = g_strdup (header);

  return g_strdup (g_strstrip (first));
}

/* Returns: bytes that the client says it will send, 0 when it does not */
static gint64
announced_size (MhRequest *request)
{
  const char *length = mh_request_header (request, "Content-Length");
  gint64 size = 0;

  /* The server has checked it; what does not parse here announces nothing. */
  if (length == NULL || !g_ascii_string_to_signed (length, 10, 0, G_MAXINT64, &size, NULL))
    return 0;

  return size;
}

static MhUpload *
begin_upload (MhRequest *request, MhStore *store, const char *vault_id, gint64 mtime_ms,
              GError **error)
{
  const char *path = mh_request_param (request, "path");
  const char *match = mh_request_header (request, "If-Match");
  const char *none_match = mh_request_header (request, "If-None-Match");
  g_autoptr (MhFile) current = NULL;
  g_autofree char *if_match = NULL;
  g_autofree char *if_none_match = NULL;
  MhUploadNew wanted = { 0 };

  /* Only looked at for the tags: whatever is wrong with the path, mh_upload_new() says so. */
  if (match != NULL || none_match != NULL)
    current = mh_store_get (store, vault_id, path, FALSE, NULL);
  if_match = pick_tag (match, current, MH_ETAG_STRONG);
  if_none_match = pick_tag (none_match, current, MH_ETAG_WEAK);
  wanted.vault_id = vault_id;
  wanted.path = path;
  wanted.mtime_ms = mtime_ms;
  wanted.if_match = if_match;
  wanted.if_none_match = if_none_match;
  wanted.size = announced_size (request);

  return mh_upload_new (store, &wanted, error);
}

static gboolean
take_body (MhRequest *request, MhUpload *upload, GError **error)
{
  while (TRUE)
    {
      g_autoptr (GBytes) piece = NULL;
      gsize size;
      const guint8 *data;

      if (!mh_request_read (request, &piece, error))
        return FALSE;

      if (piece == NULL)
        return TRUE;

      data = g_bytes_get_data (piece, &size);
      if (!mh_upload_write (upload, data, size, mh_request_cancellable (request), error))
        return FALSE;
    }
}

static gboolean
store_file (MhRequest *request, gint64 mtime_ms, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhUpload) upload = NULL;
  g_autoptr (MhFile) file = NULL;

  if (store == NULL)
    return FALSE;

  upload = begin_upload (request, store, vault_id, mtime_ms, error);
  if (upload == NULL || !take_body (request, upload, error))
    return FALSE;

  file = mh_upload_finish (upload, mh_request_cancellable (request), error);
  if (file == NULL)
    return FALSE;

  mh_files_publish (request, vault_id, file->path, "put");
  mh_files_file_to_json (out, NULL, file);

  return TRUE;
}

gboolean
files_upload (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesUploadQuery *query = mh_request_query (request);

  return store_file (request, query->has_mtime_ms ? query->mtime_ms : -1, out, error);
}

gboolean
files_put (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesPutQuery *query = mh_request_query (request);

  return store_file (request, query->has_mtime_ms ? query->mtime_ms : -1, out, error);
}

static const char *
op_name (MhFileOp op)
{
  switch (op)
    {
    case MH_FILE_OP_MOVE:
      return "move";
    case MH_FILE_OP_DELETE:
      return "delete";
    case MH_FILE_OP_PUT:
    default:
      return "put";
    }
}

void
mh_files_version_to_json (MhJson *out, const MhFileVersion *version)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "version_hash", version->version_hash);
  mh_json_begin_array (out, "parents");
  for (guint i = 0; version->parents[i] != NULL; i++)
    mh_json_string (out, NULL, version->parents[i]);
  mh_json_end_array (out);
  mh_json_string (out, "content_hash", version->content_hash);
  mh_json_string (out, "op", op_name (version->op));
  mh_json_string (out, "path", version->path);
  mh_json_int (out, "size", version->size);
  mh_json_int (out, "mtime_ms", version->mtime_ms);
  mh_json_int (out, "ts_ms", version->ts_ms);
  mh_json_string (out, "author", version->author);
  mh_json_bool (out, "current", version->current);
  mh_json_bool (out, "head", version->head);
  mh_json_end_object (out);
}

gboolean
files_history (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (GPtrArray) versions = NULL;

  if (store == NULL)
    return FALSE;

  versions = mh_store_history (store, vault_id, mh_request_param (request, "path"), error);
  if (versions == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "versions");
  for (guint i = 0; i < versions->len; i++)
    mh_files_version_to_json (out, g_ptr_array_index (versions, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
files_restore (MhRequest *request, const MhFileRestore *body, MhJson *out, GError **error)
{
  const char *path = mh_request_param (request, "path");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhFile) file = NULL;

  if (store == NULL)
    return FALSE;

  file = mh_store_restore (store, vault_id, path, body->content_hash, error);
  if (file == NULL)
    return FALSE;

  mh_files_audit (request, "file.restore", vault_id, path);
  mh_files_publish (request, vault_id, path, "restore");
  mh_files_chosen_to_json (out, store, vault_id, file);

  return TRUE;
}

static void
purged_to_json (MhJson *out, const MhPurged *purged)
{
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "files", purged->files);
  mh_json_int (out, "versions", purged->versions);
  mh_json_int (out, "bytes", purged->bytes);
  mh_json_end_object (out);
}

gboolean
files_purge_version (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesPurgeVersionQuery *query = mh_request_query (request);
  const char *path = mh_request_param (request, "path");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  MhPurged purged;

  if (store == NULL
      || !mh_store_purge_version (store, vault_id, path, query->content_hash, &purged, error))
    return FALSE;

  mh_files_audit (request, "version.purge", vault_id, path);
  mh_files_publish (request, vault_id, path, "purge");
  purged_to_json (out, &purged);

  return TRUE;
}

static void
trash_entry_to_json (MhJson *out, const MhTrashEntry *entry)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "path", entry->path);
  mh_json_string (out, "name", strrchr (entry->path, '/') + 1);
  mh_json_int (out, "deleted_ms", entry->deleted_ms);
  mh_json_int (out, "size", entry->size);
  mh_json_string (out, "mime", entry->mime);
  mh_json_string (out, "content_hash", entry->content_hash);
  mh_json_int (out, "versions", entry->versions);
  mh_json_int (out, "freed_bytes", entry->freed_bytes);
  mh_json_end_object (out);
}

gboolean
files_trash (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesTrashQuery *query = mh_request_query (request);
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhTrashList) list = NULL;

  if (store == NULL)
    return FALSE;

  list = mh_store_list_trash (store, vault_id, (guint) query->limit, query->cursor, error);
  if (list == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "entries");
  for (guint i = 0; i < list->entries->len; i++)
    trash_entry_to_json (out, g_ptr_array_index (list->entries, i));
  mh_json_end_array (out);
  mh_json_string (out, "cursor", list->cursor);
  mh_json_end_object (out);

  return TRUE;
}

/* Purges one deleted file, or with %NULL all, and tells of it. */
static gboolean
purge (MhRequest *request, const char *path, MhPurged *sum, GError **error)
{
  const char *vault_id = mh_request_param (request, "vault_id");
  MhStore *store = mh_request_service (request, "store");
  MhPurged purged;

  if (!mh_store_purge_trash (store, vault_id, path, &purged, error))
    return FALSE;

  mh_files_audit (request, "trash.purge", vault_id, path != NULL ? path : "/");
  mh_files_publish (request, vault_id, path != NULL ? path : "/", "purge");
  sum->files += purged.files;
  sum->versions += purged.versions;
  sum->bytes += purged.bytes;

  return TRUE;
}

gboolean
files_purge_trash (MhRequest *request, const MhTrashPurge *body, MhJson *out, GError **error)
{
  MhPurged sum = { 0 };
  const char *vault_id;

  if (mh_files_open_vault (request, &vault_id, error) == NULL
      || (body->all && !purge (request, NULL, &sum, error)))
    return FALSE;

  for (guint i = 0; !body->all && body->paths != NULL && body->paths[i] != NULL; i++)
    {
      if (!purge (request, body->paths[i], &sum, error))
        return FALSE;
    }
  purged_to_json (out, &sum);

  return TRUE;
}

gboolean
files_move (MhRequest *request, const MhFileMove *body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  gint64 moved;

  if (store == NULL)
    return FALSE;

  moved = mh_store_move (store, vault_id, body->from, body->to, error);
  if (moved < 0)
    return FALSE;

  mh_files_publish (request, vault_id, body->from, "move");
  mh_files_publish (request, vault_id, body->to, "move");
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "moved", moved);
  mh_json_end_object (out);

  return TRUE;
}

static gpointer
start (MhCore *core, GError **error)
{
  MhFiles *self = g_new0 (MhFiles, 1);

  self->core = core;
  self->tickets = mh_tickets_new (mh_core_clock (core));

  return self;
}

static void
stop (gpointer service)
{
  MhFiles *self = service;

  mh_tickets_free (self->tickets);
  g_free (self);
}

static const char *const requires[] = { "audit", "store", "sync", "vaults", NULL };

const MhModule mh_files_module = {
  .name = "files",
  .requires = requires,
  .start = start,
  .stop = stop,
};
