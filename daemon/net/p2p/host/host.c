/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host.h"

#include "host-private.h"
#include "net/p2p/noise/noise.h"

static const char *const muxers[] = { "/yamux/1.0.0", NULL };

static MhSecure *
make_tls (gboolean is_client, const MhPeerId *expected, gpointer data)
{
  return mh_tls_new (((MhHost *) data)->identity, is_client, expected, muxers);
}

static MhSecure *
make_noise (gboolean is_client, const MhPeerId *expected, gpointer data)
{
  return mh_noise_new (((MhHost *) data)->request.signer, is_client, expected, muxers);
}

/* -- the clock -- */

static gboolean
on_tick (gpointer data)
{
  MhHost *self = data;
  gint64 now_us = g_get_monotonic_time ();

  for (guint i = self->dials->len; i > 0; i--)
    if (i <= self->dials->len)
      mh_dial_tick (g_ptr_array_index (self->dials, i - 1), now_us);
  mh_open_tick (self, now_us);
  for (guint i = self->links->len; i > 0; i--)
    if (i <= self->links->len)
      mh_link_tick (g_ptr_array_index (self->links, i - 1), now_us);
  mh_manage_tick (self, now_us);
  mh_observed_tick (self, now_us);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_flush (gpointer data)
{
  MhHost *self = data;
  g_autoptr (GPtrArray) dirty = self->dirty;

  g_source_set_ready_time (self->flush, -1);
  self->dirty = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_link_unref);
  for (guint i = 0; i < dirty->len; i++)
    mh_link_send_some (g_ptr_array_index (dirty, i));

  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_flush (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static void
start_clock (gpointer data)
{
  MhHost *self = data;

  self->tick = g_timeout_source_new (MH_HOST_TICK_MS);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, mh_loop_context (self->loop));
  self->flush_funcs.dispatch = dispatch_flush;
  self->flush = g_source_new (&self->flush_funcs, sizeof (GSource));
  g_source_set_callback (self->flush, on_flush, self, NULL);
  g_source_attach (self->flush, mh_loop_context (self->loop));
}

/* -- life -- */

static guint
or_default (guint value, guint otherwise)
{
  return value != 0 ? value : otherwise;
}

static void
fill_defaults (MhHost *self)
{
  MhHostNew *request = &self->request;

  request->low_water = or_default (request->low_water, 160);
  request->high_water = MAX (or_default (request->high_water, 192), request->low_water);
  request->most_half_open = or_default (request->most_half_open, 64);
  request->most_of_peer = or_default (request->most_of_peer, 8);
  request->most_streams = or_default (request->most_streams, 1024);
  request->handshake_ms = or_default (request->handshake_ms, 10000);
  request->agent = g_strdup (request->agent != NULL ? request->agent : "meshhold");
  self->limits.most_streams = request->most_streams;
  self->budget.most = MH_HOST_MOST_WINDOWS;
  self->limits.budget = &self->budget;
}

static gboolean
prepare_security (MhHost *self, GError **error)
{
  MhSecurity security = self->request.security != 0 ? self->request.security : MH_SECURITY_BOTH;
  guint count = 0;

  if ((security & MH_SECURITY_TLS) != 0)
    {
      self->identity = mh_tls_identity_new (self->request.signer, error);
      if (self->identity == NULL)
        return FALSE;
      self->secure[count++] = (MhConnSecure){ "/tls/1.0.0", make_tls };
    }
  if ((security & MH_SECURITY_NOISE) != 0)
    self->secure[count++] = (MhConnSecure){ "/noise", make_noise };

  return TRUE;
}

/* Frees what is left when the loop is none, or was never there. */
static void
host_clear (MhHost *self)
{
  mh_secret_free (self->swarm_key);
  g_clear_pointer (&self->identity, mh_tls_identity_unref);
  g_free ((char *) self->request.agent);
  g_clear_pointer (&self->handlers, g_hash_table_unref);
  g_clear_pointer (&self->peers, g_hash_table_unref);
  g_clear_pointer (&self->watches, g_array_unref);
  g_clear_pointer (&self->links, g_ptr_array_unref);
  g_clear_pointer (&self->dirty, g_ptr_array_unref);
  g_clear_pointer (&self->own, g_ptr_array_unref);
  g_clear_pointer (&self->opening, g_ptr_array_unref);
  g_clear_pointer (&self->observed, g_ptr_array_unref);
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_clear_pointer (&self->dials, g_ptr_array_unref);
  g_clear_pointer (&self->loop, mh_loop_unref);
  g_free (self);
}

MhHost *
mh_host_new (const MhHostNew *request, GError **error)
{
  MhHost *self = g_new0 (MhHost, 1);

  self->request = *request;
  fill_defaults (self);
  if (request->swarm_key != NULL)
    self->swarm_key = mh_secret_new_copy (mh_secret_peek (request->swarm_key),
                                          mh_secret_size (request->swarm_key));
  self->id = mh_peer_id_from_ed25519 (mh_signer_public_key (request->signer));
  self->handlers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->watches = g_array_new (FALSE, FALSE, sizeof (MhWatch));
  self->links = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_link_unref);
  self->dirty = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_link_unref);
  self->own = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  self->dials = g_ptr_array_new ();
  mh_open_init (self);
  mh_observed_init (self);
  if (!prepare_security (self, error))
    {
      host_clear (self);
      return NULL;
    }

  mh_peers_init (self);
  mh_listen_init (self);
  self->loop = mh_loop_new ("p2p");
  mh_loop_run (self->loop, start_clock, self);

  return self;
}

static void
close_here (gpointer data)
{
  MhHost *self = data;
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the network is being left");

  self->is_closing = TRUE;
  mh_listen_clear (self);
  mh_dial_cancel_all (self);
  mh_open_cancel_all (self);
  while (self->links->len > 0)
    {
      /* who cannot send closes it, too */
      g_autoptr (MhLink) link = mh_link_ref (g_ptr_array_index (self->links, 0));

      if (mh_link_is_open (link))
        {
          mh_conn_close (mh_link_conn (link));
          mh_link_send (link);
        }
      mh_link_close (link, error);
    }
  mh_peers_clear (self);
  g_source_destroy (self->tick);
  g_clear_pointer (&self->tick, g_source_unref);
  g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
}

void
mh_host_free (MhHost *self)
{
  if (self == NULL)
    return;

  mh_loop_run (self->loop, close_here, self);
  mh_loop_stop (self->loop);
  host_clear (self);
}

/* -- small things -- */

gint64
mh_host_handshake_end_us (const MhHost *self)
{
  return g_get_monotonic_time () + self->request.handshake_ms * G_TIME_SPAN_MILLISECOND;
}

const MhPeerId *
mh_host_id (const MhHost *self)
{
  return &self->id;
}

const MhSigner *
mh_host_signer (const MhHost *self)
{
  return self->request.signer;
}

GMainContext *
mh_host_context (const MhHost *self)
{
  return mh_loop_context (self->loop);
}

typedef struct
{
  MhHost *host;
  MhHostTask task;
  gpointer data;
} Task;

static void
run_task (gpointer data)
{
  Task *task = data;

  task->task (task->host, task->data);
}

void
mh_host_post (MhHost *self, MhHostTask task, gpointer data)
{
  Task *copy = g_new0 (Task, 1);

  *copy = (Task){ self, task, data };
  mh_loop_post (self->loop, run_task, copy, g_free);
}

void
mh_host_run (MhHost *self, MhHostTask task, gpointer data)
{
  Task here = { self, task, data };

  mh_loop_run (self->loop, run_task, &here);
}

void
mh_host_handle (MhHost *self, const char *protocol, MhHostHandler handler, gpointer data)
{
  MhHandlerRow *row;

  if (handler == NULL)
    {
      g_hash_table_remove (self->handlers, protocol);
    }
  else
    {
      row = g_new0 (MhHandlerRow, 1);
      *row = (MhHandlerRow){ handler, data };
      g_hash_table_replace (self->handlers, g_strdup (protocol), row);
    }
  mh_host_own_changed (self);
}

GPtrArray *
mh_host_own_protocols (MhHost *self)
{
  GPtrArray *out = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->handlers);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (out, key);

  return out;
}

void
mh_host_watch (MhHost *self, const MhHostEvents *events, gpointer data)
{
  MhWatch watch = { events, data };

  g_array_append_val (self->watches, watch);
}

/* Which of the events. */
typedef void (*Told) (MhHost *self, const MhPeerId *peer, gpointer data);

static void
emit (MhHost *self, const MhPeerId *peer, gsize offset)
{
  MhPeerId copy = *peer;

  for (guint i = 0; i < self->watches->len; i++)
    {
      MhWatch watch = g_array_index (self->watches, MhWatch, i);
      Told told = G_STRUCT_MEMBER (Told, watch.events, offset);

      if (told != NULL)
        told (self, &copy, watch.data);
    }
}

void
mh_host_emit_connected (MhHost *self, const MhPeerId *peer)
{
  emit (self, peer, G_STRUCT_OFFSET (MhHostEvents, connected));
}

void
mh_host_emit_disconnected (MhHost *self, const MhPeerId *peer)
{
  emit (self, peer, G_STRUCT_OFFSET (MhHostEvents, disconnected));
}

void
mh_host_emit_identified (MhHost *self, const MhPeerId *peer)
{
  emit (self, peer, G_STRUCT_OFFSET (MhHostEvents, identified));
}

void
mh_host_emit_addresses (MhHost *self, const MhPeerId *peer)
{
  emit (self, peer, G_STRUCT_OFFSET (MhHostEvents, addresses));
}

void
mh_host_own_changed (MhHost *self)
{
  emit (self, &self->id, G_STRUCT_OFFSET (MhHostEvents, changed));
}

static gboolean
find_own (const MhHost *self, const MhMultiaddr *address, guint *at)
{
  return g_ptr_array_find_with_equal_func (self->own, address, mh_multiaddr_equal, at);
}

void
mh_host_add_own_address (MhHost *self, MhMultiaddr *address)
{
  if (find_own (self, address, NULL))
    return;
  g_ptr_array_add (self->own, mh_multiaddr_ref (address));
  mh_host_own_changed (self);
}

void
mh_host_remove_own_address (MhHost *self, const MhMultiaddr *address)
{
  guint at;

  if (!find_own (self, address, &at))
    return;
  g_ptr_array_remove_index (self->own, at);
  mh_host_own_changed (self);
}

GPtrArray *
mh_host_addresses (MhHost *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  mh_listen_addresses (self, out);
  for (guint i = 0; i < self->own->len; i++)
    if (!g_ptr_array_find_with_equal_func (out, self->own->pdata[i], mh_multiaddr_equal, NULL))
      g_ptr_array_add (out, mh_multiaddr_ref (self->own->pdata[i]));

  return out;
}

void
mh_host_disconnect (MhHost *self, const MhPeerId *peer)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the connection is no longer wanted");
  MhPeer *row = mh_peers_find (self, peer);
  g_autoptr (GPtrArray) links = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_link_unref);

  /* one whose callback this is called from goes later, and the row may go with any */
  for (guint i = 0; row != NULL && i < row->links->len; i++)
    g_ptr_array_add (links, mh_link_ref (row->links->pdata[i]));
  for (guint i = 0; i < links->len; i++)
    mh_link_close (links->pdata[i], error);
}

gint64
mh_host_rtt_us (MhHost *self, const MhPeerId *peer)
{
  MhLink *link = mh_link_best (self, peer);

  return link != NULL ? mh_yamux_rtt_us (mh_conn_yamux (mh_link_conn (link))) : 0;
}

void
mh_host_connection_free (MhHostConnection *self)
{
  mh_multiaddr_unref (self->remote);
  g_free (self);
}

GPtrArray *
mh_host_connections (MhHost *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_host_connection_free);

  for (guint i = 0; i < self->links->len; i++)
    {
      MhLink *link = g_ptr_array_index (self->links, i);
      MhHostConnection *row;

      if (!mh_link_is_open (link))
        continue;
      row = g_new0 (MhHostConnection, 1);
      mh_link_describe (link, row);
      g_ptr_array_add (out, row);
    }

  return out;
}

MhHostRefusals
mh_host_refusals (MhHost *self)
{
  return self->refusals;
}

static void
traffic_here (MhHost *self, gpointer data)
{
  guint64 *both = data;

  both[0] = self->bytes_in;
  both[1] = self->bytes_out;
}

void
mh_host_traffic (MhHost *self, guint64 *bytes_in, guint64 *bytes_out)
{
  guint64 both[2];

  mh_host_run (self, traffic_here, both);
  *bytes_in = both[0];
  *bytes_out = both[1];
}

void
mh_source_drop (GSource **slot)
{
  if (*slot == NULL)
    return;

  g_source_destroy (*slot);
  g_clear_pointer (slot, g_source_unref);
}
