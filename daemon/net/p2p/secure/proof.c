/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "proof.h"

#include <gio/gio.h>
#include <string.h>

static GByteArray *
signed_bytes (const char *purpose, const guint8 *channel_key, gsize size)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) purpose, (guint) strlen (purpose));
  g_byte_array_append (bytes, channel_key, (guint) size);

  return bytes;
}

void
mh_proof_make (const MhSigner *signer, const char *purpose, const guint8 *channel_key, gsize size,
               guint8 out[MH_SIGNATURE_SIZE])
{
  g_autoptr (GByteArray) bytes = signed_bytes (purpose, channel_key, size);

  mh_signer_sign (signer, bytes->data, bytes->len, out);
}

gboolean
mh_proof_check (const MhProof *self, const char *purpose, const guint8 *channel_key, gsize size,
                MhPeerId *peer, GError **error)
{
  g_autoptr (GByteArray) bytes = signed_bytes (purpose, channel_key, size);
  guint8 key[MH_PEER_ID_ED25519_SIZE];

  if (!mh_public_key_parse (self->key, self->key_size, key))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "the key of the peer is not an Ed25519 key");
      return FALSE;
    }
  if (self->signature_size != MH_SIGNATURE_SIZE
      || !mh_sign_verify (key, bytes->data, bytes->len, self->signature))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "the peer did not sign the key of the channel");
      return FALSE;
    }
  *peer = mh_peer_id_from_ed25519 (key);

  return TRUE;
}

gboolean
mh_proof_accept (MhSecure *channel, const MhPeerId *peer, GError **error)
{
  if (channel->has_expected && !mh_peer_id_equal (&channel->expected, peer))
    {
      g_autofree char *expected = mh_peer_id_to_text (&channel->expected);
      g_autofree char *found = mh_peer_id_to_text (peer);

      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "the peer is %s instead of %s",
                   found, expected);
      return FALSE;
    }
  channel->peer = *peer;

  return TRUE;
}
