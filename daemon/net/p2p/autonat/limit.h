/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/* How often we dial for others. It knows no clock. */

/* Dials in a minute, for one peer and for all together (as go-libp2p has it). */
#define MH_AUTONAT_MOST_OF_PEER 3
#define MH_AUTONAT_MOST_OF_ALL 30
#define MH_AUTONAT_MINUTE_US (60 * (gint64) G_USEC_PER_SEC)

typedef struct _MhAutonatLimit MhAutonatLimit;

/* Returns: (transfer full): one that nothing has been taken of */
MhAutonatLimit *mh_autonat_limit_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Frees it. */
void mh_autonat_limit_free (MhAutonatLimit *self);

/* Returns: whether one more dial for @peer is within the limits of any minute; then it counts */
gboolean mh_autonat_limit_take (MhAutonatLimit *self, const MhPeerId *peer,
                                gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
