/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-private.h"
#include "system.h"

/* An address gets this start before the next is tried as well (RFC 8305 §5). */
#define HEAD_START_US (250 * G_TIME_SPAN_MILLISECOND)

/* Two peers that dial each other at the same time meet by then, or not at all. */
#define PUNCH_MS 6000

/* Addresses that are tried at the same time. */
#define MOST_ATTEMPTS 8

typedef struct
{
  MhHostConnected done;
  gpointer data;
  gint64 deadline_us;
} Waiter;

struct _MhDial
{
  MhHost *host;       /* (unowned) */
  gboolean is_punch;  /* all at once, while the peer does the same */
  gboolean is_client; /* who proposes in multistream */
  gboolean is_fresh;  /* from a port of its own */
  gboolean has_peer;  /* else whoever is there will do */
  MhPeerId peer;
  GPtrArray *addresses;  /* (owned) (element-type MhMultiaddr) */
  guint next;            /* the first that was not tried */
  GPtrArray *attempts;   /* (owned) (element-type Attempt): those that go on */
  gint64 next_us;        /* when the next may be tried */
  GArray *waiters;       /* (owned) (element-type Waiter) */
  GError *error;         /* (owned) (nullable): the last failure */
  MhDialReached reached; /* (nullable): in place of @waiters */
  gpointer reached_data;
  gboolean is_over;
};

/* One address that is being tried. */
typedef struct
{
  gatomicrefcount references; /* the dial's and one of what is under way */
  MhDial *dial;               /* (unowned) (nullable): %NULL when nobody waits for it any more */
  MhMultiaddr *address;       /* (owned) */
  GCancellable *cancellable;  /* (owned): of a name that is looked up */
  GSocket *socket;            /* (owned) (nullable): that connects */
  GSource *source;            /* (owned) (nullable): of @socket */
  MhLink *link;               /* (owned) (nullable): that does its handshake */
} Attempt;

static void dial_next (MhDial *self);

static Attempt *
attempt_ref (Attempt *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

static void
attempt_unref (gpointer data)
{
  Attempt *self = data;

  if (!g_atomic_ref_count_dec (&self->references))
    return;

  mh_multiaddr_unref (self->address);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_unref)

static void
drop_socket (Attempt *self)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
  g_clear_object (&self->socket);
}

/* Nobody waits for it any more. */
static void
attempt_cancel (gpointer data)
{
  Attempt *self = data;
  g_autoptr (MhLink) link = g_steal_pointer (&self->link);
  g_autoptr (GError) error = NULL;

  self->dial = NULL;
  g_cancellable_cancel (self->cancellable);
  drop_socket (self);
  if (link != NULL && !mh_link_is_open (link))
    {
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "another address was faster");
      mh_link_close (link, error);
    }
  attempt_unref (self);
}

static void
dial_free (MhDial *self)
{
  g_ptr_array_unref (self->addresses);
  g_ptr_array_unref (self->attempts);
  g_array_unref (self->waiters);
  g_clear_error (&self->error);
  g_free (self);
}

/* The end: tells everybody who waits. @link is what led to the peer, without @error. */
static void
dial_end (MhDial *self, MhLink *link, const GError *error)
{
  MhHost *host = self->host;
  MhPeer *peer = self->has_peer ? mh_peers_find (host, &self->peer) : NULL;

  if (self->is_over)
    return;

  self->is_over = TRUE;
  if (peer != NULL && peer->dial == self)
    peer->dial = NULL;
  g_ptr_array_remove_fast (host->dials, self);
  g_ptr_array_set_size (self->attempts, 0);
  for (guint i = 0; i < self->waiters->len; i++)
    {
      const Waiter *waiter = &g_array_index (self->waiters, Waiter, i);

      if (waiter->done != NULL)
        waiter->done (host, error, waiter->data);
    }
  if (self->reached != NULL)
    self->reached (link, error, self->reached_data);
  dial_free (self);
}

static void
attempt_failed (Attempt *self, const GError *error)
{
  g_autoptr (Attempt) hold = attempt_ref (self);
  MhDial *dial = self->dial;

  if (dial == NULL)
    return;
  if (dial->has_peer)
    mh_peers_note (dial->host, &dial->peer, self->address, FALSE);
  g_clear_error (&dial->error);
  dial->error = g_error_copy (error);
  g_ptr_array_remove_fast (dial->attempts, self);
  dial->next_us = 0;
  dial_next (dial);
}

static void
on_link_done (MhLink *link, const GError *error, gpointer data)
{
  g_autoptr (Attempt) self = data;

  g_clear_pointer (&self->link, mh_link_unref);
  if (self->dial == NULL)
    return;
  if (error != NULL)
    attempt_failed (self, error);
  else
    dial_end (self->dial, link, NULL);
}

static void
begin_link (Attempt *self, MhLinkNew *request)
{
  MhDial *dial = self->dial;
  MhLink *link;

  request->remote = mh_multiaddr_ref (self->address);
  request->is_dialled = TRUE;
  request->is_client = dial->is_client;
  request->expected = dial->has_peer ? &dial->peer : NULL;
  request->done = on_link_done;
  request->data = attempt_ref (self);
  link = mh_link_new (dial->host, request);
  self->link = mh_link_ref (link);
}

/* -- over TCP -- */

static gboolean
on_connected (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (Attempt) self = attempt_ref (data);
  g_autoptr (GSocket) connected = g_object_ref (socket);
  g_autoptr (GError) error = NULL;
  MhLinkNew request = { NULL };

  if (!g_socket_check_connect_result (socket, &error))
    {
      drop_socket (self);
      attempt_failed (self, error);
      return G_SOURCE_REMOVE;
    }

  drop_socket (self);
  request.socket = g_steal_pointer (&connected);
  request.is_websocket = mh_multiaddr_has (self->address, MH_MULTIADDR_WS);
  begin_link (self, &request);

  return G_SOURCE_REMOVE;
}

/* Returns: (transfer full) (nullable): a socket that connects from @port, 0 for any */
static GSocket *
begin_connect (GSocketAddress *address, guint16 port, GError **error)
{
  GSocketFamily family = g_socket_address_get_family (address);
  g_autoptr (GSocket) socket =
      g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  g_autoptr (GInetAddress) any = g_inet_address_new_any (family);
  g_autoptr (GSocketAddress) from = g_inet_socket_address_new (any, port);
  GError *local = NULL;

  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  mh_system_no_delay (socket);
  if (port != 0 && !mh_system_bind_shared (socket, from, error))
    return NULL;
  if (!g_socket_connect (socket, address, NULL, &local)
      && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_PENDING))
    {
      g_propagate_error (error, local);
      return NULL;
    }
  g_clear_error (&local);

  return g_steal_pointer (&socket);
}

/*
 * Connections come from the port that we listen on, if they can: then what a router in between
 * makes of it is where others can reach us. Not so to a peer that is reached over relays, too: it
 * may be behind a router that drops our packet, and ours would remember it for minutes, between the
 * same ports as those of a hole that is punched soon, with numbers that the hole's do not fit.
 */
static guint16
port_to_use (const Attempt *self, GSocketFamily family)
{
  MhDial *dial = self->dial;
  MhMultiaddr *last = g_ptr_array_index (dial->addresses, dial->addresses->len - 1);

  if (dial->is_fresh || mh_multiaddr_is_loopback (self->address)
      || (!dial->is_punch && mh_multiaddr_has (last, MH_MULTIADDR_CIRCUIT)))
    return 0;

  return mh_listen_port (dial->host, family);
}

static gboolean
connect_socket (Attempt *self, const MhMultiaddrTarget *target, GError **error)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (target->host, target->port);
  gboolean is_punch = self->dial->is_punch;
  guint16 port;

  if (address == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s is no IP address",
                   target->host);
      return FALSE;
    }
  port = port_to_use (self, g_socket_address_get_family (address));
  if (port != 0)
    self->socket = begin_connect (address, port, is_punch ? error : NULL);
  if (self->socket != NULL && self->dial->has_peer)
    mh_peers_note_known (self->dial->host, &self->dial->peer, self->address);
  /* the peer opens no way to another port */
  if (self->socket == NULL && (port == 0 || !is_punch))
    self->socket = begin_connect (address, 0, error);
  if (self->socket == NULL)
    return FALSE;
  self->source = g_socket_create_source (self->socket, G_IO_OUT, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_connected), self, NULL);
  g_source_attach (self->source, mh_loop_context (self->dial->host->loop));

  return TRUE;
}

/* -- names -- */

/* Puts what a name stands for in its place. */
static void
insert_resolved (MhDial *dial, MhMultiaddr *named, GList *found)
{
  g_auto (MhMultiaddrTarget) target = { 0 };

  if (!mh_multiaddr_target (named, &target))
    return;
  for (GList *row = found; row != NULL; row = row->next)
    {
      g_autofree char *host = g_inet_address_to_string (row->data);
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new_tcp (host, target.port);
      g_autoptr (MhMultiaddr) ws = mh_multiaddr_new ("/ws", NULL);

      if (target.transport == MH_TRANSPORT_WS)
        g_ptr_array_insert (dial->addresses, (gint) dial->next, mh_multiaddr_join (address, ws));
      else
        g_ptr_array_insert (dial->addresses, (gint) dial->next, g_steal_pointer (&address));
    }
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Attempt) self = data;
  g_autoptr (GError) error = NULL;
  GList *found = g_resolver_lookup_by_name_with_flags_finish (G_RESOLVER (source), result, &error);
  MhDial *dial = self->dial;

  if (dial != NULL && found != NULL)
    {
      insert_resolved (dial, self->address, found);
      g_ptr_array_remove_fast (dial->attempts, self);
      dial->next_us = 0;
      dial_next (dial);
    }
  else if (dial != NULL)
    {
      attempt_failed (self, error);
    }
  g_resolver_free_addresses (found);
}

static void
resolve (Attempt *self, const MhMultiaddrTarget *target)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GResolverNameLookupFlags flags = G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT;

  if (target->family == MH_MULTIADDR_DNS4)
    flags = G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY;
  if (target->family == MH_MULTIADDR_DNS6)
    flags = G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY;
  g_resolver_lookup_by_name_with_flags_async (resolver, target->host, flags, self->cancellable,
                                              on_resolved, attempt_ref (self));
}

/* -- over relays -- */

static void
on_circuit (MhStream *stream, const GError *error, gpointer data)
{
  g_autoptr (Attempt) self = data;
  MhLinkNew request = { NULL };

  if (self->dial == NULL)
    return;
  if (stream == NULL)
    {
      attempt_failed (self, error);
      return;
    }
  request.over = mh_stream_ref (stream);
  begin_link (self, &request);
}

static gboolean
begin_circuit (Attempt *self, GError **error)
{
  MhHost *host = self->dial->host;

  if (host->circuit == NULL || !self->dial->has_peer)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "an address over a relay needs a peer, and a relay client");
      return FALSE;
    }
  host->circuit (self->address, &self->dial->peer, on_circuit, attempt_ref (self),
                 host->circuit_data);

  return TRUE;
}

/* -- all of them -- */

static gboolean
attempt_begin (Attempt *self, GError **error)
{
  g_auto (MhMultiaddrTarget) target = { 0 };

  if (!mh_multiaddr_target (self->address, &target))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "there is no transport for the address");
      return FALSE;
    }
  if (target.transport == MH_TRANSPORT_CIRCUIT)
    return begin_circuit (self, error);
  if (target.family == MH_MULTIADDR_IP4 || target.family == MH_MULTIADDR_IP6)
    return connect_socket (self, &target, error);
  resolve (self, &target);

  return TRUE;
}

static void
try_one (MhDial *self)
{
  g_autoptr (GError) error = NULL;
  Attempt *attempt = g_new0 (Attempt, 1);

  g_atomic_ref_count_init (&attempt->references);
  attempt->dial = self;
  attempt->address = mh_multiaddr_ref (g_ptr_array_index (self->addresses, self->next));
  attempt->cancellable = g_cancellable_new ();
  self->next++;
  self->next_us = g_get_monotonic_time () + HEAD_START_US;
  g_ptr_array_add (self->attempts, attempt);
  if (!attempt_begin (attempt, &error))
    attempt_failed (attempt, error);
}

/* Tries what may be tried; ends when nothing is left. May free @self. */
static void
dial_next (MhDial *self)
{
  g_autoptr (GError) error = NULL;

  if (self->is_over)
    return;
  if (self->next < self->addresses->len)
    {
      if (self->attempts->len < MOST_ATTEMPTS
          && (self->is_punch || g_get_monotonic_time () >= self->next_us))
        try_one (self);
      return;
    }
  if (self->attempts->len > 0)
    return;

  if (self->error == NULL)
    self->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                       "no address of the peer is known that may be tried now");
  error = g_error_copy (self->error);
  dial_end (self, NULL, error);
}

/* Ends the waiting of those whose time is up. */
static void
expire (MhDial *self, gint64 now_us)
{
  g_autoptr (GError) error = NULL;

  for (guint i = self->waiters->len; i > 0; i--)
    {
      Waiter waiter = g_array_index (self->waiters, Waiter, i - 1);

      if (waiter.deadline_us > now_us)
        continue;
      if (error == NULL)
        error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                                     "the peer could not be reached in time");
      g_array_remove_index_fast (self->waiters, i - 1);
      if (waiter.done != NULL)
        waiter.done (self->host, error, waiter.data);
    }
  if (self->waiters->len == 0)
    dial_end (self, NULL, error);
}

void
mh_dial_tick (MhDial *self, gint64 now_us)
{
  gboolean is_due = FALSE;

  for (guint i = 0; i < self->waiters->len; i++)
    is_due = is_due || g_array_index (self->waiters, Waiter, i).deadline_us <= now_us;
  if (is_due)
    expire (self, now_us);
  else
    dial_next (self);
}

void
mh_dial_cancel_all (MhHost *host)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the network is being left");

  while (host->dials->len > 0)
    dial_end (g_ptr_array_index (host->dials, 0), NULL, error);
}

/* Relays last: they cost somebody else. */
static void
sort_out (GPtrArray *addresses)
{
  guint direct = 0;

  for (guint i = 0; i < addresses->len; i++)
    {
      MhMultiaddr *address = g_ptr_array_index (addresses, i);

      if (mh_multiaddr_has (address, MH_MULTIADDR_CIRCUIT))
        continue;
      g_ptr_array_insert (addresses, (gint) direct++, mh_multiaddr_ref (address));
      g_ptr_array_remove_index (addresses, i + 1);
    }
}

/* Returns: (transfer none): a dial that has not begun */
static MhDial *
dial_new (MhHost *host, const MhPeerId *peer, GPtrArray *addresses)
{
  MhDial *self = g_new0 (MhDial, 1);

  self->host = host;
  self->is_client = TRUE;
  self->has_peer = peer != NULL;
  if (peer != NULL)
    self->peer = *peer;
  self->addresses = addresses;
  self->attempts = g_ptr_array_new_with_free_func (attempt_cancel);
  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  sort_out (addresses);
  g_ptr_array_add (host->dials, self);

  return self;
}

/* Whoever wants to reach the peer meanwhile waits for this one. */
static void
share (MhDial *self)
{
  MhPeer *row = self->has_peer ? mh_peers_get (self->host, &self->peer) : NULL;

  if (row != NULL && row->dial == NULL)
    row->dial = self;
}

static void
add_waiter (MhDial *self, guint timeout_ms, MhHostConnected done, gpointer data)
{
  Waiter waiter = { done, data };

  waiter.deadline_us = g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
  g_array_append_val (self->waiters, waiter);
}

static gboolean
refuse_early (MhHost *self, const MhPeerId *peer, MhHostConnected done, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (self->is_closing)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the network is being left");
  else if (peer != NULL && mh_peer_id_equal (peer, &self->id))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                 "the address is of this machine itself");
  if (error == NULL)
    return FALSE;
  if (done != NULL)
    done (self, error, data);

  return TRUE;
}

void
mh_host_connect (MhHost *self, const MhPeerId *peer, guint timeout_ms, MhHostConnected done,
                 gpointer data)
{
  MhPeer *row;
  MhDial *dial;

  if (refuse_early (self, peer, done, data))
    return;
  if (mh_link_best (self, peer) != NULL)
    {
      if (done != NULL)
        done (self, NULL, data);
      return;
    }

  row = mh_peers_get (self, peer);
  if (row->dial != NULL)
    {
      add_waiter (row->dial, timeout_ms, done, data);
      return;
    }
  dial = dial_new (self, peer, mh_peers_to_dial (self, peer));
  share (dial);
  add_waiter (dial, timeout_ms, done, data);
  dial_next (dial);
}

void
mh_host_connect_to (MhHost *self, MhMultiaddr *address, guint timeout_ms, MhHostConnected done,
                    gpointer data)
{
  GPtrArray *addresses;
  MhDial *dial;
  MhPeerId peer;
  gboolean has_peer = mh_multiaddr_peer (address, &peer);

  if (refuse_early (self, has_peer ? &peer : NULL, done, data))
    return;
  addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_ptr_array_add (addresses, mh_multiaddr_without_peer (address));
  if (has_peer)
    mh_host_add_address (self, &peer, address);
  dial = dial_new (self, has_peer ? &peer : NULL, addresses);
  share (dial);
  add_waiter (dial, timeout_ms, done, data);
  dial_next (dial);
}

void
mh_dial_punch (MhHost *host, const MhPeerId *peer, GPtrArray *addresses, gboolean is_client,
               MhHostConnected done, gpointer data)
{
  guint count = MIN (addresses->len, MOST_ATTEMPTS);
  MhDial *dial;

  if (refuse_early (host, peer, done, data))
    {
      g_ptr_array_unref (addresses);
      return;
    }
  dial = dial_new (host, peer, addresses);
  dial->is_punch = TRUE;
  dial->is_client = is_client;
  add_waiter (dial, PUNCH_MS, done, data);
  /* an attempt that fails at once may have ended the dial */
  for (guint i = 0; i < MAX (count, 1) && g_ptr_array_find (host->dials, dial, NULL); i++)
    dial_next (dial);
}

void
mh_dial_fresh (MhHost *host, const MhPeerId *peer, GPtrArray *addresses, guint timeout_ms,
               MhDialReached reached, gpointer data)
{
  MhDial *dial = dial_new (host, peer, addresses);

  dial->is_fresh = TRUE;
  dial->reached = reached;
  dial->reached_data = data;
  add_waiter (dial, timeout_ms, NULL, NULL);
  dial_next (dial);
}
