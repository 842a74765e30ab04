/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "autonat-private.h"

/* Opening a stream, and dialling at the other end. */
#define OPEN_TIMEOUT_MS 10000
#define ANSWER_TIMEOUT_MS 30000

/* A peer that is asked. */
typedef struct
{
  MhAutonat *autonat; /* (unowned) */
  MhPeerId peer;
  MhStream *stream; /* (owned) (nullable) */
  GSource *timer;   /* (owned) (nullable) */
  char *addresses;  /* (owned): of ours that it was asked about */
} Ask;

static void plan (MhAutonat *self, guint after_ms);

/* -- what is known -- */

/* Counts the votes again, and tells when the outcome is another. */
static void
count (MhAutonat *self)
{
  MhAutonatReach before = self->state.reach;

  self->state.reach =
      mh_autonat_votes_count (self->votes, g_get_monotonic_time (), &self->state.confidence);
  if (self->state.reach != before && self->changed != NULL)
    self->changed (self, self->data);
}

/* Returns: (transfer full) (element-type MhMultiaddr): where strangers might reach us */
static GPtrArray *
candidates (MhAutonat *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GPtrArray) all = mh_host_addresses (self->host);

  mh_observed_addresses (self->host, all);
  for (guint i = 0; i < all->len; i++)
    if (mh_autonat_counts (self, all->pdata[i])
        && !mh_multiaddr_has (all->pdata[i], MH_MULTIADDR_CIRCUIT)
        && !g_ptr_array_find_with_equal_func (out, all->pdata[i], mh_multiaddr_equal, NULL))
      g_ptr_array_add (out, mh_multiaddr_ref (all->pdata[i]));

  return out;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* Returns: (transfer full): the addresses as one text that is the same for the same ones */
static char *
describe (const GPtrArray *addresses)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (texts, mh_multiaddr_to_text (addresses->pdata[i]));
  g_ptr_array_sort (texts, compare_texts);
  g_ptr_array_add (texts, NULL);

  return g_strjoinv (" ", (char **) texts->pdata);
}

void
mh_autonat_client_compare (MhAutonat *self)
{
  g_autoptr (GPtrArray) now = NULL;
  g_autofree char *text = NULL;

  if (self->host->is_closing)
    return;
  now = candidates (self);
  text = describe (now);
  if (g_strcmp0 (text, self->addresses) == 0)
    return;

  g_free (self->addresses);
  self->addresses = g_steal_pointer (&text);
  mh_autonat_votes_renew (self->votes);
  g_hash_table_remove_all (self->asked);
  count (self);
  mh_autonat_client_soon (self);
}

/* -- one peer -- */

static void
ask_end (Ask *self)
{
  self->autonat->under_way--;
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  if (self->stream != NULL)
    {
      mh_stream_set_funcs (self->stream, NULL, NULL);
      mh_stream_unref (self->stream);
    }
  g_free (self->addresses);
  g_free (self);
}

/* Only what the dial came to is a vote; a refusal says nothing of us. */
static void
take (Ask *self, const MhAutonatMessage *message)
{
  MhAutonat *autonat = self->autonat;
  gboolean is_reached = message->status == MH_AUTONAT_OK;

  if (message->type != MH_AUTONAT_RESPONSE
      || (!is_reached && message->status != MH_AUTONAT_DIAL_ERROR)
      || (is_reached && message->address != NULL && !mh_autonat_counts (autonat, message->address))
      || g_strcmp0 (self->addresses, autonat->addresses) != 0)
    return;
  mh_autonat_votes_add (autonat->votes, &self->peer, is_reached, g_get_monotonic_time ());
  count (autonat);
}

static void
on_answer (MhStream *stream, gpointer data)
{
  Ask *self = data;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (MhAutonatMessage) message = NULL;
  gboolean good = mh_stream_take_message (stream, MH_AUTONAT_MAX_MESSAGE, &bytes, NULL);

  if (good && bytes == NULL && !mh_stream_is_ended (stream))
    return;
  if (bytes != NULL)
    message = mh_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (message != NULL)
    take (self, message);
  else
    mh_stream_reset (stream);
  ask_end (self);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  ask_end (data);
}

static gboolean
on_too_late (gpointer data)
{
  Ask *self = data;

  mh_stream_reset (self->stream);
  ask_end (self);

  return G_SOURCE_REMOVE;
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_answer, NULL, on_broken };
  Ask *self = data;
  g_autoptr (MhAutonatMessage) message = mh_autonat_message_new (MH_AUTONAT_DIAL);

  if (stream == NULL)
    {
      ask_end (self);
      return;
    }
  self->stream = mh_stream_ref (stream);
  self->timer = g_timeout_source_new (ANSWER_TIMEOUT_MS);
  g_source_set_callback (self->timer, on_too_late, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->autonat->host));
  g_ptr_array_unref (message->addresses);
  message->addresses = candidates (self->autonat);
  message->has_peer = TRUE;
  message->peer = *mh_host_id (self->autonat->host);
  self->addresses = g_strdup (self->autonat->addresses);
  mh_stream_set_funcs (stream, &funcs, self);
  mh_autonat_say (stream, message);
  mh_stream_close_write (stream);
}

static void
ask (MhAutonat *self, const MhPeerId *peer)
{
  static const char *const names[] = { MH_AUTONAT_PROTOCOL, NULL };
  gint64 now_us = g_get_monotonic_time ();
  Ask *asked = g_new0 (Ask, 1);

  asked->autonat = self;
  asked->peer = *peer;
  self->under_way++;
  g_hash_table_replace (self->asked, mh_peer_id_copy (peer), g_memdup2 (&now_us, sizeof now_us));
  mh_host_open (self->host, peer, names, OPEN_TIMEOUT_MS, on_opened, asked);
}

/* -- rounds -- */

/* Whether the word of @peer counts: one in the same house as we are can always reach us. */
static gboolean
is_of_use (MhAutonat *self, const MhPeerId *peer)
{
  MhLink *link = mh_link_best (self->host, peer);

  return link != NULL && !mh_link_is_relayed (link)
         && mh_autonat_counts (self, mh_link_remote (link))
         && mh_host_speaks (self->host, peer, MH_AUTONAT_PROTOCOL)
         && !g_hash_table_contains (self->asked, peer);
}

static void
forget_asked (MhAutonat *self)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 life_us =
      MIN (MH_AUTONAT_ASK_PEER_US, self->request.again_ms * (gint64) G_TIME_SPAN_MILLISECOND / 2);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->asked);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (now_us - *(gint64 *) value >= life_us)
      g_hash_table_iter_remove (&iter);
}

static gboolean
on_round (gpointer data)
{
  MhAutonat *self = data;
  g_autoptr (GPtrArray) peers = mh_host_peers (self->host);
  guint begin;

  g_clear_pointer (&self->timer, g_source_unref);
  if (self->host->is_closing)
    return G_SOURCE_REMOVE;

  mh_autonat_client_compare (self);
  forget_asked (self);
  count (self);
  begin = peers->len > 0 ? g_random_int_range (0, (gint32) peers->len) : 0;
  for (guint i = 0;
       i < peers->len && self->under_way < MH_AUTONAT_ASK_AT_ONCE && self->host->listeners->len > 0;
       i++)
    {
      MhPeerId *peer = g_ptr_array_index (peers, (begin + i) % peers->len);

      if (is_of_use (self, peer))
        ask (self, peer);
    }
  plan (self, self->state.confidence >= MH_AUTONAT_ENOUGH ? self->request.certain_ms
                                                          : self->request.again_ms);

  return G_SOURCE_REMOVE;
}

/* Has a round come after so long, unless one comes sooner. */
static void
plan (MhAutonat *self, guint after_ms)
{
  gint64 at_us = g_get_monotonic_time () + (gint64) after_ms * G_TIME_SPAN_MILLISECOND;

  if (self->timer != NULL && self->timer_us <= at_us)
    return;
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  self->timer_us = at_us;
  self->timer = g_timeout_source_new (after_ms);
  g_source_set_callback (self->timer, on_round, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->host));
}

void
mh_autonat_client_soon (MhAutonat *self)
{
  plan (self, self->request.first_ms);
}

void
mh_autonat_client_init (MhAutonat *self)
{
  self->votes = mh_autonat_votes_new ();
  self->asked = g_hash_table_new_full (mh_peer_id_hash, mh_peer_id_equal, g_free, g_free);
  mh_autonat_client_compare (self);
}

void
mh_autonat_client_clear (MhAutonat *self)
{
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  g_hash_table_unref (self->asked);
  mh_autonat_votes_free (self->votes);
  g_free (self->addresses);
}
