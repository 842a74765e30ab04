/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db.h"

G_BEGIN_DECLS

/**
 * MhMigration:
 * @version: from 1, without gaps
 * @name: the file it comes from, for messages
 * @sql: statements
 *
 * One step of a module's schema. embed-sql.py makes a list of them from a module's sql folder,
 * ended by an element whose @sql is %NULL.
 */
typedef struct
{
  guint version;
  const char *name;
  const char *sql;
} MhMigration;

/**
 * mh_db_migrate:
 * @db: a connection that may write
 * @module: whose tables these are
 * @list: every migration that this program knows, in order, ended by one without SQL
 * @error: return location
 *
 * Brings the tables of @module up to date, each step in a transaction of its own. A failed step
 * changes nothing.
 *
 * Thread: the one that uses @db. Blocks on disk.
 * Errors: %MH_DB_ERROR_NEWER when the database knows more steps than @list; other %MH_DB_ERROR,
 *   %MH_ERROR_NO_SPACE
 * Returns: %FALSE with @error set
 */
gboolean mh_db_migrate (MhDb *db, const char *module, const MhMigration *list,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
