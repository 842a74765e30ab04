/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/multistream/multistream.h"
#include "net/p2p/noise/noise.h"
#include "refusals-kit.h"
#include "tls-stranger.h"

/* Connections and streams that a host refuses; what peers say is in test-refusals-said.c. */

/* -- a dialler by hand -- */

/* Somebody who is told what to say, over a socket that blocks. */
typedef struct
{
  GSocketConnection *socket;
  MhPnet *pnet; /* (nullable) */
  MhMultistream *choice;
  MhSecure *channel; /* (nullable): once chosen */
  MhtStranger *tls;  /* (nullable): in place of @channel */
  MhSigner *signer;
  MhBuf in;
  MhBuf plain;
  MhBuf out;
  gboolean is_over;
} Dialler;

static const char *const muxers[] = { "/yamux/1.0.0", NULL };
static const char *const noise[] = { "/noise", NULL };
static const char *const tls[] = { "/tls/1.0.0", NULL };

static void
dialler_send (Dialler *self)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (self->socket));

  /* the other side may have closed already */
  (void) !g_output_stream_write_all (out, mh_buf_peek (&self->out), mh_buf_size (&self->out), NULL,
                                     NULL, NULL);
  mh_buf_consume (&self->out, mh_buf_size (&self->out));
}

/* Hides what was put in @out after @from, and sends it. */
static void
dialler_end (Dialler *self, gsize from)
{
  mh_pnet_seal (self->pnet, mh_buf_peek (&self->out) + from, mh_buf_size (&self->out) - from);
  dialler_send (self);
}

static void
dialler_receive (Dialler *self)
{
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (self->socket));
  gsize from = mh_buf_size (&self->in);
  gssize got = g_input_stream_read (in, mh_buf_reserve (&self->in, 65536), 65536, NULL, NULL);

  self->is_over = got <= 0;
  if (got <= 0)
    return;
  mh_buf_commit (&self->in, (gsize) got);
  mh_buf_consume (&self->in,
                  mh_pnet_open (self->pnet, mh_buf_peek (&self->in) + from, (gsize) got));
}

/* Says everything up to the first message of @names, of which there is one. */
static void
dialler_init (Dialler *self, Place *place, const char *const *names)
{
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  gsize from;

  memset (self, 0, sizeof *self);
  self->signer = mh_signer_new (seed);
  self->socket = mht_plain_connection (place->one);
  self->pnet = mh_pnet_new (place->key, &self->out);
  from = mh_buf_size (&self->out);
  self->choice = mh_multistream_dial (names, &self->out);
  dialler_end (self, from);
}

static void
dialler_clear (Dialler *self)
{
  g_object_unref (self->socket);
  mh_pnet_free (self->pnet);
  mh_multistream_free (self->choice);
  mh_secure_free (self->channel);
  g_clear_pointer (&self->tls, mht_stranger_free);
  mh_signer_free (self->signer);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->plain);
  mh_buf_clear (&self->out);
}

static void
dialler_choose (Dialler *self)
{
  MhMultistreamState state = MH_MULTISTREAM_MORE;

  while (state == MH_MULTISTREAM_MORE && !self->is_over)
    {
      dialler_receive (self);
      state = mh_multistream_feed (self->choice, &self->in, &self->out);
    }
  g_assert_cmpint (state, ==, MH_MULTISTREAM_AGREED);
}

/* Does the handshake of Noise, which offers @names. */
static void
dialler_secure (Dialler *self, const char *const *names)
{
  gsize from = mh_buf_size (&self->out);

  dialler_choose (self);
  self->channel = mh_noise_new (self->signer, TRUE, NULL, names);
  g_assert_true (mh_secure_start (self->channel, &self->out, NULL));
  dialler_end (self, from);
  while (!self->channel->is_open)
    {
      dialler_receive (self);
      g_assert_false (self->is_over);
      from = mh_buf_size (&self->out);
      g_assert_true (mh_secure_feed (self->channel, &self->in, &self->plain, &self->out, NULL));
      dialler_end (self, from);
    }
}

/* Streams can be opened after it. */
static void
dialler_open (Dialler *self)
{
  dialler_secure (self, muxers);
  g_assert_nonnull (self->channel->muxer);
}

/* Sends bytes inside the channel. */
static void
dialler_say (Dialler *self, gconstpointer bytes, gsize size)
{
  gsize from = mh_buf_size (&self->out);

  g_assert_true (mh_secure_seal (self->channel, bytes, size, &self->out, NULL));
  dialler_end (self, from);
}

/* Reads until the other side has closed. */
static void
dialler_wait_for_end (Dialler *self)
{
  while (!self->is_over)
    {
      dialler_receive (self);
      mh_buf_consume (&self->in, mh_buf_size (&self->in));
    }
}

/* -- handshakes -- */

static void
test_wrong_key (void)
{
  g_auto (Place) place = { NULL };
  g_autoptr (MhSecret) other = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  guint8 garbage[4000];
  Place wrong;

  g_test_summary ("another swarm key");
  place_init (&place);
  wrong = (Place){ .key = other, .one = place.one };
  for (guint i = 0; i < 20; i++)
    {
      Dialler dialler;

      dialler_init (&dialler, &wrong, noise);
      mh_random_bytes (garbage, sizeof garbage); /* enough for every length that may be read */
      mh_buf_append (&dialler.out, garbage, sizeof garbage);
      dialler_send (&dialler);
      dialler_wait_for_end (&dialler);
      dialler_clear (&dialler);
    }
  place_assert_counted (&place, (MhHostRefusals){ .handshakes = 20 });
}

static void
test_certificates (void)
{
  static const MhtManner manners[] = {
    { "key of somebody else", .certificate.bad_proof = TRUE, .alpn = muxers },
    { "proof for another key", .certificate.bad_subject = TRUE, .alpn = muxers },
    { "signed by another key", .certificate.foreign = TRUE, .alpn = muxers },
    { "no proof", .certificate.no_extension = TRUE, .alpn = muxers },
    { "no certificate", .no_certificate = TRUE, .alpn = muxers },
  };
  g_auto (Place) place = { NULL };

  g_test_summary ("certificates of somebody else, with bad signatures, or none");
  place_init (&place);
  for (guint i = 0; i < 4 * G_N_ELEMENTS (manners); i++)
    {
      Dialler dialler;
      gsize from;

      dialler_init (&dialler, &place, tls);
      dialler_choose (&dialler);
      dialler.tls = mht_stranger_new (&manners[i % G_N_ELEMENTS (manners)], TRUE);
      while (!dialler.is_over)
        {
          mh_buf_append (&dialler.tls->in, mh_buf_peek (&dialler.in), mh_buf_size (&dialler.in));
          mh_buf_consume (&dialler.in, mh_buf_size (&dialler.in));
          mht_stranger_step (dialler.tls);
          from = mh_buf_size (&dialler.out);
          mh_buf_append (&dialler.out, mh_buf_peek (&dialler.tls->out),
                         mh_buf_size (&dialler.tls->out));
          mh_buf_consume (&dialler.tls->out, mh_buf_size (&dialler.tls->out));
          dialler_end (&dialler, from);
          dialler_receive (&dialler);
        }
      g_assert_true (mht_is_so (place.one, mht_is_gone, &dialler.tls->id));
      dialler_clear (&dialler);
    }
  place_assert_counted (&place, (MhHostRefusals){ .handshakes = 4 * G_N_ELEMENTS (manners) });
}

static void
test_wrong_peer (void)
{
  g_auto (Place) place = { NULL };
  g_autoptr (MhtNode) other = NULL;
  guint8 number[32] = { 1 };

  g_test_summary ("somebody else at the other end than was dialled");
  place_init (&place);
  other = mht_node_new (place.key, 0, "/ip4/127.0.0.1/tcp/0");
  place.descriptors = mht_count_descriptors ();
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (MhMultiaddr) address = mht_address_of (other);
      MhPeerId wrong;
      g_autoptr (MhMultiaddr) named = NULL;
      g_autoptr (GError) error = NULL;

      number[1] = (guint8) i;
      wrong = mh_peer_id_from_ed25519 (number);
      named = mh_multiaddr_with_peer (address, &wrong);
      error = mht_connect_to (place.one, named);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
      g_assert_true (mht_is_so (place.one, mht_is_gone, &wrong));
      g_assert_true (mht_is_so (place.one, mht_is_gone, &other->id));
    }
  place_assert_counted (&place, (MhHostRefusals){ .wrong_peers = 10 });
}

/* -- slowness -- */

#define HASTE_MS 2000

/* Bytes of a dribbler are as far apart that all of them take longer than it has. */
#define DRIBBLE_MS 150

static void
stop_at_once (Dialler *self, Place *place)
{
  dialler_init (self, place, noise);
  g_object_unref (self->socket);
  self->socket = mht_plain_connection (place->one);
}

static void
stop_before_choice (Dialler *self, Place *place)
{
  static const guint8 half[] = "\x13/multi";
  gsize from;

  stop_at_once (self, place);
  mh_pnet_free (self->pnet);
  self->pnet = mh_pnet_new (place->key, &self->out);
  from = mh_buf_size (&self->out);
  mh_buf_append (&self->out, half, sizeof half - 1);
  dialler_end (self, from);
}

static void
stop_before_noise (Dialler *self, Place *place)
{
  dialler_init (self, place, noise);
  dialler_choose (self);
}

static void
stop_before_tls (Dialler *self, Place *place)
{
  dialler_init (self, place, tls);
  dialler_choose (self);
}

static void
stop_in_noise (Dialler *self, Place *place)
{
  gsize from;

  stop_before_noise (self, place);
  from = mh_buf_size (&self->out);
  self->channel = mh_noise_new (self->signer, TRUE, NULL, NULL);
  g_assert_true (mh_secure_start (self->channel, &self->out, NULL));
  dialler_end (self, from);
}

static void
stop_before_muxer (Dialler *self, Place *place)
{
  dialler_init (self, place, noise);
  dialler_secure (self, NULL);
}

static void
test_silence (void)
{
  static void (*const stages[]) (Dialler *, Place *) = {
    stop_at_once,    stop_before_choice, stop_before_noise,
    stop_before_tls, stop_in_noise,      stop_before_muxer,
  };
  g_auto (Place) place = { NULL };
  Dialler diallers[G_N_ELEMENTS (stages)];
  gint64 began_us = 0;

  g_test_summary ("who says nothing more is dropped when its time is up, wherever it stopped");
  place_init_hasty (&place, HASTE_MS);
  began_us = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    stages[i](&diallers[i], &place);
  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      dialler_wait_for_end (&diallers[i]);
      dialler_clear (&diallers[i]);
    }
  g_assert_cmpint (g_get_monotonic_time () - began_us, >=, HASTE_MS * G_TIME_SPAN_MILLISECOND);
  place_assert_counted (&place, (MhHostRefusals){ .handshakes = G_N_ELEMENTS (stages) });
}

/* Waits for the next moment to send a byte, or for the end. */
static void
dialler_rest (Dialler *self)
{
  GSocket *socket = g_socket_connection_get_socket (self->socket);

  if (g_socket_condition_timed_wait (socket, G_IO_IN, DRIBBLE_MS * G_TIME_SPAN_MILLISECOND, NULL,
                                     NULL))
    dialler_receive (self);
}

static void
test_dribble (void)
{
  static const guint8 header[] = "\x13/multistream/1.0.0\n";
  g_auto (Place) place = { NULL };
  Dialler of_nonce;
  Dialler of_muxer;
  guint8 nonce[24];

  g_test_summary ("who sends byte by byte has no more time for it");
  place_init_hasty (&place, HASTE_MS);
  mh_random_bytes (nonce, sizeof nonce);
  stop_at_once (&of_nonce, &place);
  stop_before_muxer (&of_muxer, &place);
  for (guint i = 0; !of_nonce.is_over || !of_muxer.is_over; i++)
    {
      g_assert_cmpuint (i, <, 2 * sizeof header);
      mh_buf_append (&of_nonce.out, &nonce[i % sizeof nonce], 1);
      dialler_send (&of_nonce);
      if (i < sizeof header - 2) /* never the whole of it */
        dialler_say (&of_muxer, &header[i], 1);
      if (!of_muxer.is_over)
        dialler_rest (&of_muxer);
      if (!of_nonce.is_over)
        dialler_rest (&of_nonce);
    }
  dialler_clear (&of_nonce);
  dialler_clear (&of_muxer);
  place_assert_counted (&place, (MhHostRefusals){ .handshakes = 2 });
}

/* -- frames -- */

static void
test_frames (void)
{
  static const guint8 frames[][12] = {
    { 1 },                                              /* another version */
    { 0, 9 },                                           /* another type */
    { 0, 0, 0, 1, 0, 0, 0, 1, 0, 4, 0, 1 },             /* more than the window */
    { 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff }, /* the same */
    { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0 },             /* a number of ours */
    { 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9 },             /* answer to no ping */
    { 0, 1, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff }, /* a window larger than 32 bits */
  };
  g_auto (Place) place = { NULL };

  g_test_summary ("frames that break the rules of yamux, or the limits");
  place_init (&place);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (frames); i++)
    {
      Dialler dialler;

      dialler_init (&dialler, &place, noise);
      dialler_open (&dialler);
      dialler_receive (&dialler); /* the host has begun to talk: it is open on both sides */
      dialler_say (&dialler, frames[i % G_N_ELEMENTS (frames)], 12);
      dialler_wait_for_end (&dialler);
      dialler_clear (&dialler);
    }
  place_assert_counted (&place, (MhHostRefusals){ .protocol = 2 * G_N_ELEMENTS (frames) });
}

/* -- limits -- */

static void
test_half_open (void)
{
  g_auto (Place) place = { NULL };
  GSocketConnection *silent[MOST_HALF_OPEN];
  guint8 byte;

  g_test_summary ("more half-open handshakes than the limit: those over it are closed at once");
  place_init (&place);
  for (guint i = 0; i < MOST_HALF_OPEN; i++)
    {
      silent[i] = mht_plain_connection (place.one);
      /* it has begun to talk: it has been taken */
      g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (silent[i])),
                                            &byte, 1, NULL, NULL),
                       ==, 1);
    }
  for (guint i = 0; i < 30; i++)
    {
      g_autoptr (GSocketConnection) more = mht_plain_connection (place.one);

      g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (more)),
                                            &byte, 1, NULL, NULL),
                       <=, 0);
    }
  place_assert_counted (&place, (MhHostRefusals){ .limits = 30 });
  for (guint i = 0; i < MOST_HALF_OPEN; i++)
    g_object_unref (silent[i]);
  place_assert_nothing_left (&place);
  {
    g_autoptr (MhtNode) late = mht_node_new (place.key, 0, NULL);

    mht_assert_connects (late, place.one); /* there is room again */
    mht_wait_until (place.one, mht_is_connected, &late->id);
  }
}

static gboolean
has_connections (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_connections (host);

  return all->len == GPOINTER_TO_UINT (data);
}

static void
test_connections_of_peer (void)
{
  g_auto (Place) place = { NULL };
  MhtNode *many;

  g_test_summary ("more connections of one peer than the limit");
  place_init (&place);
  many = mht_node_new (place.key, 0, NULL);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (MhMultiaddr) address = mht_address_of (place.one);
      GError *error = mht_connect_to (many, address);

      /* whoever dials may be done before it is refused */
      g_clear_error (&error);
    }
  place_assert_counted (&place, (MhHostRefusals){ .limits = 10 - MOST_OF_PEER });
  mht_wait_until (place.one, has_connections, GUINT_TO_POINTER (1 + MOST_OF_PEER));
  mht_echo_through (many, &place.one->id, 1000, 1);
  mht_node_free (many);
}

/* Counts the streams that came to nothing. */
typedef struct
{
  const MhPeerId *peer;
  MhtWait wait;
  guint left;
  guint refused;
  GPtrArray *streams;
} Opening;

static void
on_opened (MhStream *stream, const GError *error, gpointer data)
{
  Opening *self = data;

  if (stream != NULL)
    g_ptr_array_add (self->streams, mh_stream_ref (stream));
  else
    self->refused++;
  if (--self->left == 0)
    mht_wait_done (&self->wait, NULL);
}

static void
open_many (MhHost *host, gpointer data)
{
  Opening *self = data;
  guint count = self->left;

  for (guint i = 0; i < count; i++)
    mh_host_open (host, self->peer, mht_echo_names, MHT_TIMEOUT_MS, on_opened, self);
}

static void
test_streams (void)
{
  g_auto (Place) place = { NULL };
  Opening opening = { NULL };
  MhtNode *many;
  MhHostRefusals wanted;

  g_test_summary ("more streams than the limit: those over it are reset, the others go on");
  place_init (&place);
  many = mht_node_new (place.key, 0, NULL);
  mht_assert_connects (many, place.one);
  mht_wait_until (many, mht_speaks_echo, &place.one->id);
  opening.peer = &place.one->id;
  opening.left = MOST_STREAMS + 15;
  opening.streams = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_stream_unref);
  mht_wait_init (&opening.wait);
  mh_host_post (many->host, open_many, &opening);
  mht_wait_for (&opening.wait);
  g_assert_cmpuint (opening.refused, >=, 15); /* gossipsub may have one */
  g_assert_cmpuint (opening.streams->len, >=, MOST_STREAMS - 3);
  wanted = place.before;
  wanted.limits += opening.refused;
  mht_wait_until (place.one, place_has_counted, &wanted);
  g_ptr_array_unref (opening.streams);
  mht_echo_through (many, &place.one->id, 1000, 1);
  mht_node_free (many);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/refusals/wrong-key", test_wrong_key);
  g_test_add_func ("/p2p/refusals/certificates", test_certificates);
  g_test_add_func ("/p2p/refusals/wrong-peer", test_wrong_peer);
  g_test_add_func ("/p2p/refusals/silence", test_silence);
  g_test_add_func ("/p2p/refusals/dribble", test_dribble);
  g_test_add_func ("/p2p/refusals/frames", test_frames);
  g_test_add_func ("/p2p/refusals/half-open", test_half_open);
  g_test_add_func ("/p2p/refusals/connections-of-peer", test_connections_of_peer);
  g_test_add_func ("/p2p/refusals/streams", test_streams);

  return g_test_run ();
}
