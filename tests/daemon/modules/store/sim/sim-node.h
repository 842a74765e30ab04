/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-disk.h"

G_BEGIN_DECLS

/*
 * The files of the disk in use, below mh_os_…() and SQLite's VFS. What can fail returns 0 or an
 * errno value.
 */

#define SIM_SHM_LOCKS 8

/* SQLite's locks and shared memory, which belong to the file. */
typedef struct
{
  guint shared; /* holders of at least a shared lock */
  gboolean reserved;
  gboolean pending;
  gboolean exclusive;
  GPtrArray *regions; /* (owned) (nullable) */
  guint users;        /* of the regions */
  guint shared_slots[SIM_SHM_LOCKS];
  gboolean exclusive_slots[SIM_SHM_LOCKS];
} SimLocks;

/* A file or folder. */
typedef struct _SimNode SimNode;

SimNode *sim_node_ref (SimNode *self);
void sim_node_unref (SimNode *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimNode, sim_node_unref)

/* Finds or makes a file; @path %NULL makes one without a name. */
int sim_open (const char *path, gboolean create, gboolean exclusive, SimNode **node);
int sim_exists (const char *path, gboolean *exists);
int sim_make_folder (const char *path);
int sim_list (const char *path, char ***names);
int sim_remove (const char *path);
int sim_rename (const char *from, const char *to);

/* Makes the names in the folder of @path durable. */
int sim_sync_folder_of (const char *path);

int sim_read (SimNode *self, guint64 offset, guint8 *out, gsize size, gsize *got);
int sim_write (SimNode *self, guint64 offset, const guint8 *data, gsize size);
int sim_truncate (SimNode *self, guint64 size);
int sim_punch (SimNode *self, guint64 offset, guint64 size);
int sim_sync (SimNode *self);
guint64 sim_size (SimNode *self);
guint64 sim_skip_hole (SimNode *self, guint64 offset);
guint64 sim_allocated (SimNode *self);
guint64 sim_free_space (void);
SimLocks *sim_locks (SimNode *self);

/* Counts open files, so that none is forgotten. */
void sim_opened (void);
void sim_closed (void);

/* Whether the lock of mh_os_lock() was free. */
gboolean sim_lock (SimNode *self);
void sim_unlock (SimNode *self);

G_END_DECLS
