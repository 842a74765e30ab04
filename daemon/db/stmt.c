/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "stmt.h"

#include <string.h>

#include "base/error.h"
#include "db-private.h"

struct _MhStmt
{
  MhDb *db;             /* (unowned) */
  sqlite3_stmt *handle; /* (owned) */
  int bind_status;      /* the first failed bind, or SQLITE_OK */
  gboolean in_use;
  gboolean cached;
};

static MhStmt *
stmt_new (MhDb *db, const char *sql, gboolean cached, GError **error)
{
  sqlite3_stmt *handle = NULL;
  MhStmt *self;
  int status;

  status = sqlite3_prepare_v3 (db->handle, sql, -1, cached ? SQLITE_PREPARE_PERSISTENT : 0, &handle,
                               NULL);
  if (status != SQLITE_OK)
    {
      mh_db_set_error (db, status, "preparing a statement", error);
      return NULL;
    }

  self = g_new0 (MhStmt, 1);
  self->db = db;
  self->handle = handle;
  self->cached = cached;
  self->in_use = TRUE;

  return self;
}

void
mh_stmt_destroy (gpointer stmt)
{
  MhStmt *self = stmt;

  g_warn_if_fail (!self->in_use || !self->cached);
  sqlite3_finalize (self->handle);
  g_free (self);
}

MhStmt *
mh_db_prepare (MhDb *db, const char *sql, GError **error)
{
  MhStmt *self = g_hash_table_lookup (db->statements, sql);

  /* The same text twice at a time, as in a recursion: the second is not cached. */
  if (self != NULL && self->in_use)
    return stmt_new (db, sql, FALSE, error);

  if (self != NULL)
    {
      self->in_use = TRUE;
      return self;
    }

  self = stmt_new (db, sql, TRUE, error);
  if (self != NULL)
    g_hash_table_insert (db->statements, (gpointer) sqlite3_sql (self->handle), self);

  return self;
}

void
mh_stmt_free (MhStmt *self)
{
  if (self == NULL)
    return;

  if (!self->cached)
    {
      mh_stmt_destroy (self);
      return;
    }

  sqlite3_reset (self->handle);
  sqlite3_clear_bindings (self->handle);
  self->bind_status = SQLITE_OK;
  self->in_use = FALSE;
}

static void
note_bind (MhStmt *self, int status)
{
  if (status != SQLITE_OK && self->bind_status == SQLITE_OK)
    self->bind_status = status;
}

void
mh_stmt_bind_text (MhStmt *self, int index, const char *value)
{
  note_bind (self, sqlite3_bind_text (self->handle, index, value, -1, SQLITE_TRANSIENT));
}

void
mh_stmt_bind_int64 (MhStmt *self, int index, gint64 value)
{
  note_bind (self, sqlite3_bind_int64 (self->handle, index, value));
}

void
mh_stmt_bind_double (MhStmt *self, int index, double value)
{
  note_bind (self, sqlite3_bind_double (self->handle, index, value));
}

void
mh_stmt_bind_blob (MhStmt *self, int index, const guint8 *data, gsize size)
{
  if (size == 0)
    note_bind (self, sqlite3_bind_zeroblob (self->handle, index, 0));
  else
    note_bind (self, sqlite3_bind_blob64 (self->handle, index, data, size, SQLITE_TRANSIENT));
}

void
mh_stmt_bind_null (MhStmt *self, int index)
{
  note_bind (self, sqlite3_bind_null (self->handle, index));
}

gboolean
mh_stmt_step (MhStmt *self, GError **error)
{
  int status = self->bind_status;

  if (status == SQLITE_OK)
    status = sqlite3_step (self->handle);

  if (status == SQLITE_ROW)
    return TRUE;

  if (status != SQLITE_DONE)
    mh_db_set_error (self->db, status, "executing a statement", error);
  sqlite3_reset (self->handle);

  return FALSE;
}

gboolean
mh_stmt_one (MhStmt *self, const char *what, const char *id, GError **error)
{
  GError *local = NULL;

  if (mh_stmt_step (self, &local))
    return TRUE;

  if (local != NULL)
    g_propagate_error (error, local);
  else
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no %s%s%s", what, id != NULL ? " " : "",
                 id != NULL ? id : "");

  return FALSE;
}

gboolean
mh_stmt_run (MhStmt *self, GError **error)
{
  GError *local = NULL;

  while (mh_stmt_step (self, &local))
    continue;

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

void
mh_stmt_reset (MhStmt *self)
{
  sqlite3_reset (self->handle);
}

gboolean
mh_stmt_is_null (MhStmt *self, int column)
{
  return sqlite3_column_type (self->handle, column) == SQLITE_NULL;
}

gint64
mh_stmt_int64 (MhStmt *self, int column)
{
  return sqlite3_column_int64 (self->handle, column);
}

double
mh_stmt_double (MhStmt *self, int column)
{
  return sqlite3_column_double (self->handle, column);
}

const char *
mh_stmt_text (MhStmt *self, int column)
{
  return (const char *) sqlite3_column_text (self->handle, column);
}

char *
mh_stmt_dup_text (MhStmt *self, int column)
{
  return g_strdup (mh_stmt_text (self, column));
}

const guint8 *
mh_stmt_blob (MhStmt *self, int column, gsize *size)
{
  const guint8 *data = sqlite3_column_blob (self->handle, column);

  *size = (gsize) sqlite3_column_bytes (self->handle, column);

  return data;
}

GBytes *
mh_stmt_dup_bytes (MhStmt *self, int column)
{
  gsize size;
  const guint8 *data = mh_stmt_blob (self, column, &size);

  return g_bytes_new (data, size);
}

gboolean
mh_stmt_copy_blob (MhStmt *self, int column, guint8 *out, gsize size)
{
  gsize got;
  const guint8 *data = mh_stmt_blob (self, column, &got);

  if (got != size)
    return FALSE;

  if (size > 0)
    memcpy (out, data, size);

  return TRUE;
}
