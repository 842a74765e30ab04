/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-net.h"

#include <string.h>

/* What happens at a time: an RPC arrives, or a host has its tick. */
typedef struct
{
  gint64 at_ms;
  guint64 order;
  guint from;
  guint to;
  GBytes *rpc; /* (owned) (nullable) */
} Next;

gboolean
__real_mh_sign_verify (const guint8 *key, const guint8 *data, gsize size, const guint8 *signature);
gboolean
__wrap_mh_sign_verify (const guint8 *key, const guint8 *data, gsize size, const guint8 *signature);

static GHashTable *verified; /* (element-type GBytes GBytes): what was found good */

gboolean
__wrap_mh_sign_verify (const guint8 *key, const guint8 *data, gsize size, const guint8 *signature)
{
  g_autoptr (GBytes) probe = g_bytes_new_static (signature, MH_SIGNATURE_SIZE);
  GBytes *known = NULL;
  guint8 *whole = NULL;
  const guint8 *bytes = NULL;

  if (verified == NULL)
    verified = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                      (GDestroyNotify) g_bytes_unref);
  known = g_hash_table_lookup (verified, probe);
  if (known != NULL && g_bytes_get_size (known) == size + MH_SIGN_PUBLIC_SIZE)
    {
      bytes = g_bytes_get_data (known, NULL);
      if (memcmp (bytes, key, MH_SIGN_PUBLIC_SIZE) == 0
          && memcmp (bytes + MH_SIGN_PUBLIC_SIZE, data, size) == 0)
        return TRUE;
    }
  if (!__real_mh_sign_verify (key, data, size, signature))
    return FALSE;

  whole = g_malloc (size + MH_SIGN_PUBLIC_SIZE);
  memcpy (whole, key, MH_SIGN_PUBLIC_SIZE);
  memcpy (whole + MH_SIGN_PUBLIC_SIZE, data, size);
  g_hash_table_insert (verified, g_bytes_new (signature, MH_SIGNATURE_SIZE),
                       g_bytes_new_take (whole, size + MH_SIGN_PUBLIC_SIZE));

  return TRUE;
}

static gboolean
is_before (const Next *a, const Next *b)
{
  return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order);
}

static Next *
heap_at (Net *self, guint i)
{
  return &g_array_index (self->heap, Next, i);
}

static void
heap_swap (Net *self, guint i, guint j)
{
  Next next = *heap_at (self, i);

  *heap_at (self, i) = *heap_at (self, j);
  *heap_at (self, j) = next;
}

static void
heap_push (Net *self, Next next)
{
  guint i = self->heap->len;

  next.order = self->order++;
  g_array_append_val (self->heap, next);
  for (; i > 0 && is_before (heap_at (self, i), heap_at (self, (i - 1) / 2)); i = (i - 1) / 2)
    heap_swap (self, i, (i - 1) / 2);
}

static Next
heap_pop (Net *self)
{
  Next first = *heap_at (self, 0);
  guint i = 0;

  heap_swap (self, 0, self->heap->len - 1);
  g_array_set_size (self->heap, self->heap->len - 1);
  for (;;)
    {
      guint least = i;

      for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < self->heap->len; child++)
        if (is_before (heap_at (self, child), heap_at (self, least)))
          least = child;
      if (least == i)
        return first;
      heap_swap (self, i, least);
      i = least;
    }
}

static gpointer
link_key (guint one, guint other)
{
  return GUINT_TO_POINTER (MIN (one, other) << 16 | MAX (one, other));
}

static guint
delay_of (Net *self, guint one, guint other)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->links, link_key (one, other)));
}

/* When what is sent now is on its way: what was sent before goes first. */
static gint64
sent_at (Net *self, guint from, guint to, gsize size)
{
  gpointer key = GUINT_TO_POINTER (from << 16 | to);
  gint64 free_ms = GPOINTER_TO_SIZE (g_hash_table_lookup (self->busy, key));

  if (self->bytes_per_ms == 0)
    return self->now_ms;
  free_ms = MAX (free_ms, self->now_ms) + (gint64) (size / self->bytes_per_ms);
  g_hash_table_insert (self->busy, key, GSIZE_TO_POINTER (free_ms));

  return free_ms;
}

void
net_send (Net *self, guint from, guint to, GBytes *rpc)
{
  guint delay_ms = delay_of (self, from, to);

  if (delay_ms == 0)
    return;
  self->rpcs++;
  self->bytes += g_bytes_get_size (rpc);
  heap_push (self, (Next){ .at_ms = sent_at (self, from, to, g_bytes_get_size (rpc)) + delay_ms,
                           .from = from,
                           .to = to,
                           .rpc = g_bytes_ref (rpc) });
}

static Host *
find (Net *self, const MhPeerId *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

static void
on_send (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data)
{
  Host *self = data;

  net_send (self->net, self->index, find (self->net, peer)->index, rpc);
}

static guint
number_of (const MhGossipsubMessage *message)
{
  guint32 number;

  memcpy (&number, g_bytes_get_data (message->data, NULL), sizeof number);

  return number;
}

static MhGossipsubVerdict
on_validate (const MhGossipsubMessage *message, gpointer data)
{
  Host *self = data;

  if (!g_hash_table_add (self->asked, GUINT_TO_POINTER (number_of (message))))
    self->asked_twice++;

  return MH_GOSSIPSUB_ACCEPT;
}

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  Host *self = data;
  Sent *sent = &g_array_index (self->net->sent, Sent, number_of (message));
  Host *from = find (self->net, &message->received_from);

  g_assert_cmpint (sent->hops[self->index], ==, 0);
  sent->hops[self->index] =
      from->index == sent->author ? 1 : (guint8) MIN (sent->hops[from->index] + 1, 255);
  sent->got_ms[self->index] = self->net->now_ms;
}

static const MhGossipsubEvents events = {
  .send = on_send,
  .validate = on_validate,
  .message = on_message,
};

static void
host_free (gpointer data)
{
  Host *self = data;

  mh_gossipsub_free (self->gossip);
  mh_signer_free (self->signer);
  g_array_unref (self->links);
  g_hash_table_unref (self->asked);
  g_free (self);
}

Host *
net_host (Net *self, guint index)
{
  return g_ptr_array_index (self->hosts, index);
}

Host *
net_add (Net *self, gboolean is_attacker)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  Host *host = g_new0 (Host, 1);

  host->net = self;
  host->index = self->hosts->len;
  host->is_up = TRUE;
  host->links = g_array_new (FALSE, FALSE, sizeof (guint));
  host->asked = g_hash_table_new (NULL, NULL);
  memset (mh_secret_bytes (seed), 1, MH_SIGN_SEED_SIZE);
  memcpy (mh_secret_bytes (seed), &host->index, sizeof host->index);
  host->signer = mh_signer_new (seed);
  host->id = mh_peer_id_from_ed25519 (mh_signer_public_key (host->signer));
  self->config.seed++;
  self->config.first_seqno = 1;
  if (!is_attacker)
    host->gossip = mh_gossipsub_new (host->signer, &self->config, &events, host);
  g_ptr_array_add (self->hosts, host);
  g_hash_table_insert (self->by_id, &host->id, host);
  heap_push (self, (Next){ .at_ms = self->now_ms + g_rand_int_range (self->rand, 0, 1000),
                           .to = host->index });

  return host;
}

Net *
net_new (guint32 seed, guint hosts, const MhGossipsubConfig *config)
{
  Net *self = g_new0 (Net, 1);

  self->rand = g_rand_new_with_seed (seed);
  self->hosts = g_ptr_array_new_with_free_func (host_free);
  self->by_id = g_hash_table_new (mh_peer_id_hash, mh_peer_id_equal);
  self->heap = g_array_new (FALSE, FALSE, sizeof (Next));
  self->links = g_hash_table_new (NULL, NULL);
  self->busy = g_hash_table_new (NULL, NULL);
  self->sent = g_array_new (FALSE, FALSE, sizeof (Sent));
  mh_gossipsub_config_init (&self->config);
  if (config != NULL)
    self->config = *config;
  self->config.seed = (guint64) seed << 32;
  for (guint i = 0; i < hosts; i++)
    net_add (self, FALSE);

  return self;
}

void
net_free (Net *self)
{
  for (guint i = 0; i < self->heap->len; i++)
    g_clear_pointer (&heap_at (self, i)->rpc, g_bytes_unref);
  for (guint i = 0; i < self->sent->len; i++)
    {
      g_free (g_array_index (self->sent, Sent, i).hops);
      g_free (g_array_index (self->sent, Sent, i).got_ms);
    }
  g_array_unref (self->heap);
  g_array_unref (self->sent);
  g_hash_table_unref (self->links);
  g_hash_table_unref (self->busy);
  g_hash_table_unref (self->by_id);
  g_ptr_array_unref (self->hosts);
  g_rand_free (self->rand);
  g_clear_pointer (&verified, g_hash_table_unref);
  g_free (self);
}

static void
add_peer (Net *self, guint host, guint peer, gboolean is_outbound)
{
  MhGossipsubPeer info = { .id = net_host (self, peer)->id,
                           .version = MH_GOSSIPSUB_VERSION_12,
                           .is_outbound = is_outbound };

  g_array_append_val (net_host (self, host)->links, peer);
  if (net_host (self, host)->gossip != NULL)
    mh_gossipsub_add_peer (net_host (self, host)->gossip, &info, self->now_ms);
}

void
net_link (Net *self, guint one, guint other)
{
  guint delay_ms = (guint) g_rand_int_range (self->rand, 5, 100);

  if (one == other || delay_of (self, one, other) != 0)
    return;
  g_hash_table_insert (self->links, link_key (one, other), GUINT_TO_POINTER (delay_ms));
  add_peer (self, one, other, TRUE);
  add_peer (self, other, one, FALSE);
}

static void
forget_link (Net *self, guint host, guint peer)
{
  GArray *links = net_host (self, host)->links;

  for (guint i = links->len; i-- > 0;)
    if (g_array_index (links, guint, i) == peer)
      g_array_remove_index (links, i);
  if (net_host (self, host)->gossip != NULL)
    mh_gossipsub_remove_peer (net_host (self, host)->gossip, &net_host (self, peer)->id,
                              self->now_ms);
}

void
net_unlink (Net *self, guint one, guint other)
{
  if (!g_hash_table_remove (self->links, link_key (one, other)))
    return;
  forget_link (self, one, other);
  forget_link (self, other, one);
}

void
net_link_all (Net *self, guint each)
{
  gint32 count = (gint32) self->hosts->len;

  for (guint i = 0; i < self->hosts->len; i++)
    for (guint j = 0; j < each; j++)
      net_link (self, i, (guint) g_rand_int_range (self->rand, 0, count));
}

void
net_subscribe_all (Net *self)
{
  for (guint i = 0; i < self->hosts->len; i++)
    if (net_host (self, i)->gossip != NULL)
      g_assert_true (
          mh_gossipsub_subscribe (net_host (self, i)->gossip, NET_TOPIC, self->now_ms, NULL));
}

/* Nothing goes over its links any more, but the others do not know. */
void
net_crash (Net *self, guint index)
{
  Host *host = net_host (self, index);

  host->is_up = FALSE;
  for (guint i = 0; i < host->links->len; i++)
    g_hash_table_remove (self->links, link_key (index, g_array_index (host->links, guint, i)));
}

void
net_notice (Net *self, guint index)
{
  Host *host = net_host (self, index);

  for (guint i = 0; i < host->links->len; i++)
    forget_link (self, g_array_index (host->links, guint, i), index);
}

static void
mix (Net *self, guint64 value)
{
  self->hash = (self->hash ^ value) * G_GUINT64_CONSTANT (0x100000001b3);
}

static void
tick (Net *self, Host *host)
{
  gint64 next_ms = self->now_ms + 100;

  if (host->gossip != NULL)
    next_ms = mh_gossipsub_tick (host->gossip, self->now_ms);
  else if (self->on_attack != NULL)
    self->on_attack (host, NULL);
  heap_push (self, (Next){ .at_ms = next_ms, .to = host->index });
}

static void
deliver (Net *self, Host *host, const Next *next)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (next->rpc, &size);
  const MhPeerId *from = &net_host (self, next->from)->id;

  if (delay_of (self, next->from, next->to) == 0)
    return;
  mix (self, (guint64) self->now_ms << 32 | next->from << 16 | next->to);
  mix (self, g_bytes_hash (next->rpc));
  if (host->gossip != NULL)
    g_assert_true (mh_gossipsub_feed (host->gossip, from, data, size, self->now_ms, NULL));
  else if (self->on_attack != NULL)
    self->on_attack (host, from);
}

void
net_run (Net *self, gint64 duration_ms)
{
  gint64 end_ms = self->now_ms + duration_ms;

  while (self->heap->len > 0 && heap_at (self, 0)->at_ms <= end_ms)
    {
      Next next = heap_pop (self);
      Host *host = net_host (self, next.to);

      self->now_ms = next.at_ms;
      if (host->is_up && next.rpc != NULL)
        deliver (self, host, &next);
      else if (host->is_up)
        tick (self, host);
      g_clear_pointer (&next.rpc, g_bytes_unref);
    }
  self->now_ms = end_ms;
}

guint
net_publish (Net *self, guint author, gsize size)
{
  guint32 number = self->sent->len;
  g_autofree guint8 *bytes = g_malloc0 (MAX (size, sizeof number));
  g_autoptr (GBytes) data = NULL;
  Sent sent = { .author = author, .at_ms = self->now_ms };

  memcpy (bytes, &number, sizeof number);
  data = g_bytes_new (bytes, MAX (size, sizeof number));
  sent.hops = g_new0 (guint8, self->hosts->len);
  sent.got_ms = g_new0 (gint64, self->hosts->len);
  g_array_append_val (self->sent, sent);
  g_assert_true (mh_gossipsub_publish (net_host (self, author)->gossip, NET_TOPIC, data,
                                       self->now_ms, NULL, NULL));

  return number;
}

/* Marks all members that can be reached from @from. */
static void
reach (Net *self, guint from, gboolean *reached)
{
  Host *host = net_host (self, from);

  if (reached[from] || !host->is_up || host->gossip == NULL)
    return;
  reached[from] = TRUE;
  for (guint i = 0; i < host->links->len; i++)
    if (delay_of (self, from, g_array_index (host->links, guint, i)) != 0)
      reach (self, g_array_index (host->links, guint, i), reached);
}

static gboolean
should_have (Net *self, const Sent *sent, const gboolean *reached, guint host)
{
  return host != sent->author && reached[host]
         && mh_gossipsub_is_in (net_host (self, host)->gossip, NET_TOPIC);
}

double
net_delivery (Net *self, guint first)
{
  guint64 should = 0;
  guint64 has = 0;

  for (guint i = first; i < self->sent->len; i++)
    {
      const Sent *sent = &g_array_index (self->sent, Sent, i);
      g_autofree gboolean *reached = g_new0 (gboolean, self->hosts->len);

      reach (self, sent->author, reached);
      for (guint j = 0; j < self->hosts->len; j++)
        if (should_have (self, sent, reached, j))
          {
            should++;
            has += sent->hops[j] != 0;
          }
    }

  return should > 0 ? (double) has / (double) should : 1;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 one = *(const gint64 *) a;
  gint64 other = *(const gint64 *) b;

  return one < other ? -1 : one > other;
}

static gint64
median (Net *self, guint first, gboolean is_hops)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = first; i < self->sent->len; i++)
    {
      const Sent *sent = &g_array_index (self->sent, Sent, i);

      for (guint j = 0; j < self->hosts->len; j++)
        if (sent->hops[j] != 0)
          {
            gint64 value = is_hops ? sent->hops[j] : sent->got_ms[j] - sent->at_ms;

            g_array_append_val (values, value);
          }
    }
  g_array_sort (values, compare);

  return values->len > 0 ? g_array_index (values, gint64, values->len / 2) : 0;
}

gint64
net_latency_ms (Net *self, guint first)
{
  return median (self, first, FALSE);
}

guint
net_hops (Net *self, guint first)
{
  return (guint) median (self, first, TRUE);
}

MhGossipsubCounters
net_counters (Net *self)
{
  MhGossipsubCounters sum = { 0 };

  for (guint i = 0; i < self->hosts->len; i++)
    if (net_host (self, i)->gossip != NULL)
      {
        MhGossipsubCounters one = mh_gossipsub_counters (net_host (self, i)->gossip);

        sum.received += one.received;
        sum.duplicates += one.duplicates;
        sum.invalid += one.invalid;
        sum.ignored += one.ignored;
        sum.verified += one.verified;
        sum.sent += one.sent;
        sum.graylisted += one.graylisted;
        sum.broken_promises += one.broken_promises;
      }

  return sum;
}
