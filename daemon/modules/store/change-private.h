/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "change.h"

G_BEGIN_DECLS

/*
 * What the files called change-… share, for commits of the writer. Everything returns %FALSE or
 * %NULL with @error set.
 */

/* A version about to be made. */
typedef struct
{
  guint8 file_id[MH_FILE_ID_SIZE];
  GBytes *parents; /* (owned) */
  MhFileOp op;
  GBytes *blocks; /* (owned) */
  GBytes *chunks; /* (owned): sealed */
  MhMeta meta;    /* its strings are unowned */
} MhDraft;

void mh_draft_clear (MhDraft *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhDraft, mh_draft_clear)

/* Makes the id of a new file. It begins with the time, so that new files, and the versions of them,
 * come last in the index instead of anywhere; a version record says when it was made anyway. */
void mh_change_make_file_id (MhStore *store, guint8 file_id[MH_FILE_ID_SIZE]);

/* As mh_catalog_get_vault(), but not one that was forgotten while somebody still used it: for what
 * other machines have changed. */
gboolean mh_change_find_vault (MhWriter *writer, MhKeys *keys, MhVaultRow *vault,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for what is changed here: not one that is read only. */
gboolean mh_change_get_vault (MhWriter *writer, MhKeys *keys, MhVaultRow *vault,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds the file at a path, live or deleted; no such file is not an error. */
gboolean mh_change_find_file (MhWriter *writer, const MhVaultRow *vault, const char *path,
                              MhFileRow **file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the file at a path; a deleted one only with @deleted_too */
MhFileRow *mh_change_require_file (MhWriter *writer, const MhVaultRow *vault, const char *path,
                                   gboolean deleted_too, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): a version read back from its segment; @path names it in an error */
MhVersion *mh_change_read_version (MhWriter *writer, gint64 ref, const char *path,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Begins a draft that follows the shown version of @file, of which it borrows, and deletions that
 * lost against it. Other versions of a conflict stay what they are. */
gboolean mh_change_follow (MhWriter *writer, const MhVaultRow *vault, const MhFileRow *file,
                           MhDraft *draft, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fills a draft of the same file with the content of @version.
 * Returns: (transfer full): the meta data that the draft borrows of */
MhMeta *mh_change_take_content (MhVersion *version, MhKeys *keys, MhDraft *draft,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Remembers (element-type MhKnown) content that was stored for the first time. */
gboolean
mh_change_remember (MhWriter *writer, GArray *known, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fails when a change made the vault larger than its quota lets it be. @before is its size before,
 * @plain the size of what came in. */
gboolean mh_change_check_quota (MhWriter *writer, MhKeys *keys, const MhVaultRow *vault,
                                gint64 before, gint64 plain,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Seals, signs, appends and applies a version. The references of its blocks are the caller's. */
gboolean mh_change_make_version (MhWriter *writer, MhKeys *keys, MhVaultRow *vault, MhDraft *draft,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As mh_change_make_version(), for content that the vault has already: counts its blocks. */
gboolean mh_change_make_version_again (MhWriter *writer, MhKeys *keys, MhVaultRow *vault,
                                       MhDraft *draft, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Leaves a tombstone. @is_whole: for all versions of a conflict, not only the shown one */
gboolean mh_change_delete_file (MhWriter *writer, MhKeys *keys, MhVaultRow *vault,
                                const MhFileRow *file, gboolean is_whole,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives a file, live or deleted, the content of one of its versions; %MH_ERROR_NOT_FOUND without
 * it. */
gboolean mh_change_restore_file (MhWriter *writer, MhKeys *keys, MhVaultRow *vault,
                                 const MhFileRow *file, const guint8 *content_hash,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhFileRow): the file at a path, or every file below it;
 * %MH_ERROR_NOT_FOUND without any */
GPtrArray *mh_change_find_tree (MhWriter *writer, const MhVaultRow *vault, const char *from,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fails when what is at @from cannot go to @to, because that is taken or lies in @from. */
gboolean mh_change_check_free (MhWriter *writer, const MhVaultRow *vault, const char *from,
                               const char *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): what a file of that name is taken for */
char *mh_change_guess_mime (const char *path) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
