/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "change.h"
#include "chunker.h"
#include "store-private.h"

G_BEGIN_DECLS

/* The blocks of an upload on their way through sealers and the writer. */

struct _MhUpload
{
  int references;      /* the user's and one of each block under way */
  MhStore *store;      /* (unowned) */
  MhKeys *keys;        /* (owned) */
  char *path;          /* (owned) */
  char *if_match;      /* (owned) (nullable) */
  char *if_none_match; /* (owned) (nullable) */
  gboolean beside;
  gint64 mtime_ms;
  guint mode;
  gint64 size;
  MhChunker chunker;
  MhBuffer *buffer; /* (owned) (nullable): one free byte and the block that is being filled */
  gsize filled;     /* bytes of the block */

  GMutex lock;
  GCond settled;
  guint under_way; /* blocks (locked-by lock) */
  GArray *chunks;  /* (owned) (element-type MhChunk) (locked-by lock) */
  GError *error;   /* (owned) (nullable) (locked-by lock): the first */
  GArray *known;   /* (owned) (element-type MhKnown) (locked-by lock): content that was new */
  GPtrArray *held; /* (owned) (element-type MhPending): of the writer's thread */
  gboolean prepared;
  MhChangePut change; /* what the commit gets, once prepared */
};

/* Sends the block that is in the buffer on its way. Waits while too much is under way. */
void mh_upload_submit (MhUpload *self);

/* Waits until every block is sealed and written. */
void mh_upload_wait (MhUpload *self);

/* Lets go of a reference. Thread: any. */
void mh_upload_unref (MhUpload *self);

/* On the writer's thread: the last thing that happens to an upload. */
void mh_upload_release (MhWriter *writer, gpointer data);

G_END_DECLS
