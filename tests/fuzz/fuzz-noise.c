/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/noise/handshake.h"
#include "net/p2p/noise/noise.h"
#include "net/p2p/secure/proof.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/public-key.h"

/* Where the bytes come in. */
typedef enum
{
  AT_START,
  AFTER_FIRST, /* a server has heard the first message */
  AS_PAYLOAD,  /* sealed, as what the other side says of itself */
  WHEN_OPEN,   /* as they are */
  SEALED,      /* as a message that is sealed right */
  STATES,
} State;

typedef struct
{
  MhSecure *channel;
  MhNoiseHandshake *stranger;
  MhBuf in;
  MhBuf out;
  MhBuf plain;
  GError *error;
} World;

static MhSigner *
signer_new (guint8 number)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);

  memset (mh_secret_bytes (seed), number, MH_SIGN_SEED_SIZE);

  return mh_signer_new (seed);
}

static void
world_init (World *self, gboolean we_dial)
{
  static const char *const muxers[] = { "/yamux/1.0.0", "/b", NULL };
  g_autoptr (MhSigner) signer = signer_new (1);
  guint8 own[MH_NOISE_KEY_SIZE];
  guint8 ephemeral[MH_NOISE_KEY_SIZE];

  /* always the same, so that a corpus can hold what is signed */
  memset (own, 3, sizeof own);
  memset (ephemeral, 4, sizeof ephemeral);
  *self = (World){ 0 };
  self->channel = mh_noise_new (signer, we_dial, NULL, muxers);
  self->stranger = mh_noise_handshake_new (!we_dial, NULL, 0, own, ephemeral);
  g_assert (mh_secure_start (self->channel, &self->out, NULL));
}

static void
world_clear (World *self)
{
  mh_secure_free (self->channel);
  mh_noise_handshake_free (self->stranger);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->out);
  mh_buf_clear (&self->plain);
  g_clear_error (&self->error);
}

static void
feed (World *self, const guint8 *data, gsize size)
{
  gboolean ok;

  if (self->error != NULL)
    return;

  mh_buf_append (&self->in, data, size);
  ok = mh_secure_feed (self->channel, &self->in, &self->plain, &self->out, &self->error);
  g_assert (ok == (self->error == NULL));
}

static void
feed_message (World *self, const guint8 *data, gsize size)
{
  guint8 head[] = { (guint8) (size >> 8), (guint8) size };

  feed (self, head, sizeof head);
  feed (self, data, size);
}

/* The stranger hears what there is, and says @payload. */
static void
talk (World *self, const guint8 *payload, gsize size)
{
  g_auto (MhBuf) message = { 0 };
  g_auto (MhBuf) heard = { 0 };

  if (!mh_noise_handshake_is_ours (self->stranger))
    {
      g_assert (mh_noise_handshake_read (self->stranger, mh_buf_peek (&self->out) + 2,
                                         mh_buf_size (&self->out) - 2, &heard));
      mh_buf_consume (&self->out, mh_buf_size (&self->out));
    }
  g_assert (mh_noise_handshake_write (self->stranger, payload, size, &message));
  feed_message (self, mh_buf_peek (&message), mh_buf_size (&message));
}

static GByteArray *
right_payload (const World *self)
{
  g_autoptr (MhSigner) signer = signer_new (2);
  g_autoptr (GBytes) key = mh_public_key_message (mh_signer_public_key (signer));
  guint8 signature[MH_SIGNATURE_SIZE];
  GByteArray *out = g_byte_array_new ();

  mh_proof_make (signer, MH_NOISE_PURPOSE, mh_noise_handshake_own_key (self->stranger),
                 MH_NOISE_KEY_SIZE, signature);
  mh_pb_put_bytes (out, 1, g_bytes_get_data (key, NULL), g_bytes_get_size (key));
  mh_pb_put_bytes (out, 2, signature, sizeof signature);

  return out;
}

static void
open_up (World *self)
{
  g_autoptr (GByteArray) payload = right_payload (self);

  talk (self, payload->data, payload->len);
  g_assert (self->error == NULL && self->channel->is_open);
}

static void
feed_sealed (World *self, const guint8 *data, gsize size)
{
  MhNoiseCipher send;
  MhNoiseCipher receive;
  g_autofree guint8 *message = NULL;

  size = MIN (size, MH_NOISE_MAX_PLAIN);
  message = g_malloc (size + MH_NOISE_TAG_SIZE);
  if (mh_buf_size (&self->out) > 0) /* the last message, which we dialled with */
    {
      g_auto (MhBuf) heard = { 0 };

      g_assert (mh_noise_handshake_read (self->stranger, mh_buf_peek (&self->out) + 2,
                                         mh_buf_size (&self->out) - 2, &heard));
    }
  mh_noise_handshake_split (self->stranger, &send, &receive);
  g_assert (mh_noise_cipher_seal (&send, NULL, 0, data, size, message));
  feed_message (self, message, size + MH_NOISE_TAG_SIZE);
  g_assert (self->error == NULL && mh_buf_size (&self->plain) == size);
}

/* The first byte says who dialled and where the rest comes in, the second how it is cut. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  State state;
  gboolean we_dial;
  World world;

  if (size < 2)
    return 0;

  g_assert (mh_crypto_init (NULL));
  we_dial = data[0] & 1;
  state = (State) (data[0] >> 1) % STATES;
  world_init (&world, we_dial);
  if (state != AT_START && !we_dial)
    talk (&world, NULL, 0);
  if (state == WHEN_OPEN || state == SEALED)
    open_up (&world);

  if (state == SEALED)
    feed_sealed (&world, data + 2, size - 2);
  else if (state == AS_PAYLOAD)
    talk (&world, data + 2, MIN (size - 2, MH_NOISE_MAX_HANDSHAKE - 200));
  else
    for (gsize at = 2, most = data[1] + 1u; at < size; at += most)
      feed (&world, data + at, MIN (most, size - at));

  g_assert (world.channel->is_open || mh_buf_size (&world.plain) == 0);
  g_assert (state > AFTER_FIRST || !world.channel->is_open);
  world_clear (&world);

  return 0;
}
