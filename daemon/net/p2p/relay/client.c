/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "exchange.h"
#include "net/p2p/host/host-private.h"
#include "relay.h"

#define TIMEOUT_MS 10000

/* A reservation is renewed so long before its end, and asked for again so long after a failure. */
#define RENEW_BEFORE_S 300
#define RETRY_S 10

/* A relay that we use. */
typedef struct
{
  MhRelayClient *client; /* (unowned) */
  MhPeerId relay;
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr): of us, over the relay */
  gboolean is_asking;
  gint64 next_s; /* when to ask again; Unix seconds */
} Place;

struct _MhRelayClient
{
  MhHost *host;      /* (unowned) */
  GPtrArray *places; /* (owned) (element-type Place) */
  GSource *tick;     /* (owned) */
};

/* A connection that we ask a relay for. */
typedef struct
{
  MhPeerId peer;
  MhHostOpened opened;
  gpointer data;
} Dialling;

static gint64
now_s (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
place_free (gpointer data)
{
  Place *self = data;

  g_ptr_array_unref (self->addresses);
  g_free (self);
}

/* -- places -- */

static Place *
find_place (const MhRelayClient *self, const MhPeerId *relay)
{
  for (guint i = 0; i < self->places->len; i++)
    {
      Place *place = g_ptr_array_index (self->places, i);

      if (mh_peer_id_equal (&place->relay, relay))
        return place;
    }

  return NULL;
}

static void
lose (Place *self)
{
  for (guint i = 0; i < self->addresses->len; i++)
    mh_host_remove_own_address (self->client->host, self->addresses->pdata[i]);
  g_ptr_array_set_size (self->addresses, 0);
}

/* Tells others of the addresses that lead over the relay. */
static void
gain (Place *self, const MhRelayMessage *message)
{
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (GPtrArray) known = mh_host_known_addresses (self->client->host, &self->relay);
  GPtrArray *from = message->addresses->len > 0 ? message->addresses : known;

  lose (self);
  for (guint i = 0; i < from->len; i++)
    {
      g_autoptr (MhMultiaddr) relay = mh_multiaddr_with_peer (from->pdata[i], &self->relay);
      MhMultiaddr *whole = mh_multiaddr_join (relay, circuit);

      if (whole == NULL)
        continue;
      g_ptr_array_add (self->addresses, whole);
      mh_host_add_own_address (self->client->host, whole);
    }
}

static void
on_reserved (MhStream *stream, const MhRelayMessage *message, const GError *error, gpointer data)
{
  Place *self = data;
  gint64 end;

  self->is_asking = FALSE;
  self->next_s = now_s () + RETRY_S;
  mh_stream_close_write (stream);
  if (error != NULL || message->type != MH_RELAY_STATUS || message->status != MH_RELAY_OK)
    {
      lose (self);
      return;
    }

  gain (self, message);
  end = (gint64) MIN (message->expire_s, (guint64) now_s () + MH_RELAY_LIFE_S);
  self->next_s = MAX (now_s () + RETRY_S, end - RENEW_BEFORE_S);
}

static void
on_hop_opened (MhStream *stream, const GError *error, gpointer data)
{
  g_autoptr (MhRelayMessage) message = mh_relay_message_new (MH_RELAY_RESERVE);
  Place *self = data;

  if (stream == NULL)
    {
      self->is_asking = FALSE;
      self->next_s = now_s () + RETRY_S;
      lose (self);
      return;
    }
  mh_relay_say (stream, FALSE, message);
  mh_relay_hear (mh_stream_ref (stream), FALSE, on_reserved, self);
}

static void
ask (Place *self)
{
  static const char *const names[] = { MH_RELAY_HOP_PROTOCOL, NULL };

  if (self->is_asking || self->client->host->is_closing)
    return;
  self->is_asking = TRUE;
  mh_host_open (self->client->host, &self->relay, names, TIMEOUT_MS, on_hop_opened, self);
}

static gboolean
on_tick (gpointer data)
{
  MhRelayClient *self = data;

  for (guint i = 0; i < self->places->len; i++)
    {
      Place *place = g_ptr_array_index (self->places, i);

      if (now_s () >= place->next_s)
        ask (place);
    }

  return G_SOURCE_CONTINUE;
}

static void
on_connected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  Place *place = find_place (data, peer);

  if (place != NULL)
    ask (place);
}

static void
on_disconnected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  Place *place = find_place (data, peer);

  if (place == NULL)
    return;
  lose (place);
  place->next_s = now_s ();
}

void
mh_relay_client_use (MhRelayClient *self, const MhPeerId *relay)
{
  Place *place;

  if (find_place (self, relay) != NULL)
    return;
  place = g_new0 (Place, 1);
  place->client = self;
  place->relay = *relay;
  place->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_ptr_array_add (self->places, place);
  mh_host_protect (self->host, relay, TRUE);
  ask (place);
}

gboolean
mh_relay_client_has (const MhRelayClient *self, const MhPeerId *relay)
{
  Place *place = find_place (self, relay);

  return place != NULL && place->addresses->len > 0;
}

/* -- dialling -- */

static void
dialled (Dialling *self, MhStream *stream, const GError *error)
{
  self->opened (stream, error, self->data);
  g_free (self);
}

static void
on_dial_answer (MhStream *stream, const MhRelayMessage *message, const GError *error, gpointer data)
{
  g_autoptr (GError) local = NULL;

  if (error == NULL && message->type == MH_RELAY_STATUS && message->status == MH_RELAY_OK)
    {
      dialled (data, stream, NULL);
      return;
    }
  mh_stream_reset (stream);
  if (error == NULL)
    local = g_error_new (G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE,
                         "the relay does not reach the peer: %" G_GUINT64_FORMAT, message->status);
  dialled (data, NULL, error != NULL ? error : local);
}

static void
on_dial_opened (MhStream *stream, const GError *error, gpointer data)
{
  g_autoptr (MhRelayMessage) message = NULL;
  Dialling *self = data;

  if (stream == NULL)
    {
      dialled (self, NULL, error);
      return;
    }
  message = mh_relay_message_new (MH_RELAY_CONNECT);
  message->has_peer = TRUE;
  message->peer = self->peer;
  mh_relay_say (stream, FALSE, message);
  mh_relay_hear (mh_stream_ref (stream), FALSE, on_dial_answer, self);
}

/* For the host: asks the relay of @address for a stream to @peer. */
static void
dial_circuit (MhMultiaddr *address, const MhPeerId *peer, MhHostOpened opened, gpointer opened_data,
              gpointer data)
{
  static const char *const names[] = { MH_RELAY_HOP_PROTOCOL, NULL };
  MhRelayClient *self = data;
  g_autoptr (MhMultiaddr) relay = mh_multiaddr_relay (address);
  g_autoptr (GError) error = NULL;
  Dialling *dialling;
  MhPeerId id;

  if (relay == NULL || !mh_multiaddr_peer (relay, &id)
      || mh_multiaddr_has (relay, MH_MULTIADDR_CIRCUIT))
    {
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                   "the address does not say over which relay");
      opened (NULL, error, opened_data);
      return;
    }

  mh_host_add_address (self->host, &id, relay);
  dialling = g_new0 (Dialling, 1);
  dialling->peer = *peer;
  dialling->opened = opened;
  dialling->data = opened_data;
  mh_host_open (self->host, &id, names, TIMEOUT_MS, on_dial_opened, dialling);
}

/* -- being called -- */

/* Returns: (transfer full): where a connection over @relay comes from */
static MhMultiaddr *
circuit_address (MhHost *host, const MhPeerId *relay, const MhPeerId *source)
{
  MhLink *link = mh_link_best (host, relay);
  g_autoptr (MhMultiaddr) circuit = mh_multiaddr_new ("/p2p-circuit", NULL);
  g_autoptr (MhMultiaddr) base = NULL;
  g_autoptr (MhMultiaddr) over = NULL;

  if (link != NULL)
    base = mh_multiaddr_with_peer (mh_link_remote (link), relay);
  over = base != NULL ? mh_multiaddr_join (base, circuit) : NULL;

  return mh_multiaddr_with_peer (over != NULL ? over : circuit, source);
}

static void
on_called (MhStream *stream, const MhRelayMessage *message, const GError *error, gpointer data)
{
  MhRelayClient *self = data;
  MhLinkNew request = { NULL };

  if (error != NULL || message->type != MH_RELAY_CONNECT || !message->has_peer)
    {
      mh_relay_say_status (stream, TRUE, error != NULL ? MH_RELAY_MALFORMED : MH_RELAY_UNEXPECTED);
      mh_stream_close_write (stream);
      return;
    }
  /* only relays that we have chosen may bring us connections */
  if (find_place (self, mh_stream_peer (stream)) == NULL || !mh_manage_may_accept (self->host))
    {
      mh_relay_say_status (stream, TRUE, MH_RELAY_DENIED);
      mh_stream_close_write (stream);
      return;
    }

  mh_relay_say_status (stream, TRUE, MH_RELAY_OK);
  request.over = mh_stream_ref (stream);
  request.remote = circuit_address (self->host, mh_stream_peer (stream), &message->peer);
  mh_link_new (self->host, &request);
}

static void
on_stop (MhStream *stream, gpointer data)
{
  mh_relay_hear (stream, TRUE, on_called, data);
}

MhRelayClient *
mh_relay_client_new (MhHost *host)
{
  static const MhHostEvents events = { .connected = on_connected, .disconnected = on_disconnected };
  MhRelayClient *self = g_new0 (MhRelayClient, 1);

  self->host = host;
  self->places = g_ptr_array_new_with_free_func (place_free);
  self->tick = g_timeout_source_new_seconds (1);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, mh_host_context (host));
  host->circuit = dial_circuit;
  host->circuit_data = self;
  mh_host_watch (host, &events, self);
  mh_host_handle (host, MH_RELAY_STOP_PROTOCOL, on_stop, self);

  return self;
}

void
mh_relay_client_free (MhRelayClient *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->tick);
  g_source_unref (self->tick);
  g_ptr_array_unref (self->places);
  g_free (self);
}
