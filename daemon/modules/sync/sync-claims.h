/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Blocks that are on their way, so that no two conversations bring the same ones. Thread: any. */
typedef struct _MhSyncClaims MhSyncClaims;

/* Returns: (transfer full): none */
MhSyncClaims *mh_sync_claims_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_claims_free (MhSyncClaims *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncClaims, mh_sync_claims_free)

/* Returns: (transfer full): those of @ids, 32 bytes each, that nobody brings yet, for
 * mh_sync_claims_give() */
GBytes *mh_sync_claims_take (MhSyncClaims *self, GBytes *ids) G_GNUC_WARN_UNUSED_RESULT;

/* They are here, or do not come. */
void mh_sync_claims_give (MhSyncClaims *self, GBytes *ids);

G_END_DECLS
