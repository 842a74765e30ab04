/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sqlite3.h>

#include "db.h"

G_BEGIN_DECLS

struct _MhDb
{
  char *path;             /* (owned) */
  sqlite3 *handle;        /* (owned) */
  int log_most;           /* pages of the log after which readers are waited for */
  GHashTable *statements; /* (owned) (element-type utf8 MhStmt): prepared, by SQL text */
};

void mh_db_set_error (MhDb *self, int status, const char *attempt, GError **error);
void mh_stmt_destroy (gpointer stmt);

G_END_DECLS
