/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ledger.h"
#include "writer.h"

G_BEGIN_DECLS

typedef enum
{
  MH_PENDING_WRITTEN, /* in a segment, not in the index */
  MH_PENDING_KEPT,    /* in the transaction that is open */
  MH_PENDING_INDEXED, /* in the index */
  MH_PENDING_GONE,    /* its bytes were lost or given back */
} MhPendingState;

/* A block that was written, until it is indexed and nobody waits for it. */
struct _MhPending
{
  guint references; /* one of the segment's queue, one of each holder */
  guint holders;    /* uploads that rely on it */
  MhPendingState state;
  guint8 id[MH_BLOCK_ID_SIZE];
  MhLocation location;
};

/* A segment that is open for writing, or has blocks that are not in the index yet. */
typedef struct
{
  guint64 id;
  int fd;
  guint64 end;          /* where the next record goes */
  guint64 synced;       /* everything before it is durable */
  guint64 started;      /* writing back was asked for up to here */
  GByteArray *gathered; /* (owned): the last bytes before @end, which are still to be written */
  GQueue pending;       /* (owned) (element-type MhPending): by position */
  gboolean given_up;    /* the disk failed: one of the writer's voids */
} MhSegmentOut;

/* Called before a commit is executed; may commit something else. */
typedef void (*MhGatherFunc) (gpointer data);

/* What is in a segment from here on was not acknowledged and must never count. */
typedef struct
{
  guint64 segment;
  guint64 from;
} MhVoid;

struct _MhWriter
{
  MhStore *store;  /* (unowned) */
  GThread *thread; /* (owned): owned by us, ends in mh_writer_free() */
  GMutex lock;
  GCond wake;           /* something in the queue */
  GCond room;           /* less reserved */
  GCond finished;       /* a commit is done */
  GQueue jobs;          /* (owned) (element-type Job) (locked-by lock) */
  gsize reserved;       /* bytes (locked-by lock) */
  gboolean ending;      /* (locked-by lock) */
  gboolean serving;     /* without a thread: a caller does what is queued */
  GPtrArray *waiting;   /* (owned) (element-type Job): commits to be made durable together */
  MhGatherFunc gather;  /* (nullable) */
  gpointer gather_data; /* (unowned) */

  /* of the thread */
  MhDb *db;             /* (owned) */
  GHashTable *pending;  /* (owned) (element-type id MhPending): written, kept, or held */
  GHashTable *segments; /* (owned) (element-type guint64 MhSegmentOut) */
  MhSegmentOut *open;   /* (nullable): where to append; one of @segments */
  guint64 last_segment; /* highest id in use */
  guint64 spare;        /* bytes that the disk had free, less what was written since; 0: ask */
  guint64 foreign;      /* bytes of blocks from other machines that are not durable yet */
  guint64 epoch;
  MhLedger *ledger;   /* (owned): of the open transaction */
  GPtrArray *kept;    /* (owned) (element-type MhPending): by the open transaction */
  GError *lost;       /* (owned) (nullable): records of the open transaction could not be written */
  GBytes *version;    /* (owned) (nullable): made by the change under way, to be written next */
  guint versions;     /* made by the open transaction */
  gboolean continues; /* the change under way has made a version */
  MhRecord version_record; /* of it */
  gboolean incomplete;     /* the disk did not give all at the start: nothing is freed */
  GArray *voids;           /* (owned) (element-type MhVoid): not on record yet */
  GArray *unused;          /* (owned) (element-type MhLocation): to be punched after that */
};

/* Opens the index and reads what it does not know from the segments. */
gboolean mh_writer_recover (MhWriter *self, const char *index_path,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Counts what is in use when the index does not know it yet: it was made by an older version. Call
 * in a transaction.
 */
gboolean mh_writer_count (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a segment file, opened as @fd, to the ones that can be written. */
MhSegmentOut *mh_writer_adopt_segment (MhWriter *self, guint64 id, int fd, guint64 end);

/* Opens a segment for appending when there is none, or the open one is full. */
gboolean
mh_writer_ready_segment (MhWriter *self, guint64 span, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the open segment durable. After a failure it is given up. */
gboolean mh_writer_sync (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the last version that a change has made. Returns: %FALSE with @error set */
gboolean mh_writer_end_change (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets a version that was not written yet. */
void mh_writer_drop_change (MhWriter *self);

/*
 * Appends a record to the open segment. Only in a commit may it be gathered with others: outside
 * of one, nothing else waits for mh_writer_flush(). Returns: %FALSE with @error set
 */
gboolean mh_writer_append_record (MhWriter *self, MhRecord *record, const guint8 *payload,
                                  gboolean gather, MhLocation *location,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets go of a reference. */
void mh_pending_unref (MhPending *self);

/* Returns: (transfer full): @self, with one holder more */
MhPending *mh_pending_hold (MhPending *self);

/* In a commit: one version more names @block. Returns: %FALSE with @error set */
gboolean mh_writer_keep_block (MhWriter *self, const MhVaultRow *vault, MhPending *block,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Nobody asks for the block any more; another one with its id may have taken its place. */
void mh_writer_forget_block (MhWriter *self, MhPending *block);

/* Nothing is appended to the open segment any more, and nothing counts from @from on. */
void mh_writer_give_up (MhWriter *self, guint64 from);

/* Puts the voids on record in the open segment. Returns: %FALSE with @error set */
gboolean mh_writer_write_voids (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * A commit that writes a record which says nothing, so that none of those before is of the last
 * epoch. These count only as far as they are whole, and must be as they were written.
 */
gboolean mh_writer_mark (MhWriter *self, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In the transaction after that was made durable. Returns: %FALSE with @error set */
gboolean mh_writer_note_voids (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* They are on record for good: cuts off what does not count. */
void mh_writer_forget_voids (MhWriter *self);

/* Cuts off what does not count. Returns: %FALSE when that is not durable */
gboolean mh_writer_cut_void (MhWriter *self, const MhVoid *given_up) G_GNUC_WARN_UNUSED_RESULT;

/* Frees the space of (element-type MhLocation) @locations, which are sorted for it. */
void mh_writer_punch (MhWriter *self, GArray *locations);

/* Reads such a record into (element-type MhVoid) @voids. */
void mh_void_decode (GBytes *payload, GArray *voids);

/* Notes in the index that nothing counts in a segment from @from on. */
gboolean mh_void_set (MhDb *db, const MhVoid *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads from where on nothing counts in a segment, G_MAXUINT64 when everything does. */
gboolean mh_void_get (MhDb *db, MhVoid *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Cuts the open segment back to @end; gives it up when that fails. */
void mh_writer_cut (MhWriter *self, guint64 end);

/* Writes to the index how far each segment is indexed, and the sums of the transaction. */
gboolean mh_writer_note_indexed (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Settles the blocks of the open transaction, which was committed or not. */
void mh_writer_settle_kept (MhWriter *self, guint from, gboolean committed);

/* Closes segments that are of no further use. */
void mh_writer_close_idle (MhWriter *self);

/*
 * For a writer without a thread: what @func commits is executed and made durable together with the
 * commit that waits meanwhile. %NULL for none.
 */
void mh_writer_set_gather (MhWriter *self, MhGatherFunc func, gpointer data);

void mh_segment_out_free (gpointer segment);

G_END_DECLS
