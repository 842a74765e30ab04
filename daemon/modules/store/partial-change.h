/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "change.h"
#include "partial-rows.h"

G_BEGIN_DECLS

/* The changes of upload sessions, as commits of the writer. */

/* A session that begins. */
typedef struct
{
  MhKeys *keys;      /* (unowned) */
  MhPartialRow *row; /* (unowned): its refs are set */
} MhPartialBegin;

/* What is to be kept from now on. */
typedef struct
{
  MhKeys *keys;             /* (unowned) */
  const MhPartialRow *from; /* (unowned): the session as it is kept */
  MhPartialRow to;          /* as it is to be; its strings are unowned */
  MhPartialPart part;       /* (owned): whole blocks that are new */
  GPtrArray *held;          /* (unowned) (element-type MhPending): what holds them */
  GArray *known;            /* (unowned) (element-type MhKnown): content that is new */
  MhChunk tail;             /* the last bytes */
  MhBuffer *sealed;         /* (unowned) (nullable): of the tail */
  gsize sealed_size;        /* bytes in it */
} MhPartialSave;

/* A session that becomes a file. */
typedef struct
{
  MhChangePut put;
  gint64 session; /* its row */
} MhPartialFinish;

/* MhPartialBegin: begins one; %MH_ERROR_CONFLICT when there are too many. */
gboolean mh_partial_commit_begin (MhWriter *writer, gpointer data, GError **error);

/* MhPartialSave: keeps what came in. */
gboolean mh_partial_commit_save (MhWriter *writer, gpointer data, GError **error);

/* MhPartialFinish: the file appears, and takes over the blocks. */
gboolean mh_partial_commit_finish (MhWriter *writer, gpointer data, GError **error);

/* gint64, its row: hides one. */
gboolean mh_partial_commit_mark_gone (MhWriter *writer, gpointer data, GError **error);

/* gboolean: releases some blocks of sessions that are hidden; says whether there may be more. */
gboolean mh_partial_commit_release (MhWriter *writer, gpointer data, GError **error);

G_END_DECLS
