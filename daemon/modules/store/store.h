/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

G_BEGIN_DECLS

/**
 * MhStore:
 *
 * Everything a home keeps: sealed blocks and signed versions in segment files, and their index.
 * Every function may be called by any number of workers at a time; none may run on a loop.
 */
typedef struct _MhStore MhStore;

/**
 * MhStoreConfig:
 * @blocks_path: folder of the segments; made when missing
 * @index_path: the index, an SQLite database; rebuilt from the segments when missing
 * @signer: signs new versions; outlives the store
 * @clock: (nullable): time of new versions; outlives the store
 * @segment_bytes: size at which a new segment is begun, 0 for 256 MiB
 * @min_free: bytes of the disk that uploads leave free, -1 for the smaller of 5 GiB and 5 % of it
 * @on_fault: (nullable): told each fault that mh_store_fault() gives, on any thread
 * @on_fault_data: its argument
 * @on_space: (nullable): told, after mh_store_start_upkeep(), the sentence of
 * mh_store_check_space() when there is too little space, and %NULL when there is enough again; on
 * any thread
 * @on_space_data: its argument
 * @serial: no threads: everything happens in the call that causes it, in an order that depends on
 *   the calls alone. For tests, which then use the store from one thread.
 */
typedef struct
{
  const char *blocks_path;
  const char *index_path;
  const MhSigner *signer;
  MhClock *clock;
  guint64 segment_bytes;
  void (*on_fault) (const char *sentence, gpointer data);
  gpointer on_fault_data;
  gint64 min_free;
  void (*on_space) (const char *sentence, gpointer data);
  gpointer on_space_data;
  gboolean serial;
} MhStoreConfig;

typedef enum
{
  MH_FILE_OP_PUT = 1,
  MH_FILE_OP_MOVE = 2,
  MH_FILE_OP_DELETE = 3,
} MhFileOp;

/* How much of the content of a file is in the store. */
typedef enum
{
  MH_LOCAL_UNKNOWN, /* nobody has looked: see mh_store_find_local() */
  MH_LOCAL_FULL,
  MH_LOCAL_PARTIAL,
  MH_LOCAL_NONE,
} MhLocal;

/**
 * MhFile:
 *
 * A file as it is now. A deleted one keeps what it was before.
 */
typedef struct
{
  char *file_id; /* 32 hexadecimal digits; stays when the file is renamed */
  char *path;
  gint64 size; /* bytes */
  gint64 mtime_ms;
  char *mime;
  char *content_hash; /* see content.h; 64 hexadecimal digits */
  gboolean deleted;
  gint64 version_count;
  gboolean conflict; /* more than one version without a successor */
  gint64 changed_ms; /* when the version was stored */
  guint mode;        /* permission bits, 0 when they are not known: only mh_reader_file() tells */
  MhLocal local;
} MhFile;

typedef struct
{
  char *id;      /* 64 hexadecimal digits */
  gint64 offset; /* of its first byte in the file */
  gint64 size;   /* bytes of the file that it holds */
} MhFileBlock;

typedef struct
{
  MhFile *file;
  GPtrArray *blocks; /* (element-type MhFileBlock): in order */
  char *parent_hash; /* (nullable): version that this one follows */
  char **conflicts;  /* hashes of the other versions without a successor */
  guint different;   /* blocks, those that are the same counted once */
  guint missing;     /* of these: not in the store, or damaged there */
} MhFileDetail;

typedef struct
{
  char *path;
  gint64 files; /* anywhere below */
  gint64 bytes; /* anywhere below */
  gint64 changed_ms;
} MhFileFolder;

typedef struct
{
  GPtrArray *files;   /* (element-type MhFile) */
  GPtrArray *folders; /* (element-type MhFileFolder) */
  char *cursor;       /* (nullable): %NULL at the end */
} MhFileList;

typedef struct
{
  char *version_hash;
  char **parents;
  char *content_hash; /* (nullable): %NULL for a deletion */
  MhFileOp op;
  char *path;
  gint64 size;
  gint64 mtime_ms;
  gint64 ts_ms;
  char *author; /* peer id */
  gboolean current;
  gboolean head; /* no other version follows it */
} MhFileVersion;

typedef struct
{
  gint64 files;
  gint64 bytes;        /* before compression */
  gint64 stored_bytes; /* sealed blocks that its versions need, each counted once */
} MhStoreTotals;

/**
 * MhKeep:
 * @versions: newest versions of a file that are kept however old they are, at least 1
 * @days: days that every version, and every version of a deleted file, is kept
 */
typedef struct
{
  gint64 versions;
  gint64 days;
} MhKeep;

/**
 * MhVaultLimits:
 * @hard_quota: most bytes of sealed blocks, 0 for no limit
 * @keep: which versions are kept
 * @read_only: whether every change of its files is refused
 */
typedef struct
{
  gint64 hard_quota;
  MhKeep keep;
  gboolean read_only;
} MhVaultLimits;

typedef struct
{
  char *path;
  gint64 deleted_ms;
  gint64 size; /* of the file when it was deleted, bytes */
  char *mime;
  char *content_hash;
  gint64 versions;    /* that can be restored */
  gint64 freed_bytes; /* sealed blocks that nothing else needs */
} MhTrashEntry;

typedef struct
{
  GPtrArray *entries; /* (element-type MhTrashEntry) */
  char *cursor;       /* (nullable): %NULL at the end */
} MhTrashList;

typedef struct
{
  gint64 files;    /* that lost versions */
  gint64 versions; /* that were removed */
  gint64 bytes;    /* sealed blocks that nothing needs any more */
} MhPurged;

/* What mh_store_maintain() did. */
typedef struct
{
  MhPurged pruned;
  gint64 freed_bytes;   /* of segments, given back to the disk */
  gint64 moved_bytes;   /* records that were given another segment */
  gint64 segments_gone; /* files removed */
} MhUpkeep;

void mh_file_free (MhFile *self);
void mh_file_block_free (MhFileBlock *self);
void mh_file_detail_free (MhFileDetail *self);
void mh_file_folder_free (MhFileFolder *self);
void mh_file_list_free (MhFileList *self);
void mh_file_version_free (MhFileVersion *self);
void mh_trash_entry_free (MhTrashEntry *self);
void mh_trash_list_free (MhTrashList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFile, mh_file_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFileBlock, mh_file_block_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFileDetail, mh_file_detail_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFileFolder, mh_file_folder_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFileList, mh_file_list_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFileVersion, mh_file_version_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhTrashList, mh_trash_list_free)

/**
 * mh_store_open:
 * @config: where and with which identity
 * @error: return location
 *
 * Locks the folder, looks at what the index has not seen yet, cuts off what a crash left half
 * written, and starts the writer. Files are readable once their vault is added.
 *
 * Thread: any. Blocks on disk, for long only when the index has to be rebuilt.
 * Errors: %MH_ERROR_CONFLICT when another process has the folder; %MH_ERROR_NO_SPACE;
 *   %MH_ERROR_FAILED
 * Returns: (transfer full): the store, or %NULL with @error set
 */
MhStore *mh_store_open (const MhStoreConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_close:
 * @self: (nullable) (transfer full): a store without uploads and readers
 *
 * Thread: any. Blocks until all that was begun is written.
 */
void mh_store_close (MhStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhStore, mh_store_close)

/**
 * mh_store_fault:
 * @self: the store
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): a sentence about the last fault of disk or data since the
 *   store was opened, or %NULL
 */
char *mh_store_fault (MhStore *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_add_vault:
 * @self: the store
 * @vault_id: 1 to 31 letters and digits
 * @key: 32 bytes; copied
 * @error: return location
 *
 * Makes a vault usable: one that is new, or one whose versions the store holds already.
 *
 * Thread: any worker. Blocks on disk, for long only after the index was rebuilt.
 * Errors: %MH_ERROR_INVALID; %MH_ERROR_FORBIDDEN when @key is not the key of what is stored;
 *   %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_add_vault (MhStore *self, const char *vault_id, const MhSecret *key,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_lock_vault:
 * @self: the store
 * @vault_id: a vault
 *
 * Wipes the key of a vault: nothing of it can be used before mh_store_add_vault(). Readers and
 * uploads under way keep it to their end.
 *
 * Thread: any worker.
 */
void mh_store_lock_vault (MhStore *self, const char *vault_id);

/**
 * mh_store_forget_vault:
 * @self: the store
 * @vault_id: a vault
 * @error: return location
 *
 * Drops the key and the catalog of a vault at once; mh_store_maintain() removes the rest. Readers
 * and uploads under way may end with an error.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_forget_vault (MhStore *self, const char *vault_id,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_totals:
 * @self: the store
 * @vault_id: a vault
 * @totals: (out caller-allocates): sums, kept up to date with every change
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_totals (MhStore *self, const char *vault_id, MhStoreTotals *totals,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_set_limits:
 * @self: the store
 * @vault_id: a vault that was added
 * @limits: what it may use and what is kept
 * @error: return location
 *
 * Holds until the store is closed. Before it is called, the vault has no quota and keeps all.
 *
 * Thread: any.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND
 * Returns: %FALSE with @error set
 */
gboolean mh_store_set_limits (MhStore *self, const char *vault_id, const MhVaultLimits *limits,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_list_trash:
 * @self: the store
 * @vault_id: a vault
 * @limit: most entries, 1 to 1000
 * @cursor: (nullable): where the page before ended
 * @error: return location
 *
 * Lists deleted files that have versions to restore, deleted last first.
 *
 * Thread: any worker. Blocks on disk; reads the record of every version.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): one page, or %NULL with @error set
 */
MhTrashList *mh_store_list_trash (MhStore *self, const char *vault_id, guint limit,
                                  const char *cursor, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_purge_trash:
 * @self: the store
 * @vault_id: a vault
 * @path: (nullable): a deleted file, %NULL for all of them
 * @purged: (out caller-allocates) (nullable): what was removed
 * @error: return location
 *
 * Removes all versions of deleted files but their tombstones. When this returns they do not come
 * back, whatever happens to the index; mh_store_maintain() gives their space back.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID; %MH_ERROR_NOT_FOUND without such a vault or deleted file;
 *   %MH_ERROR_CORRUPT for a version whose record is damaged, and so stays; %MH_ERROR_NO_SPACE,
 *   %MH_ERROR_FAILED, and part may be removed
 * Returns: %FALSE with @error set
 */
gboolean mh_store_purge_trash (MhStore *self, const char *vault_id, const char *path,
                               MhPurged *purged, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_purge_version:
 * @self: the store
 * @vault_id: a vault
 * @path: a file, possibly deleted
 * @content_hash: content of one of its older versions
 * @purged: (out caller-allocates) (nullable): what was removed
 * @error: return location
 *
 * Removes every version of the file with that content, the current ones apart. As
 * mh_store_purge_trash().
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID; %MH_ERROR_NOT_FOUND; %MH_ERROR_CONFLICT when only current versions
 *   have that content; %MH_ERROR_CORRUPT, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_store_purge_version (MhStore *self, const char *vault_id, const char *path,
                                 const char *content_hash, MhPurged *purged,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_maintain:
 * @self: the store
 * @bytes_per_s: most bytes of records to be given another segment in a second, 0 for no limit
 * @upkeep: (out caller-allocates) (nullable): what was done
 * @cancellable: (nullable): ends it early
 * @error: return location
 *
 * Removes the versions that the limits of their vaults do not keep and what is left of forgotten
 * vaults, gives back the space that nothing needs, and rewrites segments that are mostly empty.
 * What an open reader may need waits for the next time.
 *
 * Thread: any worker. Blocks on disk, for as long as there is something to do.
 * Errors: %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %G_IO_ERROR_CANCELLED; what was done stays done
 * Returns: %FALSE with @error set
 */
gboolean mh_store_maintain (MhStore *self, guint64 bytes_per_s, MhUpkeep *upkeep,
                            GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_start_upkeep:
 * @self: a store on which this was not called
 *
 * From now on a thread of the store maintains it: soon, every hour, and after something was purged.
 * It does so slowly enough to stay in the background.
 *
 * Thread: any.
 */
void mh_store_start_upkeep (MhStore *self);

/**
 * mh_store_check_space:
 * @self: the store
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Returns: (transfer full) (nullable): a sentence when the disk has too little space for uploads
 */
char *mh_store_check_space (MhStore *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_get:
 * @self: the store
 * @vault_id: a vault
 * @path: a file
 * @include_deleted: whether a deleted one will do
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): the file, or %NULL with @error set
 */
MhFile *mh_store_get (MhStore *self, const char *vault_id, const char *path,
                      gboolean include_deleted, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_get_detail:
 * @self: the store
 * @vault_id: a vault
 * @path: a file
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: as mh_store_get(), and %MH_ERROR_CORRUPT
 * Returns: (transfer full): the file and what it is made of, or %NULL with @error set
 */
MhFileDetail *mh_store_get_detail (MhStore *self, const char *vault_id, const char *path,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * MhListQuery:
 * @vault_id: a vault
 * @path: (nullable): a folder; %NULL or "/" for the whole vault
 * @include_deleted: whether deleted files are listed too
 * @shallow: only what is directly in the folder; folders below it come as folders
 * @limit: most files and folders together, 1 to 1000
 * @cursor: (nullable): where the page before ended
 */
typedef struct
{
  const char *vault_id;
  const char *path;
  gboolean include_deleted;
  gboolean shallow;
  guint limit;
  const char *cursor;
} MhListQuery;

/**
 * mh_store_list:
 * @self: the store
 * @query: what to list
 * @error: return location
 *
 * Lists in the order of the paths' bytes; a shallow listing gives folders first. The cost depends
 * on the limit, not on the size of the vault.
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND without such a vault or folder, %MH_ERROR_FAILED
 * Returns: (transfer full): one page, or %NULL with @error set
 */
MhFileList *
mh_store_list (MhStore *self, const MhListQuery *query, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_history:
 * @self: the store
 * @vault_id: a vault
 * @path: a file, possibly deleted
 * @error: return location
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: as mh_store_get()
 * Returns: (transfer full) (element-type MhFileVersion): newest first, or %NULL with @error set
 */
GPtrArray *mh_store_history (MhStore *self, const char *vault_id, const char *path,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_restore:
 * @self: the store
 * @vault_id: a vault
 * @path: a file, possibly deleted
 * @content_hash: content of one of its versions
 * @error: return location
 *
 * Makes a new version with the content of an older one. No bytes are copied.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_CONFLICT, %MH_ERROR_NO_SPACE,
 *   %MH_ERROR_CORRUPT, %MH_ERROR_FAILED
 * Returns: (transfer full): the file, or %NULL with @error set and nothing changed
 */
MhFile *mh_store_restore (MhStore *self, const char *vault_id, const char *path,
                          const char *content_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_delete:
 * @self: the store
 * @vault_id: a vault
 * @path: a file
 * @error: return location
 *
 * Leaves a tombstone; older versions can be restored.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set and nothing changed
 */
gboolean mh_store_delete (MhStore *self, const char *vault_id, const char *path,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_store_move:
 * @self: the store
 * @vault_id: a vault
 * @from: a file or folder
 * @to: its new path
 * @error: return location
 *
 * Renames all of it or nothing. No bytes are copied; files keep their ids and their history.
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_CONFLICT when @to is taken or lies in
 *   @from, %MH_ERROR_NO_SPACE, %MH_ERROR_CORRUPT, %MH_ERROR_FAILED
 * Returns: number of files that moved, or -1 with @error set and nothing changed
 */
gint64 mh_store_move (MhStore *self, const char *vault_id, const char *from, const char *to,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * MhReader:
 *
 * The content of one version of a file. Used by one thread at a time.
 */
typedef struct _MhReader MhReader;

/**
 * mh_reader_new:
 * @store: the store
 * @vault_id: a vault
 * @path: a file, possibly deleted when @content_hash is given
 * @content_hash: (nullable): content of one of its versions, %NULL for the current one
 * @error: return location
 *
 * Thread: any worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND, %MH_ERROR_CORRUPT, %MH_ERROR_FAILED
 * Returns: (transfer full): a reader, or %NULL with @error set
 */
MhReader *mh_reader_new (MhStore *store, const char *vault_id, const char *path,
                         const char *content_hash, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_reader_file:
 * @self: a reader
 *
 * Thread: any.
 * Returns: (transfer none): what is being read, as it was in that version
 */
const MhFile *mh_reader_file (MhReader *self);

/**
 * mh_reader_read:
 * @self: a reader
 * @offset: first byte wanted
 * @max: most bytes wanted, at least 1
 * @cancellable: (nullable): gives up
 * @error: return location
 *
 * Gives at least one byte unless @offset is at or beyond the end, but often less than @max: never
 * beyond the end of a block. Each block is verified before any of its bytes is given. Blocks that
 * follow are read ahead while a file is read in order.
 *
 * Thread: the one that uses @self. Blocks on disk.
 * Errors: %MH_ERROR_CORRUPT, naming the file; %MH_ERROR_FAILED; %G_IO_ERROR_CANCELLED
 * Returns: (transfer full): the bytes, none at the end, or %NULL with @error set
 */
GBytes *mh_reader_read (MhReader *self, guint64 offset, gsize max, GCancellable *cancellable,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_reader_free:
 * @self: (nullable) (transfer full): a reader
 *
 * Thread: any worker.
 */
void mh_reader_free (MhReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhReader, mh_reader_free)

/* Bytes of a path, and of one segment of it. */
#define MH_PATH_MOST 4096
#define MH_NAME_MOST 255

/**
 * mh_store_check_path:
 * @path: path of a file or folder
 * @error: return location
 *
 * UTF-8 that begins with "/", at most 4096 bytes, of segments of 1 to 255 bytes other than "." and
 * "..". No normalisation: names stay as they were given.
 *
 * Thread: any.
 * Errors: %MH_ERROR_INVALID, naming the path
 * Returns: %FALSE with @error set
 */
gboolean mh_store_check_path (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a path looks like one under which a file is shown that has to leave its own to another
 * one. Thread: any. */
gboolean mh_store_looks_shown_beside (const char *path);

#include "batch.h"        /* IWYU pragma: export */
#include "fingerprint.h"  /* IWYU pragma: export */
#include "health.h"       /* IWYU pragma: export */
#include "held.h"         /* IWYU pragma: export */
#include "partials.h"     /* IWYU pragma: export */
#include "search.h"       /* IWYU pragma: export */
#include "sync.h"         /* IWYU pragma: export */
#include "tree.h"         /* IWYU pragma: export */
#include "upload.h"       /* IWYU pragma: export */
#include "version-tree.h" /* IWYU pragma: export */
#include "versions.h"     /* IWYU pragma: export */

G_END_DECLS
