/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "host-private.h"

/* How often the other side is asked whether it is there. */
#define PING_US (10 * G_USEC_PER_SEC)

/* What a loop turn reads at most, so that one link does not keep the others waiting. */
#define READ_PIECE (128 * 1024)

/* No more than this is written at once, or waits to be: what comes meanwhile waits as long as it
 * takes to seal and write it. */
#define WRITE_PIECE (256 * 1024)

/* The same while something else than bulk streams is at work, a call or a terminal: long pieces
 * take less of the CPU, short ones less of their time. */
#define INTERACTIVE_PIECE (32 * 1024)

/* What is read first, and after a while without much: room for it is all that an idle link has. */
#define FIRST_PIECE (16 * 1024)

struct _MhLink
{
  gatomicrefcount references;
  MhHost *host;        /* (unowned) */
  MhConn *conn;        /* (owned) (nullable): %NULL when closed */
  GSocket *socket;     /* (owned) (nullable) */
  MhStream *over;      /* (owned) (nullable): in place of @socket */
  MhMultiaddr *remote; /* (owned) */
  GSource *readable;   /* (owned) (nullable) */
  GSource *writable;   /* (owned) (nullable): while the socket takes no more */
  GPtrArray *streams;  /* (owned) (element-type MhStream): unowned */
  gboolean is_dialled;
  gboolean is_open;
  gboolean is_dirty;
  guint depth;     /* calls into @conn that go on, which must not lose it */
  gsize piece;     /* bytes that are read at once */
  GError *death;   /* (owned) (nullable): why it has to be closed once they have returned */
  MhPeerId peer;   /* once open */
  MhLinkDone done; /* (nullable) */
  gpointer data;
  gint64 since_us;
  gint64 deadline_us; /* of the handshake */
  gint64 ping_us;     /* the next one */
  guint64 bytes_in;
  guint64 bytes_out;
  guint64 refused; /* streams of the peer, as far as they were counted */
};

static void link_received (MhLink *self, gsize size);
static void ensure_open (MhLink *self);

MhLink *
mh_link_ref (MhLink *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

void
mh_link_unref (MhLink *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;

  g_ptr_array_unref (self->streams);
  mh_multiaddr_unref (self->remote);
  g_clear_error (&self->death);
  g_free (self);
}

/* -- what yamux tells -- */

static void
on_opened (MhYamuxStream *stream, gpointer data)
{
  /* the first may come with the end of the handshake */
  ensure_open (data);
  mh_stream_accept (data, stream);
}

static void
on_readable (MhYamuxStream *stream, gpointer data)
{
  MhStream *own = mh_yamux_stream_get_data (stream);

  if (own != NULL)
    mh_stream_on_readable (own);
}

static void
on_writable (MhYamuxStream *stream, gpointer data)
{
  MhStream *own = mh_yamux_stream_get_data (stream);

  if (own != NULL)
    mh_stream_on_writable (own);
}

static void
on_broken (MhYamuxStream *stream, gpointer data)
{
  MhStream *own = mh_yamux_stream_get_data (stream);

  if (own != NULL)
    mh_stream_on_broken (own);
}

static const MhYamuxEvents yamux_events = { on_opened, on_readable, on_writable, on_broken };

/* -- sockets -- */

static void
close_with (MhLink *self, GIOErrorEnum code, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, why);

  mh_link_close (self, error);
}

/* Returns: bytes that one turn of a link may write */
static gsize
write_piece (const MhLink *self)
{
  const MhYamux *yamux = mh_conn_yamux (self->conn);

  if (yamux != NULL && mh_yamux_is_interactive (yamux, g_get_monotonic_time ()))
    return INTERACTIVE_PIECE;

  return WRITE_PIECE;
}

static gboolean
on_socket_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (MhLink) self = mh_link_ref (data);
  g_autoptr (GError) error = NULL;
  gsize piece = self->piece;
  guint8 *room = mh_conn_reserve (self->conn, piece);
  gssize got = g_socket_receive (socket, (char *) room, piece, NULL, &error);

  if (got == (gssize) piece)
    self->piece = MIN (2 * piece, READ_PIECE);
  if (got > 0)
    link_received (self, (gsize) got);
  else if (got == 0)
    close_with (self, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the connection");
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    mh_link_close (self, error);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_socket_writable (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (MhLink) self = mh_link_ref (data);

  mh_source_drop (&self->writable);
  mh_link_send_some (self);

  return G_SOURCE_REMOVE;
}

static void
watch_socket (MhLink *self, GSource **slot, GIOCondition condition, GSocketSourceFunc func)
{
  *slot = g_socket_create_source (self->socket, condition, NULL);
  g_source_set_callback (*slot, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (*slot, mh_loop_context (self->host->loop));
}

/* Returns: bytes written, 0 when there is no room now, -1 when the link is closed */
static gssize
write_socket (MhLink *self, const MhBuf *out, gsize most)
{
  g_autoptr (GError) error = NULL;
  gssize done = g_socket_send (self->socket, (const char *) mh_buf_peek (out),
                               MIN (mh_buf_size (out), most), NULL, &error);

  if (done >= 0)
    return done;
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      mh_link_close (self, error);
      return -1;
    }
  if (self->writable == NULL)
    watch_socket (self, &self->writable, G_IO_OUT, on_socket_writable);

  return 0;
}

/* -- over a relay -- */

static void
on_over_readable (MhStream *stream, gpointer data)
{
  g_autoptr (MhLink) self = mh_link_ref (data);
  const MhBuf *received = mh_stream_received (stream);

  while (self->conn != NULL && mh_buf_size (received) > 0)
    {
      gsize size = MIN (mh_buf_size (received), READ_PIECE);

      memcpy (mh_conn_reserve (self->conn, size), mh_buf_peek (received), size);
      mh_stream_consume (stream, size);
      link_received (self, size);
    }
  if (self->conn != NULL && mh_stream_is_ended (stream))
    close_with (self, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the connection");
}

static void
on_over_writable (MhStream *stream, gpointer data)
{
  mh_link_kick (data);
}

static void
on_over_broken (MhStream *stream, gpointer data)
{
  close_with (data, G_IO_ERROR_CONNECTION_CLOSED, "the relay closed the connection");
}

static const MhStreamFuncs over_funcs = { on_over_readable, on_over_writable, on_over_broken };

/* -- both -- */

MhLink *
mh_link_new (MhHost *host, const MhLinkNew *request)
{
  MhLink *self = g_new0 (MhLink, 1);
  g_auto (MhMultiaddrTarget) target = { 0 };
  g_autofree char *authority = NULL;
  MhConnNew conn = { .is_client = request->is_client, .is_websocket = request->is_websocket };

  g_atomic_ref_count_init (&self->references);
  self->host = host;
  self->socket = request->socket;
  self->over = request->over;
  self->remote = request->remote;
  self->is_dialled = request->is_dialled;
  self->done = request->done;
  self->data = request->data;
  self->streams = g_ptr_array_new ();
  self->piece = FIRST_PIECE;
  self->since_us = g_get_monotonic_time ();
  self->deadline_us = mh_host_handshake_end_us (host);
  if (!self->is_dialled)
    host->half_open++;

  if (request->is_websocket && mh_multiaddr_target (self->remote, &target))
    authority = g_strdup_printf ("%s:%u", target.host, target.port);
  conn.host = authority != NULL ? authority : "localhost";
  conn.swarm_key = host->swarm_key;
  conn.secure = host->secure;
  conn.secure_data = host;
  conn.expected = request->expected;
  conn.limits = &host->limits;
  conn.events = &yamux_events;
  conn.data = self;
  self->conn = mh_conn_new (&conn);
  g_ptr_array_add (host->links, self);
  if (self->over != NULL)
    {
      mh_stream_set_funcs (self->over, &over_funcs, self);
    }
  else
    {
      g_socket_set_blocking (self->socket, FALSE);
      watch_socket (self, &self->readable, G_IO_IN, on_socket_readable);
    }
  mh_link_kick (self);

  return self;
}

/* Tells who waits for the link, once. */
static void
settle (MhLink *self, const GError *error)
{
  MhLinkDone done = self->done;

  self->done = NULL;
  if (done != NULL)
    done (self, error, self->data);
}

/* From now on nobody finds it. Returns: whether it was the last to its peer */
static gboolean
leave_peer (MhLink *self)
{
  MhPeer *peer = mh_peers_find (self->host, &self->peer);

  if (peer == NULL || !g_ptr_array_remove (peer->links, self))
    return FALSE;
  peer->used_us = g_get_monotonic_time ();

  return peer->links->len == 0;
}

void
mh_link_close (MhLink *self, const GError *error)
{
  g_autoptr (MhLink) hold = mh_link_ref (self);
  g_autoptr (MhConn) conn = NULL;
  gboolean was_open = self->is_open;
  gboolean was_last = FALSE;

  if (self->conn == NULL)
    return;
  if (self->depth > 0)
    {
      if (self->death == NULL)
        self->death = g_error_copy (error);
      return;
    }

  conn = g_steal_pointer (&self->conn);
  self->is_open = FALSE;
  /* users of its streams may ask for others at once */
  if (was_open)
    was_last = leave_peer (self);
  mh_source_drop (&self->readable);
  mh_source_drop (&self->writable);
  if (!self->is_dialled && !was_open)
    self->host->half_open--;
  g_clear_pointer (&conn, mh_conn_free); /* breaks the streams, which tell their users */
  /* yamux knows no more of those that had ended */
  while (self->streams->len > 0)
    mh_stream_on_broken (g_ptr_array_index (self->streams, 0));
  if (self->socket != NULL)
    (void) g_socket_close (self->socket, NULL); /* nothing is lost that was not lost before */
  g_clear_object (&self->socket);
  if (self->over != NULL)
    {
      mh_stream_set_funcs (self->over, NULL, NULL);
      mh_stream_reset (self->over);
    }
  g_clear_pointer (&self->over, mh_stream_unref);
  if (was_last)
    mh_host_emit_disconnected (self->host, &self->peer);
  settle (self, error);
  g_ptr_array_remove (self->host->links, self); /* gives its reference back */
}

static void
count_refusal (MhLink *self, const GError *error)
{
  MhHostRefusals *refusals = &self->host->refusals;

  if (self->is_open)
    refusals->protocol++;
  else if (self->is_dialled && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    refusals->wrong_peers++;
  else
    refusals->handshakes++;
}

/* Counts the streams that were over the limit. */
static void
count_streams (MhLink *self)
{
  MhYamux *yamux = mh_conn_yamux (self->conn);
  guint64 refused = yamux != NULL ? mh_yamux_refused (yamux) : 0;

  self->host->refusals.limits += refused - self->refused;
  self->refused = refused;
}

/* The handshakes are done: streams can be opened. */
static gboolean
become_open (MhLink *self, GError **error)
{
  MhPeer *peer;

  self->peer = *mh_conn_peer (self->conn);
  self->is_open = TRUE;
  self->ping_us = 0;
  if (!self->is_dialled)
    self->host->half_open--;
  if (!mh_manage_admit (self->host, self, error))
    return FALSE;

  peer = mh_peers_get (self->host, &self->peer);
  g_ptr_array_add (peer->links, self);
  if (self->is_dialled && self->over == NULL)
    mh_peers_note (self->host, &self->peer, self->remote, TRUE);
  settle (self, NULL);
  if (peer->links->len == 1 && self->conn != NULL)
    mh_host_emit_connected (self->host, &self->peer);

  return TRUE;
}

/* Closes a link that a callback of its connection wanted closed. Returns: whether it did */
static gboolean
die (MhLink *self)
{
  g_autoptr (GError) death = g_steal_pointer (&self->death);

  if (death == NULL)
    return FALSE;
  mh_link_close (self, death);

  return TRUE;
}

/* Notes that the handshakes are done, once; closes the link when it may not be. */
static void
ensure_open (MhLink *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->is_open && self->death == NULL && !become_open (self, &error))
    mh_link_close (self, error);
}

/* Takes bytes that were written to the room of mh_conn_reserve(). */
static void
link_received (MhLink *self, gsize size)
{
  g_autoptr (GError) error = NULL;
  gint64 now_us = g_get_monotonic_time ();
  gboolean good;

  self->bytes_in += size;
  self->host->bytes_in += size;
  self->depth++;
  good = mh_conn_received (self->conn, size, now_us, &error);
  self->depth--;
  count_streams (self);
  if (die (self))
    return;
  if (good && mh_conn_is_open (self->conn))
    ensure_open (self);
  else if (!good)
    count_refusal (self, error);
  if (self->conn == NULL)
    return;

  if (!good)
    {
      mh_link_send (self); /* an alert, a goodbye */
      mh_link_close (self, error);
    }
  else if (mh_conn_is_ended (self->conn))
    {
      close_with (self, G_IO_ERROR_CONNECTION_CLOSED, "the peer closed the connection");
    }
  else if (mh_conn_is_urgent (self->conn))
    {
      mh_link_send_some (self); /* an answer need not wait for what else this turn has to do */
    }
  else
    {
      mh_link_kick (self);
    }
}

void
mh_link_kick (MhLink *self)
{
  if (self->is_dirty || self->conn == NULL)
    return;

  self->is_dirty = TRUE;
  g_ptr_array_add (self->host->dirty, mh_link_ref (self));
  g_source_set_ready_time (self->host->flush, 0);
}

/* Returns: whether more can be sent now */
static gboolean
send_piece (MhLink *self)
{
  gsize most;
  MhBuf *out;
  gssize done;

  self->is_dirty = FALSE;
  if (self->conn == NULL || self->writable != NULL)
    return FALSE;

  most = write_piece (self);
  self->depth++;
  out = mh_conn_pull (self->conn, most);
  self->depth--;
  if (die (self) || mh_buf_size (out) == 0)
    return FALSE;
  if (self->over != NULL)
    done = (gssize) mh_stream_write (self->over, mh_buf_peek (out), mh_buf_size (out));
  else
    done = write_socket (self, out, most);
  if (done <= 0)
    return FALSE;

  self->bytes_out += (guint64) done;
  self->host->bytes_out += (guint64) done;
  mh_buf_consume (out, (gsize) done);

  return TRUE;
}

void
mh_link_send (MhLink *self)
{
  g_autoptr (MhLink) hold = mh_link_ref (self);

  while (send_piece (self))
    ;
}

void
mh_link_send_some (MhLink *self)
{
  g_autoptr (MhLink) hold = mh_link_ref (self);

  if (send_piece (self) && mh_conn_wants_send (self->conn))
    mh_link_kick (self);
}

void
mh_link_tick (MhLink *self, gint64 now_us)
{
  g_autoptr (MhLink) hold = mh_link_ref (self);

  if (self->conn != NULL && !self->is_open && now_us > self->deadline_us)
    {
      self->host->refusals.handshakes++;
      close_with (self, G_IO_ERROR_TIMED_OUT, "the peer takes too long to say who it is");
      return;
    }
  if (!self->is_open)
    return;

  for (guint i = self->streams->len; i > 0; i--)
    if (i <= self->streams->len)
      mh_stream_tick (g_ptr_array_index (self->streams, i - 1), now_us);
  if (self->conn == NULL || now_us < self->ping_us)
    return;

  self->ping_us = now_us + PING_US;
  self->piece = FIRST_PIECE;
  mh_conn_trim (self->conn);
  if (!mh_yamux_tick (mh_conn_yamux (self->conn), now_us))
    close_with (self, G_IO_ERROR_TIMED_OUT, "the peer does not answer any more");
  else
    mh_link_kick (self);
}

gboolean
mh_link_is_open (const MhLink *self)
{
  return self->is_open;
}

gboolean
mh_link_is_relayed (const MhLink *self)
{
  return self->over != NULL;
}

gboolean
mh_link_is_dialled (const MhLink *self)
{
  return self->is_dialled;
}

const MhPeerId *
mh_link_peer (const MhLink *self)
{
  return &self->peer;
}

MhMultiaddr *
mh_link_remote (const MhLink *self)
{
  return self->remote;
}

MhConn *
mh_link_conn (const MhLink *self)
{
  return self->conn;
}

MhHost *
mh_link_host (const MhLink *self)
{
  return self->host;
}

gint64
mh_link_since_us (const MhLink *self)
{
  return self->since_us;
}

guint
mh_link_streams (const MhLink *self)
{
  return self->streams->len;
}

void
mh_link_describe (const MhLink *self, MhHostConnection *out)
{
  out->peer = self->peer;
  out->remote = mh_multiaddr_ref (self->remote);
  out->is_dialled = self->is_dialled;
  out->is_relayed = self->over != NULL;
  out->security = mh_conn_security (self->conn);
  out->streams = self->streams->len;
  out->rtt_us = mh_yamux_rtt_us (mh_conn_yamux (self->conn));
  out->since_us = self->since_us;
  out->bytes_in = self->bytes_in;
  out->bytes_out = self->bytes_out;
}

/* Whether @a is to be used rather than @b: direct, then the older. */
static gboolean
is_better (const MhLink *a, const MhLink *b)
{
  if (mh_link_is_relayed (a) != mh_link_is_relayed (b))
    return !mh_link_is_relayed (a);

  return a->since_us < b->since_us;
}

MhLink *
mh_link_best (MhHost *host, const MhPeerId *peer)
{
  MhPeer *row = mh_peers_find (host, peer);
  MhLink *best = NULL;

  for (guint i = 0; row != NULL && i < row->links->len; i++)
    {
      MhLink *link = g_ptr_array_index (row->links, i);

      if (!mh_yamux_is_going (mh_conn_yamux (link->conn))
          && (best == NULL || is_better (link, best)))
        best = link;
    }

  return best;
}

void
mh_link_add_stream (MhLink *self, MhStream *stream)
{
  g_ptr_array_add (self->streams, stream);
}

void
mh_link_remove_stream (MhLink *self, MhStream *stream)
{
  g_ptr_array_remove_fast (self->streams, stream);
}
