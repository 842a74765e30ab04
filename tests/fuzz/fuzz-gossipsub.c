/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/gossipsub/gossipsub.h"
#include "net/p2p/wire/pb.h"

#define PEERS 4

/* A member with four peers; what it writes has to be good enough for another member. */
typedef struct
{
  MhSigner *signers[PEERS + 1]; /* the last one is ours */
  MhPeerId ids[PEERS + 1];
  MhGossipsub *gossip;
  MhGossipsub *other;
  MhGossipsubConfig config;
  MhGossipsubId later; /* of a message that waits for its verdict */
  MhGossipsubVerdict verdict;
  gint64 now_ms;
} World;

static void
on_send (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data)
{
  World *self = data;
  gsize size;
  const guint8 *bytes = g_bytes_get_data (rpc, &size);

  g_assert (size <= self->config.max_rpc_bytes);
  g_assert (mh_gossipsub_feed (self->other, &self->ids[PEERS], bytes, size, self->now_ms, NULL));
}

static void
on_other_send (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data)
{
}

static MhGossipsubVerdict
on_validate (const MhGossipsubMessage *message, gpointer data)
{
  World *self = data;

  if (self->verdict == MH_GOSSIPSUB_LATER)
    self->later = message->id;

  return self->verdict;
}

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  World *self = data;

  g_assert (mh_gossipsub_is_in (self->gossip, message->topic));
  g_assert (!mh_peer_id_equal (&message->from, &self->ids[PEERS]));
}

static void
on_exchange (const MhPeerId *peer, const MhPeerRecord *record, gpointer data)
{
  g_assert (record == NULL || mh_peer_id_equal (peer, &record->peer));
}

static GBytes *
on_record (const MhPeerId *peer, gpointer data)
{
  return g_bytes_new_static ("record", 6);
}

static const MhGossipsubEvents events = {
  .send = on_send,
  .validate = on_validate,
  .message = on_message,
  .exchange = on_exchange,
  .record = on_record,
};

static const MhGossipsubEvents other_events = { .send = on_other_send };

static void
add_peer (World *self, guint peer)
{
  MhGossipsubPeer info = { .id = self->ids[peer],
                           .version = (MhGossipsubVersion) (peer % 3),
                           .is_outbound = peer % 2 == 0,
                           .address = peer < 2 ? "10.0.0.1" : NULL };

  mh_gossipsub_add_peer (self->gossip, &info, self->now_ms);
}

static void
begin (World *self)
{
  MhGossipsubPeer info = { .version = MH_GOSSIPSUB_VERSION_12 };

  for (guint i = 0; i <= PEERS; i++)
    {
      g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);

      memset (mh_secret_bytes (seed), (int) i + 'A', MH_SIGN_SEED_SIZE);
      self->signers[i] = mh_signer_new (seed);
      self->ids[i] = mh_peer_id_from_ed25519 (mh_signer_public_key (self->signers[i]));
    }
  mh_gossipsub_config_init (&self->config);
  self->config.seed = 1;
  self->config.first_seqno = 1;
  self->config.max_rpc_bytes = MH_GOSSIPSUB_LEAST_RPC;
  self->config.max_seen_bytes = 20 * MH_GOSSIPSUB_SEEN_COST;
  self->config.max_cache_bytes = 8000;
  self->config.max_pending_bytes = 4000;
  self->config.idontwant_bytes = 20;
  self->config.scoring.graylist_threshold = -5000;
  self->config.d = 2;
  self->config.d_lo = 1;
  self->config.d_hi = 3;
  self->gossip = mh_gossipsub_new (self->signers[PEERS], &self->config, &events, self);
  self->other = mh_gossipsub_new (self->signers[0], &self->config, &other_events, self);
  info.id = self->ids[PEERS];
  mh_gossipsub_add_peer (self->other, &info, 0);
  for (guint i = 0; i < PEERS; i++)
    add_peer (self, i);
  g_assert (mh_gossipsub_subscribe (self->gossip, "t", 0, NULL));
}

static void
end (World *self)
{
  mh_gossipsub_free (self->gossip);
  mh_gossipsub_free (self->other);
  for (guint i = 0; i <= PEERS; i++)
    mh_signer_free (self->signers[i]);
}

/* A good message of @author, which no fuzzer would find. */
static void
feed_message (World *self, guint peer, guint8 number, const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GByteArray) to_sign = g_byte_array_new ();
  g_autoptr (GByteArray) rpc = g_byte_array_new ();
  guint author = number % PEERS;
  guint8 seqno[8] = { [7] = number };
  guint8 signature[MH_SIGNATURE_SIZE];

  mh_pb_put_bytes (message, 1, self->ids[author].bytes, self->ids[author].size);
  mh_pb_put_bytes (message, 2, data, size);
  mh_pb_put_bytes (message, 3, seqno, sizeof seqno);
  mh_pb_put_text (message, 4, "t");
  g_byte_array_append (to_sign, (const guint8 *) "libp2p-pubsub:", 14);
  g_byte_array_append (to_sign, message->data, message->len);
  mh_signer_sign (self->signers[author], to_sign->data, to_sign->len, signature);
  mh_pb_put_bytes (message, 5, signature, sizeof signature);
  mh_pb_put_message (rpc, 2, message);
  if (rpc->len <= self->config.max_rpc_bytes)
    g_assert (mh_gossipsub_feed (self->gossip, &self->ids[peer], rpc->data, rpc->len, self->now_ms,
                                 NULL));
}

static void
publish (World *self, const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  gboolean is_done = mh_gossipsub_publish (self->gossip, size % 2 == 0 ? "t" : "u", bytes,
                                           self->now_ms, NULL, NULL);

  g_assert (is_done || size > self->config.max_rpc_bytes / 2);
}

static void
step (World *self, guint8 op, const guint8 *data, gsize size)
{
  guint peer = op >> 4 & 3;

  self->now_ms += size > 0 ? data[0] : 0;
  switch (op & 7)
    {
    case 0:
    case 1:
      if (!mh_gossipsub_feed (self->gossip, &self->ids[peer], data, size, self->now_ms, NULL))
        g_assert (size > 0);
      break;
    case 2:
      feed_message (self, peer, size > 0 ? data[0] : 0, data, size);
      break;
    case 3:
      self->now_ms += (gint64) size * 100;
      g_assert (mh_gossipsub_tick (self->gossip, self->now_ms) > self->now_ms);
      mh_gossipsub_tick (self->other, self->now_ms);
      break;
    case 4:
      publish (self, data, size);
      break;
    case 5:
      if (!mh_gossipsub_is_in (self->gossip, "u"))
        g_assert (mh_gossipsub_subscribe (self->gossip, "u", self->now_ms, NULL));
      else
        mh_gossipsub_unsubscribe (self->gossip, peer == 0 ? "t" : "u", self->now_ms);
      break;
    case 6:
      mh_gossipsub_remove_peer (self->gossip, &self->ids[peer], self->now_ms);
      if (size % 2 == 0)
        add_peer (self, peer);
      else
        mh_gossipsub_set_direct (self->gossip, &self->ids[peer], size % 4 == 1);
      break;
    default:
      self->verdict = (MhGossipsubVerdict) (size % 4);
      mh_gossipsub_report (self->gossip, &self->later, (MhGossipsubVerdict) (peer % 3),
                           self->now_ms);
      break;
    }
}

static void
check (const World *self)
{
  g_autoptr (GPtrArray) mesh = mh_gossipsub_mesh (self->gossip, "t");
  g_autoptr (GPtrArray) members = mh_gossipsub_members (self->gossip, "t");

  g_assert (mesh->len <= members->len && members->len <= PEERS);
  g_assert (mesh->len == 0 || mh_gossipsub_is_in (self->gossip, "t"));
  g_assert (mh_gossipsub_seen_bytes (self->gossip)
            <= self->config.max_seen_bytes + 20 * PEERS * sizeof (guint32));
  g_assert (mh_gossipsub_cache_bytes (self->gossip) <= self->config.max_cache_bytes);
  g_assert (mh_gossipsub_pending_bytes (self->gossip) <= self->config.max_pending_bytes);
}

/* The input is steps: what to do, two bytes with a size, so many bytes. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  World world = { 0 };
  gsize at = 0;

  g_assert (mh_crypto_init (NULL)); /* the first call only */
  begin (&world);
  while (size - at >= 3)
    {
      gsize length = MIN ((gsize) data[at + 1] | (gsize) data[at + 2] << 8, size - at - 3);

      step (&world, data[at], data + at + 3, length);
      check (&world);
      at += 3 + length;
    }
  end (&world);

  return 0;
}
