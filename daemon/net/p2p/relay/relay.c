/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "relay.h"

#include "exchange.h"
#include "net/p2p/wire/envelope.h"
#include "net/p2p/wire/pb.h"
#include "splice.h"

/* How long a peer may take to say whether it takes a connection. */
#define STOP_TIMEOUT_MS 10000

/* circuit-v2, "Reservation Vouchers" */
#define VOUCHER_RELAY 1
#define VOUCHER_PEER 2
#define VOUCHER_EXPIRE 3

struct _MhRelay
{
  MhHost *host;             /* (unowned) */
  GHashTable *reservations; /* (owned) (element-type MhPeerId gint64): Unix seconds of their end */
  GHashTable *circuits;     /* (owned) (element-type MhPeerId guint): from each peer */
  guint count;              /* of all circuits */
};

/* A connection that somebody asked for. */
typedef struct
{
  MhRelay *relay;         /* (unowned) */
  MhStream *from;         /* (owned) (nullable) */
  MhRelayHearing *answer; /* (unowned) (nullable): while it is waited for */
  MhPeerId source;
} Circuit;

static gint64
now_s (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
refuse (MhStream *stream, MhRelayCode status)
{
  mh_relay_say_status (stream, FALSE, status);
  mh_stream_close_write (stream);
}

/* -- reservations -- */

static void
forget_old (MhRelay *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->reservations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (*(gint64 *) value < now_s ())
      g_hash_table_iter_remove (&iter);
}

static gboolean
has_reservation (MhRelay *self, const MhPeerId *peer)
{
  gint64 *end = g_hash_table_lookup (self->reservations, peer);

  return end != NULL && *end >= now_s ();
}

/* Returns: (transfer full): what proves to others that we keep a place for @peer */
static GBytes *
make_voucher (MhRelay *self, const MhPeerId *peer, gint64 end)
{
  const MhPeerId *own = mh_host_id (self->host);
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  mh_pb_put_bytes (payload, VOUCHER_RELAY, own->bytes, own->size);
  mh_pb_put_bytes (payload, VOUCHER_PEER, peer->bytes, peer->size);
  mh_pb_put_uint (payload, VOUCHER_EXPIRE, (guint64) end);

  return mh_envelope_seal (mh_host_signer (self->host), &mh_envelope_relay_voucher, payload);
}

static void
answer_reservation (MhRelay *self, MhStream *stream, gint64 end)
{
  g_autoptr (MhRelayMessage) message = mh_relay_message_new (MH_RELAY_STATUS);
  g_autoptr (GPtrArray) own = mh_host_addresses (self->host);

  message->status = MH_RELAY_OK;
  message->expire_s = (guint64) end;
  for (guint i = 0; i < own->len; i++)
    if (!mh_multiaddr_has (own->pdata[i], MH_MULTIADDR_CIRCUIT))
      g_ptr_array_add (message->addresses,
                       mh_multiaddr_with_peer (own->pdata[i], mh_host_id (self->host)));
  message->voucher = make_voucher (self, mh_stream_peer (stream), end);
  mh_relay_say (stream, FALSE, message);
  mh_stream_close_write (stream);
}

static void
reserve (MhRelay *self, MhStream *stream)
{
  const MhPeerId *peer = mh_stream_peer (stream);
  gint64 end = now_s () + MH_RELAY_LIFE_S;

  /* over another relay it would be of no use */
  if (mh_stream_is_relayed (stream))
    {
      refuse (stream, MH_RELAY_DENIED);
      return;
    }
  forget_old (self);
  if (!g_hash_table_contains (self->reservations, peer)
      && g_hash_table_size (self->reservations) >= MH_RELAY_MOST_RESERVATIONS)
    {
      refuse (stream, MH_RELAY_LIMIT);
      return;
    }

  g_hash_table_replace (self->reservations, mh_peer_id_copy (peer), g_memdup2 (&end, sizeof end));
  answer_reservation (self, stream, end);
}

/* -- circuits -- */

static guint
circuits_of (MhRelay *self, const MhPeerId *peer)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->circuits, peer));
}

static void
count_circuit (MhRelay *self, const MhPeerId *peer, int change)
{
  guint count = (guint) ((int) circuits_of (self, peer) + change);

  self->count = (guint) ((int) self->count + change);
  if (count == 0)
    g_hash_table_remove (self->circuits, peer);
  else
    g_hash_table_replace (self->circuits, mh_peer_id_copy (peer), GUINT_TO_POINTER (count));
}

static void
circuit_end (gpointer data)
{
  Circuit *self = data;

  count_circuit (self->relay, &self->source, -1);
  g_clear_pointer (&self->from, mh_stream_unref);
  g_free (self);
}

static void
fail (Circuit *self, MhRelayCode status)
{
  refuse (self->from, status);
  circuit_end (self);
}

static void
on_answer (MhStream *stream, const MhRelayMessage *message, const GError *error, gpointer data)
{
  Circuit *self = data;

  mh_stream_set_funcs (self->from, NULL, NULL);
  self->answer = NULL;
  if (error != NULL || message->type != MH_RELAY_STATUS || message->status != MH_RELAY_OK
      || mh_stream_is_broken (self->from))
    {
      mh_stream_reset (stream);
      fail (self, MH_RELAY_FAILED);
      return;
    }

  mh_relay_say_status (self->from, FALSE, MH_RELAY_OK);
  mh_splice (g_steal_pointer (&self->from), mh_stream_ref (stream), circuit_end, self);
}

/* Whoever asked has left: so does the answer. */
static void
on_source_broken (MhStream *stream, gpointer data)
{
  mh_relay_unhear (((Circuit *) data)->answer);
}

static void
on_stop_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs waiting = { NULL, NULL, on_source_broken };
  Circuit *self = data;
  g_autoptr (MhRelayMessage) message = NULL;

  if (stream == NULL || mh_stream_is_broken (self->from))
    {
      fail (self, MH_RELAY_FAILED);
      return;
    }
  message = mh_relay_message_new (MH_RELAY_CONNECT);
  message->has_peer = TRUE;
  message->peer = self->source;
  mh_relay_say (stream, TRUE, message);
  mh_stream_set_funcs (self->from, &waiting, self);
  self->answer = mh_relay_hear (mh_stream_ref (stream), TRUE, on_answer, self);
}

static void
connect_peers (MhRelay *self, MhStream *stream, const MhRelayMessage *message)
{
  static const char *const names[] = { MH_RELAY_STOP_PROTOCOL, NULL };
  const MhPeerId *source = mh_stream_peer (stream);
  Circuit *circuit;

  if (!message->has_peer)
    refuse (stream, MH_RELAY_MALFORMED);
  else if (mh_stream_is_relayed (stream) || mh_peer_id_equal (source, &message->peer))
    refuse (stream, MH_RELAY_DENIED);
  else if (!has_reservation (self, &message->peer)
           || !mh_host_is_connected (self->host, &message->peer))
    refuse (stream, MH_RELAY_NO_RESERVATION);
  else if (self->count >= MH_RELAY_MOST_CIRCUITS
           || circuits_of (self, source) >= MH_RELAY_MOST_CIRCUITS_OF_PEER)
    refuse (stream, MH_RELAY_LIMIT);
  else
    {
      circuit = g_new0 (Circuit, 1);
      circuit->relay = self;
      circuit->from = mh_stream_ref (stream);
      circuit->source = *source;
      count_circuit (self, source, 1);
      mh_host_open (self->host, &message->peer, names, STOP_TIMEOUT_MS, on_stop_opened, circuit);
    }
}

static void
on_request (MhStream *stream, const MhRelayMessage *message, const GError *error, gpointer data)
{
  if (error != NULL)
    refuse (stream, MH_RELAY_MALFORMED);
  else if (message->type == MH_RELAY_RESERVE)
    reserve (data, stream);
  else if (message->type == MH_RELAY_CONNECT)
    connect_peers (data, stream, message);
  else
    refuse (stream, MH_RELAY_UNEXPECTED);
}

static void
on_hop (MhStream *stream, gpointer data)
{
  mh_relay_hear (stream, FALSE, on_request, data);
}

/* Whoever leaves has no place any more: nobody could be sent there. */
static void
on_disconnected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  g_hash_table_remove (((MhRelay *) data)->reservations, peer);
}

MhRelay *
mh_relay_new (MhHost *host)
{
  static const MhHostEvents events = { .disconnected = on_disconnected };
  MhRelay *self = g_new0 (MhRelay, 1);

  self->host = host;
  self->reservations = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, g_free);
  self->circuits = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  mh_host_watch (host, &events, self);
  mh_host_handle (host, MH_RELAY_HOP_PROTOCOL, on_hop, self);

  return self;
}

void
mh_relay_free (MhRelay *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->reservations);
  g_hash_table_unref (self->circuits);
  g_free (self);
}

guint
mh_relay_circuits (const MhRelay *self)
{
  return self->count;
}
