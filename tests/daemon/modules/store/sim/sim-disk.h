/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sim-random.h"

G_BEGIN_DECLS

/**
 * SimDisk:
 *
 * A file system in memory that does to a program whatever a disk can do. A file is what is durable
 * and the changes since its last sync; a folder likewise. At a power cut each unsynced change of a
 * file is kept, lost or torn at 512 bytes, and a folder keeps some of its first unsynced changes.
 * A truncation that is lost takes with it what was written behind its end afterwards, as the size
 * is in the journal. A failed sync settles the changes in the same way, and never tries them again.
 *
 * Everything depends on the seed and the calls alone.
 */
typedef struct _SimDisk SimDisk;

/* Chances of a failure in a thousand calls. */
typedef struct
{
  guint read;
  guint write;   /* part of it is done before it fails */
  guint sync;    /* of files and folders */
  guint name;    /* making, renaming and removing a file, and listing */
  guint evict;   /* percent: a failed sync's pages are read from the disk again at once */
  gboolean only; /* only segments or, with index, only the index */
  gboolean index;
} SimFaults;

typedef enum
{
  SIM_KILL,      /* the program ends, the system goes on: nothing is lost */
  SIM_POWER_CUT, /* the system ends */
} SimCrash;

SimDisk *sim_disk_new (guint64 seed);
void sim_disk_free (SimDisk *self);

/* Makes @self the one that mh_os_…() and SQLite's default VFS reach; %NULL for none. */
void sim_disk_use (SimDisk *self);

/* Calls that reached the disk. */
guint64 sim_disk_operations (SimDisk *self);

/* Calls that changed a segment. */
guint64 sim_disk_segment_changes (SimDisk *self);

/* The disk dies in the middle of the call after @operations - 1 more; 0 for never. */
void sim_disk_die_after (SimDisk *self, guint operations);

/* Whether it died: every call fails. */
gboolean sim_disk_is_dead (SimDisk *self);

/* The disk as it is found after a crash. Nothing may be open. */
void sim_disk_revive (SimDisk *self, SimCrash crash);

/* %NULL for none. */
void sim_disk_set_faults (SimDisk *self, const SimFaults *faults);

/* A disk that lives does not fail and does not die while somebody only looks. */
void sim_disk_pause_faults (SimDisk *self, gboolean paused);

/* Whether a fault was injected since the faults were set. */
gboolean sim_disk_has_failed (SimDisk *self);

/* Whether a sync of the index failed since this was asked last. */
gboolean sim_disk_take_index_unsynced (SimDisk *self);

/* Room for @bytes more; with @secret nobody is told before a write fails. */
void sim_disk_set_room (SimDisk *self, guint64 bytes, gboolean secret);

/* A disk that lies: syncs succeed and do nothing. */
void sim_disk_set_lying (SimDisk *self, gboolean lying);

/* Drops the pages of failed syncs from memory, as any program may cause. */
void sim_disk_evict (SimDisk *self);

/* Removes a file durably. */
void sim_disk_lose (SimDisk *self, const char *path);

/* Flips a bit of what is durable and in memory. Returns: %FALSE beyond the end */
gboolean sim_disk_flip (SimDisk *self, const char *path, guint64 bit);

/* Cuts a file. Returns: its size before */
guint64 sim_disk_cut (SimDisk *self, const char *path, guint64 size);

/* Bytes in use. */
guint64 sim_disk_used (SimDisk *self);

/* A number that differs when anything durable differs. */
guint64 sim_disk_hash (SimDisk *self);

/* Makes SQLite use the disk in use. Once a process. */
void sim_vfs_register (void);

/* Seeds the random numbers of SQLite. */
void sim_vfs_seed (guint64 seed);

/* Seeds what the substitutes of the system's random numbers give. */
void sim_seed_random_bytes (guint64 seed);

G_END_DECLS
