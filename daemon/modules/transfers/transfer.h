/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "core/core.h"
#include "modules/store/store.h"

G_BEGIN_DECLS

/* Failures of single files that are remembered. */
#define MH_TRANSFER_FAILURES 100

typedef enum
{
  MH_TRANSFER_WAITING,
  MH_TRANSFER_RUNNING,
  MH_TRANSFER_DONE,
  MH_TRANSFER_FAILED,
  MH_TRANSFER_CANCELLED,
} MhTransferState;

/* What is to be done. */
typedef struct
{
  gboolean is_import;
  gboolean replace; /* files that are there and differ */
  char *vault_id;
  char *host_path;
  char *vault_path;
} MhTransferTask;

typedef struct
{
  gboolean counted; /* whether files and bytes are final */
  gint64 files;
  gint64 bytes;
  gint64 files_done;
  gint64 bytes_done;
  gint64 files_skipped;
  gint64 files_failed;
} MhTransferCounts;

typedef struct
{
  char *path;
  char *error;
} MhTransferFailure;

/**
 * MhTransfer:
 *
 * One import or export: what is to be done and how far it is. Shared by reference by the threads
 * that do it and those that look at it.
 */
typedef struct
{
  int references;
  char *id;
  MhTransferTask task;
  gint64 started_ms;
  GCancellable *cancellable; /* (owned) */

  GMutex lock;
  MhTransferState state;   /* (locked-by lock) */
  MhTransferCounts counts; /* (locked-by lock) */
  GPtrArray *failures;     /* (owned) (element-type MhTransferFailure) (locked-by lock) */
  char *error;             /* (owned) (nullable) (locked-by lock) */
  gint64 ended_ms;         /* (locked-by lock): 0 until then */
  gint64 told_us;          /* (locked-by lock): monotonic time of the last event */
} MhTransfer;

/* What the threads of a transfer work with; outlives it. */
typedef struct
{
  MhStore *store;                                     /* (unowned) */
  MhPool *workers;                                    /* (unowned) */
  const char *home;                                   /* (unowned): never copied */
  void (*tell) (MhTransfer *transfer, gpointer data); /* progress was made; any thread */
  gpointer tell_data;                                 /* (unowned) */
} MhTransferTools;

/* Returns: (transfer full): a transfer that waits; @task is copied */
MhTransfer *mh_transfer_new (const MhTransferTask *task) G_GNUC_WARN_UNUSED_RESULT;
MhTransfer *mh_transfer_ref (MhTransfer *self);
void mh_transfer_unref (MhTransfer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhTransfer, mh_transfer_unref)

/* Adds @files and @bytes to what was found. Thread: any. */
void mh_transfer_found (MhTransfer *self, gint64 files, gint64 bytes);

/* Notes that everything was found. Thread: any. */
void mh_transfer_counted (MhTransfer *self);

/* Adds @bytes to what is copied of a file. Thread: any. */
void mh_transfer_moved (MhTransfer *self, gint64 bytes);

/* Notes that @files files are copied. Thread: any. */
void mh_transfer_copied (MhTransfer *self, gint64 files);

/* Notes that a file of @bytes is there already, or is none that can be copied. Thread: any. */
void mh_transfer_skipped (MhTransfer *self, gint64 bytes);

/* Notes that a file of @bytes could not be copied. Thread: any. */
void mh_transfer_failed (MhTransfer *self, const char *path, gint64 bytes, const GError *error);

/* Returns: whether it waits or runs. Thread: any. */
gboolean mh_transfer_is_under_way (MhTransfer *self);

/* Returns: whether it was cancelled. Thread: any. */
gboolean mh_transfer_is_cancelled (MhTransfer *self);

/* Returns: (transfer full): @vault_path with @relative, without a leading slash, below it */
char *mh_transfer_vault_path (const char *vault_path, const char *relative);

/**
 * mh_transfer_import:
 * @self: an import
 * @tools: what to work with
 * @error: return location
 *
 * Finds, reads and stores the files; each becomes durable in a commit of its own or with others.
 * What fails is noted, and the rest goes on.
 *
 * Thread: a runner, not one of @tools->workers. Blocks until all is done.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set when it had to stop
 */
gboolean mh_transfer_import (MhTransfer *self, const MhTransferTools *tools,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_transfer_import(), the other way. */
gboolean mh_transfer_export (MhTransfer *self, const MhTransferTools *tools,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
