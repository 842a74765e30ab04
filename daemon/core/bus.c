/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bus.h"

#include "base/encoding.h"
#include "crypto/random.h"

#define REMEMBERED 1024

typedef struct
{
  guint id;
  MhBusFunc func;
  gpointer user_data; /* (unowned) */
} Subscriber;

struct _MhBus
{
  MhClock *clock; /* (unowned) outlives us */
  char *epoch;    /* (owned) */
  GMutex lock;
  GQueue fresh;        /* (locked-by lock) (element-type MhEvent) not dispatched */
  GSource *source;     /* (locked-by lock) (owned) (nullable) the dispatch that is due */
  gint64 last_seq;     /* (locked-by lock) */
  GQueue remembered;   /* loop only: (element-type MhEvent) dispatched, oldest first */
  GArray *subscribers; /* loop only: (element-type Subscriber) */
  guint last_id;       /* loop only */
};

static void
event_free (gpointer data)
{
  MhEvent *event = data;

  g_free (event->type);
  g_free (event->json);
  g_free (event);
}

MhBus *
mh_bus_new (MhClock *clock)
{
  MhBus *self = g_new0 (MhBus, 1);
  guint8 word[8];

  mh_random_bytes (word, sizeof word);
  self->clock = clock;
  self->epoch = mh_hex_encode (word, sizeof word);
  g_mutex_init (&self->lock);
  g_queue_init (&self->fresh);
  g_queue_init (&self->remembered);
  self->subscribers = g_array_new (FALSE, FALSE, sizeof (Subscriber));

  return self;
}

void
mh_bus_free (MhBus *self)
{
  if (self == NULL)
    return;

  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_queue_clear_full (&self->fresh, event_free);
  g_queue_clear_full (&self->remembered, event_free);
  g_array_unref (self->subscribers);
  g_mutex_clear (&self->lock);
  g_free (self->epoch);
  g_free (self);
}

const char *
mh_bus_epoch (MhBus *self)
{
  return self->epoch;
}

/* A subscriber may unsubscribe itself or others while it is called, so each is looked up anew. */
static void
tell (MhBus *self, const MhEvent *event)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->subscribers->len; i++)
    g_array_append_val (ids, g_array_index (self->subscribers, Subscriber, i).id);

  for (guint i = 0; i < ids->len; i++)
    for (guint j = 0; j < self->subscribers->len; j++)
      {
        Subscriber subscriber = g_array_index (self->subscribers, Subscriber, j);

        if (subscriber.id == g_array_index (ids, guint, i))
          {
            subscriber.func (event, subscriber.user_data);
            break;
          }
      }
}

static gboolean
dispatch_cb (gpointer user_data)
{
  MhBus *self = user_data;
  GQueue due = G_QUEUE_INIT;
  MhEvent *event = NULL;

  g_mutex_lock (&self->lock);
  due = self->fresh;
  g_queue_init (&self->fresh);
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_unlock (&self->lock);

  while ((event = g_queue_pop_head (&due)) != NULL)
    {
      g_queue_push_tail (&self->remembered, event);
      if (g_queue_get_length (&self->remembered) > REMEMBERED)
        event_free (g_queue_pop_head (&self->remembered));
      tell (self, event);
    }

  return G_SOURCE_REMOVE;
}

void
mh_bus_publish (MhBus *self, const char *type, MhJson *members)
{
  g_autoptr (MhJson) own = members;
  g_autofree char *text = own != NULL ? mh_json_steal (own) : NULL;
  MhEvent *event = g_new0 (MhEvent, 1);
  gint64 now_ms = mh_clock_now_ms (self->clock);

  event->type = g_strdup (type);
  g_mutex_lock (&self->lock);
  event->seq = ++self->last_seq;
  event->json = g_strdup_printf (
      "{\"type\":\"%s\",\"seq\":%" G_GINT64_FORMAT ",\"ts_ms\":%" G_GINT64_FORMAT "%s%s}", type,
      event->seq, now_ms, text != NULL ? "," : "", text != NULL ? text : "");
  g_queue_push_tail (&self->fresh, event);
  if (self->source == NULL)
    {
      self->source = g_idle_source_new ();
      g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
      g_source_set_callback (self->source, dispatch_cb, self, NULL);
      g_source_attach (self->source, NULL);
    }
  g_mutex_unlock (&self->lock);
}

guint
mh_bus_subscribe (MhBus *self, MhBusFunc func, gpointer user_data)
{
  Subscriber subscriber = { ++self->last_id, func, user_data };

  g_array_append_val (self->subscribers, subscriber);

  return subscriber.id;
}

void
mh_bus_unsubscribe (MhBus *self, guint id)
{
  for (guint i = 0; i < self->subscribers->len; i++)
    if (g_array_index (self->subscribers, Subscriber, i).id == id)
      {
        g_array_remove_index (self->subscribers, i);
        return;
      }
}

gboolean
mh_bus_replay (MhBus *self, gint64 after, MhBusFunc func, gpointer user_data)
{
  const MhEvent *oldest = g_queue_peek_head (&self->remembered);
  gint64 last = oldest != NULL ? ((MhEvent *) g_queue_peek_tail (&self->remembered))->seq : 0;

  if (after > last || (oldest != NULL && after < oldest->seq - 1))
    return FALSE;

  for (GList *l = self->remembered.head; l != NULL; l = l->next)
    if (((const MhEvent *) l->data)->seq > after)
      func (l->data, user_data);

  return TRUE;
}
