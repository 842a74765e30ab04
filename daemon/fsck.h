/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "daemon.h"

G_BEGIN_DECLS

/* How to check a home. */
typedef struct
{
  gboolean rebuild; /* make the index anew from the segments first */
  gboolean quick;   /* leave the records out */
  gboolean json;    /* for programs */
} MhFsckOptions;

/* Exit codes, those of fsck (8) where it has them. */
enum
{
  MH_FSCK_CLEAN = 0,
  MH_FSCK_DAMAGED = 1,
  MH_FSCK_FAILED = 2,
  MH_FSCK_IN_USE = 6, /* a daemon runs on the home */
};

/**
 * mh_fsck:
 * @daemon: where the home is
 * @options: how to check it
 *
 * Checks a home that no daemon uses, and prints the verdict on standard output.
 *
 * Thread: the main one. Blocks on disk, for long.
 * Returns: an exit code
 */
int mh_fsck (const MhDaemonOptions *daemon, const MhFsckOptions *options);

G_END_DECLS
