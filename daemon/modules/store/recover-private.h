/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "writer-private.h"

G_BEGIN_DECLS

/* A record that the index has not seen. */
typedef struct
{
  MhLocation location;
  MhRecord record;
  gint64 lamport;   /* of a version */
  gboolean torn;    /* its bytes are not those of its id */
  gboolean unread;  /* the disk does not give them, at least now */
  gboolean dropped; /* of a change that is not there as a whole */
} MhFoundRecord;

/* What is being recovered. */
typedef struct
{
  MhWriter *writer;       /* (unowned) */
  GArray *found;          /* (owned) (element-type MhFoundRecord): in the order of writing */
  GHashTable *referenced; /* (owned) (element-type id): blocks that a found version needs */
  GHashTable *touched;    /* (owned) (element-type guint64): segments that were written to */
  GArray *unread;         /* (owned) (element-type MhLocation): what the disk could not read */
  GHashTable *known;      /* (owned) (element-type guint64 guint64): how far each was indexed */
  GArray *voids;          /* (owned) (element-type MhVoid): of segments that were given up */
  guint64 last_epoch;     /* what has this one may be half written */
  gboolean broken;        /* a change of the last epoch was dropped, and so are those after it */
} MhRecovery;

/* Notes that the disk could not read something, which is looked at again at the next start. */
void mh_recovery_note_unread (MhRecovery *self, guint64 segment, guint64 position);

/* Reads a payload and notes when that fails. Returns: (nullable) (transfer full): it, if intact */
GBytes *mh_recovery_read (MhRecovery *self, MhFoundRecord *found) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a record vanish from later scans, and frees its space. */
gboolean mh_recovery_erase (MhRecovery *self, const MhFoundRecord *found,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Writes a record of the last epoch again. A sync of it may have failed before the program ended;
 * then the system still shows it, but takes it for written, and another sync would not help.
 */
gboolean mh_recovery_confirm (MhRecovery *self, const MhFoundRecord *found,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * What was erased must not come back when later records have made it look durable; what is kept has
 * to stay. Makes both durable.
 */
gboolean mh_recovery_sync (MhRecovery *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Decides which of the records found are whole, and makes them part of the index. */
gboolean mh_recovery_index (MhRecovery *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
