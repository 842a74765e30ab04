/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "dcutr.h"

#include "message.h"
#include "net/p2p/host/host-private.h"

#define OPEN_TIMEOUT_MS 10000

/* A peer that can simply be dialled answers sooner. */
#define SIMPLE_TIMEOUT_MS 2000

/* How long the peer may take for its answer. */
#define ANSWER_TIMEOUT_MS 10000

struct _MhDcutr
{
  MhHost *host;        /* (unowned) */
  GHashTable *leads;   /* (owned) (element-type MhPeerId): whom we lead now */
  GPtrArray *upgrades; /* (owned) (element-type Upgrade): all that go on */
  guint asked;         /* upgrades that others lead now */
  guint direct;
  guint failed;
};

/* An upgrade that goes on, on either side. */
typedef struct
{
  MhDcutr *dcutr; /* (unowned) */
  MhPeerId peer;
  MhStream *stream;    /* (owned) (nullable) */
  gboolean is_ours;    /* we were called over the relay, and lead */
  gboolean is_waiting; /* for the peer, or for the moment to dial */
  guint tries;
  guint dials;          /* that go on */
  gint64 asked_us;      /* when our CONNECT was sent */
  GPtrArray *addresses; /* (owned) (nullable): of the peer */
  GSource *timer;       /* (owned) (nullable) */
} Upgrade;

static void begin (Upgrade *self);

static void
start_timer (Upgrade *self, guint after_ms, GSourceFunc func)
{
  mh_source_drop (&self->timer);
  self->timer = g_timeout_source_new (after_ms);
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->dcutr->host));
}

static void
drop_stream (Upgrade *self)
{
  if (self->stream == NULL)
    return;

  mh_stream_set_funcs (self->stream, NULL, NULL);
  mh_stream_close_write (self->stream);
  g_clear_pointer (&self->stream, mh_stream_unref);
}

static Upgrade *
upgrade_new (MhDcutr *dcutr, const MhPeerId *peer)
{
  Upgrade *self = g_new0 (Upgrade, 1);

  self->dcutr = dcutr;
  self->peer = *peer;
  g_ptr_array_add (dcutr->upgrades, self);

  return self;
}

static void
upgrade_free (gpointer data)
{
  Upgrade *self = data;

  mh_source_drop (&self->timer);
  drop_stream (self);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_free (self);
}

static void
finish (Upgrade *self, gboolean is_direct)
{
  MhDcutr *dcutr = self->dcutr;

  if (is_direct)
    dcutr->direct++;
  else
    dcutr->failed++;
  if (self->is_ours)
    g_hash_table_remove (dcutr->leads, &self->peer);
  else
    dcutr->asked--;
  g_ptr_array_remove_fast (dcutr->upgrades, self);
}

/* -- what both do -- */

/* Returns: (transfer full): where the peer may reach us directly */
static GPtrArray *
own_addresses (MhHost *host)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GPtrArray) own = mh_host_addresses (host);

  mh_observed_addresses (host, out);
  for (guint i = 0; i < own->len; i++)
    if (!mh_multiaddr_has (own->pdata[i], MH_MULTIADDR_CIRCUIT)
        && !mh_multiaddr_is_loopback (own->pdata[i]))
      g_ptr_array_add (out, mh_multiaddr_ref (own->pdata[i]));

  return out;
}

static void
send_message (Upgrade *self, MhDcutrType type)
{
  g_autoptr (GPtrArray) own = type == MH_DCUTR_CONNECT ? own_addresses (self->dcutr->host) : NULL;
  g_autoptr (GBytes) message = mh_dcutr_message_encode (type, own);

  mh_stream_put_message (self->stream, g_bytes_get_data (message, NULL),
                         g_bytes_get_size (message));
}

static gboolean
has_direct (MhHost *host, const MhPeerId *peer)
{
  MhLink *link = mh_link_best (host, peer);

  return link != NULL && !mh_link_is_relayed (link);
}

/* Looks at what came of it once nothing goes on any more. May free @self. */
static void
conclude (Upgrade *self)
{
  MhHost *host = self->dcutr->host;

  if (self->dials > 0)
    return;
  if (has_direct (host, &self->peer))
    finish (self, TRUE);
  else if (self->is_waiting)
    return;
  else if (self->is_ours && self->tries < MH_DCUTR_MOST_TRIES
           && mh_host_is_connected (host, &self->peer))
    begin (self);
  else
    finish (self, FALSE);
}

/* Nothing is waited for any more. May free @self. */
static void
stop_waiting (Upgrade *self)
{
  self->is_waiting = FALSE;
  mh_source_drop (&self->timer);
  drop_stream (self);
  conclude (self);
}

static void
on_punched (MhHost *host, const GError *error, gpointer data)
{
  Upgrade *self = data;

  self->dials--;
  conclude (self);
}

/* Dials while the peer does. May free @self. */
static void
punch (Upgrade *self)
{
  GPtrArray *addresses = g_ptr_array_copy (self->addresses, (GCopyFunc) mh_multiaddr_ref, NULL);

  g_ptr_array_set_free_func (addresses, (GDestroyNotify) mh_multiaddr_unref);
  self->dials++;
  /* whoever was called takes the part of the listener, although both dial */
  mh_dial_punch (self->dcutr->host, &self->peer, addresses, !self->is_ours, on_punched, self);
}

static gboolean
on_too_late (gpointer data)
{
  Upgrade *self = data;

  self->tries = MH_DCUTR_MOST_TRIES;
  stop_waiting (self);

  return G_SOURCE_REMOVE;
}

static void
on_broken (MhStream *stream, gpointer data)
{
  on_too_late (data);
}

/* Takes the next message. Returns: (transfer full) (nullable): its addresses; ends what is broken
 */
static GPtrArray *
take_message (Upgrade *self, MhDcutrType *type)
{
  g_autoptr (GBytes) bytes = NULL;
  GPtrArray *addresses = NULL;
  gboolean good = mh_stream_take_message (self->stream, MH_DCUTR_MAX_MESSAGE, &bytes, NULL);

  if (good && bytes == NULL && !mh_stream_is_ended (self->stream))
    return NULL;
  if (bytes != NULL)
    addresses =
        mh_dcutr_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), type);
  if (addresses == NULL)
    {
      mh_stream_reset (self->stream);
      on_too_late (self);
    }

  return addresses;
}

/* -- the side that was called, and leads -- */

static gboolean
on_moment (gpointer data)
{
  Upgrade *self = data;

  self->is_waiting = FALSE;
  self->tries++;
  mh_source_drop (&self->timer);
  drop_stream (self);
  punch (self);

  return G_SOURCE_REMOVE;
}

static void
on_answer (MhStream *stream, gpointer data)
{
  Upgrade *self = data;
  gint64 rtt_us = g_get_monotonic_time () - self->asked_us;
  MhDcutrType type = MH_DCUTR_SYNC;
  g_autoptr (GPtrArray) addresses = take_message (self, &type);

  if (addresses == NULL)
    return;
  if (type != MH_DCUTR_CONNECT)
    {
      on_too_late (self);
      return;
    }

  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  self->addresses = g_steal_pointer (&addresses);
  send_message (self, MH_DCUTR_SYNC);
  mh_stream_set_funcs (stream, NULL, NULL);
  start_timer (self, (guint) (rtt_us / 2 / G_TIME_SPAN_MILLISECOND), on_moment);
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_answer, NULL, on_broken };
  Upgrade *self = data;

  if (stream == NULL)
    {
      on_too_late (self);
      return;
    }
  self->stream = mh_stream_ref (stream);
  self->asked_us = g_get_monotonic_time ();
  start_timer (self, ANSWER_TIMEOUT_MS, on_too_late);
  send_message (self, MH_DCUTR_CONNECT);
  mh_stream_set_funcs (stream, &funcs, self);
}

/*
 * Where our router remembers an older try of ours, ours has to be the first packet again: see
 * on_lead(). It cannot be direct yet.
 */
static void
refresh (Upgrade *self)
{
  GPtrArray *remembered = mh_peers_remembered (self->dcutr->host, &self->peer);

  if (remembered->len == 0)
    {
      g_ptr_array_unref (remembered);
      return;
    }
  self->dials++;
  mh_dial_punch (self->dcutr->host, &self->peer, remembered, FALSE, on_punched, self);
}

static void
begin (Upgrade *self)
{
  static const char *const names[] = { MH_DCUTR_PROTOCOL, NULL };

  self->is_waiting = TRUE;
  if (self->tries == 0)
    refresh (self);
  mh_host_open (self->dcutr->host, &self->peer, names, OPEN_TIMEOUT_MS, on_opened, self);
}

static void
on_simple (MhLink *link, const GError *error, gpointer data)
{
  Upgrade *self = data;

  self->dials--;
  conclude (self);
}

/* Dials the caller as anybody would: it may be one that can be reached. */
static void
try_simple (Upgrade *self)
{
  g_autoptr (GPtrArray) known = mh_host_known_addresses (self->dcutr->host, &self->peer);
  GPtrArray *public = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  for (guint i = 0; i < known->len && public->len < MH_DCUTR_MAX_ADDRESSES; i++)
    if (mh_multiaddr_is_public (known->pdata[i])
        && !mh_multiaddr_has (known->pdata[i], MH_MULTIADDR_CIRCUIT))
      g_ptr_array_add (public, mh_multiaddr_ref (known->pdata[i]));
  self->dials++;
  mh_dial_fresh (self->dcutr->host, &self->peer, public, SIMPLE_TIMEOUT_MS, on_simple, self);
}

/* -- the side that called -- */

static void on_lead (MhStream *stream, gpointer data);

static const MhStreamFuncs lead_funcs = { on_lead, NULL, on_broken };

/*
 * The first of our packets goes before the moment, so that the peer's meets a socket that dials and
 * a router that knows it: a socket that listens would answer what routers that remember an older
 * attempt of ours do not let pass. Should the peer's router have refused it, the moment is the
 * next.
 */
static void
on_lead (MhStream *stream, gpointer data)
{
  Upgrade *self = data;
  MhDcutrType type = MH_DCUTR_SYNC;
  g_autoptr (GPtrArray) addresses = take_message (self, &type);

  if (addresses == NULL)
    return;
  if (type == MH_DCUTR_CONNECT && self->addresses == NULL)
    {
      self->addresses = g_steal_pointer (&addresses);
      send_message (self, MH_DCUTR_CONNECT);
      mh_stream_set_funcs (stream, &lead_funcs, self); /* what follows may be there */
      punch (self);
    }
  else if (type == MH_DCUTR_SYNC && self->addresses != NULL)
    {
      self->is_waiting = FALSE;
      mh_source_drop (&self->timer);
      drop_stream (self);
      punch (self);
    }
  else
    {
      on_too_late (self);
    }
}

static void
on_asked (MhStream *stream, gpointer data)
{
  MhDcutr *dcutr = data;
  Upgrade *self;

  /* else anybody could have us dial addresses of its choice, and many of them */
  if (!mh_stream_is_relayed (stream) || dcutr->asked >= MH_DCUTR_MOST_AT_ONCE)
    {
      dcutr->host->refusals.protocol++;
      mh_stream_reset (stream);
      mh_stream_unref (stream);
      return;
    }
  dcutr->asked++;
  self = upgrade_new (dcutr, mh_stream_peer (stream));
  self->stream = stream;
  self->is_waiting = TRUE;
  start_timer (self, ANSWER_TIMEOUT_MS, on_too_late);
  mh_stream_set_funcs (stream, &lead_funcs, self);
}

/* Whoever was called over a relay begins, once it knows that the other speaks it. */
static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhDcutr *dcutr = data;
  MhLink *link = mh_link_best (host, peer);
  Upgrade *self;

  if (link == NULL || !mh_link_is_relayed (link) || mh_link_is_dialled (link)
      || !mh_host_speaks (host, peer, MH_DCUTR_PROTOCOL)
      || g_hash_table_contains (dcutr->leads, peer))
    return;
  g_hash_table_add (dcutr->leads, mh_peer_id_copy (peer));
  self = upgrade_new (dcutr, peer);
  self->is_ours = TRUE;
  try_simple (self);
}

MhDcutr *
mh_dcutr_new (MhHost *host)
{
  static const MhHostEvents events = { .identified = on_identified };
  MhDcutr *self = g_new0 (MhDcutr, 1);

  self->host = host;
  self->leads = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, NULL);
  self->upgrades = g_ptr_array_new_with_free_func (upgrade_free);
  mh_host_watch (host, &events, self);
  mh_host_handle (host, MH_DCUTR_PROTOCOL, on_asked, self);

  return self;
}

void
mh_dcutr_free (MhDcutr *self)
{
  if (self == NULL)
    return;

  /* with the host their dials have ended: those that are left wait for their moment */
  g_ptr_array_unref (self->upgrades);
  g_hash_table_unref (self->leads);
  g_free (self);
}

void
mh_dcutr_counters (const MhDcutr *self, guint *direct, guint *failed)
{
  *direct = self->direct;
  *failed = self->failed;
}
