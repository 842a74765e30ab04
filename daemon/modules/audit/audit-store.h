/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/hash.h"
#include "db/db.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 seq;
  gint64 ts_ms;
  char *type;
  char *actor;
  char *ip;
  char *target;
  char *detail;
  guint8 prev[MH_SHA256_SIZE];
  guint8 hash[MH_SHA256_SIZE];
} MhAuditEvent;

void mh_audit_event_free (MhAuditEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhAuditEvent, mh_audit_event_free)

/* The last record; an all-zero one with seq 0 for an empty log. */
MhAuditEvent *mh_audit_store_last (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds @event as it is, hashes and all. */
gboolean mh_audit_store_insert (MhDb *db, const MhAuditEvent *event,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Deletes the records with a seq up to and including @seq. */
gboolean mh_audit_store_prune (MhDb *db, gint64 seq, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Records with seq below @before and ts_ms from @since_ms on, newest first.
 * Returns: (transfer full) (element-type MhAuditEvent) */
GPtrArray *mh_audit_store_page (MhDb *db, gint64 before, gint64 since_ms, guint limit,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Records with seq above @after, oldest first. */
GPtrArray *mh_audit_store_after (MhDb *db, gint64 after, guint limit,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
