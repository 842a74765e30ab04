/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"
#include "modules/store/store.h"

G_BEGIN_DECLS

/* The pass under way, or the last one. */
typedef struct
{
  gboolean running;
  gint64 started_ms; /* Unix milliseconds, 0 for never */
  gint64 ended_ms;   /* likewise: of the last pass that came to its end */
  MhScrubReport report;
} MhScrubState;

typedef struct
{
  char *vault_id;
  char *path; /* (nullable) */
  char *why;
  gint64 found_ms;
} MhDamagedFile;

void mh_damaged_file_free (MhDamagedFile *self);

/* Errors of all: those of mh_stmt_step(). */
gboolean
mh_storage_store_read (MhDb *db, MhScrubState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes how far the scrub is. */
gboolean mh_storage_store_write (MhDb *db, const MhScrubState *state,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes a damaged file, once. */
gboolean mh_storage_store_add_damage (MhDb *db, const MhDamage *damage, gint64 found_ms,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets all damaged files that were found before @before_ms. */
gboolean mh_storage_store_clear_damage (MhDb *db, gint64 before_ms,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhDamagedFile): by vault and path */
GPtrArray *
mh_storage_store_damage (MhDb *db, guint limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
