/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "audit-store.h"
#include "audit.h"

G_BEGIN_DECLS

#define MH_AUDIT_KEPT 20000 /* ours: records before the oldest go */

struct _MhAudit
{
  MhCore *core; /* (unowned) outlives us */
  GMutex lock;  /* one record is made at a time: each needs the hash of the one before */
};

/* Returns: (transfer full): the record as one JSON line without its hash; what is hashed */
char *mh_audit_line (const MhAuditEvent *event);

/**
 * mh_audit_page:
 * @self: the log
 * @before: only records with a smaller seq
 * @since_ms: only records from then on
 * @types: (nullable): comma-separated; a trailing * matches a prefix
 * @limit: most records
 * @error: return location
 *
 * Returns: (transfer full) (element-type MhAuditEvent): newest first
 */
GPtrArray *mh_audit_page (MhAudit *self, gint64 before, gint64 since_ms, const char *types,
                          guint limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets @intact to whether every record held follows from the one before. */
gboolean
mh_audit_verify (MhAudit *self, gboolean *intact, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
