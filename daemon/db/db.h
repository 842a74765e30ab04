/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define MH_DB_ERROR (mh_db_error_quark ())

/**
 * MhDbError:
 *
 * Faults of the database itself. A full disk is %MH_ERROR_NO_SPACE and a row that mh_stmt_one()
 * misses %MH_ERROR_NOT_FOUND, both of the public domain.
 */
typedef enum
{
  MH_DB_ERROR_FAILED,
  MH_DB_ERROR_BUSY,       /* another connection kept its lock for too long */
  MH_DB_ERROR_CONSTRAINT, /* UNIQUE, NOT NULL, CHECK or FOREIGN KEY says no */
  MH_DB_ERROR_CORRUPT,    /* not a database, or a damaged one */
  MH_DB_ERROR_IO,         /* the system failed to read or write */
  MH_DB_ERROR_NEWER,      /* written by a newer version of the program */
} MhDbError;

GQuark mh_db_error_quark (void);

/**
 * MhDbFlags:
 * @MH_DB_NORMAL: a commit survives a crash of the program, perhaps not a power loss
 * @MH_DB_FULL: a commit survives a power loss
 * @MH_DB_READ_ONLY: no writing; the file must exist
 */
typedef enum
{
  MH_DB_NORMAL = 0,
  MH_DB_FULL = 1 << 0,
  MH_DB_READ_ONLY = 1 << 1,
} MhDbFlags;

/**
 * MhDb:
 *
 * One connection. May be handed from thread to thread, but is never used by two at once.
 */
typedef struct _MhDb MhDb;

/**
 * mh_db_open:
 * @path: the file; made with mode 0600 unless read only
 * @flags: how durable and whether writable
 * @error: return location
 *
 * Opens with a write-ahead log, foreign keys on, and ten seconds of patience with other writers.
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_DB_ERROR, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: (transfer full): a connection, or %NULL with @error set
 */
MhDb *mh_db_open (const char *path, MhDbFlags flags, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_confirm_log:
 * @path: a database that nobody has open
 * @error: return location
 *
 * Writes again what is in its log, and makes its name durable. A sync of it may have failed before
 * the program ended; then the system still shows it, but takes it for written, and SQLite would
 * build on it. To be called once before the first mh_db_open().
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_db_confirm_log (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_close:
 * @self: (nullable) (transfer full): a connection whose statements are all freed
 *
 * Thread: any. Blocks on disk.
 */
void mh_db_close (MhDb *self);

/**
 * mh_db_path:
 * @self: a connection
 *
 * Thread: the one that uses @self.
 * Returns: (transfer none): the path it was opened with
 */
const char *mh_db_path (MhDb *self);

/**
 * mh_db_backup:
 * @self: a connection
 * @path: a file that does not exist
 * @cancellable: (nullable): gives up; the file is removed then
 * @error: return location
 *
 * Copies the database as it is at one moment, while others use it.
 *
 * Thread: the one that uses @self. Blocks on disk.
 * Errors: %MH_ERROR_NO_SPACE, %MH_DB_ERROR, %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set
 */
gboolean mh_db_backup (MhDb *self, const char *path, GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_exec:
 * @self: a connection
 * @sql: any number of statements without parameters
 * @error: return location
 *
 * Thread: the one that uses @self. Blocks on disk.
 * Errors: %MH_DB_ERROR, %MH_ERROR_NO_SPACE
 * Returns: %FALSE with @error set; statements before the failing one may have been executed
 */
gboolean mh_db_exec (MhDb *self, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_changes:
 * @self: a connection
 *
 * Thread: the one that uses @self.
 * Returns: rows that the last INSERT, UPDATE or DELETE touched
 */
gint64 mh_db_changes (MhDb *self);

/**
 * mh_db_last_rowid:
 * @self: a connection
 *
 * Thread: the one that uses @self.
 * Returns: the rowid of the last INSERT
 */
gint64 mh_db_last_rowid (MhDb *self);

/**
 * mh_db_in_transaction:
 * @self: a connection
 *
 * Thread: the one that uses @self.
 * Returns: whether a transaction is open; some failures, a full disk among them, end it
 */
gboolean mh_db_in_transaction (MhDb *self);

/**
 * MhDbTxn:
 *
 * A transaction. Freeing it without mh_db_txn_commit() undoes it.
 */
typedef struct _MhDbTxn MhDbTxn;

/**
 * mh_db_txn_begin:
 * @db: a connection without an open transaction
 * @error: return location
 *
 * Takes the write lock right away, so that no later statement fails for want of it.
 *
 * Thread: the one that uses @db. Blocks until other writers are done.
 * Errors: %MH_DB_ERROR_BUSY, other %MH_DB_ERROR, %MH_ERROR_NO_SPACE
 * Returns: (transfer full): the transaction, or %NULL with @error set
 */
MhDbTxn *mh_db_txn_begin (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_txn_begin_read:
 * @db: a connection without an open transaction
 * @error: return location
 *
 * Every statement until the end sees the same state of the database. Not for writing.
 *
 * Thread: the one that uses @db.
 * Errors: %MH_DB_ERROR
 * Returns: (transfer full): the transaction, or %NULL with @error set
 */
MhDbTxn *mh_db_txn_begin_read (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_txn_commit:
 * @self: a transaction
 * @error: return location
 *
 * Thread: the one that uses the connection. Blocks on disk.
 * Errors: %MH_DB_ERROR, %MH_ERROR_NO_SPACE; freeing @self then undoes everything
 * Returns: %FALSE with @error set
 */
gboolean mh_db_txn_commit (MhDbTxn *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_db_txn_free:
 * @self: (nullable) (transfer full): a transaction
 *
 * Undoes what was not committed.
 *
 * Thread: the one that uses the connection.
 */
void mh_db_txn_free (MhDbTxn *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDb, mh_db_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDbTxn, mh_db_txn_free)

G_END_DECLS
