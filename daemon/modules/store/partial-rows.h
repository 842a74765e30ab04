/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog.h"

G_BEGIN_DECLS

/* The SQL of upload sessions. The rules are those of catalog.h. */

#define MH_PARTIAL_ID_SIZE MH_FILE_ID_SIZE

typedef struct
{
  gint64 ref;
  guint8 id[MH_PARTIAL_ID_SIZE];
  gint64 vault;
  char *path; /* (owned) */
  gint64 size;
  gint64 mtime_ms;
  char *if_match;      /* (owned) (nullable) */
  char *if_none_match; /* (owned) (nullable) */
  gint64 offset;
  gint64 parts;
  gint64 tail_size;
  GBytes *tail_id;    /* (owned): empty without a tail */
  GBytes *tail_chunk; /* (owned): sealed */
  gint64 created_ms;
  gint64 used_ms;
} MhPartialRow;

/* Whole blocks that came in together. */
typedef struct
{
  GBytes *ids;    /* (owned) */
  GBytes *chunks; /* (owned): sealed */
} MhPartialPart;

void mh_partial_row_free (MhPartialRow *self);
void mh_partial_part_free (MhPartialPart *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPartialRow, mh_partial_row_free)

/* Adds a session; its ref is set. */
gboolean
mh_partial_rows_add (MhDb *db, MhPartialRow *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): a session; %MH_ERROR_NOT_FOUND without it */
MhPartialRow *mh_partial_rows_get (MhDb *db, const MhVaultRow *vault, const guint8 *id,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPartialRow): those of a vault, oldest first */
GPtrArray *
mh_partial_rows_list (MhDb *db, const MhVaultRow *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes down how far a session is: offset, parts, tail and time. */
gboolean mh_partial_rows_update (MhDb *db, const MhPartialRow *row,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds whole blocks. */
gboolean mh_partial_rows_add_part (MhDb *db, gint64 session, gint64 number,
                                   const MhPartialPart *part,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPartialPart): all whole blocks, in order */
GPtrArray *
mh_partial_rows_parts (MhDb *db, gint64 session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that a session has a block; @added tells whether it is one more to count. */
gboolean mh_partial_rows_add_block (MhDb *db, gint64 session, const guint8 *id, gboolean whole,
                                    gboolean *added, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets a block that is only a tail; @removed tells whether it is one less to count. */
gboolean mh_partial_rows_remove_tail (MhDb *db, gint64 session, const guint8 *id, gboolean *removed,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets a session whose blocks a version has taken over. */
gboolean
mh_partial_rows_remove (MhDb *db, gint64 session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Hides a session, whose blocks are still to be released. */
gboolean
mh_partial_rows_mark_gone (MhDb *db, gint64 session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Hides all sessions of a vault. */
gboolean
mh_partial_rows_mark_vault (MhDb *db, gint64 vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Finds any session that is hidden; @session is 0 when there is none. */
gboolean
mh_partial_rows_next_gone (MhDb *db, gint64 *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes some blocks away from a session. Returns: (transfer full): their ids */
GBytes *
mh_partial_rows_take_blocks (MhDb *db, gint64 session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhPartialRow): some that were not used since @before_ms */
GPtrArray *
mh_partial_rows_unused (MhDb *db, gint64 before_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
