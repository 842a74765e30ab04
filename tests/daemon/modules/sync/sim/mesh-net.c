/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-net.h"

#include <string.h>

typedef enum
{
  ASKS,
  GIVES,
  SIDES,
} Side;

typedef struct _Line Line;

struct _MhStream
{
  Line *line; /* (unowned) */
  Side side;
  guint references;
};

/* A conversation. */
struct _Line
{
  GMutex lock;
  GCond turned;
  Side turn;       /* who runs (locked-by lock) */
  GThread *thread; /* (owned): of the side that gives */
  gboolean over;   /* that has ended */
  const char *protocol;
  MhHost *hosts[SIDES];
  MhStream ends[SIDES];
  GQueue inbox[SIDES]; /* (element-type GBytes) */
  gboolean closed[SIDES];
  gboolean waits[SIDES]; /* for something to read */
  gboolean broken;
  MeshTrouble trouble;
  guint messages;
  gsize bytes;
};

struct _MhHost
{
  MhPeerId id;
  const MeshNetFuncs *funcs;
  gpointer data;
  gboolean was_broken;
  guint64 messages;
};

MhHost *
mesh_host_new (const MhPeerId *id, const MeshNetFuncs *funcs, gpointer data)
{
  MhHost *self = g_new0 (MhHost, 1);

  self->id = *id;
  self->funcs = funcs;
  self->data = data;

  return self;
}

void
mesh_host_free (MhHost *self)
{
  g_free (self);
}

gpointer
mesh_host_data (MhHost *self)
{
  return self->data;
}

gboolean
mesh_host_was_broken (MhHost *self)
{
  return self->was_broken;
}

guint64
mesh_host_messages (MhHost *self)
{
  return self->messages;
}

/* -- whose turn it is -- */

/* Gives the turn to @side. Only the one whose turn it is touches anything of the line. */
static void
turn_to (Line *self, Side side)
{
  self->hosts[side]->funcs->enter (self->hosts[side]);
  g_mutex_lock (&self->lock);
  self->turn = side;
  g_cond_broadcast (&self->turned);
  g_mutex_unlock (&self->lock);
}

static void
wait_for_turn (Line *self, Side side)
{
  g_mutex_lock (&self->lock);
  while (self->turn != side)
    g_cond_wait (&self->turned, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* Lets the other side go on until it waits, or has ended. */
static void
let_other_run (Line *self, Side side)
{
  if (self->over)
    return;
  turn_to (self, !side);
  wait_for_turn (self, side);
}

static gpointer
serve (gpointer data)
{
  Line *self = data;
  MhHost *host = self->hosts[GIVES];

  wait_for_turn (self, GIVES);
  host->funcs->serve (host, &self->ends[GIVES], self->protocol);
  self->over = TRUE;
  turn_to (self, ASKS);

  return NULL;
}

/* -- a conversation -- */

static Line *
line_new (MhHost *asks, MhHost *gives, const char *protocol, const MeshTrouble *trouble)
{
  Line *self = g_new0 (Line, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->turned);
  self->protocol = protocol;
  self->hosts[ASKS] = asks;
  self->hosts[GIVES] = gives;
  self->trouble = *trouble;
  for (Side side = ASKS; side < SIDES; side++)
    {
      self->ends[side] = (MhStream){ self, side, 1 };
      g_queue_init (&self->inbox[side]);
    }
  self->thread = g_thread_new ("gives", serve, self);

  return self;
}

static void
drop_messages (Line *self)
{
  for (Side side = ASKS; side < SIDES; side++)
    g_queue_clear_full (&self->inbox[side], (GDestroyNotify) g_bytes_unref);
}

/* The other side notices that nobody is there any more, and ends. */
static void
line_end (Line *self)
{
  if (!self->closed[ASKS])
    self->broken = TRUE;
  while (!self->over)
    let_other_run (self, ASKS);
  g_thread_join (self->thread);
  self->hosts[ASKS]->messages += self->messages;
  drop_messages (self);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->turned);
  g_free (self);
}

static void
break_line (Line *self)
{
  self->broken = TRUE;
  self->hosts[ASKS]->was_broken = TRUE;
  if (!self->trouble.late)
    drop_messages (self);
}

/* Counts a message. Returns: whether it gets through */
static gboolean
passes (Line *self, gsize size)
{
  const MeshTrouble *trouble = &self->trouble;

  self->messages++;
  self->bytes += size;
  if ((trouble->messages == 0 || self->messages <= trouble->messages)
      && (trouble->bytes == 0 || self->bytes <= trouble->bytes))
    return TRUE;

  break_line (self);

  return FALSE;
}

/* -- what the product calls -- */

MhStream *
mh_host_open_wait (MhHost *self, const MhPeerId *peer, const char *const *protocols,
                   guint timeout_ms, GError **error)
{
  MeshTrouble trouble = { 0 };
  MhHost *other = self->funcs->find (self, peer, &trouble);

  self->was_broken = FALSE;
  if (other != NULL)
    return &line_new (self, other, protocols[0], &trouble)->ends[ASKS];

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "nobody answers");

  return NULL;
}

const MhPeerId *
mh_host_id (const MhHost *self)
{
  return &self->id;
}

void
mh_host_run (MhHost *self, MhHostTask task, gpointer data)
{
  task (self, data);
}

gboolean
mh_host_is_connected (MhHost *self, const MhPeerId *peer)
{
  MeshTrouble trouble;

  return self->funcs->find (self, peer, &trouble) != NULL;
}

/* Some are nearer than others, and of some it is not known. */
gint64
mh_host_rtt_us (MhHost *self, const MhPeerId *peer)
{
  return (self->id.bytes[self->id.size - 1] ^ peer->bytes[peer->size - 1]) % 8 * 1000;
}

const MhPeerId *
mh_stream_peer (const MhStream *self)
{
  return &self->line->hosts[!self->side]->id;
}

MhStream *
mh_stream_ref (MhStream *self)
{
  self->references++;

  return self;
}

void
mh_stream_unref (MhStream *self)
{
  if (--self->references == 0 && self->side == ASKS)
    line_end (self->line);
}

void
mh_stream_close_write (MhStream *self)
{
  self->line->closed[self->side] = TRUE;
}

void
mh_stream_reset (MhStream *self)
{
  self->line->broken = TRUE;
  drop_messages (self->line);
}

void
mh_stream_set_priority (MhStream *self, MhYamuxPriority priority)
{
}

static gboolean
refuse (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "the connection is gone");

  return FALSE;
}

/* Whether nothing comes any more unless this side says something first. */
static gboolean
is_in_vain (const Line *self, Side side)
{
  return self->over || self->closed[!side]
         || (self->waits[!side] && !self->closed[side] && self->inbox[!side].length == 0);
}

GBytes *
mh_stream_read_message_wait (MhStream *self, gsize most, guint timeout_ms, GError **error)
{
  Line *line = self->line;
  GQueue *inbox = &line->inbox[self->side];
  GBytes *message;

  line->waits[self->side] = TRUE;
  while (inbox->length == 0 && !line->broken && !is_in_vain (line, self->side))
    let_other_run (line, self->side);
  line->waits[self->side] = FALSE;
  message = g_queue_pop_head (inbox);
  if (message == NULL && (line->broken || line->over || line->closed[!self->side]))
    (void) refuse (error);
  else if (message == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the other side is silent");
  else if (g_bytes_get_size (message) > most)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the message is too long");
      g_clear_pointer (&message, g_bytes_unref);
    }

  return message;
}

/* What is lost on its way counts as written. */
gboolean
mh_stream_write_parts_wait (MhStream *self, GBytes *head, GBytes *body, guint timeout_ms,
                            GError **error)
{
  g_autoptr (GByteArray) both = g_byte_array_new ();
  Line *line = self->line;

  if (line->broken || line->over || line->closed[self->side])
    return refuse (error);
  g_byte_array_append (both, g_bytes_get_data (head, NULL), (guint) g_bytes_get_size (head));
  if (body != NULL)
    g_byte_array_append (both, g_bytes_get_data (body, NULL), (guint) g_bytes_get_size (body));
  if (passes (line, both->len))
    {
      GBytes *message = g_byte_array_free_to_bytes (g_steal_pointer (&both));
      MhHost *gives = line->hosts[GIVES];

      g_queue_push_tail (&line->inbox[!self->side],
                         gives->funcs->pass (gives, self->side == GIVES, message));
    }

  return TRUE;
}
