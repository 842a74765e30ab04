/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/wire/envelope.h"
#include "net/p2p/wire/peer-record.h"

/* The bytes as an envelope, and as what is in one that is rightly signed. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MhSecret) seed = NULL;
  g_autoptr (MhSigner) signer = NULL;
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (MhPeerRecord) as_is = mh_peer_record_open (data, size);
  g_autoptr (MhPeerRecord) inside = NULL;
  MhPeerId peer;

  g_assert (mh_crypto_init (NULL)); /* the first call only */
  seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  signer = mh_signer_new (seed);
  peer = mh_peer_id_from_ed25519 (mh_signer_public_key (signer));
  g_byte_array_append (payload, (const guint8 *) "\x0a", 1);
  g_byte_array_append (payload, &peer.size, 1);
  g_byte_array_append (payload, peer.bytes, peer.size);
  g_byte_array_append (payload, data, (guint) size);
  sealed = mh_envelope_seal (signer, &mh_envelope_peer_record, payload);
  inside = mh_peer_record_open (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
  if (inside != NULL)
    g_assert (inside->addresses->len <= MH_PEER_RECORD_MOST_ADDRESSES);

  return 0;
}
