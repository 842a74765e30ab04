/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vaults-service.h"

G_BEGIN_DECLS

/* Days of which the size of a vault is remembered. */
#define MH_VAULT_DAYS 365

/* Notes once an hour how large each vault is, so that the last of each day remains. */
typedef struct _MhVaultsDiary MhVaultsDiary;

/* Returns: (transfer full): the diary. Thread: the loop. */
MhVaultsDiary *mh_vaults_diary_new (MhVaults *vaults) G_GNUC_WARN_UNUSED_RESULT;

/* Ends it. Thread: the loop. */
void mh_vaults_diary_free (MhVaultsDiary *self);

/**
 * mh_vaults_diary_read:
 * @vaults: the vaults
 * @vault: one of them, with its sums
 * @error: return location
 *
 * Notes how large the vault is now, and gives the days.
 *
 * Thread: a worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: (transfer full) (element-type MhVaultDay): oldest first, or %NULL with @error set
 */
GArray *mh_vaults_diary_read (MhVaults *vaults, const MhVault *vault,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
