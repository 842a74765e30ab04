/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "writer.h"

G_BEGIN_DECLS

/*
 * The changes of the catalog, as commits of the writer. @result is what they are about afterwards.
 */

/* A version made before its commit, in the hope that its file is new. */
typedef struct
{
  MhVersion *version; /* (owned) */
  GBytes *record;     /* (owned) */
} MhPrepared;

typedef struct
{
  MhKeys *keys; /* (unowned) */
  const char *path;
  const char *if_match;      /* (nullable) */
  const char *if_none_match; /* (nullable) */
  gboolean beside;           /* files and folders of one name may be */
  gint64 mtime_ms;
  guint mode; /* 0 when it is not known */
  gint64 size;
  guint8 content_hash[32];
  GArray *chunks;    /* (unowned) (element-type MhChunk) */
  GPtrArray *held;   /* (unowned) (element-type MhPending): blocks that are not in the index yet */
  MhBuffer *sealed;  /* (unowned) (nullable): the only block, when it is still to be written */
  gsize sealed_size; /* bytes in it */
  char *mime;        /* (owned) */
  MhPrepared prepared; /* (owned): empty unless mh_change_prepare() was called */
  GArray *known;       /* (unowned) (element-type MhKnown): content to be remembered */
  MhFile *result;      /* (owned) */
} MhChangePut;

typedef struct
{
  MhKeys *keys; /* (unowned) */
  const char *path;
  guint8 content_hash[32]; /* of the wanted version, when restoring */
  MhFile *result;          /* (owned), when restoring */
} MhChangeFile;

typedef struct
{
  MhKeys *keys; /* (unowned) */
  const char *from;
  const char *to;
  gint64 moved; /* result: number of files */
} MhChangeMove;

typedef struct
{
  MhKeys *keys;  /* (unowned) */
  gint64 after;  /* versions up to this one were looked at */
  gboolean done; /* result: nothing is left to be done */
} MhChangeVault;

/**
 * mh_change_prepare:
 * @change: a change with everything known but its result
 * @store: the store
 *
 * Makes, seals and signs the version that is right if no file has the path: on the caller's thread
 * instead of the writer's.
 *
 * Thread: any worker.
 */
void mh_change_prepare (MhChangePut *change, MhStore *store);

/* Frees what a change of content owns; its result is left alone. */
void mh_change_put_clear (MhChangePut *change);

/* MhChangePut: a file gets new content. */
gboolean mh_change_put (MhWriter *writer, gpointer data, GError **error);

/* MhChangeFile: a file gets the content of an older version. */
gboolean mh_change_restore (MhWriter *writer, gpointer data, GError **error);

/* MhChangeFile: a file gets a tombstone. */
gboolean mh_change_delete (MhWriter *writer, gpointer data, GError **error);

/* MhChangeMove: a file or folder gets a new path. */
gboolean mh_change_move (MhWriter *writer, gpointer data, GError **error);

/* MhChangeVault: makes a vault known and applies some of its versions that waited for the key. */
gboolean mh_change_add_vault (MhWriter *writer, gpointer data, GError **error);

/* Vault id as text: marks its rows to be removed. */
gboolean mh_change_forget_vault (MhWriter *writer, gpointer data, GError **error);

/**
 * mh_change_check_target:
 * @db: a connection
 * @vault: a vault
 * @path: where a file or folder is to be put
 * @folder: (out) (nullable): the folder above it, 0 when that has to be made
 * @error: return location
 *
 * Errors: %MH_ERROR_CONFLICT when @path is a folder, or a file is where a folder would have to be
 * Returns: %FALSE with @error set
 */
gboolean mh_change_check_target (MhDb *db, const MhVaultRow *vault, const char *path,
                                 gint64 *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_change_check_match:
 * @file: (nullable): the live file at a path
 * @if_match: (nullable): a content hash that it must have, or "*"
 * @if_none_match: (nullable): a content hash that it must not have, or "*"
 * @error: return location
 *
 * Errors: %MH_ERROR_PRECONDITION
 * Returns: %FALSE with @error set
 */
gboolean mh_change_check_match (const MhFileRow *file, const char *if_match,
                                const char *if_none_match,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
