/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gossipsub-private.h"

/* Returns: %FALSE, as that is what the caller gives back */
static gboolean
refuse (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubTopic *topic)
{
  self->counters.invalid++;
  if (topic != NULL)
    mh_gossipsub_score_invalid (peer->score, topic->scored);
  else
    mh_gossipsub_score_penalty (peer->score, 1);

  return FALSE;
}

/* Authors that are known by their keys; each is up to 2 KiB. */
#define MOST_KEYS 256

void
mh_gossipsub_note_key (MhGossipsub *self, const MhPeerId *author, MhGossipsubSlice key)
{
  if (mh_gossipsub_rpc_inlined (author).size > 0 || g_hash_table_contains (self->keys, author))
    return;
  if (g_hash_table_size (self->keys) >= MOST_KEYS)
    g_hash_table_remove_all (self->keys); /* they come again with what they write */
  g_hash_table_insert (self->keys, mh_peer_id_copy (author), g_bytes_new (key.bytes, key.size));
}

void
mh_gossipsub_put_id (const MhGossipsub *self, GByteArray *out, guint32 number,
                     const MhGossipsubId *id, MhGossipsubForm form)
{
  MhGossipsubWireId wire = { id, g_hash_table_lookup (self->keys, &id->author), form };

  /* there is room for many short ids, not for as many long ones */
  if (wire.key != NULL && out->len > self->config.max_rpc_bytes / 2)
    wire.key = NULL;
  mh_gossipsub_rpc_put_id (out, number, &wire);
}

/* The key of the author: in its id, or with the message, where it has to be the one of the id. */
static MhGossipsubSlice
key_of (const MhGossipsubRawMessage *raw, const MhPeerId *author)
{
  MhGossipsubSlice inlined = mh_gossipsub_rpc_inlined (author);
  MhGossipsubSlice key = raw->fields[MH_GOSSIPSUB_KEY];
  MhGossipsubSlice none = { 0 };
  MhPeerId owner;

  if (key.size == 0)
    return inlined;
  if (!mh_public_key_id (key.bytes, key.size, &owner) || !mh_peer_id_equal (&owner, author))
    return none;

  return key;
}

/* "StrictSign": all that is needed to verify it has to be there. */
static gboolean
read_id (const MhGossipsubRawMessage *raw, MhGossipsubId *id)
{
  const MhGossipsubSlice *fields = raw->fields;
  MhGossipsubSlice from = fields[MH_GOSSIPSUB_FROM];

  if (raw->is_odd || from.bytes == NULL
      || !mh_peer_id_from_bytes (from.bytes, from.size, &id->author)
      || key_of (raw, &id->author).size == 0 || fields[MH_GOSSIPSUB_SEQNO].size != sizeof id->seqno
      || fields[MH_GOSSIPSUB_SIGNATURE].size == 0)
    return FALSE;
  memcpy (id->seqno, fields[MH_GOSSIPSUB_SEQNO].bytes, sizeof id->seqno);

  return TRUE;
}

/* Whether the author has signed it. */
static gboolean
verify (const MhGossipsubRawMessage *raw, const MhPeerId *author, const GByteArray *to_sign)
{
  MhGossipsubSlice signature = raw->fields[MH_GOSSIPSUB_SIGNATURE];
  MhGossipsubSlice key = key_of (raw, author);
  const MhSigned what = { to_sign->data, to_sign->len, signature.bytes, signature.size };

  return mh_public_key_verify (key.bytes, key.size, &what);
}

static MhGossipsubItem *
item_new (const MhGossipsubIdKey *key, const char *topic, GBytes *rpc)
{
  MhGossipsubItem *item = g_new0 (MhGossipsubItem, 1);

  item->refs = 1;
  item->key = *key;
  item->topic = g_ref_string_acquire ((char *) topic);
  item->data = mh_gossipsub_rpc_data (rpc);
  item->rpc = rpc;

  return item;
}

static void
send_item (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubItem *item)
{
  mh_gossipsub_queue_rpc (self, peer, item->rpc, MH_GOSSIPSUB_MESSAGE);
  self->counters.sent++;
}

static gboolean
wants (const MhGossipsubMember *peer, const MhGossipsubItem *item, const MhGossipsubSeen *seen)
{
  if (peer->number == item->sender || mh_gossipsub_cache_has_sender (seen, peer->number))
    return FALSE;
  if (mh_peer_id_equal (&peer->id, &item->key.id.author))
    return FALSE;

  return !mh_gossipsub_is_unwanted (peer, &item->key);
}

/* To the mesh, and to the direct members, which are never in it. */
static void
forward (MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubItem *item,
         const MhGossipsubSeen *seen)
{
  gboolean has_direct = g_hash_table_size (self->direct) > 0;

  for (guint i = 0; i < topic->mesh->len; i++)
    if (wants (g_ptr_array_index (topic->mesh, i), item, seen))
      send_item (self, g_ptr_array_index (topic->mesh, i), item);
  for (guint i = 0; has_direct && i < topic->members->len; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (topic->members, i);

      if (peer->is_direct && wants (peer, item, seen))
        send_item (self, peer, item);
    }
}

static gboolean
counts_deliveries (const MhGossipsubScored *scored)
{
  return scored->params.mesh_weight < 0 || scored->params.failure_weight < 0;
}

/* Those that sent it while there was no verdict get what they have earned. */
static void
score_senders (MhGossipsub *self, const MhGossipsubScored *scored, const MhGossipsubSeen *seen,
               void (*score) (MhGossipsubScore *, const MhGossipsubScored *))
{
  for (guint i = 0; seen->senders != NULL && i < seen->senders->len; i++)
    {
      MhGossipsubMember *peer =
          mh_gossipsub_member_by_number (self, g_array_index (seen->senders, guint32, i));

      if (peer != NULL)
        score (peer->score, scored);
    }
}

static void
accept (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubItem *item, MhGossipsubSeen *seen)
{
  MhGossipsubMember *sender = mh_gossipsub_member_by_number (self, item->sender);

  self->counters.received++;
  seen->state = MH_GOSSIPSUB_SEEN_VALID;
  seen->valid_ms = self->now_ms;
  if (sender != NULL)
    mh_gossipsub_score_first (sender->score, topic->scored);
  score_senders (self, topic->scored, seen, mh_gossipsub_score_near_first);

  mh_gossipsub_cache_put (self->cache, item);
  forward (self, topic, item, seen);
  mh_gossipsub_queue_message (self, item);
  mh_gossipsub_cache_forget_senders (self->cache, seen);
  if (counts_deliveries (topic->scored))
    mh_gossipsub_cache_note_sender (self->cache, seen, item->sender);
}

static void
reject (MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubItem *item,
        MhGossipsubSeen *seen)
{
  MhGossipsubMember *sender = mh_gossipsub_member_by_number (self, item->sender);

  self->counters.invalid++;
  seen->state = MH_GOSSIPSUB_SEEN_INVALID;
  if (sender != NULL)
    mh_gossipsub_score_invalid (sender->score, topic->scored);
  score_senders (self, topic->scored, seen, mh_gossipsub_score_invalid);
  mh_gossipsub_cache_forget_senders (self->cache, seen);
}

static void
ignore (MhGossipsub *self, MhGossipsubSeen *seen)
{
  self->counters.ignored++;
  seen->state = MH_GOSSIPSUB_SEEN_IGNORED;
  mh_gossipsub_cache_forget_senders (self->cache, seen);
}

static void
settle (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubItem *item, MhGossipsubSeen *seen,
        MhGossipsubVerdict verdict)
{
  switch (verdict)
    {
    case MH_GOSSIPSUB_ACCEPT:
      accept (self, topic, item, seen);
      break;
    case MH_GOSSIPSUB_REJECT:
      reject (self, topic, item, seen);
      break;
    case MH_GOSSIPSUB_IGNORE:
      ignore (self, seen);
      break;
    case MH_GOSSIPSUB_LATER:
      if (mh_gossipsub_cache_hold (self->cache, seen, item))
        break;
      /* it can be asked for again when there is room */
      self->counters.ignored++;
      mh_gossipsub_cache_unsee (self->cache, seen);
      break;
    }
}

static MhGossipsubVerdict
ask (MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubItem *item)
{
  MhGossipsubMessage message = { .id = item->key.id, .topic = item->topic, .data = item->data };

  message.from = item->key.id.author;
  message.received_from = item->received_from;
  if (topic->validate != NULL)
    return topic->validate (&message, topic->validate_data);
  if (self->events->validate != NULL)
    return self->events->validate (&message, self->data);

  return MH_GOSSIPSUB_ACCEPT;
}

/* gossipsub-v1.2.md: at once, before it is validated, to the mesh. */
static void
tell_unwanted (MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubItem *item)
{
  const MhPeerId *author = &item->key.id.author;
  GBytes *rpcs[] = { NULL, NULL };

  if (g_bytes_get_size (item->data) < self->config.idontwant_bytes)
    return;
  for (guint i = 0; i < topic->mesh->len; i++)
    {
      MhGossipsubMember *peer = g_ptr_array_index (topic->mesh, i);

      if (peer->number == item->sender || peer->version < MH_GOSSIPSUB_VERSION_12)
        continue;
      if (rpcs[peer->form] == NULL)
        {
          MhGossipsubWireId id = { &item->key.id, g_hash_table_lookup (self->keys, author),
                                   peer->form };

          rpcs[peer->form] = mh_gossipsub_rpc_idontwant (&id);
        }
      mh_gossipsub_queue_rpc (self, peer, rpcs[peer->form], MH_GOSSIPSUB_HINT);
    }
  for (guint i = 0; i < G_N_ELEMENTS (rpcs); i++)
    g_clear_pointer (&rpcs[i], g_bytes_unref);
}

static gboolean
on_new (MhGossipsub *self, MhGossipsubMember *peer, MhGossipsubTopic *topic,
        const MhGossipsubRawMessage *raw, const MhGossipsubIdKey *key)
{
  g_autoptr (GByteArray) to_sign = mh_gossipsub_rpc_to_sign (raw);
  const MhPeerId *author = &key->id.author;
  g_autoptr (MhGossipsubItem) item = NULL;
  MhGossipsubSeen *seen;

  self->counters.verified++;
  if (!verify (raw, author, to_sign))
    return refuse (self, peer, topic);

  mh_gossipsub_note_key (self, author, raw->fields[MH_GOSSIPSUB_KEY]);
  item = item_new (key, topic->name,
                   mh_gossipsub_rpc_seal (g_steal_pointer (&to_sign),
                                          raw->fields[MH_GOSSIPSUB_SIGNATURE],
                                          raw->fields[MH_GOSSIPSUB_KEY]));
  item->sender = peer->number;
  item->received_from = peer->id;
  mh_gossipsub_cache_keep_promise (self->cache, key);
  seen = mh_gossipsub_cache_see (self->cache, key, self->now_ms);
  tell_unwanted (self, topic, item);
  settle (self, topic, item, seen, ask (self, topic, item));

  return TRUE;
}

static gboolean
on_duplicate (MhGossipsub *self, MhGossipsubMember *peer, const MhGossipsubTopic *topic,
              MhGossipsubSeen *seen)
{
  const MhGossipsubScored *scored = topic->scored;

  self->counters.duplicates++;
  switch (seen->state)
    {
    case MH_GOSSIPSUB_SEEN_PENDING:
      if (seen->item != NULL && seen->item->sender != peer->number)
        mh_gossipsub_cache_note_sender (self->cache, seen, peer->number);
      break;
    case MH_GOSSIPSUB_SEEN_VALID:
      if (counts_deliveries (scored)
          && self->now_ms - seen->valid_ms <= scored->params.mesh_window_ms
          && mh_gossipsub_cache_note_sender (self->cache, seen, peer->number))
        mh_gossipsub_score_near_first (peer->score, scored);
      break;
    case MH_GOSSIPSUB_SEEN_INVALID:
      return refuse (self, peer, topic);
    case MH_GOSSIPSUB_SEEN_IGNORED:
      break;
    }

  return TRUE;
}

gboolean
mh_gossipsub_on_message (MhGossipsub *self, MhGossipsubMember *peer,
                         const MhGossipsubRawMessage *raw)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_find (self, raw->fields[MH_GOSSIPSUB_TOPIC]);
  MhGossipsubSeen *seen = NULL;
  MhGossipsubIdKey key;
  MhGossipsubId id;

  if (raw->fields[MH_GOSSIPSUB_TOPIC].bytes == NULL)
    return refuse (self, peer, NULL);
  if (topic == NULL || !topic->is_joined)
    {
      self->counters.ignored++;
      return TRUE;
    }
  if (!read_id (raw, &id))
    return refuse (self, peer, topic);

  key = mh_gossipsub_cache_key (self->cache, &id);
  seen = mh_gossipsub_cache_seen (self->cache, &key);
  if (seen != NULL)
    return on_duplicate (self, peer, topic, seen);
  if (mh_peer_id_equal (&id.author, &self->self_id))
    {
      /* from before we were started anew, or a lie; it is nothing that we would pass on */
      self->counters.ignored++;
      return TRUE;
    }

  return on_new (self, peer, topic, raw, &key);
}

gboolean
mh_gossipsub_report (MhGossipsub *self, const MhGossipsubId *id, MhGossipsubVerdict verdict,
                     gint64 now_ms)
{
  MhGossipsubIdKey key = mh_gossipsub_cache_key (self->cache, id);
  MhGossipsubSeen *seen = mh_gossipsub_cache_seen (self->cache, &key);
  g_autoptr (MhGossipsubItem) item = NULL;
  MhGossipsubTopic *topic = NULL;

  g_return_val_if_fail (verdict != MH_GOSSIPSUB_LATER, FALSE);
  if (seen == NULL || seen->item == NULL)
    return FALSE;

  mh_gossipsub_enter (self, now_ms);
  item = mh_gossipsub_cache_take (self->cache, seen);
  topic = mh_gossipsub_topic_get (self, item->topic);
  if (topic != NULL && topic->is_joined)
    settle (self, topic, item, seen, verdict);
  else
    ignore (self, seen);
  mh_gossipsub_leave (self);

  return TRUE;
}

static gboolean
fits_publish (const MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubMember *peer)
{
  return peer->is_direct
         || mh_gossipsub_member_score (self, peer) >= self->config.scoring.publish_threshold;
}

/* What a mesh that is too small is filled up with for a message of ours. */
static gboolean
fits_beside_mesh (const MhGossipsub *self, const MhGossipsubTopic *topic,
                  const MhGossipsubMember *peer)
{
  return !peer->is_direct && fits_publish (self, topic, peer)
         && !mh_gossipsub_has (topic->mesh, peer);
}

static gboolean
fits_direct (const MhGossipsub *self, const MhGossipsubTopic *topic, const MhGossipsubMember *peer)
{
  return peer->is_direct;
}

/* Returns: (transfer container): the peers that a message of ours goes to */
static GPtrArray *
recipients (MhGossipsub *self, MhGossipsubTopic *topic)
{
  GPtrArray *peers = NULL;
  g_autoptr (GPtrArray) more = NULL;

  if (self->config.flood_publish)
    return mh_gossipsub_pick (self, topic, G_MAXUINT, fits_publish);

  peers = mh_gossipsub_pick (self, topic, G_MAXUINT, fits_direct);
  if (!topic->is_joined)
    {
      g_ptr_array_extend (peers, mh_gossipsub_fanout (self, topic), NULL, NULL);
      return peers;
    }
  g_ptr_array_extend (peers, topic->mesh, NULL, NULL);
  if (topic->mesh->len < self->config.d)
    {
      more = mh_gossipsub_pick (self, topic, self->config.d - topic->mesh->len, fits_beside_mesh);
      g_ptr_array_extend (peers, more, NULL, NULL);
    }

  return peers;
}

static MhGossipsubId
next_id (MhGossipsub *self)
{
  guint64 seqno = GUINT64_TO_BE (++self->seqno);
  MhGossipsubId id;

  id.author = self->self_id;
  memcpy (id.seqno, &seqno, sizeof id.seqno);

  return id;
}

/* Returns: (transfer full) (nullable): the RPC with a message of ours */
static GBytes *
write_message (MhGossipsub *self, const char *topic, GBytes *data, const MhGossipsubId *id,
               GError **error)
{
  g_autoptr (GByteArray) to_sign = NULL;
  MhGossipsubRawMessage raw = { 0 };
  guint8 signature[MH_SIGNATURE_SIZE];
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  /* before anything is copied; the other fields are far smaller than the difference it makes */
  if (size <= self->config.max_rpc_bytes)
    {
      raw.fields[MH_GOSSIPSUB_FROM] = (MhGossipsubSlice){ self->self_id.bytes, self->self_id.size };
      raw.fields[MH_GOSSIPSUB_DATA] = (MhGossipsubSlice){ bytes, size };
      raw.fields[MH_GOSSIPSUB_SEQNO] = (MhGossipsubSlice){ id->seqno, sizeof id->seqno };
      raw.fields[MH_GOSSIPSUB_TOPIC] = (MhGossipsubSlice){ (const guint8 *) topic, strlen (topic) };
      to_sign = mh_gossipsub_rpc_to_sign (&raw);
    }
  if (to_sign == NULL
      || mh_gossipsub_rpc_sealed_size (to_sign->len, 0) > self->config.max_rpc_bytes)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                   "a message of %" G_GSIZE_FORMAT " bytes does not fit into an RPC", size);
      return NULL;
    }
  mh_signer_sign (self->signer, to_sign->data, to_sign->len, signature);

  return mh_gossipsub_rpc_seal (g_steal_pointer (&to_sign),
                                (MhGossipsubSlice){ signature, sizeof signature },
                                (MhGossipsubSlice){ 0 });
}

static void
send_own (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubItem *item)
{
  g_autoptr (GPtrArray) peers = recipients (self, topic);
  MhGossipsubSeen *seen = mh_gossipsub_cache_see (self->cache, &item->key, self->now_ms);

  seen->state = MH_GOSSIPSUB_SEEN_VALID;
  seen->valid_ms = self->now_ms;
  mh_gossipsub_cache_put (self->cache, item);
  for (guint i = 0; i < peers->len; i++)
    send_item (self, g_ptr_array_index (peers, i), item);
}

gboolean
mh_gossipsub_publish (MhGossipsub *self, const char *name, GBytes *data, gint64 now_ms,
                      MhGossipsubId *id, GError **error)
{
  MhGossipsubId own = next_id (self);
  MhGossipsubIdKey key = mh_gossipsub_cache_key (self->cache, &own);
  g_autoptr (MhGossipsubItem) item = NULL;
  MhGossipsubTopic *topic = NULL;
  GBytes *rpc = NULL;

  if (!mh_gossipsub_topic_check (name, error))
    return FALSE;
  rpc = write_message (self, name, data, &own, error);
  if (rpc == NULL)
    return FALSE;

  mh_gossipsub_enter (self, now_ms);
  topic = mh_gossipsub_topic_add (self, name);
  item = item_new (&key, topic->name, rpc);
  item->received_from = self->self_id;
  send_own (self, topic, item);
  mh_gossipsub_topic_release (self, topic);
  mh_gossipsub_leave (self);
  if (id != NULL)
    *id = own;

  return TRUE;
}
