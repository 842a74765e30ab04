/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "autonat-private.h"

/* How long a peer may take to say what it wants. */
#define REQUEST_TIMEOUT_MS 10000

/* A peer that asks. */
typedef struct
{
  MhAutonat *autonat; /* (unowned) */
  MhStream *stream;   /* (owned) (nullable) */
  GSource *timer;     /* (owned) (nullable): until it has said what it wants */
  gboolean is_dialling;
} Request;

static void
drop_stream (Request *self)
{
  if (self->stream == NULL)
    return;

  mh_stream_set_funcs (self->stream, NULL, NULL);
  g_clear_pointer (&self->stream, mh_stream_unref);
}

static void
request_end (Request *self)
{
  self->autonat->asking--;
  mh_source_drop (&self->timer);
  drop_stream (self);
  g_free (self);
}

static void
answer (Request *self, MhAutonatStatus status, const char *text, MhMultiaddr *address)
{
  g_autoptr (MhAutonatMessage) message = mh_autonat_message_new (MH_AUTONAT_RESPONSE);

  message->status = status;
  message->text = g_strdup (text);
  message->address = address != NULL ? mh_multiaddr_ref (address) : NULL;
  if (self->stream != NULL)
    {
      mh_autonat_say (self->stream, message);
      mh_stream_close_write (self->stream);
    }
  request_end (self);
}

/* -- dialling -- */

/* The connection has done what it was for. */
static void
close_link (gpointer data)
{
  MhLink *link = data;
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "the peer can be reached");

  if (mh_link_conn (link) == NULL)
    return;
  mh_conn_close (mh_link_conn (link));
  mh_link_send (link);
  mh_link_close (link, error);
}

static void
on_reached (MhLink *link, const GError *error, gpointer data)
{
  Request *self = data;
  MhHost *host = self->autonat->host;

  if (link == NULL)
    {
      answer (self, MH_AUTONAT_DIAL_ERROR, error->message, NULL);
      return;
    }
  answer (self, MH_AUTONAT_OK, NULL, mh_link_remote (link));
  /* not here, in the middle of its handshake */
  mh_loop_post (host->loop, close_link, mh_link_ref (link), (GDestroyNotify) mh_link_unref);
}

/* Whether @address has the IP address @seen and no name in its place. */
static gboolean
is_at (const MhMultiaddr *address, const MhMultiaddrTarget *seen)
{
  g_auto (MhMultiaddrTarget) target = { 0 };

  return mh_multiaddr_target (address, &target)
         && (target.transport == MH_TRANSPORT_TCP || target.transport == MH_TRANSPORT_WS)
         && target.family == seen->family && g_str_equal (target.host, seen->host);
}

/* Returns: (transfer full) (nullable): where the peer may be dialled: only at the IP address that
 * it has shown to be its own, so that nobody is made to dial somebody else */
static GPtrArray *
choose (MhAutonat *self, MhStream *stream, const MhAutonatMessage *message)
{
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_auto (MhMultiaddrTarget) seen = { 0 };
  MhLink *link = mh_stream_link (stream);
  MhMultiaddr *remote;

  if (link == NULL || mh_link_is_relayed (link))
    return NULL;
  remote = mh_link_remote (link);
  if (!mh_multiaddr_target (remote, &seen)
      || (mh_multiaddr_is_loopback (remote) && !self->request.any_address))
    return NULL;
  for (guint i = 0; i < message->addresses->len; i++)
    if (is_at (message->addresses->pdata[i], &seen))
      g_ptr_array_add (out, mh_multiaddr_ref (message->addresses->pdata[i]));
  if (out->len == 0 && message->addresses->len == 0)
    g_ptr_array_add (out, mh_multiaddr_ref (remote));

  return out->len > 0 ? g_steal_pointer (&out) : NULL;
}

static void
serve (Request *self, const MhAutonatMessage *message)
{
  MhAutonat *autonat = self->autonat;
  const MhPeerId *peer = mh_stream_peer (self->stream);
  GPtrArray *addresses;

  if (message == NULL || message->type != MH_AUTONAT_DIAL
      || (message->has_peer && !mh_peer_id_equal (&message->peer, peer)))
    {
      answer (self, MH_AUTONAT_BAD_REQUEST, "this is no request to dial the peer that asks", NULL);
      return;
    }
  addresses = choose (autonat, self->stream, message);
  if (addresses == NULL)
    {
      answer (self, MH_AUTONAT_DIAL_REFUSED, "no address is where the peer is seen", NULL);
      return;
    }
  if (!mh_autonat_limit_take (autonat->limit, peer, g_get_monotonic_time ()))
    {
      g_ptr_array_unref (addresses);
      answer (self, MH_AUTONAT_DIAL_REFUSED, "there were too many requests", NULL);
      return;
    }

  self->is_dialling = TRUE;
  mh_dial_fresh (autonat->host, peer, addresses, MH_AUTONAT_DIAL_MS, on_reached, self);
}

/* -- being asked -- */

static void
on_request (MhStream *stream, gpointer data)
{
  Request *self = data;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (MhAutonatMessage) message = NULL;
  gboolean good = mh_stream_take_message (stream, MH_AUTONAT_MAX_MESSAGE, &bytes, NULL);

  if (self->is_dialling || (good && bytes == NULL && !mh_stream_is_ended (stream)))
    return;
  mh_source_drop (&self->timer);
  if (bytes != NULL)
    message = mh_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  serve (self, message);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  Request *self = data;

  drop_stream (self);
  if (!self->is_dialling)
    request_end (self);
}

static gboolean
on_too_late (gpointer data)
{
  Request *self = data;

  mh_stream_reset (self->stream);
  request_end (self);

  return G_SOURCE_REMOVE;
}

static void
on_asked (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_request, NULL, on_broken };
  MhAutonat *autonat = data;
  Request *self;

  if (autonat->asking >= MH_AUTONAT_MOST_ASKING)
    {
      mh_stream_reset (stream);
      mh_stream_unref (stream);
      return;
    }
  autonat->asking++;
  self = g_new0 (Request, 1);
  self->autonat = autonat;
  self->stream = stream;
  self->timer = g_timeout_source_new (REQUEST_TIMEOUT_MS);
  g_source_set_callback (self->timer, on_too_late, self, NULL);
  g_source_attach (self->timer, mh_host_context (autonat->host));
  mh_stream_set_funcs (stream, &funcs, self);
}

void
mh_autonat_serve (MhAutonat *self)
{
  mh_host_handle (self->host, MH_AUTONAT_PROTOCOL, on_asked, self);
}
