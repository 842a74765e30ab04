/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/content.h"
#include "modules/store/seal.h"
#include "modules/store/store.h"
#include "sim-random.h"

G_BEGIN_DECLS

/* A part of a content, as it is stored. Plain data. */
typedef struct
{
  guint8 id[32];
  gint64 size; /* sealed */
} SimBlock;

/* Contents of files, by number. Files share parts, so that blocks are shared. */
typedef struct
{
  MhGear gear;
  MhBuffers *buffers;  /* (owned) */
  MhKeys *keys;        /* (owned): of no vault; blocks are equal in all vaults or in none */
  GPtrArray *blocks;   /* (owned) (element-type GArray of SimBlock) */
  GPtrArray *bytes;    /* (owned) (element-type GBytes) */
  GPtrArray *hashes;   /* (owned) (element-type utf8): content hashes */
  GHashTable *by_hash; /* (owned): number + 1 */
} SimContents;

SimContents *sim_contents_new (void);
void sim_contents_free (SimContents *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimContents, sim_contents_free)

/* Returns: the number of a content of about @size bytes */
guint sim_contents_add (SimContents *self, SimRandom *random, gsize size);
GBytes *sim_contents_get (SimContents *self, guint content);
const char *sim_contents_hash (SimContents *self, guint content);

/* Returns: (nullable): the bytes with that hash */
GBytes *sim_contents_find (SimContents *self, const char *hash);

/* Returns: (element-type SimBlock): what it is stored as, in order */
GArray *sim_contents_blocks (SimContents *self, guint content);

typedef enum
{
  SIM_PUT,
  SIM_DELETE,
  SIM_RESTORE,
  SIM_MOVE,
  SIM_PURGE_TRASH, /* of a path, or with %NULL all */
  SIM_PURGE_VERSION,
  SIM_RETAIN, /* removes what the rule of the vault does not keep */
} SimStepKind;

/* A change that the store is asked for. */
typedef struct
{
  SimStepKind kind;
  const char *vault; /* (unowned): for ever */
  char *path;        /* (owned) (nullable) */
  char *to;          /* (owned) (nullable): when moving */
  guint content;     /* when putting, restoring and purging */
  gint64 now_ms;     /* when it is done */
  MhKeep keep;       /* when retaining */
  gboolean cut;      /* the disk died during it */
} SimStep;

SimStep *sim_step_new (SimStepKind kind, const char *vault, const char *path);
SimStep *sim_step_copy (const SimStep *self);
void sim_step_free (SimStep *self);
char *sim_step_describe (const SimStep *self, SimContents *contents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimStep, sim_step_free)

/* What is in the vaults when everything acknowledged is there and nothing else. */
typedef struct _SimModel SimModel;

SimModel *sim_model_new (void);
SimModel *sim_model_copy (const SimModel *self);
void sim_model_free (SimModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimModel, sim_model_free)

/* Makes the change. Returns: %FALSE when the rules forbid it */
gboolean sim_model_apply (SimModel *self, const SimStep *step);

/* The files of a vault are gone, and what they had. */
void sim_model_forget (SimModel *self, const char *vault);

/* What the last step that removes versions has removed; without the bytes. */
const MhPurged *sim_model_removed (const SimModel *self);

/* Deleted files of which the last step has removed something. */
guint sim_model_removed_deleted (const SimModel *self);

/* What was removed does not come back, not even when the index is made anew. */
void sim_model_seal (SimModel *self);

/* What the last step has removed may be there or not. */
void sim_model_blur (SimModel *self);

/* Whether it is known of all versions whether they are there, now and with a new index. */
gboolean sim_model_is_sure (const SimModel *self);

/*
 * Finds out what is vague and, after the index was made anew, what has come back. @present has the
 * keys of the versions that are there, see sim_version_key(), and how many there are of each.
 * Returns: whether anything is back
 */
gboolean
sim_model_resolve (SimModel *self, SimContents *contents, GHashTable *present, gboolean rebuilt);

/* Returns: (transfer full): what tells a version from all others, but for one of the same content
 * at the same time */
char *sim_version_key (const char *vault, MhFileOp op, const char *path, gint64 ts_ms,
                       const char *content_hash);

/* Sums of a vault: stored and, over all its versions, referenced bytes. */
void sim_model_sums (const SimModel *self, const char *vault, SimContents *contents, gint64 *stored,
                     gint64 *referenced);

/* Returns: (transfer full): the trash of a vault as text, in the form of sim_dump_trash() */
char *sim_model_dump_trash (const SimModel *self, const char *vault, SimContents *contents);

/* Returns: (transfer full): the trash of a vault as text, or %NULL with @error set */
char *sim_dump_trash (MhStore *store, const char *vault, guint page, GError **error);

/* Returns: (transfer full): the state of a vault as text, in the form of sim_dump_store() */
char *sim_model_dump (const SimModel *self, const char *vault, SimContents *contents);

/* Returns: (transfer full): the state of a vault as text, or %NULL with @error set */
char *sim_dump_store (MhStore *store, const char *vault, guint page, GError **error);

/* Returns: (nullable): one of the files, live or not */
const char *sim_model_any_path (const SimModel *self, const char *vault, SimRandom *random);

/* Returns: (nullable): one of the deleted files with versions to restore */
const char *sim_model_any_trash (const SimModel *self, const char *vault, SimRandom *random);

/* Returns: whether @path has a version with content, and then one of them */
gboolean sim_model_any_content (const SimModel *self, const char *vault, const char *path,
                                SimRandom *random, guint *content);

G_END_DECLS
