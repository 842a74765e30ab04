/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/os.h"
#include "catalog.h"
#include "segment.h"
#include "store-private.h"

G_BEGIN_DECLS

/*
 * The writer: one thread that owns the open segment and the writing connection of the index.
 *
 * Others hand it tasks, which it does at once and in order, and commits, which it gathers: all that
 * wait are executed in one index transaction and made durable by one sync of the segment.
 */

typedef struct _MhPending MhPending;

/* Something to do on the writer's thread. */
typedef void (*MhTaskFunc) (MhWriter *self, gpointer data);

/*
 * One change of the catalog. May be called again after all it did was undone, because another
 * change of the same transaction failed. Returns: %FALSE with @error set to have it undone.
 */
typedef gboolean (*MhCommitFunc) (MhWriter *self, gpointer data, GError **error);

/**
 * mh_writer_new:
 * @store: the store, of which segments and clock are ready
 * @index_path: the index
 * @error: return location
 *
 * Brings the index up to date with the segments, then starts the thread.
 *
 * Thread: any. Blocks on disk.
 * Returns: (transfer full): the writer, or %NULL with @error set
 */
MhWriter *
mh_writer_new (MhStore *store, const char *index_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the thread after everything that was handed over is done. */
void mh_writer_free (MhWriter *self);

/* Waits until @bytes more may be under way to the writer. Thread: any but the writer and pools. */
void mh_writer_reserve (MhWriter *self, gsize bytes);

/* Gives back what was reserved. Thread: any. */
void mh_writer_unreserve (MhWriter *self, gsize bytes);

/* Has @func called on the writer's thread, after all that was posted before. Thread: any. */
void mh_writer_post (MhWriter *self, MhTaskFunc func, gpointer data);

/**
 * mh_writer_commit:
 * @self: the writer
 * @func: makes the change
 * @data: its argument
 * @error: return location
 *
 * Waits until the change is durable. Nothing of it remains after an error.
 *
 * Thread: any but the writer. Blocks on disk.
 * Returns: %FALSE with @error set
 */
gboolean mh_writer_commit (MhWriter *self, MhCommitFunc func, gpointer data,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_writer_commit(); when this returns, the index survives a power loss, too. */
gboolean mh_writer_commit_durable (MhWriter *self, MhCommitFunc func, gpointer data,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_writer_append:
 * @self: the writer
 * @record: a record; its epoch is set
 * @payload: its bytes
 * @location: (out): where it lies
 * @error: return location
 *
 * In a commit: appends a copy of a record that lies elsewhere, so that its place can be freed.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_writer_append (MhWriter *self, MhRecord *record, const guint8 *payload,
                           MhLocation *location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_writer_commit_all:
 * @self: the writer
 * @func: makes one of the changes
 * @data: (array length=count): its arguments
 * @count: number of changes
 * @errors: (array length=count) (out): what became of each, %NULL where it is durable
 *
 * As mh_writer_commit() for many changes, which mostly share one transaction and one sync.
 *
 * Thread: any but the writer. Blocks on disk.
 */
void mh_writer_commit_all (MhWriter *self, MhCommitFunc func, gpointer *data, guint count,
                           GError **errors);

/*
 * For tasks and commits, on the writer's thread only
 */

/* Returns: (transfer none): the writing connection */
MhDb *mh_writer_db (MhWriter *self);

/* Returns: (transfer none): the store */
MhStore *mh_writer_store (MhWriter *self);

/**
 * mh_writer_put_block:
 * @self: the writer
 * @vault_id: the vault that gets it
 * @chunk: what is known about it
 * @sealed: @size bytes
 * @size: number of bytes
 * @error: return location
 *
 * Appends a block unless it is there already. It does not become part of the index before a commit
 * calls mh_writer_keep_blocks(); until it is dropped it is not freed either.
 *
 * Returns: (transfer full): the block, to be dropped when done; %NULL with @error set
 */
MhPending *mh_writer_put_block (MhWriter *self, const char *vault_id, const MhChunk *chunk,
                                const guint8 *sealed, gsize size,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_writer_hold_block:
 * @self: the writer
 * @id: a block that may be in the store
 * @error: return location
 *
 * As mh_writer_put_block() for a block that was stored before.
 *
 * Returns: (transfer full) (nullable): the block; %NULL without @error when it is not there
 */
MhPending *
mh_writer_hold_block (MhWriter *self, const guint8 *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_writer_add_block:
 * @self: the writer
 * @vault: the vault that gets it
 * @vault_id: its id
 * @chunk: what is known about it
 * @sealed: its bytes
 * @error: return location
 *
 * In a commit: appends a block unless it is there already, and makes it part of the index.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_writer_add_block (MhWriter *self, const MhVaultRow *vault, const char *vault_id,
                              const MhChunk *chunk, const MhPiece *sealed,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_writer_fill_block:
 * @self: the writer
 * @vault_id: the vault that has it
 * @id: a block
 * @sealed: its bytes, of which @id is the hash
 * @filled: (out): whether it was missing, or damaged
 * @error: return location
 *
 * In a commit: appends a block that versions name and that is not here.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_writer_fill_block (MhWriter *self, const char *vault_id, const guint8 *id,
                               GBytes *sealed, gboolean *filled,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In a commit: appends a block that is kept for a vault whose key is not here, unless it is there,
 * and counts it once more. Returns: %FALSE with @error set */
gboolean mh_writer_add_held (MhWriter *self, const MhVaultRow *vault, const char *vault_id,
                             const guint8 *id, GBytes *sealed,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Writes what was gathered, before anything is read back from the open segment. After a failure all
 * commits of the transaction have failed.
 */
gboolean mh_writer_flush (MhWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether an upload relies on a block, which must then stay in the store */
gboolean mh_writer_holds_block (MhWriter *self, const guint8 *id);

/*
 * In a commit: one version more names each of (element-type MhPending) @blocks, which may have some
 * of them several times. Returns: %FALSE with @error set
 */
gboolean mh_writer_keep_blocks (MhWriter *self, const MhVaultRow *vault, GPtrArray *blocks,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Drops each block of (element-type MhPending) @blocks; space that nobody else uses is freed. */
void mh_writer_drop_blocks (MhWriter *self, GPtrArray *blocks);

/**
 * mh_writer_put_version:
 * @self: the writer
 * @vault_id: its vault
 * @record: the record
 * @location: (out): where it lies
 * @error: return location
 *
 * In a commit: appends a version record. All those of one commit count together or not at all. It
 * can be read once the commit is executed.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_writer_put_version (MhWriter *self, const char *vault_id, GBytes *record,
                                MhLocation *location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In a commit: the version that was put last names blocks that are not here. A crash is not to take
 * that for half a change. */
void mh_writer_mark_partial (MhWriter *self);

G_END_DECLS
