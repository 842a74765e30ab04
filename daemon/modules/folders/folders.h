/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* Mirrors folders of this machine and vaults, both ways. */
typedef struct _MhFolders MhFolders;

extern const MhModule mh_folders_module;

/* How far the look at a folder is that is under way, or else how the last one was. */
typedef struct
{
  gboolean active;
  guint walked;      /* files found */
  guint ingested;    /* of these, that came to the vault */
  guint errors;      /* files that could not be brought to the other side */
  gint64 started_ms; /* 0 before the first */
  char *current;     /* (owned) (nullable): what it is at */
} MhFoldersScan;

/* Gives back what is in it. */
void mh_folders_scan_clear (MhFoldersScan *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhFoldersScan, mh_folders_scan_clear)

/* Fills the empty @out. Returns: %FALSE when no folder mirrors the vault. Thread: any. */
gboolean mh_folders_scan (MhFolders *self, const char *vault_id, MhFoldersScan *out);

G_END_DECLS
