/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db.h"

G_BEGIN_DECLS

/**
 * MhStmt:
 *
 * A prepared statement. Freeing it resets it and puts it back into its connection's cache.
 */
typedef struct _MhStmt MhStmt;

/**
 * mh_db_prepare:
 * @db: a connection
 * @sql: one statement, with parameters as ?1, ?2; usually a static string
 * @error: return location
 *
 * Thread: the one that uses @db.
 * Errors: %MH_DB_ERROR
 * Returns: (transfer full): the statement, to be freed before @db is closed, or %NULL
 */
MhStmt *mh_db_prepare (MhDb *db, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_stmt_free:
 * @self: (nullable) (transfer full): a statement
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_free (MhStmt *self);

/**
 * mh_stmt_bind_text:
 * @self: a statement
 * @index: parameter, from 1
 * @value: (nullable): text, copied; %NULL binds NULL
 *
 * A failure of this and the other bind functions shows at the next step.
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_bind_text (MhStmt *self, int index, const char *value);

/**
 * mh_stmt_bind_int64:
 * @self: a statement
 * @index: parameter, from 1
 * @value: a number
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_bind_int64 (MhStmt *self, int index, gint64 value);

/**
 * mh_stmt_bind_double:
 * @self: a statement
 * @index: parameter, from 1
 * @value: a number
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_bind_double (MhStmt *self, int index, double value);

/**
 * mh_stmt_bind_blob:
 * @self: a statement
 * @index: parameter, from 1
 * @data: (nullable): @size bytes, copied; %NULL with @size 0 binds an empty blob
 * @size: number of bytes
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_bind_blob (MhStmt *self, int index, const guint8 *data, gsize size);

/**
 * mh_stmt_bind_null:
 * @self: a statement
 * @index: parameter, from 1
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_bind_null (MhStmt *self, int index);

/**
 * mh_stmt_step:
 * @self: a statement
 * @error: return location, not %NULL
 *
 * Goes to the next row. At the end the statement is reset: bound values stay, and the next step
 * executes it anew.
 *
 * Thread: the one that uses the connection. Blocks on disk.
 * Errors: %MH_DB_ERROR, %MH_ERROR_NO_SPACE
 * Returns: %TRUE at a row; %FALSE at the end, and with @error set after a failure
 */
gboolean mh_stmt_step (MhStmt *self, GError **error);

/**
 * mh_stmt_one:
 * @self: a statement
 * @what: what a row stands for, for example "vault"
 * @id: (nullable): which one
 * @error: return location
 *
 * Goes to the only row that matters.
 *
 * Thread: the one that uses the connection. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND "no @what @id" without a row; as mh_stmt_step()
 * Returns: %TRUE at a row, otherwise %FALSE with @error set
 */
gboolean mh_stmt_one (MhStmt *self, const char *what, const char *id,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_stmt_run:
 * @self: a statement
 * @error: return location
 *
 * Executes to the end and resets, ignoring rows.
 *
 * Thread: the one that uses the connection. Blocks on disk.
 * Errors: as mh_stmt_step()
 * Returns: %FALSE with @error set
 */
gboolean mh_stmt_run (MhStmt *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_stmt_reset:
 * @self: a statement
 *
 * Leaves the current row, so that other values can be bound.
 *
 * Thread: the one that uses the connection.
 */
void mh_stmt_reset (MhStmt *self);

/**
 * mh_stmt_is_null:
 * @self: a statement at a row
 * @column: column, from 0
 *
 * Thread: the one that uses the connection.
 * Returns: whether the column is NULL
 */
gboolean mh_stmt_is_null (MhStmt *self, int column);

/**
 * mh_stmt_int64:
 * @self: a statement at a row
 * @column: column, from 0
 *
 * Thread: the one that uses the connection.
 * Returns: the number, 0 for NULL
 */
gint64 mh_stmt_int64 (MhStmt *self, int column);

/**
 * mh_stmt_double:
 * @self: a statement at a row
 * @column: column, from 0
 *
 * Thread: the one that uses the connection.
 * Returns: the number, 0 for NULL
 */
double mh_stmt_double (MhStmt *self, int column);

/**
 * mh_stmt_text:
 * @self: a statement at a row
 * @column: column, from 0
 *
 * Thread: the one that uses the connection.
 * Returns: (transfer none) (nullable): the text, valid until the next step
 */
const char *mh_stmt_text (MhStmt *self, int column);

/**
 * mh_stmt_dup_text:
 * @self: a statement at a row
 * @column: column, from 0
 *
 * Thread: the one that uses the connection.
 * Returns: (transfer full) (nullable): the text
 */
char *mh_stmt_dup_text (MhStmt *self, int column) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_stmt_blob:
 * @self: a statement at a row
 * @column: column, from 0
 * @size: (out): number of bytes
 *
 * Thread: the one that uses the connection.
 * Returns: (transfer none) (nullable): the bytes, valid until the next step; %NULL when empty
 */
const guint8 *mh_stmt_blob (MhStmt *self, int column, gsize *size);

/**
 * mh_stmt_dup_bytes:
 * @self: a statement at a row
 * @column: column, from 0
 *
 * Thread: the one that uses the connection.
 * Returns: (transfer full): the bytes, empty for NULL
 */
GBytes *mh_stmt_dup_bytes (MhStmt *self, int column) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_stmt_copy_blob:
 * @self: a statement at a row
 * @column: column, from 0
 * @out: (out caller-allocates): room for @size bytes
 * @size: exact number of bytes expected
 *
 * Thread: the one that uses the connection.
 * Returns: %FALSE when the column has another size
 */
gboolean
mh_stmt_copy_blob (MhStmt *self, int column, guint8 *out, gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhStmt, mh_stmt_free)

G_END_DECLS
