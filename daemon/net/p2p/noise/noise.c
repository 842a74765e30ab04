/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "noise.h"

#include <gio/gio.h>
#include <string.h>

#include "crypto/random.h"
#include "crypto/secret.h"
#include "handshake.h"
#include "net/p2p/secure/proof.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/public-key.h"

/* noise/README.md, "The libp2p Handshake Payload" */
#define FIELD_IDENTITY_KEY 1
#define FIELD_IDENTITY_SIG 2
#define FIELD_EXTENSIONS 4
#define FIELD_STREAM_MUXERS 2

/* What a message takes beside its plain text. */
#define OVERHEAD (MH_NOISE_HEADER + MH_NOISE_TAG_SIZE)

typedef struct
{
  MhSecure base;
  gboolean is_client;
  const char *const *muxers;   /* (unowned) (nullable) */
  GByteArray *payload;         /* (owned): what we say of ourselves */
  MhNoiseHandshake *handshake; /* (owned) (nullable): until the channel is open */
  MhNoiseCipher send;
  MhNoiseCipher receive;
} MhNoise;

/* What the other side says of itself. */
typedef struct
{
  MhProof proof;
  guint offered; /* names of multiplexers */
  int chosen;    /* index of the one in ours, or -1 */
} Payload;

static gboolean
break_off (GError **error, const char *why)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "Noise: %s", why);

  return FALSE;
}

static GByteArray *
make_payload (const MhSigner *signer, const guint8 *channel_key, const char *const *muxers)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GByteArray) extensions = g_byte_array_new ();
  g_autoptr (GBytes) key = mh_public_key_message (mh_signer_public_key (signer));
  guint8 signature[MH_SIGNATURE_SIZE];

  mh_proof_make (signer, MH_NOISE_PURPOSE, channel_key, MH_NOISE_KEY_SIZE, signature);
  mh_pb_put_bytes (out, FIELD_IDENTITY_KEY, g_bytes_get_data (key, NULL), g_bytes_get_size (key));
  mh_pb_put_bytes (out, FIELD_IDENTITY_SIG, signature, sizeof signature);
  for (guint i = 0; muxers != NULL && muxers[i] != NULL; i++)
    mh_pb_put_text (extensions, FIELD_STREAM_MUXERS, muxers[i]);
  if (extensions->len > 0)
    mh_pb_put_message (out, FIELD_EXTENSIONS, extensions);

  return out;
}

static int
find_muxer (const MhNoise *self, const MhPbField *name)
{
  for (int i = 0; self->muxers != NULL && self->muxers[i] != NULL; i++)
    if (strlen (self->muxers[i]) == name->size
        && memcmp (self->muxers[i], name->bytes, name->size) == 0)
      return i;

  return -1;
}

/* The first of the client that both speak (inlined-muxer-negotiation.md). */
static gboolean
read_extensions (const MhNoise *self, const MhPbField *extensions, Payload *out)
{
  MhPbReader reader = mh_pb_reader (extensions->bytes, extensions->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      int index;

      if (!mh_pb_is (&field, FIELD_STREAM_MUXERS, MH_PB_BYTES))
        continue;
      out->offered++;
      index = find_muxer (self, &field);
      if (index >= 0 && (out->chosen < 0 || (self->is_client && index < out->chosen)))
        out->chosen = index;
    }

  return !reader.is_bad;
}

static gboolean
read_payload (const MhNoise *self, const MhBuf *bytes, Payload *out)
{
  MhPbReader reader = mh_pb_reader (mh_buf_peek (bytes), mh_buf_size (bytes));
  MhPbField field;

  *out = (Payload){ .chosen = -1 };
  while (mh_pb_next (&reader, &field))
    {
      if (mh_pb_is (&field, FIELD_IDENTITY_KEY, MH_PB_BYTES))
        {
          out->proof.key = field.bytes;
          out->proof.key_size = field.size;
        }
      else if (mh_pb_is (&field, FIELD_IDENTITY_SIG, MH_PB_BYTES))
        {
          out->proof.signature = field.bytes;
          out->proof.signature_size = field.size;
        }
      else if (mh_pb_is (&field, FIELD_EXTENSIONS, MH_PB_BYTES)
               && !read_extensions (self, &field, out))
        return FALSE;
    }

  return !reader.is_bad;
}

/* Judges what the other side says of itself. */
static gboolean
accept_payload (MhNoise *self, const MhBuf *bytes, GError **error)
{
  Payload payload;
  MhPeerId peer;

  if (!read_payload (self, bytes, &payload))
    return break_off (error, "the payload of the handshake is malformed");
  if (!mh_proof_check (&payload.proof, MH_NOISE_PURPOSE,
                       mh_noise_handshake_their_key (self->handshake), MH_NOISE_KEY_SIZE, &peer,
                       error)
      || !mh_proof_accept (&self->base, &peer, error))
    return FALSE;
  if (payload.chosen >= 0)
    self->base.muxer = self->muxers[payload.chosen];
  else if (payload.offered > 0 && self->muxers != NULL && self->muxers[0] != NULL)
    return break_off (error, "there is no multiplexer that both speak");

  return TRUE;
}

static gboolean
say (MhNoise *self, const guint8 *payload, gsize size, MhBuf *out, GError **error)
{
  g_auto (MhBuf) message = { 0 };
  guint8 header[MH_NOISE_HEADER];

  if (!mh_noise_handshake_write (self->handshake, payload, size, &message))
    return break_off (error, "the key of the peer is of no use");
  header[0] = (guint8) (mh_buf_size (&message) >> 8);
  header[1] = (guint8) mh_buf_size (&message);
  mh_buf_append (out, header, sizeof header);
  mh_buf_append (out, mh_buf_peek (&message), mh_buf_size (&message));

  return TRUE;
}

static gboolean
hear (MhNoise *self, const guint8 *message, gsize size, MhBuf *out, GError **error)
{
  g_auto (MhBuf) payload = { 0 };

  if (!mh_noise_handshake_read (self->handshake, message, size, &payload))
    return break_off (error, "the handshake of the peer is wrong");

  /* the first message is of nobody yet, and what may come with it is not for us */
  if (self->is_client || mh_noise_handshake_is_done (self->handshake))
    if (!accept_payload (self, &payload, error))
      return FALSE;
  if (mh_noise_handshake_is_ours (self->handshake)
      && !say (self, self->payload->data, self->payload->len, out, error))
    return FALSE;
  if (!mh_noise_handshake_is_done (self->handshake))
    return TRUE;

  mh_noise_handshake_split (self->handshake, &self->send, &self->receive);
  g_clear_pointer (&self->handshake, mh_noise_handshake_free);
  self->base.is_open = TRUE;

  return TRUE;
}

static gboolean
open_message (MhNoise *self, const guint8 *message, gsize size, MhBuf *plain, GError **error)
{
  guint8 *room;

  if (size < MH_NOISE_TAG_SIZE)
    return break_off (error, "a message is too short");
  room = size > MH_NOISE_TAG_SIZE ? mh_buf_reserve (plain, size - MH_NOISE_TAG_SIZE) : NULL;
  if (!mh_noise_cipher_open (&self->receive, NULL, 0, message, size, room))
    return break_off (error, "a message is not the one that was sent");
  mh_buf_commit (plain, size - MH_NOISE_TAG_SIZE);

  return TRUE;
}

static gboolean
noise_start (MhSecure *base, MhBuf *out, GError **error)
{
  MhNoise *self = (MhNoise *) base;

  return self->is_client ? say (self, NULL, 0, out, error) : TRUE;
}

static gboolean
noise_feed (MhSecure *base, MhBuf *in, MhBuf *plain, MhBuf *out, GError **error)
{
  MhNoise *self = (MhNoise *) base;

  if (base->is_open && mh_buf_size (in) > 0) /* all at once: growing step by step would copy */
    (void) mh_buf_reserve (plain, mh_buf_size (in));
  while (mh_buf_size (in) >= MH_NOISE_HEADER)
    {
      const guint8 *data = mh_buf_peek (in);
      gsize size = (gsize) data[0] << 8 | data[1];
      gboolean ok;

      if (!base->is_open && size > MH_NOISE_MAX_HANDSHAKE)
        return break_off (error, "a message of the handshake is too large");
      if (mh_buf_size (in) - MH_NOISE_HEADER < size)
        break;

      data += MH_NOISE_HEADER;
      ok = base->is_open ? open_message (self, data, size, plain, error)
                         : hear (self, data, size, out, error);
      if (!ok)
        return FALSE;
      mh_buf_consume (in, MH_NOISE_HEADER + size);
    }

  return TRUE;
}

static gboolean
noise_seal (MhSecure *base, const guint8 *plain, gsize size, MhBuf *out, GError **error)
{
  MhNoise *self = (MhNoise *) base;

  if (size > 0)
    (void) mh_buf_reserve (out, size + (size / MH_NOISE_MAX_PLAIN + 1) * OVERHEAD);
  while (size > 0)
    {
      gsize some = MIN (size, MH_NOISE_MAX_PLAIN);
      gsize sealed = some + MH_NOISE_TAG_SIZE;
      guint8 *room = mh_buf_reserve (out, MH_NOISE_HEADER + sealed);

      room[0] = (guint8) (sealed >> 8);
      room[1] = (guint8) sealed;
      if (!mh_noise_cipher_seal (&self->send, NULL, 0, plain, some, room + MH_NOISE_HEADER))
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Noise: numbers have run out");
          return FALSE;
        }
      mh_buf_commit (out, MH_NOISE_HEADER + sealed);
      plain += some;
      size -= some;
    }

  return TRUE;
}

static void
noise_close (MhSecure *base, MhBuf *out)
{
  /* there is no word for it */
}

static void
noise_free (MhSecure *base)
{
  MhNoise *self = (MhNoise *) base;

  mh_noise_handshake_free (self->handshake);
  g_byte_array_unref (self->payload);
  mh_wipe (self, sizeof *self);
  g_free (self);
}

static const MhSecureFuncs funcs = {
  .start = noise_start,
  .feed = noise_feed,
  .seal = noise_seal,
  .close = noise_close,
  .free = noise_free,
};

MhSecure *
mh_noise_new (const MhSigner *signer, gboolean is_client, const MhPeerId *expected,
              const char *const *muxers)
{
  MhNoise *self = g_new0 (MhNoise, 1);
  guint8 secrets[2][MH_NOISE_KEY_SIZE];

  self->base.funcs = &funcs;
  self->base.has_expected = expected != NULL;
  if (expected != NULL)
    self->base.expected = *expected;
  self->is_client = is_client;
  self->muxers = muxers;

  mh_random_bytes (secrets[0], sizeof secrets);
  self->handshake = mh_noise_handshake_new (is_client, NULL, 0, secrets[0], secrets[1]);
  mh_wipe (secrets, sizeof secrets);
  self->payload = make_payload (signer, mh_noise_handshake_own_key (self->handshake), muxers);

  return &self->base;
}
