/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/*
 * Machines that gave what is wrong: bytes that are not the block, versions that nobody with the key
 * has made, claims to have what they do not. Three times within a day, and a machine is left out
 * for ten minutes, then for twice as long each time. Times are milliseconds of a clock that never
 * goes back. Thread: any.
 */
typedef struct _MhSyncBlame MhSyncBlame;

/* A machine with at least one fault in a day. */
typedef struct
{
  MhPeerId peer;
  guint faults;
  char *why;     /* (owned): the last one, as a sentence */
  gint64 out_ms; /* for how long it is still left out; 0: it is not */
} MhSyncSuspect;

/* Frees it. */
void mh_sync_suspect_free (MhSyncSuspect *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncSuspect, mh_sync_suspect_free)

/* Returns: (transfer full): nobody is to blame */
MhSyncBlame *mh_sync_blame_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_sync_blame_free (MhSyncBlame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSyncBlame, mh_sync_blame_free)

/* Notes a fault. Returns: whether it is left out from now on, and was not before */
gboolean
mh_sync_blame_add (MhSyncBlame *self, const MhPeerId *peer, const char *why, gint64 now_ms);

/* Returns: whether it is left out */
gboolean mh_sync_blame_is_out (MhSyncBlame *self, const MhPeerId *peer, gint64 now_ms);

/* Notes that bytes of a machine were wrong that it had not looked at itself, which is no fault of
 * it yet: from now on it is to look, until this machine starts again. */
void mh_sync_blame_doubt (MhSyncBlame *self, const MhPeerId *peer);

/* Returns: whether that was noted, or for so many that it holds for all */
gboolean mh_sync_blame_is_doubted (MhSyncBlame *self, const MhPeerId *peer);

/* Returns: (transfer full) (element-type MhSyncSuspect): in any order */
GPtrArray *mh_sync_blame_list (MhSyncBlame *self, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
