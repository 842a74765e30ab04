/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/pool.h"
#include "folders-store.h"
#include "modules/store/store.h"
#include "walk.h"

G_BEGIN_DECLS

/*
 * One look at a folder and its vault, or at parts of them, and what follows from it. All of this
 * belongs to the one worker of the folder.
 */

typedef struct
{
  guint walked;   /* files of the folder */
  guint ingested; /* of these, that came to the vault, were moved or deleted there */
  guint written;  /* files that came to the folder, were moved or deleted there */
  guint errors;
} MhPassCounts;

typedef struct
{
  MhStore *store;            /* (unowned) */
  MhDbPool *db;              /* (unowned) */
  MhDisk *disk;              /* (unowned) */
  const MhIgnore *ignore;    /* (unowned) */
  const MhFolderRow *row;    /* (unowned) */
  const char *node;          /* (unowned): what this machine is called, for names of conflicts */
  const char *peer_id;       /* (unowned): of this machine */
  GCancellable *cancellable; /* (unowned) */
  void (*tell) (const MhPassCounts *counts, const char *current, gpointer data); /* now and then */
  void (*publish) (const char *path, const char *op, gpointer data); /* the vault was changed */
  gpointer data;                                                     /* of both */

  MhWalk walk;         /* (owned): what the folder has */
  GHashTable *entries; /* (owned) (element-type utf8 MhEntry) */
  GPtrArray *done;     /* (owned) (element-type MhEntry): whose agreement is still to be written */
  GHashTable *again;   /* (owned) (element-type utf8): what has to be looked at again */
  GPtrArray *failures; /* (owned) (element-type MhLeftOut) */
  GHashTable *known;   /* (owned) (nullable) (element-type utf8): ids of all files of the vault */
  MhPassCounts counts;
  gboolean undoes;    /* what the folder has is put back: also what was written a moment ago */
  gboolean waits;     /* for blocks that are on other machines */
  gboolean wants_all; /* what was looked at tells of something elsewhere: everything has to be */
} MhPass;

/* Makes an empty one, of which the first members are to be set. */
void mh_pass_init (MhPass *self);

/* Gives back what is in it. */
void mh_pass_clear (MhPass *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhPass, mh_pass_clear)

/**
 * mh_pass_gather:
 * @self: a pass
 * @paths: (element-type utf8): files and folders to be looked at, "" for everything; none is in
 *   another one. Those that belong to them are added.
 * @busy: (element-type utf8): files that are being written, which are left for later
 * @error: return location
 *
 * Finds out what was agreed, what the folder has and what the vault has.
 *
 * Errors: what kept it from being found out; then nothing may be done
 * Returns: %FALSE with @error set
 */
gboolean mh_pass_gather (MhPass *self, GPtrArray *paths, GHashTable *busy,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhAction): what is to be done. Reads files. */
GPtrArray *mh_pass_compare (MhPass *self) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that both sides of a path are as they are in @entry; @host is how the folder's file is. */
void mh_pass_agree (MhPass *self, MhEntry *entry, const MhHostState *host);

/* Notes that a path is nowhere any more. */
void mh_pass_forget (MhPass *self, MhEntry *entry);

/* Makes everything durable that was done, then the agreements about it: the folder first, as what
 * was agreed and then is not there passes for a deletion. Returns: %FALSE with @error set */
gboolean mh_pass_commit (MhPass *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_pass_fail:
 * @self: a pass
 * @path: what could not be brought to the other side
 * @error: (inout): why; taken unless it concerns everything
 *
 * Notes a failure. What only changed meanwhile is looked at again.
 *
 * Returns: %FALSE when the next file would fail for the same reason, so that all has to stop
 */
gboolean mh_pass_fail (MhPass *self, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether a file that was changed in the folder could not be dealt with, as it changed
 * again meanwhile */
gboolean mh_pass_is_unsettled (MhPass *self);

/* Tells how far it is; @current is what is at hand. */
void mh_pass_tell (MhPass *self, const char *current);

/* Returns: (transfer full): the path of the vault for one of the folder */
char *mh_pass_vault_path (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* Fills @state with a file of the store. */
void mh_vault_state_set (MhVaultState *state, const MhFile *file);

/* Returns: (transfer full): a name for the folder's file at @path, next to which the vault's is */
char *
mh_pass_conflict_path (const char *path, const char *node, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the folder's file another name and makes it a file of its own. Returns: %FALSE with @error
 * set */
gboolean mh_pass_set_aside (MhPass *self, MhEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Two machines may bring files of the same name and content, as who mirrors what he had copied
 * before. The vault shows one of each beside the other then. Those of this machine are not written
 * but deleted in the vault.
 */
void mh_doubles (MhPass *pass, GPtrArray *actions);

/* Does what @actions, (element-type MhAction), say of the vault. Returns: %FALSE with @error set
 * when it had to stop */
gboolean mh_push (MhPass *pass, GPtrArray *actions, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does what they say of the folder. With @set_aside conflicts are solved. */
gboolean mh_pull (MhPass *pass, GPtrArray *actions, gboolean set_aside,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_undo:
 * @pass: a pass over everything
 * @actions: (element-type MhAction): what it found
 * @error: return location
 *
 * Takes the changes of the folder back, so that the next pass finds what the vault has to be
 * written. Files that the vault does not have like that go to a folder of ours in the folder. When
 * it is interrupted, the rest can be undone later.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_undo (MhPass *pass, GPtrArray *actions, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
