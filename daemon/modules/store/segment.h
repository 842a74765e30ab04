/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * A segment file: a header of 64 bytes, then records at multiples of 16 bytes. A record is a header
 * of 96 bytes and its payload; zeros fill up to the next multiple. All numbers are little endian.
 *
 *   segment header                         record header
 *    0  8  "MHSEG\0\0\1"                    0  4  "MHR1"
 *    8  8  id of the segment                4  2  type
 *   16  8  created, Unix milliseconds       6  2  96
 *   24 32  zero                             8  4  bytes of the payload
 *   56  8  SHA-256 of the above, cut off   12  4  blocks: bytes of the file in it; versions: flags
 *                                          16  8  epoch
 *                                          24 32  vault id, filled up with zeros
 *                                          56 32  SHA-256 of the payload
 *                                          88  8  SHA-256 of the above, cut off
 *
 * A block that is kept for a vault whose key is not here has %MH_RECORD_HELD there.
 *
 * The epoch counts the syncs of the store. A record of epoch n + 1 is only written after everything
 * of epoch n is durable: so only records of the last epoch can be torn by a power loss.
 */
#define MH_SEGMENT_HEADER_SIZE 64
#define MH_RECORD_HEADER_SIZE 96
#define MH_RECORD_ALIGNMENT 16
#define MH_VAULT_ID_SIZE 32
#define MH_RECORD_ID_SIZE 32
#define MH_SUPERSEDED_SIZE 32      /* payload: the hash of the version */
#define MH_RECORD_HELD G_MAXUINT32 /* plain_size */

typedef enum
{
  MH_RECORD_BLOCK = 1,
  MH_RECORD_VERSION = 2,
  MH_RECORD_SUPERSEDED = 3, /* hash of a version whose successors were all removed: it is no head */
  MH_RECORD_VOID = 4, /* names segments, or none, whose end does not count: see writer-void.c */
} MhRecordType;

/*
 * Versions that one change makes, as moving a folder does, follow each other without a gap, blocks
 * apart. They count together or not at all. A change that is made durable together with others
 * counts only if those before it do, as it may follow them.
 */
typedef enum
{
  MH_RECORD_FIRST = 0,          /* begins a change, and ends it unless it is followed */
  MH_RECORD_FOLLOWED = 1 << 0,  /* the next record belongs to the same change */
  MH_RECORD_CONTINUES = 1 << 1, /* the record before belongs to the same change */
  MH_RECORD_NEXT = 1 << 2,      /* another change was made durable together with it, before it */
  MH_RECORD_PARTIAL = 1 << 3,   /* it counts without its blocks: some are elsewhere, or of before */
} MhRecordFlags;

typedef struct
{
  MhRecordType type;
  guint32 payload_size;
  guint32 plain_size; /* of a block; not known, 0, of one from another machine */
  guint32 flags;      /* of a version: MhRecordFlags */
  guint64 epoch;
  char vault_id[MH_VAULT_ID_SIZE]; /* NUL-terminated */
  guint8 id[MH_RECORD_ID_SIZE];
} MhRecord;

/* Writes a segment header. Thread: any. */
void mh_segment_header_encode (guint64 id, gint64 created_ms, guint8 out[MH_SEGMENT_HEADER_SIZE]);

/* Returns: whether @in is the header of segment @id. Thread: any. */
gboolean mh_segment_header_check (const guint8 in[MH_SEGMENT_HEADER_SIZE],
                                  guint64 id) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a record header. Thread: any. */
void mh_record_encode (const MhRecord *record, guint8 out[MH_RECORD_HEADER_SIZE]);

/* Returns: %FALSE when @in is not an intact record header. Thread: any. */
gboolean mh_record_decode (MhRecord *record,
                           const guint8 in[MH_RECORD_HEADER_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

/* Hashes an id of %MH_RECORD_ID_SIZE bytes, for hash tables. */
guint mh_id_hash (gconstpointer id);

/* Compares ids, for hash tables. */
gboolean mh_id_equal (gconstpointer a, gconstpointer b);

/* Returns: bytes that a record with that payload takes, header and filling included */
guint64 mh_record_span (guint64 payload_size);

G_END_DECLS
