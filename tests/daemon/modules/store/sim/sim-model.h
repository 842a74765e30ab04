/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/content.h"
#include "modules/store/store.h"
#include "sim-random.h"

G_BEGIN_DECLS

/* Contents of files, by number. Files share parts, so that blocks are shared. */
typedef struct
{
  MhGear gear;
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

typedef enum
{
  SIM_PUT,
  SIM_DELETE,
  SIM_RESTORE,
  SIM_MOVE,
} SimStepKind;

/* A change that the store is asked for. */
typedef struct
{
  SimStepKind kind;
  const char *vault; /* (unowned): for ever */
  char *path;        /* (owned) */
  char *to;          /* (owned) (nullable): when moving */
  guint content;     /* when putting and restoring */
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

/* Returns: (transfer full): the state of a vault as text, in the form of sim_dump_store() */
char *sim_model_dump (const SimModel *self, const char *vault, SimContents *contents);

/* Returns: (transfer full): the state of a vault as text, or %NULL with @error set */
char *sim_dump_store (MhStore *store, const char *vault, guint page, GError **error);

/* Returns: (nullable): one of the files, live or not */
const char *sim_model_any_path (const SimModel *self, const char *vault, SimRandom *random);

/* Returns: whether @path has a version with content, and then one of them */
gboolean sim_model_any_content (const SimModel *self, const char *vault, const char *path,
                                SimRandom *random, guint *content);

G_END_DECLS
