/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "handshake.h"

#include <sodium.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/secret.h"

/* Exactly as long as a hash, and so is its own (Noise §5.2). */
static const char protocol[] = "Noise_XX_25519_ChaChaPoly_SHA256";

G_STATIC_ASSERT (sizeof protocol - 1 == MH_SHA256_SIZE);
G_STATIC_ASSERT (crypto_scalarmult_curve25519_BYTES == MH_NOISE_KEY_SIZE);
G_STATIC_ASSERT (crypto_hash_sha256_BYTES == MH_SHA256_SIZE);

#define MESSAGES 3
#define MOST_TOKENS 5

/* Noise §7.1 */
typedef enum
{
  END,
  E,
  S,
  EE,
  ES,
  SE,
} Token;

/* Noise §7.5, "XX" */
static const Token pattern[MESSAGES][MOST_TOKENS] = {
  { E, END },
  { E, EE, S, ES, END },
  { S, SE, END },
};

/* A key pair of ours and what the other side has in its place. */
typedef struct
{
  guint8 secret[MH_NOISE_KEY_SIZE];
  guint8 ours[MH_NOISE_KEY_SIZE];
  guint8 theirs[MH_NOISE_KEY_SIZE];
} Keys;

struct _MhNoiseHandshake
{
  gboolean is_initiator;
  guint step; /* the next message */
  Keys own;
  Keys ephemeral;
  guint8 hash[MH_SHA256_SIZE];  /* of everything so far: "h" */
  guint8 chain[MH_SHA256_SIZE]; /* what keys are made of: "ck" */
  gboolean has_key;
  MhNoiseCipher cipher;
};

/* "MixHash" */
static void
mix_hash (MhNoiseHandshake *self, const guint8 *data, gsize size)
{
  crypto_hash_sha256_state state;

  crypto_hash_sha256_init (&state);
  crypto_hash_sha256_update (&state, self->hash, sizeof self->hash);
  crypto_hash_sha256_update (&state, data, size);
  crypto_hash_sha256_final (&state, self->hash);
}

/* "HKDF" of Noise §4.3, with two outputs; @one may be @chain. */
static void
derive (const guint8 chain[MH_SHA256_SIZE], const guint8 *data, gsize size,
        guint8 one[MH_SHA256_SIZE], guint8 two[MH_SHA256_SIZE])
{
  static const guint8 first[] = { 1 };
  guint8 key[MH_SHA256_SIZE];
  guint8 second[MH_SHA256_SIZE + 1];

  mh_hmac_sha256 (chain, MH_SHA256_SIZE, data, size, key);
  mh_hmac_sha256 (key, sizeof key, first, sizeof first, one);
  memcpy (second, one, MH_SHA256_SIZE);
  second[MH_SHA256_SIZE] = 2;
  mh_hmac_sha256 (key, sizeof key, second, sizeof second, two);
  mh_wipe (key, sizeof key);
  mh_wipe (second, sizeof second);
}

/* "MixKey" of the secret that two keys make. The first letter of a token is the key of the
 * initiator (Noise §7.1). */
static gboolean
mix_key (MhNoiseHandshake *self, Token token)
{
  gboolean ours_is_own = token != EE && (token == SE) == self->is_initiator;
  gboolean theirs_is_own = token != EE && !ours_is_own;
  const guint8 *ours = ours_is_own ? self->own.secret : self->ephemeral.secret;
  const guint8 *theirs = theirs_is_own ? self->own.theirs : self->ephemeral.theirs;
  guint8 shared[MH_NOISE_KEY_SIZE];

  /* refuses the few keys that make the same secret with every other */
  if (crypto_scalarmult_curve25519 (shared, ours, theirs) != 0)
    return FALSE;
  derive (self->chain, shared, sizeof shared, self->chain, self->cipher.key);
  self->cipher.nonce = 0;
  self->has_key = TRUE;
  mh_wipe (shared, sizeof shared);

  return TRUE;
}

/* "EncryptAndHash" */
static gboolean
put (MhNoiseHandshake *self, const guint8 *plain, gsize size, MhBuf *out)
{
  gsize sealed = size + (self->has_key ? MH_NOISE_TAG_SIZE : 0);
  guint8 *room = mh_buf_reserve (out, sealed);

  if (!self->has_key && size > 0)
    memcpy (room, plain, size);
  if (self->has_key
      && !mh_noise_cipher_seal (&self->cipher, self->hash, sizeof self->hash, plain, size, room))
    return FALSE;
  mix_hash (self, room, sealed);
  mh_buf_commit (out, sealed);

  return TRUE;
}

/* "DecryptAndHash" */
static gboolean
get (MhNoiseHandshake *self, const guint8 *sealed, gsize size, guint8 *out)
{
  if (!self->has_key && size > 0)
    memcpy (out, sealed, size);
  if (self->has_key
      && !mh_noise_cipher_open (&self->cipher, self->hash, sizeof self->hash, sealed, size, out))
    return FALSE;
  mix_hash (self, sealed, size);

  return TRUE;
}

static void
keys_init (Keys *self, const guint8 secret[MH_NOISE_KEY_SIZE])
{
  memcpy (self->secret, secret, MH_NOISE_KEY_SIZE);
  (void) crypto_scalarmult_curve25519_base (self->ours, secret); /* cannot fail */
}

MhNoiseHandshake *
mh_noise_handshake_new (gboolean is_initiator, const guint8 *prologue, gsize size,
                        const guint8 own[MH_NOISE_KEY_SIZE],
                        const guint8 ephemeral[MH_NOISE_KEY_SIZE])
{
  MhNoiseHandshake *self = g_new0 (MhNoiseHandshake, 1);

  self->is_initiator = is_initiator != FALSE; /* compared below */
  keys_init (&self->own, own);
  keys_init (&self->ephemeral, ephemeral);
  memcpy (self->hash, protocol, sizeof self->hash);
  memcpy (self->chain, protocol, sizeof self->chain);
  mix_hash (self, prologue, size);

  return self;
}

void
mh_noise_handshake_free (MhNoiseHandshake *self)
{
  if (self == NULL)
    return;

  mh_wipe (self, sizeof *self);
  g_free (self);
}

static gboolean
write_token (MhNoiseHandshake *self, Token token, MhBuf *out)
{
  switch (token)
    {
    case E:
      mh_buf_append (out, self->ephemeral.ours, MH_NOISE_KEY_SIZE);
      mix_hash (self, self->ephemeral.ours, MH_NOISE_KEY_SIZE);
      return TRUE;

    case S:
      return put (self, self->own.ours, MH_NOISE_KEY_SIZE, out);

    case EE:
    case ES:
    case SE:
      return mix_key (self, token);

    case END:
    default:
      return FALSE;
    }
}

gboolean
mh_noise_handshake_write (MhNoiseHandshake *self, const guint8 *payload, gsize size, MhBuf *out)
{
  const Token *token;

  g_return_val_if_fail (mh_noise_handshake_is_ours (self), FALSE);

  for (token = pattern[self->step]; *token != END; token++)
    if (!write_token (self, *token, out))
      return FALSE;
  self->step++;

  return put (self, payload, size, out);
}

/* Returns: bytes that @token takes of a message */
static gsize
token_size (const MhNoiseHandshake *self, Token token)
{
  if (token == E)
    return MH_NOISE_KEY_SIZE;
  if (token == S)
    return MH_NOISE_KEY_SIZE + (self->has_key ? MH_NOISE_TAG_SIZE : 0);

  return 0;
}

static gboolean
read_token (MhNoiseHandshake *self, Token token, const guint8 *data, gsize size)
{
  switch (token)
    {
    case E:
      memcpy (self->ephemeral.theirs, data, size);
      mix_hash (self, data, size);
      return TRUE;

    case S:
      return get (self, data, size, self->own.theirs);

    case EE:
    case ES:
    case SE:
      return mix_key (self, token);

    case END:
    default:
      return FALSE;
    }
}

gboolean
mh_noise_handshake_read (MhNoiseHandshake *self, const guint8 *message, gsize size, MhBuf *payload)
{
  const Token *token;
  guint8 *room;
  gsize tag;

  g_return_val_if_fail (!mh_noise_handshake_is_ours (self), FALSE);
  g_return_val_if_fail (!mh_noise_handshake_is_done (self), FALSE);

  for (token = pattern[self->step]; *token != END; token++)
    {
      gsize part = token_size (self, *token);

      if (size < part || !read_token (self, *token, message, part))
        return FALSE;
      message += part;
      size -= part;
    }
  tag = self->has_key ? MH_NOISE_TAG_SIZE : 0;
  if (size < tag)
    return FALSE;
  room = size > tag ? mh_buf_reserve (payload, size - tag) : NULL;
  if (!get (self, message, size, room))
    return FALSE;
  mh_buf_commit (payload, size - tag);
  self->step++;

  return TRUE;
}

gboolean
mh_noise_handshake_is_ours (const MhNoiseHandshake *self)
{
  return self->step < MESSAGES && (self->step % 2 == 0) == self->is_initiator;
}

gboolean
mh_noise_handshake_is_done (const MhNoiseHandshake *self)
{
  return self->step == MESSAGES;
}

const guint8 *
mh_noise_handshake_own_key (const MhNoiseHandshake *self)
{
  return self->own.ours;
}

const guint8 *
mh_noise_handshake_their_key (const MhNoiseHandshake *self)
{
  return self->own.theirs;
}

void
mh_noise_handshake_split (const MhNoiseHandshake *self, MhNoiseCipher *send, MhNoiseCipher *receive)
{
  MhNoiseCipher *first = self->is_initiator ? send : receive;
  MhNoiseCipher *second = self->is_initiator ? receive : send;

  g_return_if_fail (mh_noise_handshake_is_done (self));

  derive (self->chain, NULL, 0, first->key, second->key);
  first->nonce = 0;
  second->nonce = 0;
}
