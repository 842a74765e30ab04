/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "crypto/crypto.h"
#include "modules/mesh/hello.h"
#include "net/p2p/wire/envelope.h"

/* The bytes as a hello record, and as what is in one that is rightly signed. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const MhEnvelopeKind kind = { "meshhold-hello", { 0x7f, 0x01 } };
  g_autoptr (MhSecret) seed = NULL;
  g_autoptr (MhSigner) signer = NULL;
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (MhHello) as_is = NULL;
  g_autoptr (MhHello) inside = NULL;

  g_assert (mh_crypto_init (NULL)); /* the first call only */
  seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  signer = mh_signer_new (seed);
  as_is = mh_hello_open (bytes);
  g_byte_array_append (payload, data, (guint) size);
  sealed = mh_envelope_seal (signer, &kind, payload);
  inside = mh_hello_open (sealed);
  if (inside != NULL)
    {
      g_autoptr (GBytes) again = mh_hello_seal (inside, signer);
      g_autoptr (MhHello) back = mh_hello_open (again);

      /* what was taken can be said again */
      g_assert (back != NULL && back->seq == inside->seq);
      g_assert_cmpstr (back->name, ==, inside->name);
    }

  return 0;
}
