/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/p2p/host/host.h"

G_BEGIN_DECLS

/*
 * A network in memory, linked in place of the host and its streams. Each side of a conversation has
 * a thread, of which one runs at a time: the other goes on when it has nothing to read. So what
 * happens depends on the calls alone.
 */

/* What becomes of a conversation. */
typedef struct
{
  guint messages; /* it breaks with the one after so many; 0: never */
  gsize bytes;    /* it breaks in the message in which there are more; 0: never */
  gboolean late;  /* what was on its way comes yet */
} MeshTrouble;

typedef struct
{
  /* Returns: (nullable): who has @peer as its id, if @from reaches it now; fills @trouble */
  MhHost *(*find) (MhHost *from, const MhPeerId *peer, MeshTrouble *trouble);
  /* Answers on @stream, which is for @protocol, in a thread of its own. */
  void (*serve) (MhHost *host, MhStream *stream, const char *protocol);
  /* Returns: (transfer full): what becomes of a message, which is taken, to or from @gives, who was
   * asked */
  GBytes *(*pass) (MhHost *gives, gboolean is_answer, GBytes *message);
  /* The program of @host goes on, all others stand still. */
  void (*enter) (MhHost *host);
} MeshNetFuncs;

/* Returns: (transfer full): a host; @funcs and @data outlive it */
MhHost *mesh_host_new (const MhPeerId *id, const MeshNetFuncs *funcs, gpointer data);
void mesh_host_free (MhHost *self);
gpointer mesh_host_data (MhHost *self);

/* Whether the last conversation that @self began was broken by its trouble. */
gboolean mesh_host_was_broken (MhHost *self);

/* Messages that @self got and gave in the conversations that it began. */
guint64 mesh_host_messages (MhHost *self);

G_END_DECLS
