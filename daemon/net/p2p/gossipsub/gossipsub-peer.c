/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gossipsub-private.h"

MhGossipsubMember *
mh_gossipsub_member_ref (MhGossipsubMember *self)
{
  self->refs++;

  return self;
}

void
mh_gossipsub_member_unref (gpointer data)
{
  MhGossipsubMember *self = data;

  if (--self->refs > 0)
    return;

  g_hash_table_unref (self->topics);
  g_clear_pointer (&self->dont_send, g_hash_table_unref);
  g_clear_pointer (&self->subscriptions, g_byte_array_unref);
  g_clear_pointer (&self->control, g_byte_array_unref);
  g_clear_pointer (&self->gossip, g_byte_array_unref);
  g_free (self);
}

MhGossipsubMember *
mh_gossipsub_member_by_number (const MhGossipsub *self, guint32 number)
{
  return g_hash_table_lookup (self->by_number, GUINT_TO_POINTER (number));
}

double
mh_gossipsub_member_score (const MhGossipsub *self, const MhGossipsubMember *peer)
{
  return mh_gossipsub_scores_get (self->scores, peer->score);
}

void
mh_gossipsub_topic_free (gpointer data)
{
  MhGossipsubTopic *self = data;

  g_ref_string_release (self->name);
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->mesh);
  g_ptr_array_unref (self->fanout);
  g_ptr_array_unref (self->gossip);
  g_clear_pointer (&self->backoff, g_hash_table_unref);
  g_free (self);
}

gboolean
mh_gossipsub_topic_is_name (const guint8 *topic, gsize size)
{
  return size > 0 && size <= MH_GOSSIPSUB_MAX_TOPIC && memchr (topic, '\0', size) == NULL
         && g_utf8_validate ((const char *) topic, (gssize) size, NULL);
}

gboolean
mh_gossipsub_topic_check (const char *topic, GError **error)
{
  if (mh_gossipsub_topic_is_name ((const guint8 *) topic, strlen (topic)))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "a topic has 1 to %d bytes of UTF-8",
               MH_GOSSIPSUB_MAX_TOPIC);

  return FALSE;
}

MhGossipsubTopic *
mh_gossipsub_topic_get (const MhGossipsub *self, const char *name)
{
  return g_tree_lookup (self->topics, name);
}

MhGossipsubTopic *
mh_gossipsub_topic_add (MhGossipsub *self, const char *name)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_get (self, name);

  if (topic != NULL)
    return topic;

  topic = g_new0 (MhGossipsubTopic, 1);
  topic->name = g_ref_string_new (name);
  topic->members = g_ptr_array_new ();
  topic->mesh = g_ptr_array_new ();
  topic->fanout = g_ptr_array_new ();
  topic->gossip = g_ptr_array_new ();
  g_tree_insert (self->topics, topic->name, topic);

  return topic;
}

MhGossipsubTopic *
mh_gossipsub_topic_find (const MhGossipsub *self, MhGossipsubSlice name)
{
  char text[MH_GOSSIPSUB_MAX_TOPIC + 1];

  if (name.bytes == NULL || name.size > MH_GOSSIPSUB_MAX_TOPIC
      || memchr (name.bytes, '\0', name.size) != NULL)
    return NULL;
  memcpy (text, name.bytes, name.size);
  text[name.size] = '\0';

  return mh_gossipsub_topic_get (self, text);
}

void
mh_gossipsub_topic_release (MhGossipsub *self, MhGossipsubTopic *topic)
{
  if (topic->is_joined || topic->members->len > 0 || topic->validate != NULL
      || topic->backoff != NULL)
    return;

  g_tree_remove (self->topics, topic->name);
}

/* js-libp2p grafts at once as well: else what is published before the next heartbeat gets lost. */
static void
graft_early (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer)
{
  if (topic->is_joined && topic->mesh->len < self->config.d_lo
      && mh_gossipsub_mesh_may_have (self, topic, peer))
    mh_gossipsub_mesh_graft (self, topic, peer);
}

gboolean
mh_gossipsub_topic_add_member (MhGossipsub *self, MhGossipsubTopic *topic, MhGossipsubMember *peer)
{
  if (g_hash_table_contains (peer->topics, topic))
    return TRUE;
  if (g_hash_table_size (peer->topics) == MH_GOSSIPSUB_MAX_TOPICS)
    return FALSE;

  g_hash_table_add (peer->topics, topic);
  g_ptr_array_add (topic->members, peer);
  mh_gossipsub_queue_member (self, &peer->id, topic->name, TRUE);

  return TRUE;
}

void
mh_gossipsub_topic_remove_member (MhGossipsub *self, MhGossipsubTopic *topic,
                                  MhGossipsubMember *peer)
{
  if (!g_hash_table_remove (peer->topics, topic))
    return;

  mh_gossipsub_mesh_remove (self, topic, peer);
  g_ptr_array_remove (topic->fanout, peer);
  g_ptr_array_remove (topic->members, peer);
  mh_gossipsub_queue_member (self, &peer->id, topic->name, FALSE);
  mh_gossipsub_topic_release (self, topic);
}

void
mh_gossipsub_on_subscription (MhGossipsub *self, MhGossipsubMember *peer,
                              const MhGossipsubSubscription *item)
{
  MhGossipsubTopic *topic = mh_gossipsub_topic_find (self, item->topic);
  g_autofree char *name = NULL;

  if (!item->is_in)
    {
      if (topic != NULL)
        mh_gossipsub_topic_remove_member (self, topic, peer);
      return;
    }
  if (!mh_gossipsub_topic_is_name (item->topic.bytes, item->topic.size))
    return;
  if (topic == NULL && g_hash_table_size (peer->topics) < MH_GOSSIPSUB_MAX_TOPICS
      && g_tree_nnodes (self->topics) < MH_GOSSIPSUB_MAX_KNOWN)
    {
      name = g_strndup ((const char *) item->topic.bytes, item->topic.size);
      topic = mh_gossipsub_topic_add (self, name);
    }
  if (topic != NULL && mh_gossipsub_topic_add_member (self, topic, peer))
    graft_early (self, topic, peer);
}

static gboolean
announce (gpointer name, gpointer value, gpointer data)
{
  gpointer *both = data;
  const MhGossipsubTopic *topic = value;

  if (topic->is_joined)
    mh_gossipsub_queue_subscription (both[0], both[1], topic->name, TRUE);

  return FALSE;
}

static int
compare_topics (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(MhGossipsubTopic *const *) a)->name, (*(MhGossipsubTopic *const *) b)->name);
}

/* In an order that does not come from where they are in memory. */
static GPtrArray *
topics_of (const MhGossipsubMember *peer)
{
  GPtrArray *topics = mh_gossipsub_keys (peer->topics);

  g_ptr_array_sort (topics, compare_topics);

  return topics;
}

static void
remove_peer (MhGossipsub *self, MhGossipsubMember *peer)
{
  g_autoptr (GPtrArray) topics = topics_of (peer);

  for (guint i = 0; i < topics->len; i++)
    mh_gossipsub_topic_remove_member (self, g_ptr_array_index (topics, i), peer);
  mh_gossipsub_scores_remove (self->scores, peer->score, self->now_ms);
  peer->score = NULL;
  peer->is_gone = TRUE;
  g_ptr_array_remove (self->in_order, peer);
  g_hash_table_remove (self->by_number, GUINT_TO_POINTER (peer->number));
  g_hash_table_remove (self->peers, &peer->id);
}

void
mh_gossipsub_remove_peer (MhGossipsub *self, const MhPeerId *id, gint64 now_ms)
{
  MhGossipsubMember *peer = g_hash_table_lookup (self->peers, id);

  if (peer == NULL)
    return;

  mh_gossipsub_enter (self, now_ms);
  remove_peer (self, peer);
  mh_gossipsub_leave (self);
}

static MhGossipsubMember *
member_new (MhGossipsub *self, const MhPeerId *id)
{
  MhGossipsubMember *peer = g_new0 (MhGossipsubMember, 1);

  peer->refs = 1;
  peer->id = *id;
  peer->number = ++self->last_number;
  peer->is_direct = g_hash_table_contains (self->direct, id);
  peer->topics = g_hash_table_new (NULL, NULL);
  peer->form = self->config.form;
  g_hash_table_insert (self->peers, &peer->id, peer);
  g_hash_table_insert (self->by_number, GUINT_TO_POINTER (peer->number), peer);
  g_ptr_array_add (self->in_order, peer);

  return peer;
}

/* Its meshes, for a stream that has not heard of them. */
static void
tell_meshes (MhGossipsub *self, MhGossipsubMember *peer)
{
  g_autoptr (GPtrArray) topics = topics_of (peer);

  for (guint i = 0; i < topics->len; i++)
    {
      MhGossipsubTopic *topic = g_ptr_array_index (topics, i);

      if (mh_gossipsub_has (topic->mesh, peer))
        mh_gossipsub_mesh_tell (self, topic, peer);
    }
}

void
mh_gossipsub_add_peer (MhGossipsub *self, const MhGossipsubPeer *from, gint64 now_ms)
{
  MhGossipsubMember *peer = g_hash_table_lookup (self->peers, &from->id);
  gpointer both[2] = { self, NULL };

  g_return_if_fail (!mh_peer_id_equal (&from->id, &self->self_id));

  mh_gossipsub_enter (self, now_ms);
  if (peer == NULL)
    peer = member_new (self, &from->id);
  peer->version = from->version;
  peer->is_outbound = from->is_outbound;
  peer->score = mh_gossipsub_scores_add (self->scores, &from->id, from->address);
  both[1] = peer;
  g_tree_foreach (self->topics, announce, both);
  tell_meshes (self, peer);
  mh_gossipsub_leave (self);
}

static void
leave_meshes (MhGossipsub *self, MhGossipsubMember *peer)
{
  g_autoptr (GPtrArray) topics = topics_of (peer);

  for (guint i = 0; i < topics->len; i++)
    {
      MhGossipsubTopic *topic = g_ptr_array_index (topics, i);

      if (mh_gossipsub_has (topic->mesh, peer))
        mh_gossipsub_mesh_prune (self, topic, peer, self->config.prune_backoff_ms, FALSE);
    }
}

void
mh_gossipsub_set_direct (MhGossipsub *self, const MhPeerId *id, gboolean is_direct)
{
  MhGossipsubMember *peer = g_hash_table_lookup (self->peers, id);

  mh_gossipsub_enter (self, 0);
  if (is_direct)
    g_hash_table_add (self->direct, mh_peer_id_copy (id));
  else
    g_hash_table_remove (self->direct, id);
  if (peer != NULL)
    peer->is_direct = is_direct;
  if (peer != NULL && is_direct)
    leave_meshes (self, peer);
  mh_gossipsub_leave (self);
}
