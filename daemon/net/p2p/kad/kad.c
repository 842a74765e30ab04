/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-private.h"

#include "crypto/random.h"
/* host.h does not tell that a host is being freed, while its loop still has times */
#include "net/p2p/host/host-private.h"

/* How often deadlines and what is due are looked at. */
#define TICK_MS 250

/* A lookup under way. What it waits for holds it, too. */
typedef struct
{
  grefcount references;
  MhKad *kad;          /* (unowned) */
  MhKadLookup *lookup; /* (owned) */
  gint64 deadline_ms;
  MhKadFound found; /* (nullable): %NULL for one that fills the table */
  gpointer data;
  gboolean is_pumping;
  gboolean is_over;
} Search;

static void note_answered (MhKad *self, const MhPeerId *peer);

gint64
mh_kad_now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

static Search *
search_ref (Search *self)
{
  g_ref_count_inc (&self->references);

  return self;
}

static void
search_unref (Search *self)
{
  if (!g_ref_count_dec (&self->references))
    return;

  mh_kad_lookup_free (self->lookup);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Search, search_unref)

/* -- whom we know -- */

/* Where an answer says that peers are. */
static void
learn (MhKad *self, const MhKadMessage *answer)
{
  for (guint i = 0; i < answer->closer->len; i++)
    {
      const MhKadPeer *peer = g_ptr_array_index (answer->closer, i);

      for (guint k = 0; k < peer->addresses->len; k++)
        mh_host_add_address (self->host, &peer->id, peer->addresses->pdata[k]);
    }
}

/* Who is asked whether it answers, and who comes in its place if it does not. */
typedef struct
{
  MhPeerId newcomer;
  gboolean has_newcomer;
} Check;

static void
on_checked (MhKad *self, const MhPeerId *peer, MhKadMessage *answer, gpointer data)
{
  g_autofree Check *check = data;

  g_hash_table_remove (self->checking, peer);
  if (answer != NULL)
    {
      learn (self, answer);
      note_answered (self, peer);
    }
  else if (check->has_newcomer)
    {
      mh_kad_table_remove (self->table, peer);
      note_answered (self, &check->newcomer);
    }
  else
    {
      mh_kad_table_failed (self->table, peer);
    }
}

/* Asks @peer who is near us, which it has to answer to be, or stay, in the table. */
static void
check_peer (MhKad *self, const MhPeerId *peer, const MhPeerId *newcomer)
{
  Check *check;

  if (!g_hash_table_add (self->checking, mh_peer_id_copy (peer)))
    return;
  check = g_new0 (Check, 1);
  check->has_newcomer = newcomer != NULL;
  if (newcomer != NULL)
    check->newcomer = *newcomer;
  mh_kad_ask (self, peer, mh_host_id (self->host), on_checked, check);
}

static void
note_answered (MhKad *self, const MhPeerId *peer)
{
  gint64 now_ms = mh_kad_now_ms ();
  MhPeerId oldest;

  if (mh_kad_table_add (self->table, peer, now_ms, &oldest) != MH_KAD_FULL
      || now_ms - self->challenge_ms < MH_KAD_CHALLENGE_MS
      || g_hash_table_contains (self->checking, &oldest))
    return;
  self->challenge_ms = now_ms;
  check_peer (self, &oldest, peer);
}

static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhKad *self = data;

  if (!mh_host_speaks (host, peer, MH_KAD_PROTOCOL))
    mh_kad_table_remove (self->table, peer);
  else if (!mh_kad_table_has (self->table, peer))
    check_peer (self, peer, NULL);
}

/* -- searches -- */

static void
search_end (Search *self, const GError *error)
{
  if (self->is_over)
    return;

  self->is_over = TRUE;
  if (self->found != NULL)
    self->found (self->kad, mh_kad_lookup_target (self->lookup), error, self->data);
  else
    self->kad->is_refreshing = FALSE;
  g_ptr_array_remove_fast (self->kad->searches, self);
  search_unref (self);
}

static void
search_fail (Search *self, GIOErrorEnum code, const char *why)
{
  g_autofree char *id = mh_peer_id_to_text (mh_kad_lookup_target (self->lookup));
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, code, "peer %s: %s", id, why);

  search_end (self, error);
}

static void
end_if_over (Search *self)
{
  switch (mh_kad_lookup_state (self->lookup))
    {
    case MH_KAD_MORE:
      break;
    case MH_KAD_FOUND:
      search_end (self, NULL);
      break;
    case MH_KAD_DONE:
      if (mh_kad_lookup_is_named (self->lookup))
        search_fail (self, G_IO_ERROR_HOST_UNREACHABLE, "no address that others know leads to it");
      else
        search_fail (self, G_IO_ERROR_NOT_FOUND, "nobody who answers has heard of it");
      break;
    }
}

static void search_pump (Search *self);

static void
on_step (MhKad *kad, const MhPeerId *peer, MhKadMessage *answer, gpointer data)
{
  g_autoptr (Search) self = data;

  if (answer != NULL)
    {
      learn (kad, answer);
      note_answered (kad, peer);
      mh_kad_lookup_answered (self->lookup, peer, answer->closer);
    }
  else
    {
      mh_kad_table_failed (kad->table, peer);
      mh_kad_lookup_failed (self->lookup, peer);
    }
  search_pump (self);
}

static void
on_target (MhHost *host, const GError *error, gpointer data)
{
  g_autoptr (Search) self = data;
  const MhPeerId *target = mh_kad_lookup_target (self->lookup);

  if (error == NULL)
    mh_kad_lookup_answered (self->lookup, target, NULL);
  else
    mh_kad_lookup_failed (self->lookup, target);
  search_pump (self);
}

static void
search_step (Search *self, const MhPeerId *peer)
{
  /* who is looked for need not speak Kademlia */
  if (mh_peer_id_equal (peer, mh_kad_lookup_target (self->lookup)))
    mh_host_connect (self->kad->host, peer, MH_KAD_ASK_MS, on_target, search_ref (self));
  else
    mh_kad_ask (self->kad, peer, mh_kad_lookup_target (self->lookup), on_step, search_ref (self));
}

/* Asks on, and ends it when there is nobody left. Answers may come while it asks. */
static void
search_pump (Search *self)
{
  g_autoptr (Search) hold = search_ref (self);
  MhPeerId peer;

  if (self->is_pumping || self->is_over)
    return;

  self->is_pumping = TRUE;
  while (!self->is_over && mh_kad_lookup_next (self->lookup, &peer))
    search_step (self, &peer);
  self->is_pumping = FALSE;
  end_if_over (self);
}

/* Whether a connected peer speaks the protocol, or has not said yet what it speaks. */
static gboolean
may_speak (MhHost *host, const MhPeerId *peer)
{
  return mh_host_protocols (host, peer) == NULL || mh_host_speaks (host, peer, MH_KAD_PROTOCOL);
}

/* Adds those that are near, and, where the table is young, who is connected. */
static void
add_first (Search *self)
{
  MhKad *kad = self->kad;
  const MhPeerId *target = mh_kad_lookup_target (self->lookup);
  MhKadKey key = mh_kad_key_of_peer (target);
  g_autoptr (GArray) closest = mh_kad_table_closest (kad->table, &key, MH_KAD_K, NULL);
  g_autoptr (GPtrArray) known = mh_host_known_addresses (kad->host, target);
  g_autoptr (GPtrArray) peers = mh_host_peers (kad->host);

  mh_kad_table_looked_up (kad->table, &key, mh_kad_now_ms ());
  if (known->len > 0)
    mh_kad_lookup_add (self->lookup, target);
  for (guint i = 0; i < closest->len; i++)
    mh_kad_lookup_add (self->lookup, &g_array_index (closest, MhPeerId, i));
  for (guint i = 0; i < peers->len && closest->len < MH_KAD_K; i++)
    if (may_speak (kad->host, peers->pdata[i]))
      mh_kad_lookup_add (self->lookup, peers->pdata[i]);
}

static void
search_begin (MhKad *self, const MhPeerId *target, guint timeout_ms, MhKadFound found,
              gpointer data)
{
  Search *search = g_new0 (Search, 1);

  g_ref_count_init (&search->references);
  search->kad = self;
  search->lookup = mh_kad_lookup_new (target, mh_host_id (self->host), self->config.alpha);
  search->deadline_ms = mh_kad_now_ms () + timeout_ms;
  search->found = found;
  search->data = data;
  g_ptr_array_add (self->searches, search);
  add_first (search);
  search_pump (search);
}

void
mh_kad_find_peer (MhKad *self, const MhPeerId *peer, guint timeout_ms, MhKadFound found,
                  gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (mh_peer_id_equal (peer, mh_host_id (self->host)))
    {
      error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                   "nobody has to look for himself");
      found (self, peer, error, data);
    }
  else if (mh_host_is_connected (self->host, peer))
    {
      found (self, peer, NULL, data);
    }
  else
    {
      search_begin (self, peer, timeout_ms, found, data);
    }
}

/* -- time -- */

static void
end_late (MhKad *self, gint64 now_ms)
{
  for (guint i = self->searches->len; i > 0; i--)
    {
      Search *search = i <= self->searches->len ? g_ptr_array_index (self->searches, i - 1) : NULL;

      if (search != NULL && search->deadline_ms <= now_ms)
        search_fail (search, G_IO_ERROR_TIMED_OUT, "looking for it takes too long");
    }
}

static void
refresh (MhKad *self, gint64 now_ms)
{
  guint8 random[MH_SHA256_SIZE];
  MhPeerId id;

  if (mh_kad_table_stale (self->table, now_ms - self->config.refresh_ms, &id))
    check_peer (self, &id, NULL);
  if (self->is_refreshing)
    return;

  mh_random_bytes (random, sizeof random);
  if (!mh_kad_table_refresh (self->table, now_ms, self->config.refresh_ms, random, &id))
    return;
  self->is_refreshing = TRUE;
  search_begin (self, &id, self->config.refresh_ms, NULL, NULL);
}

static gboolean
on_tick (gpointer data)
{
  MhKad *self = data;
  gint64 now_ms = mh_kad_now_ms ();

  if (self->host->is_closing)
    return G_SOURCE_REMOVE;
  mh_kad_serve_tick (self, now_ms);
  mh_kad_ask_tick (self, now_ms);
  end_late (self, now_ms);
  refresh (self, now_ms);

  return G_SOURCE_CONTINUE;
}

MhKad *
mh_kad_new (MhHost *host, const MhKadConfig *config)
{
  static const MhHostEvents events = { .identified = on_identified };
  MhKad *self = g_new0 (MhKad, 1);

  self->host = host;
  if (config != NULL)
    self->config = *config;
  if (self->config.alpha == 0)
    self->config.alpha = MH_KAD_ALPHA;
  if (self->config.refresh_ms == 0)
    self->config.refresh_ms = MH_KAD_REFRESH_MS;
  self->challenge_ms = -MH_KAD_CHALLENGE_MS;
  self->table = mh_kad_table_new (mh_host_id (host));
  self->searches = g_ptr_array_new ();
  self->checking = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  mh_kad_ask_init (self);
  mh_kad_serve_init (self);
  self->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, mh_host_context (host));
  mh_host_watch (host, &events, self);

  return self;
}

void
mh_kad_free (MhKad *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->tick);
  g_source_unref (self->tick);
  for (guint i = 0; i < self->searches->len; i++)
    ((Search *) self->searches->pdata[i])->is_over = TRUE; /* nobody is told any more */
  mh_kad_ask_clear (self);
  mh_kad_serve_clear (self);
  for (guint i = 0; i < self->searches->len; i++)
    search_unref (self->searches->pdata[i]);
  g_ptr_array_unref (self->searches);
  g_hash_table_unref (self->checking);
  mh_kad_table_free (self->table);
  g_free (self);
}

const MhKadTable *
mh_kad_table (const MhKad *self)
{
  return self->table;
}
