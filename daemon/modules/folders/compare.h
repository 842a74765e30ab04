/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What has to be done so that a folder and its vault are the same: from what both agreed on last,
 * what the folder has and what the vault has. No file is touched here.
 */

/* A file of the folder. */
typedef struct
{
  gboolean exists;
  gint64 size;     /* bytes */
  gint64 mtime_ns; /* Unix nanoseconds */
  guint64 inode;
  guint mode; /* permission bits */
} MhHostState;

/* A file of the vault. */
typedef struct
{
  gboolean exists;
  char file_id[33];
  char content_hash[65];
  gint64 size;       /* bytes */
  gint64 mtime_ms;   /* Unix milliseconds */
  gint64 changed_ms; /* when the version was stored */
  gboolean conflict; /* it has other newest versions */
} MhVaultState;

/* Everything that is known of a path. */
typedef struct
{
  char *path;      /* (owned): below the folder, without a slash before it */
  gboolean agreed; /* whether the next two hold: how both were when they were the same */
  MhHostState agreed_host;
  MhVaultState agreed_vault;
  MhHostState host;
  MhVaultState vault;
  gboolean unknown; /* what the folder has there cannot be said: nothing is to be done */
} MhEntry;

/* Returns: (transfer full): nothing is known of @path */
MhEntry *mh_entry_new (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_entry_free (MhEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhEntry, mh_entry_free)

/* In the order in which they are to be done. */
typedef enum
{
  MH_ACT_MOVE,     /* in the vault, from @entry to @target */
  MH_ACT_DELETE,   /* in the vault */
  MH_ACT_UPLOAD,   /* the content of the folder's file becomes that of the vault's */
  MH_ACT_CONFLICT, /* the folder's file gets another name, and the vault's comes in its place */
  MH_ACT_RENAME,   /* in the folder, from @entry to @target */
  MH_ACT_REMOVE,   /* in the folder */
  MH_ACT_WRITE,    /* the content of the vault's file becomes that of the folder's */
  MH_ACT_ADJUST,   /* the contents are the same: the folder's file gets the vault's time and mode */
  MH_ACT_AGREE,    /* they are the same already */
  MH_ACT_FORGET,   /* it is gone on both sides */
} MhAct;

typedef struct
{
  MhAct act;
  MhEntry *entry;  /* (unowned) */
  MhEntry *target; /* (unowned) (nullable) */
  gboolean harms;  /* content that the vault has would be replaced or deleted */
} MhAction;

/* Returns: whether an act changes the vault, so that it has to wait while changes are held */
gboolean mh_act_is_local (MhAct act);

/**
 * MhCompareHash:
 * @entry: a path where the folder has a file
 * @data: as given to mh_compare()
 *
 * Returns: (transfer full) (nullable): its content hash, %NULL when it cannot be read now
 */
typedef char *(*MhCompareHash) (const MhEntry *entry, gpointer data);

/**
 * mh_compare:
 * @entries: (element-type MhEntry): all paths in question, each once
 * @hash: finds out the content of a file of the folder; is asked only where it matters
 * @data: its argument
 *
 * A file that both sides changed is a conflict unless the contents are the same; a change wins over
 * a deletion. A file that was renamed in the folder is known by its inode, size and time, one in
 * the vault by its id.
 *
 * Thread: any; waits for @hash.
 * Returns: (transfer full) (element-type MhAction): in the order in which they are to be done
 */
GPtrArray *
mh_compare (GPtrArray *entries, MhCompareHash hash, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
