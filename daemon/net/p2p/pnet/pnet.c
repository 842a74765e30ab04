/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pnet.h"

#include <sodium.h>
#include <string.h>

#include "crypto/random.h"
#include "swarm-key.h"

/* Salsa20 makes its stream in blocks of this size. */
#define BLOCK 64

G_STATIC_ASSERT (crypto_stream_xsalsa20_NONCEBYTES == MH_PNET_NONCE_SIZE);
G_STATIC_ASSERT (crypto_stream_xsalsa20_KEYBYTES == MH_SWARM_KEY_SIZE);

/* One direction: XSalsa20 is Salsa20 with a key that HSalsa20 makes of the first 16 nonce bytes. */
typedef struct
{
  guint8 key[crypto_stream_salsa20_KEYBYTES];
  guint8 nonce[crypto_stream_salsa20_NONCEBYTES];
  guint64 block;      /* the next one */
  guint8 rest[BLOCK]; /* of the block before */
  guint used;         /* bytes of @rest that are used up */
} Direction;

struct _MhPnet
{
  const MhSecret *key; /* (unowned) */
  Direction out;
  Direction in;
  guint8 their_nonce[MH_PNET_NONCE_SIZE];
  guint got_nonce; /* bytes of it */
};

static void
direction_init (Direction *self, const MhSecret *key, const guint8 nonce[MH_PNET_NONCE_SIZE])
{
  (void) crypto_core_hsalsa20 (self->key, nonce, mh_secret_peek (key), NULL); /* cannot fail */
  memcpy (self->nonce, nonce + crypto_core_hsalsa20_INPUTBYTES, sizeof self->nonce);
  self->used = BLOCK;
}

static void
turn (Direction *self, guint8 *data, gsize size)
{
  gsize whole;

  while (self->used < BLOCK && size > 0)
    {
      *data++ ^= self->rest[self->used++];
      size--;
    }
  whole = size / BLOCK * BLOCK;
  if (whole > 0)
    {
      (void) crypto_stream_salsa20_xor_ic (data, data, whole, self->nonce, self->block, self->key);
      self->block += whole / BLOCK;
      data += whole;
      size -= whole;
    }
  if (size == 0)
    return;

  memset (self->rest, 0, BLOCK);
  (void) crypto_stream_salsa20_xor_ic (self->rest, self->rest, BLOCK, self->nonce, self->block,
                                       self->key);
  self->block++;
  for (self->used = 0; self->used < size; self->used++)
    data[self->used] ^= self->rest[self->used];
}

MhPnet *
mh_pnet_new (const MhSecret *key, MhBuf *out)
{
  MhPnet *self = g_new0 (MhPnet, 1);
  guint8 nonce[MH_PNET_NONCE_SIZE];

  self->key = key;
  mh_random_bytes (nonce, sizeof nonce);
  mh_buf_append (out, nonce, sizeof nonce);
  direction_init (&self->out, key, nonce);

  return self;
}

void
mh_pnet_free (MhPnet *self)
{
  if (self == NULL)
    return;

  mh_wipe (self, sizeof *self);
  g_free (self);
}

void
mh_pnet_seal (MhPnet *self, guint8 *data, gsize size)
{
  turn (&self->out, data, size);
}

gsize
mh_pnet_open (MhPnet *self, guint8 *data, gsize size)
{
  gsize nonce = MIN (size, MH_PNET_NONCE_SIZE - self->got_nonce);

  if (nonce > 0)
    {
      memcpy (self->their_nonce + self->got_nonce, data, nonce);
      self->got_nonce += (guint) nonce;
      if (self->got_nonce == MH_PNET_NONCE_SIZE)
        direction_init (&self->in, self->key, self->their_nonce);
    }
  turn (&self->in, data + nonce, size - nonce);

  return nonce;
}
