/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-private.h"

/* host.h does not tell that a peer broke the rules, which the host counts */
#include "net/p2p/host/host-private.h"

/* A question under way. */
typedef struct
{
  MhKad *kad; /* (unowned) */
  MhPeerId peer;
  MhPeerId about;
  MhStream *stream; /* (owned) (nullable): once it is open */
  gint64 deadline_ms;
  MhKadAnswered answered;
  gpointer data;
} Ask;

static void
finish (Ask *self, MhKadMessage *answer)
{
  MhStream *stream = g_steal_pointer (&self->stream);

  g_ptr_array_remove_fast (self->kad->asks, self);
  if (stream != NULL)
    {
      mh_stream_set_funcs (stream, NULL, NULL);
      if (answer == NULL)
        mh_stream_reset (stream);
      mh_stream_unref (stream);
    }
  self->answered (self->kad, &self->peer, answer, self->data);
  g_free (self);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  Ask *self = data;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (MhKadMessage) answer = NULL;
  gboolean is_good = mh_stream_take_message (stream, MH_KAD_MAX_MESSAGE, &bytes, NULL);

  if (is_good && bytes == NULL)
    {
      if (mh_stream_is_ended (stream))
        finish (self, NULL);
      return;
    }

  if (bytes != NULL)
    answer = mh_kad_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (answer == NULL || answer->type != MH_KAD_FIND_NODE)
    {
      self->kad->host->refusals.protocol++;
      g_clear_pointer (&answer, mh_kad_message_free);
    }
  finish (self, answer);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  finish (data, NULL);
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_readable, NULL, on_broken };
  Ask *self = data;
  g_autoptr (MhKadMessage) question = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (stream == NULL)
    {
      finish (self, NULL);
      return;
    }

  question = mh_kad_message_new_find (&self->about);
  bytes = mh_kad_message_encode (question);
  self->stream = mh_stream_ref (stream);
  mh_stream_set_funcs (stream, &funcs, self);
  mh_stream_put_message (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  mh_stream_close_write (stream);
}

void
mh_kad_ask (MhKad *self, const MhPeerId *peer, const MhPeerId *about, MhKadAnswered answered,
            gpointer data)
{
  static const char *const names[] = { MH_KAD_PROTOCOL, NULL };
  Ask *ask = g_new0 (Ask, 1);

  ask->kad = self;
  ask->peer = *peer;
  ask->about = *about;
  ask->deadline_ms = mh_kad_now_ms () + MH_KAD_ASK_MS;
  ask->answered = answered;
  ask->data = data;
  g_ptr_array_add (self->asks, ask);
  mh_host_open (self->host, peer, names, MH_KAD_ASK_MS, on_opened, ask);
}

void
mh_kad_ask_init (MhKad *self)
{
  self->asks = g_ptr_array_new ();
}

void
mh_kad_ask_tick (MhKad *self, gint64 now_ms)
{
  for (guint i = self->asks->len; i > 0; i--)
    {
      Ask *ask = i <= self->asks->len ? g_ptr_array_index (self->asks, i - 1) : NULL;

      /* one that has no stream yet is given up by the host */
      if (ask != NULL && ask->stream != NULL && ask->deadline_ms <= now_ms)
        finish (ask, NULL);
    }
}

void
mh_kad_ask_clear (MhKad *self)
{
  while (self->asks->len > 0)
    finish (g_ptr_array_index (self->asks, 0), NULL);
  g_ptr_array_unref (self->asks);
}
