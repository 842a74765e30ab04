/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* Keeps vaults the same on all machines that have their keys. */
typedef struct _MhSync MhSync;

extern const MhModule mh_sync_module;

/* What is known of a vault on other machines. */
typedef struct
{
  char **peers; /* (owned): peer ids of machines that have its key */
  guint here;   /* of these, that are there now */
} MhSyncHolders;

/* Gives back what is in it. */
void mh_sync_holders_clear (MhSyncHolders *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhSyncHolders, mh_sync_holders_clear)

/* Fills @out. Thread: any. */
void mh_sync_holders (MhSync *self, const char *vault_id, MhSyncHolders *out);

G_END_DECLS
