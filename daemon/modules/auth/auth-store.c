/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth-store.h"

#include "db/stmt.h"

static const char sql_add_user[] = "INSERT INTO users (id, name, role, realms, created_ms) VALUES "
                                   "(?1, ?2, ?3, ?4, ?5) "
                                   "ON CONFLICT (id) DO NOTHING";
static const char sql_get_user[] = "SELECT name, realms, role FROM users WHERE id = ?1";
static const char sql_get_hash[] = "SELECT hash FROM credentials WHERE user_id = ?1 AND realm = ?2";
static const char sql_set_hash[] =
    "INSERT INTO credentials (user_id, realm, hash, changed_ms) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (user_id, realm) DO UPDATE SET hash = ?3, changed_ms = ?4";
static const char sql_add_session[] =
    "INSERT INTO sessions (id, user_id, kind, realms, csrf, address, created_ms, expires_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char sql_delete_session[] = "DELETE FROM sessions WHERE id = ?1";
static const char sql_delete_sessions_of[] =
    "DELETE FROM sessions WHERE user_id = ?1 AND (?2 = 1 OR realms & ~?2 = 0)";
static const char sql_delete_expired[] = "DELETE FROM sessions WHERE expires_ms <= ?1";
static const char sql_sessions[] =
    "SELECT s.id, s.user_id, u.name, s.kind, s.realms, s.csrf, s.address, s.created_ms, "
    "s.expires_ms, u.role FROM sessions s JOIN users u ON u.id = s.user_id";
static const char sql_get_key[] = "SELECT sealed FROM auth_keys WHERE name = ?1";
static const char sql_set_key[] = "INSERT INTO auth_keys (name, sealed) VALUES (?1, ?2)";

void
mh_session_free (MhSession *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->user_id);
  g_free (self->user_name);
  g_free (self->kind);
  g_free (self->csrf);
  g_free (self->address);
  g_free (self);
}

gboolean
mh_auth_store_add_user (MhDb *db, const MhUser *user, gint64 now_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_user, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, user->id);
  mh_stmt_bind_text (stmt, 2, user->name);
  mh_stmt_bind_text (stmt, 3, mh_role_name (user->role));
  mh_stmt_bind_int64 (stmt, 4, user->realms);
  mh_stmt_bind_int64 (stmt, 5, now_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_auth_store_get_user (MhDb *db, MhSession *session, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_user, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, session->user_id);
  if (!mh_stmt_one (stmt, "user", session->user_id, error))
    return FALSE;

  session->user_name = mh_stmt_dup_text (stmt, 0);
  session->realms &= (MhRealms) mh_stmt_int64 (stmt, 1);
  session->role = mh_role_from_name (mh_stmt_text (stmt, 2));

  return TRUE;
}

gboolean
mh_auth_store_get_hash (MhDb *db, const char *user_id, MhRealms realm, char **hash, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_hash, error);
  g_autoptr (GError) local = NULL;

  *hash = NULL;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, user_id);
  mh_stmt_bind_int64 (stmt, 2, realm);
  if (mh_stmt_step (stmt, &local))
    *hash = mh_stmt_dup_text (stmt, 0);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

gboolean
mh_auth_store_set_hash (MhDb *db, const char *user_id, MhRealms realm, const char *hash,
                        gint64 now_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_hash, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, user_id);
  mh_stmt_bind_int64 (stmt, 2, realm);
  mh_stmt_bind_text (stmt, 3, hash);
  mh_stmt_bind_int64 (stmt, 4, now_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_auth_store_add_session (MhDb *db, const MhSession *session, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_session, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, session->id);
  mh_stmt_bind_text (stmt, 2, session->user_id);
  mh_stmt_bind_text (stmt, 3, session->kind);
  mh_stmt_bind_int64 (stmt, 4, session->realms);
  mh_stmt_bind_text (stmt, 5, session->csrf);
  mh_stmt_bind_text (stmt, 6, session->address);
  mh_stmt_bind_int64 (stmt, 7, session->created_ms);
  mh_stmt_bind_int64 (stmt, 8, session->expires_ms);

  return mh_stmt_run (stmt, error);
}

static gboolean
run_with_text (MhDb *db, const char *sql, const char *text, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, text);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_auth_store_delete_session (MhDb *db, const char *id, GError **error)
{
  return run_with_text (db, sql_delete_session, id, error);
}

gboolean
mh_auth_store_delete_sessions_of (MhDb *db, const char *user_id, MhRealms realm, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_delete_sessions_of, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, user_id);
  mh_stmt_bind_int64 (stmt, 2, realm);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_auth_store_delete_expired (MhDb *db, gint64 now_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_delete_expired, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, now_ms);

  return mh_stmt_run (stmt, error);
}

GPtrArray *
mh_auth_store_sessions (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_sessions, error);
  g_autoptr (GPtrArray) sessions =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_session_free);
  g_autoptr (GError) local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhSession *session = g_new0 (MhSession, 1);

      session->id = mh_stmt_dup_text (stmt, 0);
      session->user_id = mh_stmt_dup_text (stmt, 1);
      session->user_name = mh_stmt_dup_text (stmt, 2);
      session->kind = mh_stmt_dup_text (stmt, 3);
      session->realms = (MhRealms) mh_stmt_int64 (stmt, 4);
      session->csrf = mh_stmt_dup_text (stmt, 5);
      session->address = mh_stmt_dup_text (stmt, 6);
      session->created_ms = mh_stmt_int64 (stmt, 7);
      session->expires_ms = mh_stmt_int64 (stmt, 8);
      session->role = mh_role_from_name (mh_stmt_text (stmt, 9));
      g_ptr_array_add (sessions, session);
    }

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  return g_steal_pointer (&sessions);
}

gboolean
mh_auth_store_get_key (MhDb *db, const char *name, GBytes **sealed, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_get_key, error);
  g_autoptr (GError) local = NULL;

  *sealed = NULL;
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, name);
  if (mh_stmt_step (stmt, &local))
    *sealed = mh_stmt_dup_bytes (stmt, 0);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

gboolean
mh_auth_store_set_key (MhDb *db, const char *name, GBytes *sealed, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_set_key, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, name);
  mh_stmt_bind_blob (stmt, 2, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));

  return mh_stmt_run (stmt, error);
}
