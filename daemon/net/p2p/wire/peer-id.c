/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "peer-id.h"

#include <string.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "pb.h"
#include "varint.h"

/* multicodec table: the two multihashes a peer id can be, and the codec of it in a CID */
#define MULTIHASH_IDENTITY 0x00
#define MULTIHASH_SHA256 0x12
#define CODEC_LIBP2P_KEY 0x72

/* No public key is shorter, and mh_peer_id_hash() has enough to read. */
#define LEAST_SIZE 8

/* libp2p peer-ids, "Keys": message PublicKey { Type = 1; Data = 2; }, Ed25519 = 1 */
#define FIELD_TYPE 1
#define FIELD_DATA 2
#define KEY_ED25519 1

static const guint8 ed25519_prefix[] = { FIELD_TYPE << 3 | MH_PB_VARINT, KEY_ED25519,
                                         FIELD_DATA << 3 | MH_PB_BYTES, MH_PEER_ID_ED25519_SIZE };

#define ED25519_MESSAGE (sizeof ed25519_prefix + MH_PEER_ID_ED25519_SIZE)

static MhPeerId
make (guint8 code, const guint8 *data, gsize size)
{
  MhPeerId self = { .size = (guint8) (2 + size) };

  self.bytes[0] = code;
  self.bytes[1] = (guint8) size;
  memcpy (self.bytes + 2, data, size);

  return self;
}

MhPeerId
mh_peer_id_from_ed25519 (const guint8 key[MH_PEER_ID_ED25519_SIZE])
{
  guint8 message[ED25519_MESSAGE];

  memcpy (message, ed25519_prefix, sizeof ed25519_prefix);
  memcpy (message + sizeof ed25519_prefix, key, MH_PEER_ID_ED25519_SIZE);

  return make (MULTIHASH_IDENTITY, message, sizeof message);
}

MhPeerId
mh_peer_id_from_public_key (const guint8 *message, gsize size)
{
  guint8 digest[MH_SHA256_SIZE];

  if (size <= MH_PEER_ID_INLINE_MAX)
    return make (MULTIHASH_IDENTITY, message, size);

  mh_sha256 (message, size, digest);

  return make (MULTIHASH_SHA256, digest, sizeof digest);
}

gboolean
mh_peer_id_from_bytes (const guint8 *data, gsize size, MhPeerId *out)
{
  if (size < LEAST_SIZE || size > MH_PEER_ID_MAX || data[1] != size - 2)
    return FALSE;
  if (data[0] != MULTIHASH_IDENTITY && (data[0] != MULTIHASH_SHA256 || data[1] != MH_SHA256_SIZE))
    return FALSE;
  *out = make (data[0], data + 2, size - 2);

  return TRUE;
}

/* A CID of version 1: version, codec, multihash. */
static gboolean
from_cid (const guint8 *data, gsize size, MhPeerId *out)
{
  return size > 2 && data[0] == 1 && data[1] == CODEC_LIBP2P_KEY
         && mh_peer_id_from_bytes (data + 2, size - 2, out);
}

gboolean
mh_peer_id_from_text (const char *text, MhPeerId *out)
{
  guint8 bytes[MH_PEER_ID_MAX + 2];
  gsize size = 0;

  if (g_str_has_prefix (text, "Qm") || text[0] == '1')
    return mh_base58_decode (text, bytes, sizeof bytes, &size)
           && mh_peer_id_from_bytes (bytes, size, out);

  /* the first letter is the base: multibase, "b" and "z" */
  if (text[0] == 'b')
    return mh_base32_decode (text + 1, bytes, sizeof bytes, &size) && from_cid (bytes, size, out);
  if (text[0] == 'z')
    return mh_base58_decode (text + 1, bytes, sizeof bytes, &size) && from_cid (bytes, size, out);

  return FALSE;
}

char *
mh_peer_id_to_text (const MhPeerId *self)
{
  return mh_base58_encode (self->bytes, self->size);
}

guint
mh_peer_id_hash (gconstpointer id)
{
  const MhPeerId *self = id;
  guint hash;

  /* the end is key or digest, the beginning is the same in all */
  memcpy (&hash, self->bytes + self->size - sizeof hash, sizeof hash);

  return hash;
}

gboolean
mh_peer_id_equal (gconstpointer a, gconstpointer b)
{
  return mh_peer_id_compare (a, b) == 0;
}

int
mh_peer_id_compare (const MhPeerId *a, const MhPeerId *b)
{
  int order = memcmp (a->bytes, b->bytes, sizeof a->bytes);

  return order != 0 ? order : (int) a->size - (int) b->size;
}

MhPeerId *
mh_peer_id_copy (const MhPeerId *self)
{
  return g_memdup2 (self, sizeof *self);
}
