/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "stream.h"

#include "host-private.h"
#include "net/p2p/wire/varint.h"
#include "stream-private.h"

/* Bytes of an agreement that are looked at together. */
#define AGREEMENT 1024

/* How long a stream without a user waits for the peer to end it. */
#define LINGER_US (30 * G_USEC_PER_SEC)

MhStream *
mh_stream_ref (MhStream *self)
{
  g_atomic_ref_count_inc (&self->users);

  return self;
}

/* Keeps the memory, on the loop: users may all go at any time. */
static MhStream *
hold (MhStream *self)
{
  g_atomic_ref_count_inc (&self->holds);

  return self;
}

static void
release (MhStream *self)
{
  if (!g_atomic_ref_count_dec (&self->holds))
    return;

  g_clear_pointer (&self->choice, mh_multistream_free);
  g_strfreev (self->proposals);
  mh_yamux_stream_unref (self->yamux);
  mh_stream_worker_free (self->worker);
  g_clear_pointer (&self->message, g_byte_array_unref);
  mh_buf_clear (&self->waiting);
  g_free (self->protocol);
  mh_loop_unref (self->loop);
  g_free (self);
}

typedef MhStream Held;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Held, release)

/* From now on it is broken. */
static void
detach (MhStream *self)
{
  MhLink *link = g_steal_pointer (&self->link);

  if (link == NULL)
    return;

  mh_yamux_stream_set_data (self->yamux, NULL);
  mh_link_kick (link);
  mh_link_remove_stream (link, self);
  release (self);
}

static void
reset_here (gpointer data)
{
  MhStream *self = data;

  if (self->link == NULL)
    return;
  mh_yamux_stream_reset (self->yamux);
  detach (self);
  if (g_atomic_pointer_get (&self->worker) != NULL)
    mh_stream_worker_broken (self);
}

static gboolean
is_done (const MhStream *self)
{
  return mh_yamux_stream_is_ended (self->yamux) && mh_buf_size (&self->waiting) == 0;
}

/*
 * The last user has gone. What was written before the end of our direction still has to be sent,
 * so that such a stream stays, without a user, until the peer has ended its own.
 */
static void
let_go (gpointer data)
{
  MhStream *self = data;

  self->funcs = NULL;
  if (self->link != NULL && self->is_closing && !is_done (self))
    {
      self->is_orphan = TRUE;
      self->deadline_us = g_get_monotonic_time () + LINGER_US;
      mh_stream_consume (self, mh_buf_size (mh_stream_received (self)));
      return;
    }

  if (self->is_closing)
    detach (self);
  else
    reset_here (self);
  release (self);
}

/* The end of a stream without a user. */
static void
end_orphan (MhStream *self)
{
  self->is_orphan = FALSE;
  detach (self);
  release (self);
}

static void
do_nothing (gpointer data)
{
}

void
mh_stream_unref (MhStream *self)
{
  g_autoptr (MhLoop) loop = mh_loop_ref (self->loop);

  if (!g_atomic_ref_count_dec (&self->users))
    return;

  if (mh_loop_is_own (loop))
    let_go (self);
  else
    mh_loop_post (loop, do_nothing, self, let_go);
}

const MhPeerId *
mh_stream_peer (const MhStream *self)
{
  return &self->peer;
}

const char *
mh_stream_protocol (const MhStream *self)
{
  return self->protocol;
}

gboolean
mh_stream_is_ours (const MhStream *self)
{
  return self->is_ours;
}

gboolean
mh_stream_is_relayed (const MhStream *self)
{
  return self->is_relayed;
}

static MhStream *
make (MhLink *link, MhYamuxStream *yamux, gboolean is_ours)
{
  MhStream *self = g_new0 (MhStream, 1);

  g_atomic_ref_count_init (&self->users);
  g_atomic_ref_count_init (&self->holds); /* of the users */
  hold (self);                            /* of the link */
  self->loop = mh_loop_ref (mh_link_host (link)->loop);
  self->link = link;
  self->yamux = yamux;
  self->is_ours = is_ours;
  self->is_relayed = mh_link_is_relayed (link);
  self->peer = *mh_link_peer (link);
  self->deadline_us = mh_host_handshake_end_us (mh_link_host (link));
  mh_yamux_stream_set_data (yamux, self);
  mh_link_add_stream (link, self);

  return self;
}

/* Sends what waits, as far as there is room. */
static void
send_waiting (MhStream *self)
{
  gsize size = mh_buf_size (&self->waiting);

  if (self->link == NULL)
    return;
  if (size > 0)
    mh_buf_consume (&self->waiting,
                    mh_yamux_stream_write (self->yamux, mh_buf_peek (&self->waiting), size));
  mh_buf_trim (&self->waiting); /* most have nothing there once they have agreed */
  if (self->is_closing && mh_buf_size (&self->waiting) == 0)
    mh_yamux_stream_close_write (self->yamux);
  mh_link_kick (self->link);
}

/* The end of agreeing; gives the stream to who waits for it. */
static void
settle (MhStream *self, const GError *error)
{
  MhStreamAgreed agreed = g_steal_pointer (&self->agreed);

  g_clear_pointer (&self->choice, mh_multistream_free);
  if (agreed != NULL)
    agreed (self, error, self->agreed_data);
}

/* Ends a stream that came to nothing. The caller holds it. */
static void
give_up (MhStream *self, GIOErrorEnum code, const char *why)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, code, "%s", why);

  reset_here (self);
  settle (self, error);
}

static void
begin (MhStream *self)
{
  self->protocol = g_strdup (mh_multistream_protocol (self->choice));
  settle (self, NULL);
}

static void
agree (MhStream *self)
{
  const MhBuf *received = mh_yamux_stream_received (self->yamux);
  g_auto (MhBuf) some = { 0 };
  gsize size = MIN (mh_buf_size (received), AGREEMENT);
  MhMultistreamState state;

  mh_buf_append (&some, mh_buf_peek (received), size);
  state = mh_multistream_feed (self->choice, &some, &self->waiting);
  mh_yamux_stream_consume (self->yamux, size - mh_buf_size (&some));
  send_waiting (self);
  switch (state)
    {
    case MH_MULTISTREAM_AGREED:
      begin (self);
      break;
    case MH_MULTISTREAM_NONE:
      give_up (self, G_IO_ERROR_NOT_SUPPORTED, "the peer does not speak this protocol");
      break;
    case MH_MULTISTREAM_BROKEN:
      give_up (self, G_IO_ERROR_INVALID_DATA, "the peer does not speak multistream");
      break;
    case MH_MULTISTREAM_MORE:
      if (mh_yamux_stream_is_ended (self->yamux))
        give_up (self, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the stream");
      break;
    }
}

/* Looks after a stream without a user. Returns: whether it is one */
static gboolean
tend_orphan (MhStream *self)
{
  if (!self->is_orphan)
    return FALSE;

  mh_stream_consume (self, mh_buf_size (mh_stream_received (self)));
  if (is_done (self))
    end_orphan (self);

  return TRUE;
}

void
mh_stream_on_readable (MhStream *self)
{
  g_autoptr (Held) held = hold (self);

  if (tend_orphan (self))
    return;
  if (self->choice != NULL)
    agree (self);
  if (self->choice == NULL && self->funcs != NULL && self->funcs->readable != NULL
      && self->link != NULL)
    self->funcs->readable (self, self->data);
}

void
mh_stream_on_writable (MhStream *self)
{
  g_autoptr (Held) held = hold (self);

  send_waiting (self);
  if (tend_orphan (self))
    return;
  if (mh_buf_size (&self->waiting) == 0 && self->funcs != NULL && self->funcs->writable != NULL)
    self->funcs->writable (self, self->data);
}

void
mh_stream_on_broken (MhStream *self)
{
  g_autoptr (Held) held = hold (self);
  g_autoptr (GError) error = NULL;

  if (self->link == NULL)
    return;
  detach (self);
  if (self->is_orphan)
    {
      end_orphan (self);
    }
  else if (self->choice != NULL)
    {
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                                   "the peer closed the stream");
      settle (self, error);
    }
  else if (self->funcs != NULL && self->funcs->broken != NULL)
    {
      self->funcs->broken (self, self->data);
    }
}

MhStream *
mh_stream_open (MhLink *link, const char *const *protocols, MhStreamAgreed agreed, gpointer data)
{
  MhYamux *session = mh_conn_yamux (mh_link_conn (link));
  MhYamuxStream *yamux = session != NULL ? mh_yamux_open (session) : NULL;
  MhStream *self;

  if (yamux == NULL)
    return NULL;

  self = make (link, yamux, TRUE);
  self->proposals = g_strdupv ((char **) protocols);
  self->agreed = agreed;
  self->agreed_data = data;
  self->choice = mh_multistream_dial ((const char *const *) self->proposals, &self->waiting);
  send_waiting (self);

  return self;
}

static gboolean
is_handled (const char *protocol, gpointer data)
{
  return g_hash_table_contains (mh_link_host (data)->handlers, protocol);
}

/* Hands a stream of the peer's over. Takes the reference that mh_stream_accept() made. */
static void
hand_over (MhStream *self, const GError *error, gpointer data)
{
  g_autoptr (MhStream) stream = self;
  const MhHandlerRow *row = NULL;

  if (error != NULL)
    return;
  row = g_hash_table_lookup (mh_link_host (data)->handlers, self->protocol);
  if (row != NULL)
    row->func (g_steal_pointer (&stream), row->data);
}

void
mh_stream_accept (MhLink *link, MhYamuxStream *yamux)
{
  MhStream *self = make (link, mh_yamux_stream_ref (yamux), FALSE);

  self->agreed = hand_over;
  self->agreed_data = link;
  self->choice = mh_multistream_listen (is_handled, link, &self->waiting);
  send_waiting (self);
}

void
mh_stream_forget (MhStream *self)
{
  self->agreed = NULL;
}

void
mh_stream_tick (MhStream *self, gint64 now_us)
{
  g_autoptr (Held) held = hold (self);

  if (now_us <= self->deadline_us)
    return;
  if (self->choice != NULL)
    give_up (self, G_IO_ERROR_TIMED_OUT, "the peer agreed to no protocol in time");
  if (!self->is_orphan)
    return;
  reset_here (self);
  end_orphan (self);
}

/* -- the loop's side -- */

static void
tell_state (gpointer data)
{
  MhStream *self = data;

  if (self->is_late)
    {
      self->is_late = FALSE;
      self->funcs->broken (self, self->data);
    }
  else if (self->link != NULL
           && (mh_buf_size (mh_yamux_stream_received (self->yamux)) > 0
               || mh_yamux_stream_is_ended (self->yamux)))
    mh_stream_on_readable (self);
}

void
mh_stream_set_funcs (MhStream *self, const MhStreamFuncs *funcs, gpointer data)
{
  self->funcs = funcs;
  self->data = data;
  self->is_late = self->link == NULL && funcs != NULL && funcs->broken != NULL;
  if (funcs != NULL)
    mh_loop_post (self->loop, tell_state, mh_stream_ref (self), (GDestroyNotify) mh_stream_unref);
}

const MhBuf *
mh_stream_received (const MhStream *self)
{
  return mh_yamux_stream_received (self->yamux);
}

void
mh_stream_consume (MhStream *self, gsize size)
{
  mh_yamux_stream_consume (self->yamux, size);
  if (self->link != NULL)
    mh_link_kick (self->link);
}

gboolean
mh_stream_is_ended (const MhStream *self)
{
  return mh_yamux_stream_is_ended (self->yamux);
}

MhLink *
mh_stream_link (const MhStream *self)
{
  return self->link;
}

gboolean
mh_stream_is_broken (const MhStream *self)
{
  return self->link == NULL;
}

gsize
mh_stream_write (MhStream *self, gconstpointer data, gsize size)
{
  gsize taken;

  if (self->link == NULL || self->is_closing || mh_buf_size (&self->waiting) > 0)
    return 0;
  taken = mh_yamux_stream_write (self->yamux, data, size);
  mh_link_kick (self->link);

  return taken;
}

gsize
mh_stream_room (const MhStream *self)
{
  if (self->link == NULL || self->is_closing || mh_buf_size (&self->waiting) > 0)
    return 0;

  return mh_yamux_stream_room (self->yamux);
}

gsize
mh_stream_unsent (const MhStream *self)
{
  return mh_buf_size (&self->waiting)
         + (self->link != NULL ? mh_yamux_stream_unsent (self->yamux) : 0);
}

void
mh_stream_write_all (MhStream *self, gconstpointer data, gsize size)
{
  gsize taken = mh_stream_write (self, data, size);

  if (self->link != NULL && !self->is_closing)
    mh_buf_append (&self->waiting, (const guint8 *) data + taken, size - taken);
}

static void
close_here (gpointer data)
{
  MhStream *self = data;

  self->is_closing = TRUE;
  send_waiting (self);
}

void
mh_stream_close_write (MhStream *self)
{
  if (g_atomic_pointer_get (&self->worker) != NULL)
    mh_stream_worker_close (self);
  else if (mh_loop_is_own (self->loop))
    close_here (self);
  else
    mh_loop_post (self->loop, close_here, mh_stream_ref (self), (GDestroyNotify) mh_stream_unref);
}

void
mh_stream_close_write_here (MhStream *self)
{
  close_here (self);
}

void
mh_stream_reset (MhStream *self)
{
  if (mh_loop_is_own (self->loop))
    reset_here (self);
  else
    mh_loop_post (self->loop, reset_here, mh_stream_ref (self), (GDestroyNotify) mh_stream_unref);
}

static void
set_normal (gpointer data)
{
  mh_yamux_stream_set_priority (((MhStream *) data)->yamux, MH_YAMUX_NORMAL);
}

static void
set_urgent (gpointer data)
{
  mh_yamux_stream_set_priority (((MhStream *) data)->yamux, MH_YAMUX_URGENT);
}

static void
set_bulk (gpointer data)
{
  mh_yamux_stream_set_priority (((MhStream *) data)->yamux, MH_YAMUX_BULK);
}

void
mh_stream_set_priority (MhStream *self, MhYamuxPriority priority)
{
  static const MhLoopTask tasks[] = {
    [MH_YAMUX_URGENT] = set_urgent, [MH_YAMUX_NORMAL] = set_normal, [MH_YAMUX_BULK] = set_bulk
  };

  if (mh_loop_is_own (self->loop))
    tasks[priority](self);
  else
    mh_loop_post (self->loop, tasks[priority], mh_stream_ref (self),
                  (GDestroyNotify) mh_stream_unref);
}

/* -- messages -- */

/* Returns: whether the length of a message has come; a bad one is larger than any */
static gboolean
read_length (const MhStream *self, guint64 *size, gsize *used)
{
  const MhBuf *received = mh_stream_received (self);

  switch (mh_varint_get (mh_buf_peek (received), mh_buf_size (received), size, used))
    {
    case MH_VARINT_SHORT:
      return FALSE;
    case MH_VARINT_BAD:
      *size = G_MAXUINT64;
      break;
    case MH_VARINT_OK:
      break;
    }

  return TRUE;
}

/* Moves what has come of a message that the window has no room for. */
static void
gather (MhStream *self)
{
  const MhBuf *received = mh_stream_received (self);
  gsize size = MIN (mh_buf_size (received), self->message_size - self->message->len);

  g_byte_array_append (self->message, mh_buf_peek (received), (guint) size);
  mh_stream_consume (self, size);
}

gboolean
mh_stream_take_message (MhStream *self, gsize most, GBytes **message, GError **error)
{
  const MhBuf *received = mh_stream_received (self);
  guint64 size = 0;
  gsize used = 0;

  *message = NULL;
  if (self->message == NULL && !read_length (self, &size, &used))
    return TRUE;
  if (size > most)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: a message is too long",
                   self->protocol);
      return FALSE;
    }

  if (self->message == NULL && size > MH_YAMUX_WINDOW_LEAST / 2)
    {
      mh_stream_consume (self, used);
      self->message = g_byte_array_new ();
      self->message_size = (gsize) size;
    }
  if (self->message != NULL)
    {
      gather (self);
      if (self->message->len == self->message_size)
        *message = g_byte_array_free_to_bytes (g_steal_pointer (&self->message));
    }
  else if (mh_buf_size (received) - used >= size)
    {
      *message = g_bytes_new (mh_buf_peek (received) + used, (gsize) size);
      mh_stream_consume (self, used + (gsize) size);
    }

  return TRUE;
}

void
mh_stream_put_message (MhStream *self, gconstpointer data, gsize size)
{
  guint8 length[MH_VARINT_MAX];

  mh_stream_write_all (self, length, mh_varint_put (size, length));
  mh_stream_write_all (self, data, size);
}
