/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "keypush.h"

#include <string.h>

#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/wire/envelope.h"
#include "net/p2p/wire/pb.h"

#define MAX_MESSAGE 1024
#define FIELD_NETWORK 1 /* id of the key that it takes the place of */
#define FIELD_KEY 2

static const MhEnvelopeKind kind = { "meshhold-keypush", { 0x7f, 0x02 } };
static const char answer[] = "taken";

struct _MhKeypush
{
  MhHost *host; /* (unowned) */
  char *network_id;
  void (*arrived) (const MhSecret *key, const MhPeerId *by, gpointer data);
  gpointer data;
  MhSecret *key; /* (owned) (nullable): that came or was sent; there is one only */
  MhPeerId by;   /* who made it */
};

/* A key on its way to all peers but one. */
typedef struct
{
  MhKeypush *keypush; /* (unowned) */
  GBytes *message;    /* (owned) */
  GPtrArray *results; /* (owned) (element-type MhKeypushResult) */
  guint waiting;
  MhKeypushDone done;
  gpointer data;
} Round;

/* Of it, for one peer. */
typedef struct
{
  Round *round;
  MhKeypushResult *result; /* (unowned) */
  MhStream *stream;        /* (owned) (nullable) */
  GSource *timer;          /* (owned) */
} Push;

void
mh_keypush_result_free (MhKeypushResult *self)
{
  g_free (self->error);
  g_free (self);
}

/* -- out -- */

static void
round_step (Round *self)
{
  if (--self->waiting > 0)
    return;

  self->done (self->results, self->data);
  g_bytes_unref (self->message);
  g_ptr_array_unref (self->results);
  g_free (self);
}

static void
push_end (Push *self, const char *error)
{
  self->result->has_it = error == NULL;
  self->result->error = g_strdup (error);
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  if (self->stream != NULL)
    {
      mh_stream_set_funcs (self->stream, NULL, NULL);
      if (error != NULL)
        mh_stream_reset (self->stream);
      mh_stream_unref (self->stream);
    }
  round_step (self->round);
  g_free (self);
}

static void
on_answer (MhStream *stream, gpointer data)
{
  g_autoptr (GBytes) message = NULL;

  if (!mh_stream_take_message (stream, MAX_MESSAGE, &message, NULL))
    push_end (data, "it answered nonsense");
  else if (message != NULL)
    push_end (data,
              g_bytes_get_size (message) == strlen (answer)
                      && memcmp (g_bytes_get_data (message, NULL), answer, strlen (answer)) == 0
                  ? NULL
                  : "it does not take the key");
  else if (mh_stream_is_ended (stream))
    push_end (data, "it does not take the key");
}

static void
on_broken (MhStream *stream, gpointer data)
{
  push_end (data, "the connection broke");
}

static gboolean
on_timeout (gpointer data)
{
  Push *self = data;

  if (self->stream != NULL)
    push_end (self, "it did not answer in time"); /* else opening it ends in time */

  return G_SOURCE_REMOVE;
}

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { on_answer, NULL, on_broken };
  Push *self = data;
  gsize size;
  const guint8 *message = g_bytes_get_data (self->round->message, &size);

  if (stream == NULL)
    {
      push_end (self, error->message);
      return;
    }
  self->stream = mh_stream_ref (stream);
  mh_stream_put_message (stream, message, size);
  mh_stream_close_write (stream);
  mh_stream_set_funcs (stream, &funcs, self);
}

/* Sends @message to everybody who is connected but @except. Takes @message. */
static void
send_round (MhKeypush *self, GBytes *message, const MhPeerId *except, MhKeypushDone done,
            gpointer data)
{
  static const char *const names[] = { MH_KEYPUSH_PROTOCOL, NULL };
  g_autoptr (GPtrArray) peers = mh_host_peers (self->host);
  Round *round = g_new0 (Round, 1);

  round->keypush = self;
  round->message = message;
  round->results = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_keypush_result_free);
  round->done = done;
  round->data = data;
  round->waiting = 1; /* this call */
  for (guint i = 0; i < peers->len; i++)
    {
      const MhPeerId *peer = g_ptr_array_index (peers, i);
      Push *push;

      if (except != NULL && mh_peer_id_equal (peer, except))
        continue;
      push = g_new0 (Push, 1);
      push->round = round;
      push->result = g_new0 (MhKeypushResult, 1);
      push->result->peer = *peer;
      g_ptr_array_add (round->results, push->result);
      round->waiting++;
      push->timer = g_timeout_source_new (MH_KEYPUSH_TIMEOUT_MS);
      g_source_set_callback (push->timer, on_timeout, push, NULL);
      g_source_attach (push->timer, mh_host_context (self->host));
      mh_host_open (self->host, peer, names, MH_KEYPUSH_TIMEOUT_MS, on_opened, push);
    }
  round_step (round);
}

static void
set_key (MhKeypush *self, const MhSecret *key, const MhPeerId *by)
{
  g_clear_pointer (&self->key, mh_secret_free);
  self->key = mh_secret_new_copy (mh_secret_peek (key), mh_secret_size (key));
  self->by = *by;
}

void
mh_keypush_send (MhKeypush *self, const MhSecret *key, MhKeypushDone done, gpointer data)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  GBytes *message;

  mh_pb_put_text (out, FIELD_NETWORK, self->network_id);
  mh_pb_put_bytes (out, FIELD_KEY, mh_secret_peek (key), mh_secret_size (key));
  message = mh_envelope_seal (mh_host_signer (self->host), &kind, out);
  mh_wipe (out->data, out->len);
  set_key (self, key, mh_host_id (self->host));
  send_round (self, message, NULL, done, data);
}

/* -- in -- */

typedef struct
{
  MhKeypush *keypush; /* (unowned) */
  MhStream *stream;   /* (owned) */
} Incoming;

static void
incoming_end (Incoming *self)
{
  mh_stream_set_funcs (self->stream, NULL, NULL);
  mh_stream_unref (self->stream);
  g_free (self);
}

static void
on_handed_on (GPtrArray *results, gpointer data)
{
  MhKeypush *self = data;

  self->arrived (self->key, &self->by, self->data);
}

/* Returns: (transfer full) (nullable): the key of a message, when it is one for this network */
static MhSecret *
read_key (MhKeypush *self, GBytes *message, MhPeerId *by)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  g_autoptr (GBytes) payload = mh_envelope_open (&kind, data, size, by);
  g_autofree char *network_id = NULL;
  g_autoptr (MhSecret) key = NULL;
  MhPbReader reader;
  MhPbField field;

  if (payload == NULL)
    return NULL;
  data = g_bytes_get_data (payload, &size);
  reader = mh_pb_reader (data, size);
  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_NETWORK, MH_PB_BYTES) && network_id == NULL)
        network_id = g_strndup ((const char *) field.bytes, field.size);
      else if (mh_pb_is (&field, FIELD_KEY, MH_PB_BYTES) && field.size == MH_SWARM_KEY_SIZE
               && key == NULL)
        key = mh_secret_new_copy (field.bytes, field.size);
    }
  if (reader.is_bad || g_strcmp0 (network_id, self->network_id) != 0)
    return NULL;

  return g_steal_pointer (&key);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  Incoming *self = data;
  MhKeypush *keypush = self->keypush;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (MhSecret) key = NULL;
  MhPeerId by;
  gboolean is_new = keypush->key == NULL;

  if (mh_stream_take_message (stream, MAX_MESSAGE, &message, NULL) && message == NULL
      && !mh_stream_is_ended (stream))
    return;
  if (message != NULL)
    key = read_key (keypush, message, &by);

  /* the first key wins here; who made another one at the same time finds out that it is alone */
  if (key == NULL
      || (!is_new
          && memcmp (mh_secret_peek (key), mh_secret_peek (keypush->key), MH_SWARM_KEY_SIZE) != 0))
    {
      mh_stream_reset (stream);
      incoming_end (self);
      return;
    }

  mh_stream_put_message (stream, answer, strlen (answer));
  mh_stream_close_write (stream);
  if (is_new)
    {
      MhPeerId from = *mh_stream_peer (stream);

      set_key (keypush, key, &by);
      send_round (keypush, g_bytes_ref (message), &from, on_handed_on, keypush);
    }
  incoming_end (self);
}

static void
on_incoming_broken (MhStream *stream, gpointer data)
{
  incoming_end (data);
}

static void
on_stream (MhStream *stream, gpointer data)
{
  static const MhStreamFuncs funcs = { on_readable, NULL, on_incoming_broken };
  Incoming *self = g_new0 (Incoming, 1);

  self->keypush = data;
  self->stream = stream;
  mh_stream_set_funcs (stream, &funcs, self);
}

MhKeypush *
mh_keypush_new (const MhKeypushNew *request)
{
  MhKeypush *self = g_new0 (MhKeypush, 1);

  self->host = request->host;
  self->network_id = g_strdup (request->network_id);
  self->arrived = request->arrived;
  self->data = request->data;
  mh_host_handle (request->host, MH_KEYPUSH_PROTOCOL, on_stream, self);

  return self;
}

void
mh_keypush_free (MhKeypush *self)
{
  if (self == NULL)
    return;

  g_free (self->network_id);
  g_clear_pointer (&self->key, mh_secret_free);
  g_free (self);
}
