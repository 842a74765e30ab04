/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "db.h"

#include <glib/gstdio.h>

#include "db-private.h"

/* Pages a step: readers and the writer of the source wait for no more than that. */
#define PAGES 256

/* Copies step by step. Returns: the status of SQLite */
static int
copy (sqlite3_backup *backup, GCancellable *cancellable)
{
  int status;

  do
    status = sqlite3_backup_step (backup, PAGES);
  while (status == SQLITE_OK && !g_cancellable_is_cancelled (cancellable));

  return status;
}

static gboolean
copy_to (MhDb *self, sqlite3 *target, GCancellable *cancellable, GError **error)
{
  sqlite3_backup *backup = sqlite3_backup_init (target, "main", self->handle, "main");
  int status;

  if (backup == NULL)
    {
      mh_db_set_error (self, sqlite3_errcode (target), "beginning a backup", error);
      return FALSE;
    }

  status = copy (backup, cancellable);
  (void) sqlite3_backup_finish (backup); /* repeats what the last step said */
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  if (status == SQLITE_DONE)
    return TRUE;

  mh_db_set_error (self, status, "making a backup", error);

  return FALSE;
}

gboolean
mh_db_backup (MhDb *self, const char *path, GCancellable *cancellable, GError **error)
{
  sqlite3 *target = NULL;
  gboolean done = FALSE;
  int status;

  status = sqlite3_open_v2 (path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (status != SQLITE_OK)
    mh_db_set_error (self, status, "making the file of a backup", error);
  else
    done = copy_to (self, target, cancellable, error);
  sqlite3_close (target);
  if (!done)
    (void) g_unlink (path); /* half a backup is none */

  return done;
}
