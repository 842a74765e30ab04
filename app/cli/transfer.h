/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

/* One file to move between this machine's disk and a vault. */
typedef struct
{
  char *local;     /* (owned): file name, or `-` */
  char *route;     /* (owned): of the API */
  gint64 bytes;    /* size, or -1 when nobody knows */
  gint64 mtime_ms; /* time of the last change, Unix milliseconds; 0 for none */
} MhCliItem;

void mh_cli_item_free (MhCliItem *self);

/* Several files under way at once, with a progress line on a terminal. */
typedef struct _MhCliTransfer MhCliTransfer;

/**
 * MhCliTransferFunc:
 * @self: the transfer
 * @api: for this worker alone
 * @item: what to move
 * @error: return location
 *
 * Moves one file. Runs on a worker.
 */
typedef gboolean (*MhCliTransferFunc) (MhCliTransfer *self, MhCliApi *api, const MhCliItem *item,
                                       GError **error);

/**
 * mh_cli_transfer_run:
 * @cli: the options
 * @items: (element-type MhCliItem): the files
 * @parallel: how many at once
 * @func: moves one file
 * @error: return location
 *
 * Moves all files. A file that fails is named on standard error and does not stop the others.
 *
 * Thread: the main thread. Blocks.
 * Errors: the first failure's code, with the number of failures
 */
gboolean mh_cli_transfer_run (MhCli *cli, GPtrArray *items, guint parallel, MhCliTransferFunc func,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_transfer_progress:
 * @self: the transfer
 * @bytes: how many more are done
 *
 * Thread: any.
 */
void mh_cli_transfer_progress (MhCliTransfer *self, gsize bytes);

/**
 * mh_cli_transfer_answer:
 * @self: the transfer
 * @answer: what the API says about a file that is done
 *
 * Prints it with `--json`.
 *
 * Thread: any.
 */
void mh_cli_transfer_answer (MhCliTransfer *self, GInputStream *answer);

G_END_DECLS
