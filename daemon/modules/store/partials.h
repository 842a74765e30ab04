/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/upload.h"

/* Uploads that come in pieces, and survive a restart. Part of store.h. */

/* How long a session may be unused. */
#define MH_PARTIAL_UNUSED_MS (G_GINT64_CONSTANT (7) * 24 * 60 * 60 * 1000)

typedef struct
{
  char *id; /* 32 hexadecimal digits */
  char *path;
  gint64 size;   /* bytes that are to come, all together */
  gint64 offset; /* bytes that are kept: where to go on */
  gint64 mtime_ms;
  gint64 created_ms;
  gint64 expires_ms; /* when it ends if nothing comes */
  gboolean busy;     /* somebody writes to it; only set by mh_partial_get() and mh_partial_list() */
} MhPartial;

void mh_partial_free (MhPartial *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPartial, mh_partial_free)

/**
 * mh_partial_begin:
 * @store: the store
 * @request: what and where; its size is that of the whole file
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: as mh_upload_new(); %MH_ERROR_CONFLICT when there are 1,000 in the vault
 * Returns: (transfer full): a session without bytes, or %NULL with @error set
 */
MhPartial *mh_partial_begin (MhStore *store, const MhUploadNew *request,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_partial_get:
 * @store: the store
 * @vault_id: a vault
 * @id: a session of it
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): the session as it is kept, or %NULL with @error set
 */
MhPartial *mh_partial_get (MhStore *store, const char *vault_id, const char *id,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_partial_list:
 * @store: the store
 * @vault_id: a vault
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: as mh_partial_get()
 * Returns: (transfer full) (element-type MhPartial): oldest first, or %NULL with @error set
 */
GPtrArray *
mh_partial_list (MhStore *store, const char *vault_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_partial_give_up:
 * @store: the store
 * @vault_id: a vault
 * @id: a session of it
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: as mh_partial_get(), and %MH_ERROR_CONFLICT while somebody writes to it
 * Returns: %FALSE with @error set
 */
gboolean mh_partial_give_up (MhStore *store, const char *vault_id, const char *id,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * MhPartialWriter:
 *
 * The right to write to a session. Used by one thread at a time.
 */
typedef struct _MhPartialWriter MhPartialWriter;

/**
 * mh_partial_open:
 * @store: the store
 * @vault_id: a vault
 * @id: a session of it
 * @offset: where the caller goes on, or -1 for wherever the session is
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: as mh_partial_get(); %MH_ERROR_CONFLICT when somebody else writes to it, or @offset is
 * not where it is: then with the detail `offset` Returns: (transfer full): the writer, or %NULL
 * with @error set
 */
MhPartialWriter *mh_partial_open (MhStore *store, const char *vault_id, const char *id,
                                  gint64 offset, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_partial_write:
 * @self: a writer
 * @data: @size bytes
 * @size: number of bytes
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * What is written is kept every 64 MiB, and by mh_partial_save().
 *
 * Thread: the one that uses @self. Blocks while the disk is slower than the caller.
 * Errors: as mh_upload_write(); %MH_ERROR_INVALID for more bytes than were announced
 * Returns: %FALSE with @error set; the writer can then only be closed
 */
gboolean mh_partial_write (MhPartialWriter *self, const guint8 *data, gsize size,
                           GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_partial_save:
 * @self: a writer
 * @error: return location
 *
 * When this returns, every byte that was written survives a power loss.
 *
 * Thread: the one that uses @self. Blocks on disk.
 * Errors: as mh_upload_write(), the quota among them
 * Returns: %FALSE with @error set; the writer can then only be closed
 */
gboolean mh_partial_save (MhPartialWriter *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none): the session as it is kept. Thread: the one that uses @self. */
const MhPartial *mh_partial_writer_state (MhPartialWriter *self);

/**
 * mh_partial_finish:
 * @self: a writer
 * @cancellable: (nullable): gives up, until the commit has begun
 * @error: return location
 *
 * Makes the file appear and ends the session. After a restart all bytes are read once more for
 * that.
 *
 * Thread: the one that uses @self. Blocks on disk, perhaps for long.
 * Errors: as mh_upload_finish(); %MH_ERROR_CONFLICT with the detail `offset` when bytes are
 * missing; %MH_ERROR_CORRUPT when one of its blocks is damaged. The session stays. Returns:
 * (transfer full): the file, or %NULL with @error set and nothing changed
 */
MhFile *mh_partial_finish (MhPartialWriter *self, GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_partial_close:
 * @self: (nullable) (transfer full): a writer
 *
 * Gives the right back. What was not kept is lost.
 *
 * Thread: any worker.
 */
void mh_partial_close (MhPartialWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPartialWriter, mh_partial_close)
