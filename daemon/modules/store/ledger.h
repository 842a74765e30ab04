/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"

G_BEGIN_DECLS

/**
 * MhLedger:
 *
 * What the commits of an open transaction add to sums in the index: written once for all of them,
 * in the same transaction. Of the writer's thread.
 */
typedef struct _MhLedger MhLedger;

typedef enum
{
  MH_LEDGER_STORED, /* stored_bytes of a vault, by its row */
  MH_LEDGER_LIVE,   /* bytes in use of a segment, by its number */
} MhLedgerSum;

/* Returns: (transfer full): nothing to be added */
MhLedger *mh_ledger_new (void) G_GNUC_WARN_UNUSED_RESULT;

void mh_ledger_free (MhLedger *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhLedger, mh_ledger_free)

/* Adds to a sum. */
void mh_ledger_add (MhLedger *self, MhLedgerSum sum, guint64 key, gint64 delta);

/* Returns: what was added to a sum since the transaction began */
gint64 mh_ledger_get (MhLedger *self, MhLedgerSum sum, guint64 key);

/* Returns: what mh_ledger_undo() goes back to */
guint mh_ledger_mark (MhLedger *self);

/* Takes back what was added since @mark; 0 for everything. */
void mh_ledger_undo (MhLedger *self, guint mark);

/* Writes the sums to the index. Returns: %FALSE with @error set */
gboolean mh_ledger_flush (MhLedger *self, MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
