/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "segment.h"

G_BEGIN_DECLS

/**
 * MhScan:
 *
 * Goes through the records of a segment file in their order. After damage or a hole it finds its
 * way again. Only headers are looked at.
 */
typedef struct
{
  int fd;              /* (unowned) */
  guint64 offset;      /* where to look next */
  guint64 size;        /* of the file, bytes */
  guint8 *window;      /* (owned) */
  guint unread;        /* how many times the disk failed to read; records there are passed over */
  guint64 unread_from; /* where it failed first */
} MhScan;

/* Begins at @offset, a multiple of the alignment of records. */
void mh_scan_init (MhScan *self, int fd, guint64 offset, guint64 size);

/* Frees what the scan needed; the file stays open. */
void mh_scan_clear (MhScan *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhScan, mh_scan_clear)

/**
 * mh_scan_next:
 * @self: the scan
 * @record: (out caller-allocates): a record that lies in the file as a whole
 * @position: (out): of its header
 *
 * Thread: any. Blocks on disk.
 * Returns: %FALSE at the end of the file
 */
gboolean mh_scan_next (MhScan *self, MhRecord *record, guint64 *position);

G_END_DECLS
