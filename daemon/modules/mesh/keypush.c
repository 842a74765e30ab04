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
#define FIELD_GO 3 /* 1: all have it, and change over */

static const MhEnvelopeKind kind = { "meshhold-keypush", { 0x7f, 0x02 } };
static const char answer[] = "taken";

/* How long who brought the key waits for all whom it is handed on to. */
#define ECHO_MS 3000

/* How long a node that has the key waits for the word that all have it. Its maker may be gone. */
#define GO_MS 15000

/* A key that is offered. */
typedef struct
{
  MhKeypush *keypush; /* (unowned) */
  MhStream *stream;   /* (owned) */
  GSource *timer;     /* (owned) (nullable): for an answer */
} Incoming;

struct _MhKeypush
{
  MhHost *host; /* (unowned) */
  char *network_id;
  void (*arrived) (const MhSecret *key, const MhPeerId *by, gpointer data);
  gpointer data;
  MhSecret *key;   /* (owned) (nullable): that came or was sent; of several the least */
  GBytes *message; /* (owned) (nullable): with it, as who made it signed it */
  MhPeerId by;     /* who made it */
  guint rounds;    /* of keys, under way */
  Incoming *first; /* (nullable): that brought @key, and has no answer yet */
  MhPeerId giver;  /* who gave @key as an answer, if it did: it offers the key as well */
  gboolean is_given;
  GSource *timer;   /* (owned) (nullable): for the word that all have it */
  gboolean is_over; /* all have it: no other one is taken any more */

  /* of a key of our own */
  MhKeypushDone done; /* (nullable): not told yet */
  gpointer done_data;
  GPtrArray *results; /* (owned) (nullable) (element-type MhKeypushResult) */
};

/* A message on its way to all peers but one. */
typedef struct
{
  MhKeypush *keypush; /* (unowned) */
  GBytes *message;    /* (owned) */
  GPtrArray *results; /* (owned) (element-type MhKeypushResult) */
  guint waiting;
  gboolean is_own; /* of a key of our own */
  gboolean is_go;
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

static void settle (MhKeypush *self);
static void finish (MhKeypush *self);

static void
round_step (Round *self)
{
  MhKeypush *keypush = self->keypush;

  if (--self->waiting > 0)
    return;

  if (self->is_own)
    keypush->results = g_ptr_array_ref (self->results);
  if (self->is_go)
    finish (keypush);
  else if (--keypush->rounds == 0 && !keypush->is_over)
    settle (keypush);
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

static gboolean
consider (MhKeypush *self, GBytes *message, const MhPeerId *from, Incoming *incoming);

static void
on_answer (MhStream *stream, gpointer data)
{
  Push *self = data;
  g_autoptr (GBytes) message = NULL;

  if (!mh_stream_take_message (stream, MAX_MESSAGE, &message, NULL))
    push_end (self, "it answered nonsense");
  else if (message != NULL && g_bytes_get_size (message) == strlen (answer)
           && memcmp (g_bytes_get_data (message, NULL), answer, strlen (answer)) == 0)
    push_end (self, NULL);
  else if (message != NULL && consider (self->round->keypush, message, &self->result->peer, NULL))
    push_end (self, "it has another key, which was made in the same moment");
  else if (message != NULL || mh_stream_is_ended (stream))
    push_end (self, "it does not take the key");
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

/* Sends @message to everybody who is connected but @except. */
static void
send_round (MhKeypush *self, GBytes *message, const MhPeerId *except, gboolean is_own,
            gboolean is_go)
{
  static const char *const names[] = { MH_KEYPUSH_PROTOCOL, NULL };
  g_autoptr (GPtrArray) peers = mh_host_peers (self->host);
  Round *round = g_new0 (Round, 1);

  round->keypush = self;
  round->is_own = is_own;
  round->is_go = is_go;
  round->message = g_bytes_ref (message);
  round->results = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_keypush_result_free);
  round->waiting = 1; /* this call */
  self->rounds += is_go ? 0 : 1;
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

/* @message: with @key, of @by */
static void
set_key (MhKeypush *self, const MhSecret *key, const MhPeerId *by, GBytes *message)
{
  GBytes *held = g_bytes_ref (message);

  g_clear_pointer (&self->key, mh_secret_free);
  self->key = mh_secret_new_copy (mh_secret_peek (key), mh_secret_size (key));
  self->by = *by;
  g_clear_pointer (&self->message, g_bytes_unref);
  self->message = held;
}

/* Returns: (transfer full): what says @key, or that all have it */
static GBytes *
seal (MhKeypush *self, const MhSecret *key, gboolean is_go)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  GBytes *message;

  mh_pb_put_text (out, FIELD_NETWORK, self->network_id);
  mh_pb_put_bytes (out, FIELD_KEY, mh_secret_peek (key), mh_secret_size (key));
  if (is_go)
    mh_pb_put_uint (out, FIELD_GO, 1);
  message = mh_envelope_seal (mh_host_signer (self->host), &kind, out);
  mh_wipe (out->data, out->len);

  return message;
}

void
mh_keypush_send (MhKeypush *self, const MhSecret *key, MhKeypushDone done, gpointer data)
{
  g_autoptr (GBytes) message = NULL;

  if (self->key != NULL)
    {
      done (NULL, data);
      return;
    }

  message = seal (self, key, FALSE);
  set_key (self, key, mh_host_id (self->host), message);
  self->done = done;
  self->done_data = data;
  send_round (self, message, NULL, TRUE, FALSE);
}

/* -- in -- */

static void
incoming_end (Incoming *self)
{
  mh_stream_set_funcs (self->stream, NULL, NULL);
  mh_stream_unref (self->stream);
  if (self->timer != NULL)
    {
      g_source_destroy (self->timer);
      g_source_unref (self->timer);
    }
  g_free (self);
}

static void
incoming_answer (Incoming *self, const void *data, gsize size)
{
  mh_stream_put_message (self->stream, data, size);
  mh_stream_close_write (self->stream);
  incoming_end (self);
}

static void
answer_first (MhKeypush *self, const void *data, gsize size)
{
  Incoming *first = self->first;

  self->first = NULL;
  if (first != NULL)
    incoming_answer (first, data, size);
}

static gboolean
on_echo_timeout (gpointer data)
{
  MhKeypush *self = data;

  answer_first (self, answer, strlen (answer));

  return G_SOURCE_REMOVE;
}

/* Who brought the key hears of it when all have it to whom it is handed on. */
static void
wait_for_others (MhKeypush *self, Incoming *incoming)
{
  self->first = incoming;
  if (incoming == NULL)
    return;

  incoming->timer = g_timeout_source_new (ECHO_MS);
  g_source_set_callback (incoming->timer, on_echo_timeout, self, NULL);
  g_source_attach (incoming->timer, mh_host_context (self->host));
}

/* -- the end -- */

static gboolean
is_ours (const MhKeypush *self)
{
  return mh_peer_id_equal (&self->by, mh_host_id (self->host));
}

/* Whoever made a key here hears what came of it. */
static void
tell_maker (MhKeypush *self)
{
  MhKeypushDone done = self->done;

  self->done = NULL;
  if (done != NULL)
    done (is_ours (self) ? self->results : NULL, self->done_data);
}

/* All change over. */
static void
finish (MhKeypush *self)
{
  tell_maker (self);
  if (!is_ours (self))
    self->arrived (self->key, &self->by, self->data);
}

/* All have the key, as @message says; (nullable) @from knows that already. */
static void
go (MhKeypush *self, GBytes *message, const MhPeerId *from)
{
  self->is_over = TRUE;
  g_bytes_ref (message);
  g_clear_pointer (&self->message, g_bytes_unref);
  self->message = message;
  mh_source_drop (&self->timer);
  answer_first (self, answer, strlen (answer));
  send_round (self, message, from, FALSE, TRUE);
}

static gboolean
on_no_word (gpointer data)
{
  MhKeypush *self = data;

  mh_source_drop (&self->timer);
  self->is_over = TRUE;
  finish (self);

  return G_SOURCE_REMOVE;
}

/* All who were asked have answered. Where the key is ours, all that can be reached have it. */
static void
settle (MhKeypush *self)
{
  g_autoptr (GBytes) message = NULL;

  if (is_ours (self))
    {
      message = seal (self, self->key, TRUE);
      go (self, message, NULL);
      return;
    }

  tell_maker (self);
  answer_first (self, answer, strlen (answer));
  mh_source_drop (&self->timer);
  self->timer = g_timeout_source_new (GO_MS);
  g_source_set_callback (self->timer, on_no_word, self, NULL);
  g_source_attach (self->timer, mh_host_context (self->host));
}

/* -- what comes -- */

/* Returns: (transfer full) (nullable): the key of a message, when it is one for this network */
static MhSecret *
read_key (MhKeypush *self, GBytes *message, MhPeerId *by, gboolean *is_go)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  g_autoptr (GBytes) payload = mh_envelope_open (&kind, data, size, by);
  g_autofree char *network_id = NULL;
  g_autoptr (MhSecret) key = NULL;
  MhPbReader reader;
  MhPbField field;

  *is_go = FALSE;
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
      else if (mh_pb_is (&field, FIELD_GO, MH_PB_VARINT))
        *is_go = field.value == 1;
    }
  if (reader.is_bad || g_strcmp0 (network_id, self->network_id) != 0)
    return NULL;

  return g_steal_pointer (&key);
}

/*
 * A key that came, by @incoming or (nullable) as an answer. Of several that were made in the same
 * moment all take the least, so that all come to the same one whichever came first; it is handed on
 * as the first one was. The word that all have it is handed on, too, and is stronger: whoever says
 * it changes over.
 * Returns: whether it is taken now; then @incoming has its answer, or has it later
 */
static gboolean
consider (MhKeypush *self, GBytes *message, const MhPeerId *from, Incoming *incoming)
{
  MhPeerId by;
  gboolean is_go;
  g_autoptr (MhSecret) key = self->is_over ? NULL : read_key (self, message, &by, &is_go);
  int order = -1;

  if (key != NULL && self->key != NULL)
    order = memcmp (mh_secret_peek (key), mh_secret_peek (self->key), MH_SWARM_KEY_SIZE);
  if (key == NULL || (order >= 0 && !is_go))
    return FALSE;

  if (order != 0)
    {
      answer_first (self, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
      set_key (self, key, &by, message);
      self->is_given = incoming == NULL;
      self->giver = *from;
    }
  if (is_go)
    {
      if (incoming != NULL)
        incoming_answer (incoming, answer, strlen (answer));
      go (self, message, from);
    }
  else
    {
      mh_source_drop (&self->timer);
      wait_for_others (self, incoming);
      send_round (self, message, from, FALSE, FALSE);
    }

  return TRUE;
}

/* Whether @message says the key that is taken here, perhaps that all have it. */
static gboolean
is_known (MhKeypush *self, GBytes *message)
{
  MhPeerId by;
  gboolean is_go;
  g_autoptr (MhSecret) key = self->key != NULL ? read_key (self, message, &by, &is_go) : NULL;

  return key != NULL
         && memcmp (mh_secret_peek (key), mh_secret_peek (self->key), MH_SWARM_KEY_SIZE) == 0;
}

/* Whether @peer, who offers the key that is taken here, waits for those to whom it was handed on.
 */
static gboolean
is_owed (const MhKeypush *self, const MhPeerId *peer)
{
  return self->is_given && self->first == NULL && self->rounds > 0
         && mh_peer_id_equal (peer, &self->giver);
}

/* @message: (nullable): what is not taken */
static void
refuse (Incoming *self, GBytes *message)
{
  GBytes *better = self->keypush->message;

  if (message != NULL && better != NULL)
    {
      incoming_answer (self, g_bytes_get_data (better, NULL), g_bytes_get_size (better));
      return;
    }

  mh_stream_reset (self->stream);
  incoming_end (self);
}

static void
on_readable (MhStream *stream, gpointer data)
{
  Incoming *self = data;
  MhKeypush *keypush = self->keypush;
  g_autoptr (GBytes) message = NULL;

  if (keypush->first == self)
    return; /* nothing more is to come, and the answer comes later */
  if (mh_stream_take_message (stream, MAX_MESSAGE, &message, NULL) && message == NULL
      && !mh_stream_is_ended (stream))
    return;

  if (message != NULL && consider (keypush, message, mh_stream_peer (stream), self))
    return;
  if (message == NULL || !is_known (keypush, message))
    refuse (self, message);
  else if (is_owed (keypush, mh_stream_peer (stream)))
    wait_for_others (keypush, self);
  else
    incoming_answer (self, answer, strlen (answer));
}

static void
on_incoming_broken (MhStream *stream, gpointer data)
{
  Incoming *self = data;

  if (self->keypush->first == self)
    self->keypush->first = NULL;
  incoming_end (self);
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

  mh_source_drop (&self->timer);
  g_free (self->network_id);
  g_clear_pointer (&self->results, g_ptr_array_unref);
  g_clear_pointer (&self->first, incoming_end);
  g_clear_pointer (&self->key, mh_secret_free);
  g_clear_pointer (&self->message, g_bytes_unref);
  g_free (self);
}
