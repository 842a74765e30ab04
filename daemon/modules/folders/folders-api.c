/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folders-contract.h"

#include "base/error.h"
#include "folders-service.h"
#include "modules/audit/audit.h"
#include "modules/vaults/vaults.h"

static const char *
state_name (MhMirrorState state)
{
  static const char *const names[] = { "idle", "running", "paused", "held", "unavailable" };

  return names[state];
}

static void
time_to_json (MhJson *out, const char *name, gint64 time_ms)
{
  if (time_ms > 0)
    mh_json_int (out, name, time_ms);
  else
    mh_json_null (out, name);
}

static void
list_to_json (MhJson *out, const char *name, GPtrArray *list)
{
  mh_json_begin_array (out, name);
  for (guint i = 0; i < list->len; i++)
    {
      const MhLeftOut *left_out = g_ptr_array_index (list, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "path", left_out->path);
      mh_json_string (out, "error", left_out->why);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
}

static void
held_to_json (MhJson *out, const MhMirrorStatus *status)
{
  const MhHeld *held = &status->held;

  if (!status->is_held)
    {
      mh_json_null (out, "held");
      return;
    }

  mh_json_begin_object (out, "held");
  mh_json_int (out, "since_ms", status->row->held_ms);
  mh_json_int (out, "changed", held->changed);
  mh_json_int (out, "deleted", held->deleted);
  mh_json_int (out, "created", held->created);
  mh_json_int (out, "moved", held->moved);
  mh_json_begin_array (out, "samples");
  for (guint i = 0; i < held->samples->len; i++)
    mh_json_string (out, NULL, g_ptr_array_index (held->samples, i));
  mh_json_end_array (out);
  mh_json_end_object (out);
}

static void
scan_to_json (MhJson *out, const MhMirrorStatus *status)
{
  mh_json_begin_object (out, "scan");
  mh_json_bool (out, "active", status->active);
  mh_json_int (out, "walked", status->walked);
  mh_json_int (out, "ingested", status->ingested);
  mh_json_int (out, "written", status->written);
  mh_json_int (out, "errors", status->errors);
  time_to_json (out, "started_ms", status->started_ms);
  time_to_json (out, "ended_ms", status->ended_ms);
  mh_json_string (out, "current", status->current);
  mh_json_end_object (out);
}

static void
mirror_to_json (MhJson *out, MhMirror *mirror)
{
  g_autoptr (MhMirrorStatus) status = mh_mirror_status (mirror);

  mh_json_begin_object (out, NULL);
  mh_json_string (out, "vault_id", status->row->vault_id);
  mh_json_string (out, "path", status->row->path);
  mh_json_int (out, "created_ms", status->row->created_ms);
  mh_json_string (out, "state", state_name (status->state));
  mh_json_bool (out, "paused", status->row->paused);
  mh_json_string (out, "error", status->error);
  mh_json_string (out, "watch_error", status->watch_error);
  mh_json_int (out, "files", status->files);
  scan_to_json (out, status);
  mh_json_int (out, "skipped", status->skipped);
  list_to_json (out, "skipped_paths", status->left_out);
  list_to_json (out, "failures", status->failures);
  mh_json_int (out, "guard_percent", status->row->limits.percent);
  mh_json_int (out, "guard_files", status->row->limits.files);
  held_to_json (out, status);
  mh_json_end_object (out);
}

void
mh_folders_scan_clear (MhFoldersScan *self)
{
  g_clear_pointer (&self->current, g_free);
}

gboolean
mh_folders_scan (MhFolders *self, const char *vault_id, MhFoldersScan *out)
{
  g_autoptr (MhMirror) mirror = mh_folders_get (self, vault_id, NULL);
  g_autoptr (MhMirrorStatus) status = mirror != NULL ? mh_mirror_status (mirror) : NULL;

  if (status == NULL)
    return FALSE;

  out->active = status->active;
  out->walked = status->walked;
  out->ingested = status->ingested;
  out->errors = status->errors;
  out->started_ms = status->started_ms;
  out->current = g_steal_pointer (&status->current);

  return TRUE;
}

gboolean
folders_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (GPtrArray) mirrors = mh_folders_list (mh_request_service (request, "folders"));

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "folders");
  for (guint i = 0; i < mirrors->len; i++)
    mirror_to_json (out, g_ptr_array_index (mirrors, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

/* Returns: (transfer full): the mirror of the vault that the request names */
static MhMirror *
get (MhRequest *request, GError **error)
{
  const char *vault_id = mh_request_param (request, "vault_id");
  g_autoptr (MhVault) vault = NULL;

  vault = mh_vaults_get (mh_request_service (request, "vaults"), vault_id, error);

  return vault == NULL ? NULL
                       : mh_folders_get (mh_request_service (request, "folders"), vault_id, error);
}

static void
record (MhRequest *request, const char *type, const char *detail)
{
  mh_audit_record (mh_request_service (request, "audit"), request, type,
                   mh_request_param (request, "vault_id"), detail);
}

gboolean
folders_set (MhRequest *request, const MhMirrorFolderNew *body, MhJson *out, GError **error)
{
  const char *vault_id = mh_request_param (request, "vault_id");
  MhGuardLimits limits = { (guint) body->guard_percent, (guint) body->guard_files };
  g_autoptr (MhMirror) mirror = NULL;

  if (!mh_vaults_require (mh_request_service (request, "vaults"), vault_id, error))
    return FALSE;

  mirror = mh_folders_set (mh_request_service (request, "folders"), vault_id, body->path, &limits,
                           error);
  if (mirror == NULL)
    return FALSE;

  record (request, "folder.set", body->path);
  mirror_to_json (out, mirror);

  return TRUE;
}

gboolean
folders_get (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (MhMirror) mirror = get (request, error);

  if (mirror == NULL)
    return FALSE;

  mirror_to_json (out, mirror);

  return TRUE;
}

gboolean
folders_delete (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (MhMirror) mirror = get (request, error);

  if (mirror == NULL
      || !mh_folders_remove (mh_request_service (request, "folders"), mh_mirror_vault_id (mirror),
                             error))
    return FALSE;

  record (request, "folder.delete", NULL);

  return TRUE;
}

gboolean
folders_rescan (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  g_autoptr (MhMirror) mirror = get (request, error);

  if (mirror == NULL)
    return FALSE;

  mh_mirror_rescan (mirror);

  return TRUE;
}

static gboolean
set_paused (MhRequest *request, gboolean paused, GError **error)
{
  g_autoptr (MhMirror) mirror = get (request, error);

  if (mirror == NULL || !mh_mirror_set_paused (mirror, paused, error))
    return FALSE;

  record (request, paused ? "folder.pause" : "folder.resume", NULL);

  return TRUE;
}

gboolean
folders_pause (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return set_paused (request, TRUE, error);
}

gboolean
folders_resume (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return set_paused (request, FALSE, error);
}

static gboolean
decide (MhRequest *request, gboolean undo, GError **error)
{
  g_autoptr (MhMirror) mirror = get (request, error);

  if (mirror == NULL || !mh_mirror_decide (mirror, undo, error))
    return FALSE;

  record (request, undo ? "folder.rollback" : "folder.release", NULL);

  return TRUE;
}

gboolean
folders_release (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return decide (request, FALSE, error);
}

gboolean
folders_rollback (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  return decide (request, TRUE, error);
}

static const char *const requires[] = { "audit", "store", "vaults", NULL };

extern const MhMigration mh_folders_migrations[];

const MhModule mh_folders_module = {
  .name = "folders",
  .requires = requires,
  .migrations = mh_folders_migrations,
  .start = mh_folders_start,
  .stop = mh_folders_stop,
};
