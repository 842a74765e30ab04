/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-answer.h"
#include "kad-private.h"

/* host.h does not tell that a peer broke the rules, which the host counts */
#include "net/p2p/host/host-private.h"
#include "net/p2p/wire/varint.h"

/* A stream that a peer asks on: go-libp2p and js-libp2p may ask many times on one. */
typedef struct
{
  MhKad *kad;       /* (unowned) */
  MhStream *stream; /* (owned) */
  MhBuf out;        /* answers that the stream did not take yet */
  gint64 used_ms;   /* last of a question, or of an answer that went */
} Server;

static void
end (Server *self)
{
  g_ptr_array_remove_fast (self->kad->servers, self);
  mh_stream_set_funcs (self->stream, NULL, NULL);
  mh_stream_unref (self->stream);
  mh_buf_clear (&self->out);
  g_free (self);
}

static void
refuse (Server *self)
{
  self->kad->host->refusals.protocol++;
  mh_stream_reset (self->stream);
  end (self);
}

/* Whether who asks is on this machine, as far as can be told. */
static gboolean
is_near (const Server *self)
{
  MhLink *link = mh_stream_link (self->stream);

  return link != NULL && !mh_link_is_relayed (link)
         && mh_multiaddr_is_loopback (mh_link_remote (link));
}

/* Where a peer, or we, may be reached by who asks: elsewhere an address of this machine alone, or
 * of one link, leads to somebody else or to nobody. */
static GPtrArray *
addresses_of (const MhPeerId *id, gpointer data)
{
  Server *self = data;
  MhHost *host = self->kad->host;
  GPtrArray *all = mh_peer_id_equal (id, mh_host_id (host)) ? mh_host_addresses (host)
                                                            : mh_host_known_addresses (host, id);

  if (is_near (self))
    return all;
  for (guint i = all->len; i > 0; i--)
    if (mh_multiaddr_is_loopback (all->pdata[i - 1])
        || mh_multiaddr_is_link_local (all->pdata[i - 1]))
      g_ptr_array_remove_index (all, i - 1);

  return all;
}

/* Returns: %FALSE when the question is refused */
static gboolean
answer (Server *self, GBytes *bytes)
{
  g_autoptr (MhKadMessage) request =
      mh_kad_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (MhKadMessage) reply = NULL;
  g_autoptr (GBytes) out = NULL;
  guint8 length[MH_VARINT_MAX];

  if (request == NULL
      || !mh_kad_answer (self->kad->table, request, mh_stream_peer (self->stream), addresses_of,
                         self, &reply))
    return FALSE;
  if (reply == NULL)
    return TRUE;

  out = mh_kad_message_encode (reply);
  mh_buf_append (&self->out, length, mh_varint_put (g_bytes_get_size (out), length));
  mh_buf_append (&self->out, g_bytes_get_data (out, NULL), g_bytes_get_size (out));

  return TRUE;
}

static void
flush (Server *self)
{
  gsize taken = mh_stream_write (self->stream, mh_buf_peek (&self->out), mh_buf_size (&self->out));

  if (taken > 0)
    self->used_ms = mh_kad_now_ms ();
  mh_buf_consume (&self->out, taken);
}

/* Takes questions as long as the peer takes answers. */
static void
go_on (MhStream *stream, gpointer data)
{
  Server *self = data;
  gboolean is_idle = FALSE;

  flush (self);
  while (!is_idle && mh_buf_size (&self->out) < MH_KAD_MOST_WAITING)
    {
      g_autoptr (GBytes) bytes = NULL;

      if (!mh_stream_take_message (stream, MH_KAD_MAX_MESSAGE, &bytes, NULL)
          || (bytes != NULL && !answer (self, bytes)))
        {
          refuse (self);
          return;
        }
      is_idle = bytes == NULL;
      if (!is_idle)
        self->used_ms = mh_kad_now_ms ();
      flush (self);
    }
  if (!is_idle || mh_buf_size (&self->out) > 0 || !mh_stream_is_ended (stream))
    return;
  mh_stream_close_write (stream);
  end (self);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  end (data);
}

static void
on_incoming (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { go_on, go_on, on_broken };
  Server *self = g_new0 (Server, 1);

  self->kad = data;
  self->stream = stream;
  self->used_ms = mh_kad_now_ms ();
  g_ptr_array_add (self->kad->servers, self);
  mh_stream_set_funcs (stream, &funcs, self);
}

void
mh_kad_serve_init (MhKad *self)
{
  self->servers = g_ptr_array_new ();
  mh_host_handle (self->host, MH_KAD_PROTOCOL, on_incoming, self);
}

void
mh_kad_serve_tick (MhKad *self, gint64 now_ms)
{
  for (guint i = self->servers->len; i > 0; i--)
    {
      Server *server = g_ptr_array_index (self->servers, i - 1);

      if (now_ms - server->used_ms < MH_KAD_IDLE_MS)
        continue;
      mh_stream_reset (server->stream);
      end (server);
    }
}

void
mh_kad_serve_clear (MhKad *self)
{
  while (self->servers->len > 0)
    end (g_ptr_array_index (self->servers, 0));
  g_ptr_array_unref (self->servers);
}
