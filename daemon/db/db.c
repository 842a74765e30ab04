/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "db.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "db-private.h"
#include "vfs.h"

#define BUSY_TIMEOUT_MS 10000
#define LOG_WINDOW (256 * 1024)

/* Pages of the log, of 4 KiB, after which it is brought into the database: as SQLite does. */
#define CHECKPOINT_PAGES 1000

/* The log begins anew only at a moment at which nobody reads from it. Readers that overlap never
 * leave one, and it would grow for as long as they do. With so many pages they are waited for, so
 * long: milliseconds. What begins to read meanwhile does without the log. */
#define LOG_PAGES 16384
#define READERS_MS 100

struct _MhDbTxn
{
  MhDb *db; /* (unowned) */
  gboolean done;
};

G_DEFINE_QUARK (mh - db - error - quark, mh_db_error)

static MhDbError
code_of_status (int status)
{
  switch (status & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return MH_DB_ERROR_BUSY;
    case SQLITE_CONSTRAINT:
      return MH_DB_ERROR_CONSTRAINT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return MH_DB_ERROR_CORRUPT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return MH_DB_ERROR_IO;
    default:
      return MH_DB_ERROR_FAILED;
    }
}

static gboolean
is_full (sqlite3 *handle, int status)
{
  int errnum;

  if ((status & 0xff) == SQLITE_FULL)
    return TRUE;
  if ((status & 0xff) != SQLITE_IOERR)
    return FALSE;

  errnum = sqlite3_system_errno (handle);

  return errnum == ENOSPC || errnum == EDQUOT;
}

void
mh_db_set_error (MhDb *self, int status, const char *attempt, GError **error)
{
  g_autofree char *name = g_path_get_basename (self->path);

  if (is_full (self->handle, status))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NO_SPACE, "%s in %s: the disk is full", attempt, name);
      return;
    }

  g_set_error (error, MH_DB_ERROR, code_of_status (status), "%s in %s: %s (%d)", attempt, name,
               self->handle != NULL ? sqlite3_errmsg (self->handle) : sqlite3_errstr (status),
               status);
}

/*
 * SQLite would make the file with the umask's mode; its -wal and -shm inherit what we choose. A
 * file that is there is not opened: closing it would drop the locks that other connections have on
 * it.
 */
static gboolean
create_private (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  int fd = mh_os_open (path, TRUE, TRUE, &local);

  mh_os_close (fd);
  if (fd >= 0 || g_error_matches (local, MH_ERROR, MH_ERROR_CONFLICT))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/* Reads and writes again all of a file. Returns: 0, or an errno value */
static int
write_again (int fd)
{
  g_autofree guint8 *data = g_malloc (LOG_WINDOW);
  guint64 offset = 0;
  gssize got;

  while ((got = mh_os_read (fd, offset, data, LOG_WINDOW)) > 0)
    {
      MhPiece piece = { data, (gsize) got };

      if (!mh_os_write (fd, offset, &piece, 1))
        return errno;
      offset += piece.size;
    }

  return got < 0 ? errno : 0;
}

gboolean
mh_db_confirm_log (const char *path, GError **error)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  g_autoptr (GError) local = NULL;
  int fd = mh_os_open (log, TRUE, FALSE, &local);
  int errnum;

  if (fd < 0 && g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    return TRUE;

  if (fd < 0)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  errnum = mh_os_sync_name (log) ? write_again (fd) : errno;
  mh_os_close (fd);
  /* A file system that copies on write may have no room for it; better to start than to be sure. */
  if (errnum == 0 || errnum == ENOSPC || errnum == EDQUOT)
    return TRUE;

  mh_error_set_errno (error, errnum, log);

  return FALSE;
}

/* After each commit: brings the log of @pages into the database. */
static int
on_commit (void *data, sqlite3 *handle, const char *name, int pages)
{
  MhDb *self = data;
  int status;

  if (pages < self->log_most)
    {
      if (pages >= CHECKPOINT_PAGES)
        (void) sqlite3_wal_checkpoint_v2 (handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
      return SQLITE_OK;
    }

  sqlite3_busy_timeout (handle, READERS_MS);
  status = sqlite3_wal_checkpoint_v2 (handle, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
  sqlite3_busy_timeout (handle, BUSY_TIMEOUT_MS);
  /* Somebody reads for long: not every commit is to wait for that. */
  self->log_most = status == SQLITE_OK ? LOG_PAGES : pages + LOG_PAGES;

  return SQLITE_OK;
}

static gboolean
configure (MhDb *self, MhDbFlags flags, GError **error)
{
  const char *sql;

  sqlite3_extended_result_codes (self->handle, 1);
  sqlite3_busy_timeout (self->handle, BUSY_TIMEOUT_MS);
  if (flags & MH_DB_READ_ONLY)
    return mh_db_exec (self, "PRAGMA query_only = 1; PRAGMA trusted_schema = 0", error);

  self->log_most = LOG_PAGES;
  sqlite3_wal_hook (self->handle, on_commit, self);
  /* 16 MiB of pages, instead of 2, for the one connection that writes. */
  if (!mh_db_exec (self, "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY", error)
      || !mh_db_exec (self, "PRAGMA journal_size_limit = 67108864", error)) /* LOG_PAGES */
    return FALSE;

  if (flags & MH_DB_FULL)
    sql = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";
  else
    sql = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";

  return mh_db_exec (self, sql, error)
         && mh_db_exec (self, "PRAGMA foreign_keys = 1; PRAGMA trusted_schema = 0", error);
}

/* Statements differ in length or at their end: not every byte of each has to be looked at. */
static guint
hash_sql (gconstpointer sql)
{
  gsize size = strlen (sql);
  guint64 end = 0;

  memcpy (&end, (const char *) sql + size - MIN (size, sizeof end), MIN (size, sizeof end));

  return (guint) ((end * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32) ^ (guint) size;
}

MhDb *
mh_db_open (const char *path, MhDbFlags flags, GError **error)
{
  g_autoptr (MhDb) self = NULL;
  gboolean read_only = (flags & MH_DB_READ_ONLY) != 0;
  static gsize configured = 0;
  int mode = SQLITE_OPEN_NOMUTEX;
  int status;

  if (g_once_init_enter (&configured))
    {
      /* Otherwise each allocation of each connection takes a lock of all, to count. */
      (void) sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 0); /* fails only when it is too late */
      g_once_init_leave (&configured, 1);
    }

  if (!read_only && !create_private (path, error))
    return NULL;

  self = g_new0 (MhDb, 1);
  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (hash_sql, g_str_equal, NULL, mh_stmt_destroy);
  mode |= read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  status = sqlite3_open_v2 (path, &self->handle, mode, mh_db_vfs ());
  if (status != SQLITE_OK)
    {
      mh_db_set_error (self, status, "opening the database", error);
      return NULL;
    }

  if (!configure (self, flags, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
mh_db_close (MhDb *self)
{
  int status;

  if (self == NULL)
    return;

  g_hash_table_unref (self->statements);
  status = sqlite3_close (self->handle);
  g_warn_if_fail (status == SQLITE_OK); /* otherwise a statement outlived its connection */
  g_free (self->path);
  g_free (self);
}

const char *
mh_db_path (MhDb *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->path;
}

gboolean
mh_db_exec (MhDb *self, const char *sql, GError **error)
{
  int status = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);

  if (status == SQLITE_OK)
    return TRUE;

  mh_db_set_error (self, status, "executing a statement", error);

  return FALSE;
}

gint64
mh_db_changes (MhDb *self)
{
  return sqlite3_changes64 (self->handle);
}

gint64
mh_db_last_rowid (MhDb *self)
{
  return sqlite3_last_insert_rowid (self->handle);
}

gboolean
mh_db_in_transaction (MhDb *self)
{
  return sqlite3_get_autocommit (self->handle) == 0;
}

static MhDbTxn *
begin (MhDb *db, const char *sql, GError **error)
{
  MhDbTxn *self;

  g_return_val_if_fail (!mh_db_in_transaction (db), NULL);

  if (!mh_db_exec (db, sql, error))
    return NULL;

  self = g_new0 (MhDbTxn, 1);
  self->db = db;

  return self;
}

MhDbTxn *
mh_db_txn_begin (MhDb *db, GError **error)
{
  return begin (db, "BEGIN IMMEDIATE", error);
}

MhDbTxn *
mh_db_txn_begin_read (MhDb *db, GError **error)
{
  return begin (db, "BEGIN", error);
}

gboolean
mh_db_txn_commit (MhDbTxn *self, GError **error)
{
  g_return_val_if_fail (!self->done, FALSE);

  if (!mh_db_exec (self->db, "COMMIT", error))
    return FALSE;

  self->done = TRUE;

  return TRUE;
}

void
mh_db_txn_free (MhDbTxn *self)
{
  g_autoptr (GError) error = NULL;

  if (self == NULL)
    return;

  /* Some failures, a full disk among them, have rolled back already. */
  if (!self->done && mh_db_in_transaction (self->db) && !mh_db_exec (self->db, "ROLLBACK", &error))
    g_warning ("rolling back: %s", error->message);
  g_free (self);
}
