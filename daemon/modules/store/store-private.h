/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "buffers.h"
#include "chunker.h"
#include "db/pool.h"
#include "keys.h"
#include "segments.h"
#include "store.h"

G_BEGIN_DECLS

typedef struct _MhWriter MhWriter;

struct _MhStore
{
  const MhSigner *signer; /* (unowned) */
  MhClock *clock;         /* (unowned) (nullable) */
  guint64 segment_bytes;
  void (*on_fault) (const char *sentence, gpointer data); /* (nullable) */
  gpointer on_fault_data;                                 /* (unowned) */
  gboolean serial;                                        /* no threads */
  MhGear gear;
  MhBuffers *buffers;   /* (owned) */
  MhSegments *segments; /* (owned) */
  MhDbPool *readers;    /* (owned) */
  MhPool *sealers;      /* (owned) */
  MhPool *openers;      /* (owned): read-ahead */
  MhWriter *writer;     /* (owned) */
  int lock_fd;          /* (owned) */
  GMutex lock;
  GHashTable *vaults; /* (owned) (element-type utf8 MhKeys) (locked-by lock) */
  char *fault;        /* (owned) (nullable) (locked-by lock) */
};

/* Returns: Unix milliseconds. Thread: any. */
gint64 mh_store_now_ms (MhStore *self);

/* Remembers a fault of disk or data for mh_store_fault(). Thread: any. */
void mh_store_set_fault (MhStore *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * mh_store_keys:
 * @self: the store
 * @vault_id: a vault
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_NOT_FOUND
 * Returns: (transfer full): its keys, or %NULL with @error set
 */
MhKeys *
mh_store_keys (MhStore *self, const char *vault_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Turns a set @error of a lower domain into the public one. Thread: any. */
void mh_store_lift (MhStore *self, GError **error);

G_END_DECLS
