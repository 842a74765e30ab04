/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "audit-store.h"

#include "base/error.h"
#include "db/stmt.h"

#define COLUMNS "seq, ts_ms, type, actor, ip, target, detail, prev, hash"

static const char sql_last[] = "SELECT " COLUMNS " FROM audit ORDER BY seq DESC LIMIT 1";
static const char sql_insert[] = "INSERT INTO audit (" COLUMNS ") "
                                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char sql_prune[] = "DELETE FROM audit WHERE seq <= ?1";
static const char sql_page[] = "SELECT " COLUMNS " FROM audit WHERE seq < ?1 AND ts_ms >= ?2 "
                               "ORDER BY seq DESC LIMIT ?3";
static const char sql_after[] =
    "SELECT " COLUMNS " FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";

void
mh_audit_event_free (MhAuditEvent *self)
{
  if (self == NULL)
    return;

  g_free (self->type);
  g_free (self->actor);
  g_free (self->ip);
  g_free (self->target);
  g_free (self->detail);
  g_free (self);
}

static MhAuditEvent *
read_row (MhStmt *stmt, GError **error)
{
  g_autoptr (MhAuditEvent) event = g_new0 (MhAuditEvent, 1);

  event->seq = mh_stmt_int64 (stmt, 0);
  event->ts_ms = mh_stmt_int64 (stmt, 1);
  event->type = mh_stmt_dup_text (stmt, 2);
  event->actor = mh_stmt_dup_text (stmt, 3);
  event->ip = mh_stmt_dup_text (stmt, 4);
  event->target = mh_stmt_dup_text (stmt, 5);
  event->detail = mh_stmt_dup_text (stmt, 6);
  if (!mh_stmt_copy_blob (stmt, 7, event->prev, sizeof event->prev)
      || !mh_stmt_copy_blob (stmt, 8, event->hash, sizeof event->hash))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT,
                   "audit record %" G_GINT64_FORMAT " has no hash", event->seq);
      return NULL;
    }

  return g_steal_pointer (&event);
}

MhAuditEvent *
mh_audit_store_last (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_last, error);
  g_autoptr (GError) local = NULL;

  if (stmt == NULL)
    return NULL;

  if (mh_stmt_step (stmt, &local))
    return read_row (stmt, error);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  return g_new0 (MhAuditEvent, 1);
}

gboolean
mh_audit_store_insert (MhDb *db, const MhAuditEvent *event, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_insert, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, event->seq);
  mh_stmt_bind_int64 (stmt, 2, event->ts_ms);
  mh_stmt_bind_text (stmt, 3, event->type);
  mh_stmt_bind_text (stmt, 4, event->actor);
  mh_stmt_bind_text (stmt, 5, event->ip);
  mh_stmt_bind_text (stmt, 6, event->target);
  mh_stmt_bind_text (stmt, 7, event->detail);
  mh_stmt_bind_blob (stmt, 8, event->prev, sizeof event->prev);
  mh_stmt_bind_blob (stmt, 9, event->hash, sizeof event->hash);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_audit_store_prune (MhDb *db, gint64 seq, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_prune, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, seq);

  return mh_stmt_run (stmt, error);
}

static GPtrArray *
read_rows (MhStmt *stmt, GError **error)
{
  g_autoptr (GPtrArray) events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_audit_event_free);
  g_autoptr (GError) local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      MhAuditEvent *event = read_row (stmt, error);

      if (event == NULL)
        return NULL;
      g_ptr_array_add (events, event);
    }

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  return g_steal_pointer (&events);
}

GPtrArray *
mh_audit_store_page (MhDb *db, gint64 before, gint64 since_ms, guint limit, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_page, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, before);
  mh_stmt_bind_int64 (stmt, 2, since_ms);
  mh_stmt_bind_int64 (stmt, 3, limit);

  return read_rows (stmt, error);
}

GPtrArray *
mh_audit_store_after (MhDb *db, gint64 after, guint limit, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_after, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_int64 (stmt, 1, after);
  mh_stmt_bind_int64 (stmt, 2, limit);

  return read_rows (stmt, error);
}
