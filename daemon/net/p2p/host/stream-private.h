/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "host-private.h"

G_BEGIN_DECLS

typedef struct _MhStreamWorker MhStreamWorker;

struct _MhStream
{
  gatomicrefcount users;
  gatomicrefcount holds; /* of the memory: one of all users, one of the link, some of the loop */
  MhLoop *loop;          /* (owned) */
  MhPeerId peer;
  gboolean is_ours;
  gboolean is_relayed;
  char *protocol;         /* (owned) (nullable): once agreed; does not change then */
  MhStreamWorker *worker; /* (owned) (nullable) (atomic): set by the first worker */

  /* of the loop */
  MhLink *link;          /* (unowned) (nullable): %NULL when broken */
  MhYamuxStream *yamux;  /* (owned) */
  MhMultistream *choice; /* (owned) (nullable): while agreeing */
  char **proposals;      /* (owned) (nullable): for @choice */
  gint64 deadline_us;    /* of agreeing */
  MhStreamAgreed agreed; /* (nullable) */
  gpointer agreed_data;
  const MhStreamFuncs *funcs; /* (unowned) (nullable) */
  gpointer data;
  GByteArray *message; /* (owned) (nullable): a long one, as far as it has come */
  gsize message_size;  /* bytes of all of @message */
  MhBuf waiting;       /* what yamux does not take yet */
  gboolean is_closing; /* no more is written */
  gboolean is_orphan;  /* without users, until the peer ends it */
  gboolean is_late;    /* broken before there were @funcs, which are still to be told */
};

/* Ends our direction. On the loop. */
void mh_stream_close_write_here (MhStream *self);
/* Tells workers that wait that the stream was reset here. On the loop. */
void mh_stream_worker_broken (MhStream *self);
/* Ends our direction after what the worker wrote. Any thread. */
void mh_stream_worker_close (MhStream *self);
void mh_stream_worker_free (MhStreamWorker *self);

G_END_DECLS
