/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transfer.h"

G_BEGIN_DECLS

/*
 * The work of one transfer: a runner finds files and hands them to workers, some at a time.
 */

/* One file. */
typedef struct
{
  char *host_path;
  char *vault_path;
  gint64 size; /* bytes, as it was found */
} MhWorkItem;

typedef struct _MhWork MhWork;

/* Copies @items, (element-type MhWorkItem), on a worker. */
typedef void (*MhWorkFunc) (MhWork *work, GPtrArray *items);

struct _MhWork
{
  MhTransfer *transfer;         /* (unowned) */
  const MhTransferTools *tools; /* (unowned) */
  MhWorkFunc copy;
  GPtrArray *filling;   /* (owned) (element-type MhWorkItem): of the runner */
  gint64 filling_bytes; /* of the runner */

  GMutex lock;
  GCond settled;
  guint under_way; /* handed to workers (locked-by lock) */
  GError *error;   /* (owned) (nullable) (locked-by lock): why all of it has to stop */
};

/**
 * mh_work_add:
 * @self: the work
 * @host_path: (transfer full): a file of this machine
 * @vault_path: (transfer full): the same in the vault
 * @size: bytes
 *
 * Thread: the runner. Waits while the workers have much to do.
 */
void mh_work_add (MhWork *self, char *host_path, char *vault_path, gint64 size);

/* Returns: whether there is no sense in going on. Thread: any. */
gboolean mh_work_is_over (MhWork *self);

/**
 * mh_work_fail:
 * @self: the work
 * @item: a file that could not be copied
 * @left_bytes: bytes of it that mh_transfer_moved() was not told of
 * @error: (transfer full): why
 *
 * Notes the failure of a file, or of all when it is one that the next will have as well.
 *
 * Thread: any.
 */
void mh_work_fail (MhWork *self, const MhWorkItem *item, gint64 left_bytes, GError *error);

/* Tells how far it is. Thread: any. */
void mh_work_tell (MhWork *self);

/* Finds all files and adds them, on the runner. Returns: %FALSE with @error set */
typedef gboolean (*MhWorkFind) (MhWork *work, GError **error);

/**
 * mh_work_run:
 * @transfer: what is to be done
 * @tools: what to work with
 * @find: finds the files
 * @copy: copies some of them
 * @error: return location
 *
 * Does all of a transfer.
 *
 * Thread: the runner.
 * Errors: those of @find; what stopped all of it; %G_IO_ERROR_CANCELLED
 * Returns: %FALSE with @error set
 */
gboolean mh_work_run (MhTransfer *transfer, const MhTransferTools *tools, MhWorkFind find,
                      MhWorkFunc copy, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
