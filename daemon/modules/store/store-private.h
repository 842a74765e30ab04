/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/pool.h"
#include "buffers.h"
#include "chunker.h"
#include "db/pool.h"
#include "generations.h"
#include "keys.h"
#include "schedule.h"
#include "segments.h"
#include "store.h"

G_BEGIN_DECLS

typedef struct _MhNames MhNames;
typedef struct _MhPartials MhPartials;
typedef struct _MhWriter MhWriter;

struct _MhStore
{
  const MhSigner *signer; /* (unowned) */
  MhClock *clock;         /* (unowned) (nullable) */
  guint64 segment_bytes;
  void (*on_fault) (const char *sentence, gpointer data); /* (nullable) */
  gpointer on_fault_data;                                 /* (unowned) */
  gboolean serial;                                        /* no threads */
  gint users;                                             /* uploads and readers (atomic) */
  guint64 min_free;                                       /* bytes that uploads leave free */
  void (*on_space) (const char *sentence, gpointer data); /* (nullable) */
  gpointer on_space_data;                                 /* (unowned) */
  MhGear gear;
  MhBuffers *buffers;         /* (owned) */
  MhSegments *segments;       /* (owned) */
  MhGenerations *generations; /* (owned): of readers */
  MhDbPool *readers;          /* (owned) */
  MhPool *sealers;            /* (owned) */
  GMutex sealing_lock;        /* of @sealing alone */
  GQueue sealing;             /* (locked-by sealing_lock): blocks that wait for a sealer */
  gboolean is_one_over;       /* (locked-by sealing_lock): no sealer was called for one of them */
  MhPool *openers;            /* (owned): read-ahead */
  MhWriter *writer;           /* (owned) */
  MhPartials *partials;       /* (owned) */
  MhNames *names;             /* (owned) */
  MhSchedule *schedule;       /* (owned) (nullable) */
  int lock_fd;                /* (owned) */
  GMutex lock;
  GHashTable *vaults; /* (owned) (element-type utf8 MhKeys) (locked-by lock) */
  GHashTable *locked; /* (owned) (element-type utf8) (locked-by lock): known, without their keys */
  GHashTable *limits; /* (owned) (element-type utf8 MhVaultLimits) (locked-by lock) */
  GHashTable *refusals; /* (owned) (element-type utf8 MhRefusal): vaults for whose blocks there was
                           no room (locked-by lock) */
  char *fault;          /* (owned) (nullable) (locked-by lock) */
  MhStoreChanged changed; /* (nullable) (locked-by lock) */
  gpointer changed_data;  /* (locked-by lock) */
  MhStoreFetch fetch;     /* (nullable) (locked-by lock) */
  gpointer fetch_data;    /* (locked-by lock) */
  guint fetching;         /* calls of @fetch that are under way (locked-by lock) */
  GCond fetched;
  gint64 hold_bytes; /* that may be kept for others (locked-by lock) */
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

/* Gives the limits of a vault. Returns: %FALSE when none were set. Thread: any. */
gboolean mh_store_get_limits (MhStore *self, const char *vault_id, MhVaultLimits *limits);

/* Returns: %FALSE with %MH_ERROR_FORBIDDEN for a vault that is read only. Thread: any. */
gboolean mh_store_check_writable (MhStore *self, const char *vault_id,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Refuses what a quota does not allow. Thread: any. */
void mh_store_set_quota_error (const char *vault_id, const MhVaultLimits *limits,
                               gint64 would_be_size, GError **error);

/* What blocks of a vault had no room for. */
typedef struct
{
  gint64 quota;
  gint64 stored; /* bytes of the vault */
  gint64 room;   /* bytes of the disk */
  gint64 at_ms;
  GError *why; /* (owned) */
} MhRefusal;

void mh_refusal_free (MhRefusal *self);

/* Remembers for mh_store_has_room() that there was none. Thread: any worker. */
void mh_store_note_refusal (MhStore *self, const char *vault_id, const GError *why);

/* Asks for mh_store_maintain() to be called soon. Thread: any. */
void mh_store_want_upkeep (MhStore *self);

/* Returns: bytes to be left free where @fd lies; -1 stands for the usual part. Thread: any. */
guint64 mh_store_resolve_min_free (gint64 configured, int fd);

/* Versions were added. On the thread of the writer. */
void mh_store_tell_changed (MhStore *self);

/* As MhStoreFetch, of who is set. */
GBytes *mh_store_fetch_block (MhStore *self, const char *vault_id, const guint8 *id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhSyncBlock) (nullable): the hashes of (element-type
 * GBytes)
 * @sealed; %NULL with @error set when one is not that of (nullable) @wanted. Thread: any. */
GArray *mh_store_hash_sealed (GPtrArray *sealed, const guint8 *wanted,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what the disk has to @space. Thread: any. */
void mh_store_fill_space (MhStore *self, MhStoreSpace *space);

/* Refuses an upload that would leave less than min_free of @free_bytes. Thread: any. */
gboolean mh_store_check_min_free (MhStore *self, guint64 free_bytes, guint64 needed,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Turns a set @error of a lower domain into the public one. Thread: any. */
void mh_store_lift (MhStore *self, GError **error);

G_END_DECLS
