/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "secure-pair.h"

#include <string.h>

MhtPair *
mht_pair_new (MhSecure *client, MhSecure *server)
{
  MhtPair *self = g_new0 (MhtPair, 1);

  self->client.channel = client;
  self->server.channel = server;
  self->rand = g_rand_new_with_seed (1);
  self->most = 100000;
  self->lose_after = G_MAXSIZE;

  return self;
}

void
mht_end_clear (MhtEnd *self)
{
  mh_secure_free (self->channel);
  mh_buf_clear (&self->wire);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->plain);
  g_clear_error (&self->error);
}

void
mht_pair_free (MhtPair *self)
{
  mht_end_clear (&self->client);
  mht_end_clear (&self->server);
  g_rand_free (self->rand);
  g_free (self);
}

void
mht_end_feed (MhtEnd *self)
{
  gboolean ok;

  if (self->error != NULL)
    return;

  ok = mh_secure_feed (self->channel, &self->in, &self->plain, &self->wire, &self->error);
  g_assert_true (ok == (self->error == NULL));
}

static void
carry (MhtPair *self, MhtEnd *from, MhtEnd *to, gsize limit)
{
  gsize size = (gsize) g_rand_int_range (self->rand, 0, self->most + 1);
  gsize arrives;

  size = MIN (size, mh_buf_size (&from->wire));
  arrives = MIN (size, limit - MIN (limit, from->sent));
  mh_buf_append (&to->in, mh_buf_peek (&from->wire), arrives);
  mh_buf_consume (&from->wire, size);
  from->sent += size;
  mht_end_feed (to);
}

void
mht_pair_run (MhtPair *self)
{
  while (mh_buf_size (&self->client.wire) + mh_buf_size (&self->server.wire) > 0)
    {
      carry (self, &self->client, &self->server, self->lose_after);
      carry (self, &self->server, &self->client, G_MAXSIZE);
    }
}

void
mht_pair_start (MhtPair *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_secure_start (self->client.channel, &self->client.wire, &error));
  g_assert_no_error (error);
  g_assert_true (mh_secure_start (self->server.channel, &self->server.wire, &error));
  g_assert_no_error (error);
  mht_pair_run (self);
}

void
mht_pair_assert_open (MhtPair *self, const MhPeerId *client, const MhPeerId *server)
{
  g_assert_no_error (self->client.error);
  g_assert_no_error (self->server.error);
  g_assert_true (self->client.channel->is_open);
  g_assert_true (self->server.channel->is_open);
  g_assert_true (mh_peer_id_equal (&self->client.channel->peer, server));
  g_assert_true (mh_peer_id_equal (&self->server.channel->peer, client));
  g_assert_cmpstr (self->client.channel->muxer, ==, self->server.channel->muxer);
}

static void
seal_some (MhtPair *self, MhtEnd *from, const guint8 *data, gsize size, gsize *at)
{
  g_autoptr (GError) error = NULL;
  gsize some = (gsize) g_rand_int_range (self->rand, 0, 200000);

  some = MIN (some, size - *at);
  g_assert_true (mh_secure_seal (from->channel, data + *at, some, &from->wire, &error));
  g_assert_no_error (error);
  *at += some;
}

void
mht_pair_exchange (MhtPair *self, gsize size)
{
  g_autofree guint8 *data = g_malloc (size + 1);
  gsize up = 0;
  gsize down = 0;

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) g_rand_int (self->rand);
  while (up < size || down < size || mh_buf_size (&self->client.wire) > 0
         || mh_buf_size (&self->server.wire) > 0)
    {
      seal_some (self, &self->client, data, size, &up);
      seal_some (self, &self->server, data, size, &down);
      carry (self, &self->client, &self->server, self->lose_after);
      carry (self, &self->server, &self->client, G_MAXSIZE);
    }
  g_assert_no_error (self->client.error);
  g_assert_no_error (self->server.error);
  g_assert_cmpmem (mh_buf_peek (&self->server.plain), mh_buf_size (&self->server.plain), data,
                   size);
  g_assert_cmpmem (mh_buf_peek (&self->client.plain), mh_buf_size (&self->client.plain), data,
                   size);
  mh_buf_consume (&self->server.plain, size);
  mh_buf_consume (&self->client.plain, size);
}

MhSigner *
mht_signer_new (guint8 number, MhPeerId *id)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  MhSigner *signer;

  memset (mh_secret_bytes (seed), number, MH_SIGN_SEED_SIZE);
  signer = mh_signer_new (seed);
  *id = mh_peer_id_from_ed25519 (mh_signer_public_key (signer));

  return signer;
}
