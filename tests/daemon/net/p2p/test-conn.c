/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/p2p/conn/conn.h"

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "net/p2p/multistream/multistream.h"
#include "net/p2p/noise/noise.h"
#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/tls/tls.h"
#include "secure-pair.h"

/* A whole connection, both ends in memory, and a wire between them that cuts anywhere. */

static const char *const early[] = { "/yamux/1.0.0", NULL };

/* One end. The server echoes what comes on its streams. */
typedef struct
{
  MhConn *conn; /* (nullable) */
  MhSigner *signer;
  MhTlsIdentity *identity;
  MhPeerId id;
  const char *const *muxers; /* (nullable): that the channel offers */
  GError *error;             /* (nullable) */
  MhYamuxStream *stream;     /* (nullable): the last that the other side opened */
  gsize got;
  guint broken;
} End;

typedef struct
{
  End client;
  End server;
  GRand *rand;
  int most; /* bytes that come at once */
} Pair;

/* -- channels -- */

static MhSecure *
make_tls (gboolean is_client, const MhPeerId *expected, gpointer data)
{
  return mh_tls_new (((End *) data)->identity, is_client, expected, ((End *) data)->muxers);
}

static MhSecure *
make_noise (gboolean is_client, const MhPeerId *expected, gpointer data)
{
  return mh_noise_new (((End *) data)->signer, is_client, expected, ((End *) data)->muxers);
}

static const MhConnSecure tls_only[] = { { "/tls/1.0.0", make_tls }, { NULL } };
static const MhConnSecure noise_only[] = { { "/noise", make_noise }, { NULL } };
static const MhConnSecure both[] = { { "/tls/1.0.0", make_tls },
                                     { "/noise", make_noise },
                                     { NULL } };
static const MhConnSecure none[] = { { "/nothing", make_tls }, { NULL } };

/* -- streams -- */

static void
on_opened (MhYamuxStream *stream, gpointer data)
{
  End *self = data;

  g_clear_pointer (&self->stream, mh_yamux_stream_unref);
  self->stream = mh_yamux_stream_ref (stream);
}

static void
echo (MhYamuxStream *stream, gpointer data)
{
  const MhBuf *received = mh_yamux_stream_received (stream);

  ((End *) data)->got += mh_buf_size (received);
  mh_yamux_stream_consume (
      stream, mh_yamux_stream_write (stream, mh_buf_peek (received), mh_buf_size (received)));
}

static void
take (MhYamuxStream *stream, gpointer data)
{
  gsize size = mh_buf_size (mh_yamux_stream_received (stream));
  const guint8 *bytes = mh_buf_peek (mh_yamux_stream_received (stream));

  for (gsize i = 0; i < size; i++)
    g_assert_cmpuint (bytes[i], ==, (guint8) ((((End *) data)->got + i) / 3));
  ((End *) data)->got += size;
  mh_yamux_stream_consume (stream, size);
}

static void
do_nothing (MhYamuxStream *stream, gpointer data)
{
}

static void
on_broken (MhYamuxStream *stream, gpointer data)
{
  ((End *) data)->broken++;
}

static const MhYamuxEvents client_events = { on_opened, take, do_nothing, on_broken };
static const MhYamuxEvents server_events = { on_opened, echo, echo, on_broken };

/* -- ends -- */

static void
end_init (End *self, guint8 number, const char *const *muxers)
{
  self->signer = mht_signer_new (number, &self->id);
  self->identity = mh_tls_identity_new (self->signer, NULL);
  self->muxers = muxers;
}

static void
end_clear (End *self)
{
  mh_conn_free (self->conn);
  g_clear_pointer (&self->stream, mh_yamux_stream_unref);
  mh_tls_identity_unref (self->identity);
  mh_signer_free (self->signer);
  g_clear_error (&self->error);
}

static void
pair_init (Pair *self, const char *const *muxers)
{
  end_init (&self->client, 1, muxers);
  end_init (&self->server, 2, muxers);
  self->rand = g_rand_new_with_seed (7);
  self->most = 100000;
}

static void
pair_clear (Pair *self)
{
  end_clear (&self->client);
  end_clear (&self->server);
  g_rand_free (self->rand);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
begin (End *self, const MhConnNew *like, gboolean is_client)
{
  MhConnNew request = *like;

  request.is_client = is_client;
  request.host = "host";
  request.secure_data = request.data = self;
  request.events = is_client ? &client_events : &server_events;
  self->conn = mh_conn_new (&request);
}

static void
begin_both (Pair *self, const MhConnNew *like)
{
  begin (&self->client, like, TRUE);
  begin (&self->server, like, FALSE);
}

/* Gives bytes to an end. */
static void
give (End *self, gconstpointer bytes, gsize size)
{
  gboolean good;

  if (self->error != NULL)
    return;
  memcpy (mh_conn_reserve (self->conn, size), bytes, size);
  good = mh_conn_received (self->conn, size, g_get_monotonic_time (), &self->error);
  g_assert_true (good == (self->error == NULL));
}

static void
carry (Pair *self, End *from, End *to)
{
  MhBuf *out = mh_conn_pull (from->conn, 300000);
  gsize size = (gsize) g_rand_int_range (self->rand, 1, self->most + 1);

  size = MIN (size, mh_buf_size (out));
  if (size > 0)
    give (to, mh_buf_peek (out), size);
  mh_buf_consume (out, size);
}

/* Moves bytes until there are none. */
static void
run (Pair *self)
{
  do
    {
      carry (self, &self->client, &self->server);
      carry (self, &self->server, &self->client);
    }
  while (mh_conn_wants_send (self->client.conn) || mh_conn_wants_send (self->server.conn));
}

static void
assert_open (Pair *self)
{
  g_assert_no_error (self->client.error);
  g_assert_no_error (self->server.error);
  g_assert_true (mh_conn_is_open (self->client.conn) && mh_conn_is_open (self->server.conn));
  g_assert_true (mh_peer_id_equal (mh_conn_peer (self->client.conn), &self->server.id));
  g_assert_true (mh_peer_id_equal (mh_conn_peer (self->server.conn), &self->client.id));
  g_assert_cmpstr (mh_conn_security (self->client.conn), ==, mh_conn_security (self->server.conn));
}

/* Sends @size bytes to the echo and back. */
static void
exchange (Pair *self, gsize size)
{
  g_autoptr (MhYamuxStream) stream = mh_yamux_open (mh_conn_yamux (self->client.conn));
  guint8 piece[48 * 1024];
  gsize sent = 0;

  self->client.got = 0;
  while (sent < size || self->client.got < size)
    {
      gsize some = MIN (sizeof piece, size - sent);

      for (gsize i = 0; i < some; i++)
        piece[i] = (guint8) ((sent + i) / 3);
      sent += mh_yamux_stream_write (stream, piece, some);
      carry (self, &self->client, &self->server);
      carry (self, &self->server, &self->client);
      g_assert_no_error (self->client.error);
      g_assert_no_error (self->server.error);
    }
  g_assert_cmpuint (self->client.got, ==, size);
  mh_yamux_stream_reset (stream);
}

/* -- tests -- */

static void
test_combinations (void)
{
  static const MhConnSecure *const channels[] = { tls_only, noise_only, both };
  static const char *const *const muxers[] = { early, NULL };
  static const int cuts[] = { 1, 5, 1000, 100000 };
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);

  g_test_summary ("channel, muxer early or late, WebSocket, pnet: all together, cut anywhere");
  for (guint i = 0; i < 3 * 2 * 2 * 2 * 4; i++)
    {
      g_auto (Pair) pair = { 0 };
      MhConnNew like = { .secure = channels[i % 3],
                         .is_websocket = (i / 3 & 1) != 0,
                         .swarm_key = (i / 6 & 1) != 0 ? key : NULL };

      g_test_message ("combination %u", i);
      pair_init (&pair, muxers[i / 12 & 1]);
      pair.most = cuts[i / 24];
      begin_both (&pair, &like);
      run (&pair);
      assert_open (&pair);
      g_assert_cmpstr (mh_conn_security (pair.client.conn), ==, channels[i % 3][0].protocol);
      exchange (&pair, pair.most < 100 ? 3000 : 400000);
      mh_conn_trim (pair.client.conn);
      mh_conn_trim (pair.server.conn);
      exchange (&pair, 1000);
    }
}

static void
test_much (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);

  g_test_summary ("64 MiB there and back, through every layer");
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Pair) pair = { 0 };
      MhConnNew like = { .secure = i == 0 ? tls_only : noise_only,
                         .is_websocket = i == 0,
                         .swarm_key = key };

      pair_init (&pair, early);
      pair.most = 262144;
      begin_both (&pair, &like);
      run (&pair);
      assert_open (&pair);
      exchange (&pair, 64 << 20);
    }
}

static void
test_preference (void)
{
  g_auto (Pair) pair = { 0 };
  MhConnNew many = { .secure = both };
  MhConnNew one = { .secure = noise_only };

  g_test_summary ("what the other side does not speak is passed over");
  pair_init (&pair, early);
  begin (&pair.client, &many, TRUE);
  begin (&pair.server, &one, FALSE);
  run (&pair);
  assert_open (&pair);
  g_assert_cmpstr (mh_conn_security (pair.client.conn), ==, "/noise");
  exchange (&pair, 1000);
}

static void
test_no_channel (void)
{
  g_auto (Pair) pair = { 0 };
  MhConnNew one = { .secure = none };
  MhConnNew other = { .secure = both };

  g_test_summary ("without a channel in common there is no connection");
  pair_init (&pair, early);
  begin (&pair.client, &one, TRUE);
  begin (&pair.server, &other, FALSE);
  run (&pair);
  g_assert_error (pair.client.error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_false (mh_conn_is_open (pair.client.conn) || mh_conn_is_open (pair.server.conn));
}

/* Both ends have another idea of what is around everything. */
static void
test_wrong_key (void)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autoptr (MhSecret) other = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  const MhConnNew ways[] = { { .secure = both, .swarm_key = key },
                             { .secure = both, .swarm_key = other },
                             { .secure = both },
                             { .secure = both, .swarm_key = key, .is_websocket = TRUE } };

  g_test_summary ("another swarm key, none, or a WebSocket on one side only: nobody gets in");
  for (guint i = 0; i < G_N_ELEMENTS (ways) * G_N_ELEMENTS (ways) * 3; i++)
    {
      g_auto (Pair) pair = { 0 };
      guint left = i % G_N_ELEMENTS (ways);
      guint right = i / G_N_ELEMENTS (ways) % G_N_ELEMENTS (ways);

      pair_init (&pair, early);
      if (left == right)
        continue;
      begin (&pair.client, &ways[left], TRUE);
      begin (&pair.server, &ways[right], FALSE);
      run (&pair);
      g_assert_false (mh_conn_is_open (pair.client.conn) || mh_conn_is_open (pair.server.conn));
      g_assert_null (mh_conn_yamux (pair.server.conn));
    }
}

static void
test_expected (void)
{
  static const MhConnSecure *const channels[] = { tls_only, noise_only };

  g_test_summary ("a client that expects somebody finds out who is there");
  for (guint i = 0; i < 4; i++)
    {
      g_auto (Pair) pair = { 0 };
      MhConnNew like = { .secure = channels[i % 2] };
      MhConnNew server = like;

      pair_init (&pair, early);
      like.expected = i < 2 ? &pair.server.id : &pair.client.id;
      begin (&pair.client, &like, TRUE);
      begin (&pair.server, &server, FALSE);
      run (&pair);
      if (i < 2)
        {
          assert_open (&pair);
          continue;
        }
      g_assert_error (pair.client.error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
      g_assert_false (mh_conn_is_open (pair.client.conn));
    }
}

static void
test_after_close (void)
{
  static const MhConnSecure *const channels[] = { tls_only, noise_only };
  static const guint8 more[1000] = { 0 };

  g_test_summary ("after a goodbye nothing more is taken; a broken one stays broken");
  for (guint i = 0; i < 4; i++)
    {
      g_auto (Pair) pair = { 0 };
      MhConnNew like = { .secure = channels[i % 2], .is_websocket = i >= 2 };
      g_autoptr (MhYamuxStream) stream = NULL;
      g_autoptr (MhYamuxStream) late = NULL;

      pair_init (&pair, early);
      begin_both (&pair, &like);
      run (&pair);
      assert_open (&pair);
      stream = mh_yamux_open (mh_conn_yamux (pair.client.conn));
      g_assert_cmpuint (mh_yamux_stream_write (stream, more, 3), ==, 3);
      run (&pair);
      mh_conn_close (pair.client.conn);
      run (&pair);
      g_assert_true (mh_yamux_is_going (mh_conn_yamux (pair.server.conn)));
      /* Noise has no word for it */
      g_assert_true (mh_conn_is_ended (pair.server.conn) || (i == 1));
      late = mh_yamux_open (mh_conn_yamux (pair.server.conn));
      g_assert_null (late);
      pair.server.got = 0;
      for (guint k = 0; k < 100; k++)
        give (&pair.server, more, sizeof more);
      g_assert_cmpuint (pair.server.got, ==, 0);
      if (pair.server.error == NULL)
        continue;
      g_assert_false (mh_conn_is_open (pair.server.conn));
      g_clear_error (&pair.server.error);
      give (&pair.server, more, 1);
      g_assert_error (pair.server.error, G_IO_ERROR, G_IO_ERROR_CLOSED);
    }
}

/* -- a muxer that is refused -- */

static gboolean
is_noise (const char *protocol, gpointer data)
{
  return g_str_equal (protocol, "/noise");
}

static gboolean
is_none (const char *protocol, gpointer data)
{
  return FALSE;
}

/* The other end by hand, without a muxer. */
typedef struct
{
  MhMultistream *choice;
  MhSecure *channel;
  MhBuf in;
  MhBuf plain;
  MhBuf up;
  MhBuf out;
} Bare;

static void
bare_clear (Bare *self)
{
  mh_multistream_free (self->choice);
  mh_secure_free (self->channel);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->plain);
  mh_buf_clear (&self->up);
  mh_buf_clear (&self->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bare, bare_clear)

/* Takes what came in as far as it goes. */
static void
bare_feed (Bare *self, End *end, gboolean is_client)
{
  static const char *const mplex[] = { "/mplex/6.7.0", NULL };

  if (self->channel == NULL)
    {
      if (mh_multistream_feed (self->choice, &self->in, &self->out) != MH_MULTISTREAM_AGREED)
        return;
      g_clear_pointer (&self->choice, mh_multistream_free);
      self->channel = mh_noise_new (end->signer, is_client, NULL, NULL);
      g_assert_true (mh_secure_start (self->channel, &self->out, NULL));
    }
  g_assert_true (mh_secure_feed (self->channel, &self->in, &self->plain, &self->out, NULL));
  if (!self->channel->is_open)
    return;
  if (self->choice == NULL)
    self->choice = is_client ? mh_multistream_dial (mplex, &self->up)
                             : mh_multistream_listen (is_none, NULL, &self->up);
  (void) !mh_multistream_feed (self->choice, &self->plain, &self->up);
  if (mh_buf_size (&self->up) > 0)
    g_assert_true (mh_secure_seal (self->channel, mh_buf_peek (&self->up), mh_buf_size (&self->up),
                                   &self->out, NULL));
  mh_buf_consume (&self->up, mh_buf_size (&self->up));
}

static void
meet_bare (Bare *bare, End *bare_end, End *end, gboolean is_client)
{
  gsize moved;

  do
    {
      MhBuf *out = mh_conn_pull (end->conn, 100000);

      moved = mh_buf_size (out) + mh_buf_size (&bare->out);
      mh_buf_append (&bare->in, mh_buf_peek (out), mh_buf_size (out));
      mh_buf_consume (out, mh_buf_size (out));
      bare_feed (bare, bare_end, is_client);
      if (mh_buf_size (&bare->out) > 0)
        give (end, mh_buf_peek (&bare->out), mh_buf_size (&bare->out));
      mh_buf_consume (&bare->out, mh_buf_size (&bare->out));
    }
  while (moved > 0 && end->error == NULL);
}

static void
test_no_muxer (void)
{
  static const char *const noise[] = { "/noise", NULL };

  g_test_summary ("a muxer that one side does not speak is the end of it");
  for (guint is_client = 0; is_client < 2; is_client++)
    {
      g_auto (Pair) pair = { 0 };
      g_auto (Bare) bare = { NULL };
      MhConnNew like = { .secure = noise_only };

      pair_init (&pair, NULL);
      bare.choice = is_client != 0 ? mh_multistream_dial (noise, &bare.out)
                                   : mh_multistream_listen (is_noise, NULL, &bare.out);
      begin (&pair.client, &like, is_client == 0);
      meet_bare (&bare, &pair.server, &pair.client, is_client != 0);
      g_assert_false (mh_conn_is_open (pair.client.conn));
      g_assert_null (mh_conn_yamux (pair.client.conn));
      if (is_client == 0)
        g_assert_error (pair.client.error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
      else
        g_assert_no_error (pair.client.error); /* who proposes has the last word */
    }
}

static void
test_garbage (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  guint8 bytes[2000];

  g_test_summary ("random bytes at any moment of a connection end it, without a stream");
  for (guint i = 0; i < 400; i++)
    {
      g_auto (Pair) pair = { 0 };
      MhConnNew like = { .secure = i % 2 == 0 ? tls_only : noise_only,
                         .swarm_key = i % 3 == 0 ? key : NULL };
      End *victim = i % 5 < 2 ? &pair.client : &pair.server;

      pair_init (&pair, i % 4 < 2 ? early : NULL);
      pair.most = 200;
      begin_both (&pair, &like);
      for (gint k = g_rand_int_range (rand, 0, 30); k > 0; k--)
        {
          carry (&pair, &pair.client, &pair.server);
          carry (&pair, &pair.server, &pair.client);
        }
      for (guint k = 0; k < sizeof bytes; k++)
        bytes[k] = (guint8) g_rand_int (rand);
      for (guint k = 0; k < 70; k++)
        give (victim, bytes, sizeof bytes);
      g_assert_nonnull (victim->error);
      g_assert_false (mh_conn_is_open (victim->conn));
      g_assert_null (victim->stream);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/conn/combinations", test_combinations);
  g_test_add_func ("/p2p/conn/preference", test_preference);
  g_test_add_func ("/p2p/conn/no-channel", test_no_channel);
  g_test_add_func ("/p2p/conn/no-muxer", test_no_muxer);
  g_test_add_func ("/p2p/conn/wrong-key", test_wrong_key);
  g_test_add_func ("/p2p/conn/expected", test_expected);
  g_test_add_func ("/p2p/conn/after-close", test_after_close);
  g_test_add_func ("/p2p/conn/garbage", test_garbage);
  g_test_add_func ("/p2p/conn/much", test_much);

  return g_test_run ();
}
