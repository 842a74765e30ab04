/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "greet.h"

#include "net/p2p/wire/pb.h"

#define OPEN_TIMEOUT_MS 10000
#define TICK_MS 250

/* Of a message of the exchange. */
#define FIELD_RECORD 1
#define FIELD_AGE 2 /* milliseconds */

struct _MhGreet
{
  MhGreetNew request;
  char *topic;        /* (owned) */
  MhHello *profile;   /* (owned) (nullable) */
  GBytes *own;        /* (owned) (nullable): our record as it was told last */
  guint64 seq;        /* of it */
  gint64 started_ms;  /* monotonic */
  gint64 due_ms;      /* when our record goes round next; 0 while there is no profile */
  gint64 tick_due_ms; /* when the directory is to be looked at */
  GHashTable *fresh;  /* (owned) (element-type MhPeerId MhPeerId): to be passed on, and from whom */
  gint64 forward_ms;  /* when; 0: nothing */
  GSource *tick;      /* (owned) */
  guint64 refused;
};

/* A peer that gives us records. */
typedef struct
{
  MhGreet *greet;   /* (unowned) */
  MhStream *stream; /* (owned) */
  gsize size;       /* bytes that came */
} Exchange;

/* What is to be given to a peer. */
typedef struct
{
  MhGreet *greet;      /* (unowned) */
  GPtrArray *messages; /* (owned) (element-type GBytes) */
} Gift;

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

/* -- what we say -- */

/* Addresses of this machine alone are said only where there are no others. */
static void
put_addresses (MhGreet *self, MhHello *hello)
{
  g_autoptr (GPtrArray) all = mh_host_addresses (self->request.host);
  gboolean has_others = FALSE;

  for (guint i = 0; i < all->len; i++)
    has_others = has_others || !mh_multiaddr_is_loopback (all->pdata[i]);
  for (guint i = 0; i < all->len && hello->addresses->len < MH_HELLO_MAX_ADDRESSES; i++)
    if (!has_others || !mh_multiaddr_is_loopback (all->pdata[i]))
      g_ptr_array_add (hello->addresses, mh_multiaddr_ref (all->pdata[i]));
}

/* Several connections to one peer are one link, the direct one before that over a relay. */
static void
put_links (MhGreet *self, MhHello *hello)
{
  g_autoptr (GPtrArray) all = mh_host_connections (self->request.host);
  g_autoptr (GHashTable) at = g_hash_table_new (mh_peer_id_hash, mh_peer_id_equal);

  for (guint i = 0; i < all->len; i++)
    {
      const MhHostConnection *row = g_ptr_array_index (all, i);
      gint64 rtt_us = mh_host_rtt_us (self->request.host, &row->peer);
      MhHelloLink link = { row->peer, (guint32) CLAMP (rtt_us, 0, G_MAXUINT32), row->is_relayed };
      gpointer index;

      if (g_hash_table_lookup_extended (at, &row->peer, NULL, &index))
        {
          g_array_index (hello->links, MhHelloLink, GPOINTER_TO_UINT (index)).is_relayed &=
              row->is_relayed;
          continue;
        }
      if (hello->links->len >= MH_HELLO_MAX_LINKS)
        break;
      g_hash_table_insert (at, (gpointer) &row->peer, GUINT_TO_POINTER (hello->links->len));
      g_array_append_val (hello->links, link);
    }
}

static void
set_text (char **slot, const char *text)
{
  g_free (*slot);
  *slot = g_strdup (text);
}

MhHello *
mh_greet_own (MhGreet *self)
{
  const MhHello *profile = self->profile;
  MhHello *hello;

  if (profile == NULL)
    return NULL;

  hello = mh_hello_new ();
  hello->peer = *mh_host_id (self->request.host);
  hello->seq = self->seq;
  set_text (&hello->name, profile->name);
  set_text (&hello->country, profile->country);
  set_text (&hello->version, profile->version);
  set_text (&hello->system, profile->system);
  g_strfreev (hello->caps);
  hello->caps = g_strdupv (profile->caps);
  hello->flags = profile->flags;
  hello->free_bytes = profile->free_bytes;
  hello->total_bytes = profile->total_bytes;
  if (profile->vaults->len > 0)
    g_array_append_vals (hello->vaults, profile->vaults->data, profile->vaults->len);
  hello->uptime_s = (guint64) ((now_ms () - self->started_ms) / 1000);
  put_addresses (self, hello);
  put_links (self, hello);

  return hello;
}

/*
 * The number is the time, but always larger than any before: also than those of an earlier run
 * under a clock that was ahead, which others show us.
 */
static void
renew (MhGreet *self)
{
  guint64 now = (guint64) MAX (mh_clock_now_ms (self->request.clock), 1);
  guint64 before = MAX (self->seq, mh_directory_own_seq (self->request.directory));
  g_autoptr (MhHello) hello = NULL;

  self->seq = MAX (before + 1, now);
  hello = mh_greet_own (self);
  g_clear_pointer (&self->own, g_bytes_unref);
  self->own = mh_hello_seal (hello, mh_host_signer (self->request.host));
}

static void
go_round (MhGreet *self)
{
  g_autoptr (GError) error = NULL;

  renew (self);
  if (!mh_pubsub_publish (self->request.pubsub, self->topic, self->own, &error))
    g_debug ("telling of this machine: %s", error->message);
}

static void
schedule (MhGreet *self, gint64 at_ms)
{
  if (self->profile != NULL && (self->due_ms == 0 || at_ms < self->due_ms))
    self->due_ms = at_ms;
}

void
mh_greet_touch (MhGreet *self)
{
  schedule (self, now_ms () + MH_GREET_SETTLE_MS);
}

/* A fifth sooner or later, so that nodes that started together do not stay together. */
static gint64
next_round (MhGreet *self)
{
  gboolean is_metered = (self->profile->flags & MH_HELLO_METERED) != 0;
  int interval_ms = is_metered ? MH_GREET_METERED_MS : MH_GREET_INTERVAL_MS;

  return now_ms () + g_random_int_range (interval_ms * 4 / 5, interval_ms * 6 / 5);
}

/* -- records for one peer -- */

static void
put_record (GPtrArray *messages, GBytes *record, gint64 age_ms)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  mh_pb_put_bytes (out, FIELD_RECORD, g_bytes_get_data (record, NULL), g_bytes_get_size (record));
  if (age_ms > 0)
    mh_pb_put_uint (out, FIELD_AGE, (guint64) age_ms);
  g_ptr_array_add (messages, g_byte_array_free_to_bytes (g_steal_pointer (&out)));
}

static void
on_gift_opened (MhStream *stream, const GError *error, gpointer data)
{
  Gift *self = data;

  for (guint i = 0; stream != NULL && i < self->messages->len; i++)
    {
      GBytes *message = g_ptr_array_index (self->messages, i);

      mh_stream_put_message (stream, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
    }
  if (stream != NULL)
    mh_stream_close_write (stream);
  g_ptr_array_unref (self->messages);
  g_free (self);
}

/* Takes @messages. */
static void
give (MhGreet *self, const MhPeerId *peer, GPtrArray *messages)
{
  static const char *const names[] = { MH_GREET_PROTOCOL, NULL };
  Gift *gift;

  if (messages->len == 0)
    {
      g_ptr_array_unref (messages);
      return;
    }
  gift = g_new0 (Gift, 1);
  gift->greet = self;
  gift->messages = messages;
  mh_host_open (self->request.host, peer, names, OPEN_TIMEOUT_MS, on_gift_opened, gift);
}

/* Gives a peer that has just come our record, and those of everybody who is there. */
static void
introduce (MhGreet *self, const MhPeerId *peer)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GPtrArray) nodes = mh_directory_list (self->request.directory);
  gint64 now = now_ms ();

  if (self->own == NULL && self->profile != NULL)
    renew (self);
  if (self->own != NULL)
    put_record (messages, self->own, 0);
  for (guint i = 0; i < nodes->len; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);

      /* its own as well: it may not know how far its numbers have come */
      if (node->record != NULL && (node->is_here || mh_peer_id_equal (&node->peer, peer)))
        put_record (messages, node->record, node->is_connected ? 0 : now - node->heard_ms);
    }
  give (self, peer, messages);
}

/* Passes on what was new to us to everybody who is connected, but for whom it came from. */
static void
forward (MhGreet *self)
{
  g_autoptr (GPtrArray) peers = mh_host_peers (self->request.host);
  gint64 now = now_ms ();

  for (guint i = 0; i < peers->len; i++)
    {
      const MhPeerId *peer = g_ptr_array_index (peers, i);
      GPtrArray *messages = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      GHashTableIter iter;
      gpointer about;
      gpointer from;

      g_hash_table_iter_init (&iter, self->fresh);
      while (g_hash_table_iter_next (&iter, &about, &from))
        {
          g_autoptr (MhNode) node = mh_directory_get (self->request.directory, about);

          if (node != NULL && node->record != NULL && !mh_peer_id_equal (from, peer)
              && !mh_peer_id_equal (about, peer))
            put_record (messages, node->record, node->is_connected ? 0 : now - node->heard_ms);
        }
      if (mh_host_speaks (self->request.host, peer, MH_GREET_PROTOCOL))
        give (self, peer, messages);
      else
        g_ptr_array_unref (messages);
    }
  g_hash_table_remove_all (self->fresh);
}

/* -- what others say -- */

/* Returns: %FALSE for a bad record */
static gboolean
take_record (MhGreet *self, GBytes *record, gint64 age_ms, const MhPeerId *from)
{
  MhPeerId about;
  MhDirectoryVerdict verdict =
      mh_directory_put (self->request.directory, record, age_ms, now_ms (), &about);

  if (verdict == MH_DIRECTORY_BAD)
    {
      self->refused++;
      return FALSE;
    }
  if (verdict == MH_DIRECTORY_KNOWN)
    {
      /* somebody knows a larger number of ours: ours of now would not be taken */
      if (mh_directory_own_seq (self->request.directory) > self->seq)
        mh_greet_touch (self);
      return TRUE;
    }

  if (verdict == MH_DIRECTORY_CAME)
    {
      g_hash_table_insert (self->fresh, mh_peer_id_copy (&about), mh_peer_id_copy (from));
      if (self->forward_ms == 0)
        self->forward_ms = now_ms () + MH_GREET_FORWARD_MS;
    }
  self->request.learned (&about, record, self->request.data);

  return TRUE;
}

static gboolean
take_message (Exchange *self, GBytes *message)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  MhPbReader reader = mh_pb_reader (data, size);
  g_autoptr (GBytes) record = NULL;
  gint64 age_ms = 0;
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_RECORD, MH_PB_BYTES))
        {
          g_clear_pointer (&record, g_bytes_unref);
          record = g_bytes_new (field.bytes, field.size);
        }
      else if (mh_pb_is (&field, FIELD_AGE, MH_PB_VARINT))
        age_ms = (gint64) MIN (field.value, G_MAXINT64);
    }
  self->size += size;

  return !reader.is_bad && record != NULL && self->size <= MH_GREET_MAX_EXCHANGE
         && take_record (self->greet, record, age_ms, mh_stream_peer (self->stream));
}

static void
exchange_end (Exchange *self, gboolean is_good)
{
  mh_stream_set_funcs (self->stream, NULL, NULL);
  if (is_good)
    mh_stream_close_write (self->stream);
  else
    mh_stream_reset (self->stream);
  mh_stream_unref (self->stream);
  g_free (self);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  Exchange *self = data;
  gboolean is_good = TRUE;
  gboolean has_more = TRUE;

  while (is_good && has_more)
    {
      g_autoptr (GBytes) message = NULL;

      is_good = mh_stream_take_message (stream, MH_HELLO_MAX + 32, &message, NULL);
      has_more = message != NULL;
      is_good = is_good && (message == NULL || take_message (self, message));
    }
  if (!is_good || mh_stream_is_ended (stream))
    exchange_end (self, is_good);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  exchange_end (data, FALSE);
}

static void
on_stream (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_readable, NULL, on_broken };
  Exchange *self = g_new0 (Exchange, 1);

  self->greet = data;
  self->stream = stream;
  mh_stream_set_funcs (stream, &funcs, self);
}

/* Asked before a message goes on: everybody tells of itself only. */
static MhGossipsubVerdict
on_validate (const MhGossipsubMessage *message, gpointer data)
{
  g_autoptr (MhHello) hello = mh_hello_open (message->data);

  return hello != NULL && mh_peer_id_equal (&hello->peer, &message->from) ? MH_GOSSIPSUB_ACCEPT
                                                                          : MH_GOSSIPSUB_REJECT;
}

/* -- events -- */

static void
on_connected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhGreet *self = data;

  mh_directory_set_connected (self->request.directory, peer, TRUE, now_ms ());
  mh_greet_touch (self);
}

static void
on_disconnected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhGreet *self = data;

  mh_directory_set_connected (self->request.directory, peer, FALSE, now_ms ());
  mh_greet_touch (self);
}

static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhGreet *self = data;

  /* also when what it speaks has changed; the peer keeps the newest only */
  if (mh_host_speaks (host, peer, MH_GREET_PROTOCOL) && mh_host_is_connected (host, peer))
    introduce (self, peer);
}

static void
on_changed (MhHost *host, const MhPeerId *peer, gpointer data)
{
  mh_greet_touch (data);
}

static gboolean
on_tick (gpointer data)
{
  MhGreet *self = data;
  gint64 now = now_ms ();

  if (self->forward_ms != 0 && now >= self->forward_ms)
    {
      self->forward_ms = 0;
      forward (self);
    }
  if (self->due_ms != 0 && now >= self->due_ms)
    {
      self->due_ms = next_round (self);
      go_round (self);
    }
  if (now >= self->tick_due_ms)
    {
      self->tick_due_ms = now + 1000;
      mh_directory_tick (self->request.directory, now);
    }

  return G_SOURCE_CONTINUE;
}

/* To be called by the owner of the gossip. */
void
mh_greet_take_gossip (MhGreet *self, const MhGossipsubMessage *message)
{
  if (g_str_equal (message->topic, self->topic))
    (void) take_record (self, message->data, 0, &message->received_from);
}

MhGreet *
mh_greet_new (const MhGreetNew *request)
{
  static const MhHostEvents events = { .connected = on_connected,
                                       .disconnected = on_disconnected,
                                       .identified = on_identified,
                                       .changed = on_changed };
  MhGreet *self = g_new0 (MhGreet, 1);

  self->request = *request;
  self->topic = g_strdup_printf ("mh1/%s/hello", request->network_id);
  self->request.network_id = NULL;
  self->started_ms = now_ms ();
  self->fresh = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, g_free);
  mh_host_watch (request->host, &events, self);
  mh_host_handle (request->host, MH_GREET_PROTOCOL, on_stream, self);
  mh_gossipsub_set_validate (mh_pubsub_machine (request->pubsub), self->topic, on_validate, self);
  (void) !mh_pubsub_subscribe (request->pubsub, self->topic, NULL); /* a good name, and the first */
  self->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, mh_host_context (request->host));

  return self;
}

void
mh_greet_free (MhGreet *self)
{
  if (self == NULL)
    return;

  g_source_destroy (self->tick);
  g_source_unref (self->tick);
  g_hash_table_unref (self->fresh);
  g_clear_pointer (&self->profile, mh_hello_unref);
  g_clear_pointer (&self->own, g_bytes_unref);
  g_free (self->topic);
  g_free (self);
}

void
mh_greet_set_profile (MhGreet *self, MhHello *profile)
{
  gboolean is_first = self->profile == NULL;

  g_clear_pointer (&self->profile, mh_hello_unref);
  self->profile = mh_hello_ref (profile);
  schedule (self, is_first ? now_ms () : next_round (self));
}

guint64
mh_greet_refused (const MhGreet *self)
{
  return self->refused;
}
