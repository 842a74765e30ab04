/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "identify.h"

#include <string.h>

#include "net/p2p/host/host-private.h"
#include "net/p2p/wire/peer-record.h"
#include "net/p2p/wire/public-key.h"

#define ASK_TIMEOUT_MS 10000

/* We change often while we start; the others are told once. */
#define PUSH_DELAY_MS 200

/* What they told of other versions of themselves. */
static const char protocol_version[] = "ipfs/0.1.0";

struct _MhIdentify
{
  MhHost *host;     /* (unowned) */
  GSource *push;    /* (owned) (nullable): while the others are about to be told */
  guint64 last_seq; /* of our peer record */
};

/* One message that is being read. */
typedef struct
{
  MhIdentify *identify;       /* (unowned) */
  MhIdentifyMessage *message; /* (owned) */
  gsize size;                 /* bytes of it so far */
} Reading;

static void
reading_free (Reading *self)
{
  mh_identify_message_free (self->message);
  g_free (self);
}

/* -- what we say -- */

static guint64
next_seq (MhIdentify *self)
{
  guint64 now = (guint64) g_get_real_time ();

  self->last_seq = MAX (self->last_seq + 1, now);

  return self->last_seq;
}

/* Returns: (transfer full): the message for the peer at the other end of @stream */
static GBytes *
describe (MhIdentify *self, MhStream *stream)
{
  g_autoptr (MhIdentifyMessage) message = mh_identify_message_new ();
  const MhSigner *signer = mh_host_signer (self->host);
  g_autoptr (GPtrArray) protocols = mh_host_own_protocols (self->host);
  MhLink *link = mh_link_best (self->host, mh_stream_peer (stream));

  message->public_key = mh_public_key_message (mh_signer_public_key (signer));
  g_ptr_array_unref (message->addresses);
  message->addresses = mh_host_addresses (self->host);
  for (guint i = 0; i < protocols->len; i++)
    g_ptr_array_add (message->protocols, g_strdup (protocols->pdata[i]));
  if (link != NULL)
    message->observed = mh_multiaddr_ref (mh_link_remote (link));
  message->protocol_version = g_strdup (protocol_version);
  message->agent = g_strdup (self->host->request.agent);
  message->record = mh_peer_record_seal (signer, next_seq (self), message->addresses);

  return mh_identify_message_encode (message);
}

static void
send_to (MhIdentify *self, MhStream *stream)
{
  g_autoptr (GBytes) message = describe (self, stream);

  mh_stream_put_message (stream, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  mh_stream_close_write (stream);
}

/* Somebody asks. */
static void
on_asked (MhStream *taken, gpointer data)
{
  g_autoptr (MhStream) stream = taken;

  send_to (data, stream);
}

/* -- what they say -- */

static gboolean
is_theirs (const MhIdentifyMessage *message, const MhPeerId *peer)
{
  MhPeerId id;

  if (message->public_key == NULL)
    return TRUE; /* the secure channel has proved it */
  id = mh_peer_id_from_public_key (g_bytes_get_data (message->public_key, NULL),
                                   g_bytes_get_size (message->public_key));

  return mh_peer_id_equal (&id, peer);
}

/* Returns: whether what is signed, if anything is, is about @peer and by it */
static gboolean
open_record (const MhIdentifyMessage *message, const MhPeerId *peer, MhPeerRecord **record)
{
  *record = NULL;
  if (message->record == NULL)
    return TRUE;
  *record = mh_peer_record_open (g_bytes_get_data (message->record, NULL),
                                 g_bytes_get_size (message->record));

  return *record != NULL && mh_peer_id_equal (&(*record)->peer, peer);
}

static void
learn (MhIdentify *self, MhIdentifyMessage *message, const MhPeerId *peer)
{
  g_autoptr (MhPeerRecord) record = NULL;
  GPtrArray *addresses;
  char **protocols;

  if (!open_record (message, peer, &record) || !is_theirs (message, peer))
    {
      self->host->refusals.protocol++;
      mh_host_disconnect (self->host, peer);
      return;
    }

  /* what is signed counts for more than what is not */
  addresses = record != NULL ? record->addresses : message->addresses;
  for (guint i = 0; i < addresses->len; i++)
    mh_host_add_address (self->host, peer, addresses->pdata[i]);
  if (message->observed != NULL)
    mh_host_note_observed (self->host, peer, message->observed);
  g_ptr_array_add (message->protocols, NULL);
  protocols = g_strdupv ((char **) message->protocols->pdata);
  mh_peers_set_protocols (self->host, peer, protocols);
  mh_host_emit_identified (self->host, peer);
}

/* Gives the stream back, and then takes in what it brought, which may end its connection. */
static void
end_reading (MhStream *taken, Reading *reading, gboolean is_good)
{
  g_autoptr (MhStream) stream = taken;

  mh_stream_set_funcs (stream, NULL, NULL);
  mh_stream_close_write (stream);
  if (is_good && reading->size > 0)
    learn (reading->identify, reading->message, mh_stream_peer (stream));
  reading_free (reading);
}

/* A message may come in parts, each with its length before it. */
static void
on_readable (MhStream *stream, gpointer data)
{
  Reading *reading = data;
  g_autoptr (GBytes) part = NULL;
  gboolean good;

  do
    {
      g_clear_pointer (&part, g_bytes_unref);
      good = mh_stream_take_message (stream, MH_IDENTIFY_MAX - reading->size, &part, NULL);
      if (part != NULL)
        {
          reading->size += g_bytes_get_size (part);
          good = mh_identify_message_merge (reading->message, g_bytes_get_data (part, NULL),
                                            g_bytes_get_size (part));
        }
    }
  while (good && part != NULL);

  if (!good)
    {
      reading->identify->host->refusals.protocol++;
      mh_stream_reset (stream);
      end_reading (stream, reading, FALSE);
    }
  else if (mh_stream_is_ended (stream))
    {
      end_reading (stream, reading, TRUE);
    }
}

static void
on_broken (MhStream *stream, gpointer data)
{
  /* some reset a stream where others end it */
  end_reading (stream, data, TRUE);
}

static const MhStreamFuncs reading_funcs = { on_readable, NULL, on_broken };

/* Takes @stream. */
static void
read_from (MhIdentify *self, MhStream *stream)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->identify = self;
  reading->message = mh_identify_message_new ();
  mh_stream_set_funcs (stream, &reading_funcs, reading);
}

static void
on_pushed (MhStream *stream, gpointer data)
{
  read_from (data, stream);
}

/* -- asking -- */

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  /* one that does not answer is one of which nothing is known */
  if (stream == NULL)
    return;
  mh_stream_close_write (stream);
  read_from (data, mh_stream_ref (stream));
}

static void
on_connected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  static const char *const names[] = { MH_IDENTIFY_PROTOCOL, NULL };

  mh_host_open (host, peer, names, ASK_TIMEOUT_MS, on_opened, data);
}

/* -- telling -- */

static void
on_push_opened (MhStream *stream, const GError *error, gpointer data)
{
  if (stream != NULL)
    send_to (data, stream);
}

static gboolean
push_all (gpointer data)
{
  static const char *const names[] = { MH_IDENTIFY_PUSH_PROTOCOL, NULL };
  MhIdentify *self = data;
  g_autoptr (GPtrArray) peers = mh_host_peers (self->host);

  g_clear_pointer (&self->push, g_source_unref);
  for (guint i = 0; i < peers->len; i++)
    if (mh_host_speaks (self->host, peers->pdata[i], MH_IDENTIFY_PUSH_PROTOCOL))
      mh_host_open (self->host, peers->pdata[i], names, ASK_TIMEOUT_MS, on_push_opened, self);

  return G_SOURCE_REMOVE;
}

static void
on_changed (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhIdentify *self = data;

  if (self->push != NULL || host->is_closing)
    return;
  self->push = g_timeout_source_new (PUSH_DELAY_MS);
  g_source_set_callback (self->push, push_all, self, NULL);
  g_source_attach (self->push, mh_host_context (host));
}

static const MhHostEvents events = { .connected = on_connected, .changed = on_changed };

MhIdentify *
mh_identify_new (MhHost *host)
{
  MhIdentify *self = g_new0 (MhIdentify, 1);

  self->host = host;
  mh_host_handle (host, MH_IDENTIFY_PROTOCOL, on_asked, self);
  mh_host_handle (host, MH_IDENTIFY_PUSH_PROTOCOL, on_pushed, self);
  mh_host_watch (host, &events, self);

  return self;
}

void
mh_identify_free (MhIdentify *self)
{
  if (self == NULL)
    return;

  if (self->push != NULL)
    {
      g_source_destroy (self->push);
      g_source_unref (self->push);
    }
  g_free (self);
}
