/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Finding files by parts of their names. Part of store.h. */

/**
 * MhSearchQuery:
 * @vault_id: a vault
 * @words: what to look for, see mh_store_search()
 * @limit: most files, 1 to 1000
 * @cursor: (nullable): where the page before ended
 */
typedef struct
{
  const char *vault_id;
  const char *words;
  guint limit;
  const char *cursor;
} MhSearchQuery;

typedef struct
{
  GPtrArray *files;  /* (owned) (element-type MhFile): the best first */
  char *cursor;      /* (owned) (nullable): %NULL at the end */
  gboolean complete; /* whether all files were looked at; there may be more otherwise */
} MhFound;

void mh_found_free (MhFound *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFound, mh_found_free)

/**
 * mh_store_search:
 * @self: the store
 * @query: what to look for
 * @error: return location
 *
 * Finds the files whose names have every word in them, in any order and anywhere, case and accents
 * apart; two letters only where a word begins, one where it stands alone. `ext:pdf` wants that
 * ending. First come names that are the words, then names that begin with the first, then those
 * that have all at the beginnings of words; equals are in the order of their paths.
 *
 * Of more than 2,000 candidates the newest are looked at, and the newest in which a word begins
 * with the first; the time does not depend on the number of files.
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_NOT_FOUND without such a vault, %MH_ERROR_FAILED
 * Returns: (transfer full): one page, or %NULL with @error set
 */
MhFound *mh_store_search (MhStore *self, const MhSearchQuery *query,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
