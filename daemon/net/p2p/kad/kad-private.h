/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "kad.h"

G_BEGIN_DECLS

/* What the files of this folder share. All of it belongs to the loop. */

struct _MhKad
{
  MhHost *host; /* (unowned) */
  MhKadConfig config;
  MhKadTable *table;    /* (owned) */
  GPtrArray *servers;   /* (owned): streams that peers ask on, see kad-serve.c */
  GPtrArray *asks;      /* (owned): questions under way, see kad-ask.c */
  GPtrArray *searches;  /* (owned) (element-type Search): see kad.c */
  GHashTable *checking; /* (owned) (element-type MhPeerId): who is asked whether it answers */
  GSource *tick;        /* (owned) */
  gint64 challenge_ms;  /* when a full bucket was last put to the test */
  gboolean is_refreshing;
};

/* -- kad-serve.c: questions of peers -- */
void mh_kad_serve_init (MhKad *self);
void mh_kad_serve_tick (MhKad *self, gint64 now_ms);
void mh_kad_serve_clear (MhKad *self);

/* -- kad-ask.c: our questions -- */
/* @answer is %NULL when there was none. */
typedef void (*MhKadAnswered) (MhKad *self, const MhPeerId *peer, MhKadMessage *answer,
                               gpointer data);

/* Asks @peer for who is closest to @about; @answered is told of the end, exactly once, perhaps
 * before this returns. */
void mh_kad_ask (MhKad *self, const MhPeerId *peer, const MhPeerId *about, MhKadAnswered answered,
                 gpointer data);
void mh_kad_ask_init (MhKad *self);
void mh_kad_ask_tick (MhKad *self, gint64 now_ms);
/* Ends all that are left as without an answer. */
void mh_kad_ask_clear (MhKad *self);

G_END_DECLS
