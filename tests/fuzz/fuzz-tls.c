/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "crypto/crypto.h"
#include "net/p2p/tls/tls.h"

static MhTlsIdentity *
identity_new (void)
{
  g_autoptr (MhSecret) seed = NULL;
  g_autoptr (MhSigner) signer = NULL;

  g_assert (mh_crypto_init (NULL));
  seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  signer = mh_signer_new (seed);

  return mh_tls_identity_new (signer, NULL);
}

/* Bytes to a client or a server that has just begun, in pieces of the size that the first byte
 * says: nobody gets in that way, and what is not taken does not pile up. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const muxers[] = { "/yamux/1.0.0", NULL };
  static MhTlsIdentity *identity = NULL; /* the same for all: it takes longer than the rest */
  g_autoptr (GError) error = NULL;
  g_autoptr (MhSecure) channel = NULL;
  g_auto (MhBuf) in = { 0 };
  g_auto (MhBuf) out = { 0 };
  g_auto (MhBuf) plain = { 0 };
  gsize most;

  if (size == 0)
    return 0;

  if (identity == NULL)
    identity = identity_new ();
  channel = mh_tls_new (identity, data[0] & 1, NULL, muxers);
  most = (gsize) (data[0] >> 1) * 8 + 1;
  g_assert (mh_secure_start (channel, &out, &error));
  for (gsize at = 1; at < size && error == NULL; at += most)
    {
      mh_buf_append (&in, data + at, MIN (most, size - at));
      g_assert (mh_secure_feed (channel, &in, &plain, &out, &error) == (error == NULL));
      g_assert (error != NULL || mh_buf_size (&in) < MH_TLS_MAX_RECORD + 5);
    }
  g_assert (!channel->is_open && mh_buf_size (&plain) == 0);

  return 0;
}
