/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"

static void
members_to_json (MhJson *out, const MhPartial *session)
{
  mh_json_string (out, "id", session->id);
  mh_json_string (out, "path", session->path);
  mh_json_int (out, "size", session->size);
  mh_json_int (out, "offset", session->offset);
  mh_json_int (out, "mtime_ms", session->mtime_ms);
  mh_json_int (out, "created_ms", session->created_ms);
  mh_json_int (out, "expires_ms", session->expires_ms);
  mh_json_bool (out, "busy", session->busy);
}

static void
session_to_json (MhJson *out, const MhPartial *session)
{
  mh_json_begin_object (out, NULL);
  members_to_json (out, session);
  mh_json_end_object (out);
}

gboolean
files_begin_session (MhRequest *request, const MhUploadSessionNew *body, MhJson *out,
                     GError **error)
{
  MhUploadNew wanted = { 0 };
  MhStore *store = mh_files_open_vault (request, &wanted.vault_id, error);
  g_autoptr (MhPartial) session = NULL;

  if (store == NULL)
    return FALSE;

  wanted.path = body->path;
  wanted.size = body->size;
  wanted.mtime_ms = body->has_mtime_ms ? body->mtime_ms : -1;
  wanted.if_match = body->if_match;
  wanted.if_none_match = body->if_none_match;
  session = mh_partial_begin (store, &wanted, error);
  if (session == NULL)
    return FALSE;

  session_to_json (out, session);

  return TRUE;
}

gboolean
files_list_sessions (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (GPtrArray) sessions = NULL;

  if (store == NULL)
    return FALSE;

  sessions = mh_partial_list (store, vault_id, error);
  if (sessions == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "sessions");
  for (guint i = 0; i < sessions->len; i++)
    session_to_json (out, g_ptr_array_index (sessions, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
files_get_session (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhPartial) session = NULL;

  if (store == NULL)
    return FALSE;

  session = mh_partial_get (store, vault_id, mh_request_param (request, "session_id"), error);
  if (session == NULL)
    return FALSE;

  session_to_json (out, session);

  return TRUE;
}

gboolean
files_give_up_session (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);

  return store != NULL
         && mh_partial_give_up (store, vault_id, mh_request_param (request, "session_id"), error);
}

/* Nobody is there to be told of a failure; the session says how far it is. */
static void
keep_broken (MhPartialWriter *writer)
{
  g_autoptr (GError) error = NULL;

  if (!mh_partial_save (writer, &error))
    g_info ("keeping what came of a broken upload: %s", error->message);
}

/* Takes the body as it comes and keeps it; of one that breaks off, what has come. */
static gboolean
receive (MhRequest *request, MhPartialWriter *writer, GError **error)
{
  while (TRUE)
    {
      g_autoptr (GBytes) piece = NULL;
      gsize size;
      const guint8 *data;

      if (!mh_request_read (request, &piece, error))
        {
          keep_broken (writer);
          return FALSE;
        }

      if (piece == NULL)
        return mh_partial_save (writer, error);

      data = g_bytes_get_data (piece, &size);
      if (!mh_partial_write (writer, data, size, NULL, error))
        return FALSE;
    }
}

static void
progress_to_json (MhJson *out, const MhPartial *session, const MhFile *file)
{
  mh_json_begin_object (out, NULL);
  members_to_json (out, session);
  if (file != NULL)
    mh_files_file_to_json (out, "file", file);
  else
    mh_json_null (out, "file");
  mh_json_end_object (out);
}

static gboolean
append (MhRequest *request, gint64 offset, gboolean finish, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhPartialWriter) writer = NULL;
  g_autoptr (MhFile) file = NULL;
  const MhPartial *session;

  if (store == NULL)
    return FALSE;

  writer =
      mh_partial_open (store, vault_id, mh_request_param (request, "session_id"), offset, error);
  if (writer == NULL || !receive (request, writer, error))
    return FALSE;

  session = mh_partial_writer_state (writer);
  if (finish && session->offset == session->size)
    {
      file = mh_partial_finish (writer, mh_request_cancellable (request), error);
      if (file == NULL)
        return FALSE;
      mh_files_publish (request, vault_id, file->path, "put");
    }
  progress_to_json (out, session, file);

  return TRUE;
}

gboolean
files_patch_session (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesPatchSessionQuery *query = mh_request_query (request);

  return append (request, query->offset, query->finish, out, error);
}

gboolean
files_put_session (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhFilesPutSessionQuery *query = mh_request_query (request);

  return append (request, query->offset, query->finish, out, error);
}

gboolean
files_finish_session (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autoptr (MhPartialWriter) writer = NULL;
  g_autoptr (MhFile) file = NULL;

  if (store == NULL)
    return FALSE;

  writer = mh_partial_open (store, vault_id, mh_request_param (request, "session_id"), -1, error);
  if (writer == NULL)
    return FALSE;

  file = mh_partial_finish (writer, mh_request_cancellable (request), error);
  if (file == NULL)
    return FALSE;

  mh_files_publish (request, vault_id, file->path, "put");
  mh_files_file_to_json (out, NULL, file);

  return TRUE;
}
