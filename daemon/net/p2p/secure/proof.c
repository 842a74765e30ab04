/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "proof.h"

#include <gio/gio.h>
#include <string.h>

#include "net/p2p/wire/public-key.h"

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
  MhPeerId owner;
  const MhSigned what = { bytes->data, bytes->len, self->signature, self->signature_size };

  if (!mh_public_key_id (self->key, self->key_size, &owner))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "the key of the peer is not well formed, or of a kind that is not known");
      return FALSE;
    }
  if (!mh_public_key_verify (self->key, self->key_size, &what))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "the peer did not sign the key of the channel");
      return FALSE;
    }
  *peer = owner;

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
