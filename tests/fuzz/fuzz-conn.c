/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/conn/conn.h"
#include "net/p2p/noise/noise.h"
#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/tls/tls.h"

static const char *const muxers[] = { "/yamux/1.0.0", NULL };

typedef struct
{
  MhSigner *signer;
  MhTlsIdentity *identity;
  MhSecret *swarm_key;
} Keys;

static MhSecure *
make_tls (gboolean is_client, const MhPeerId *expected, gpointer data)
{
  return mh_tls_new (((Keys *) data)->identity, is_client, expected, muxers);
}

static MhSecure *
make_noise (gboolean is_client, const MhPeerId *expected, gpointer data)
{
  return mh_noise_new (((Keys *) data)->signer, is_client, expected, muxers);
}

static const MhConnSecure secure[] = { { "/tls/1.0.0", make_tls },
                                       { "/noise", make_noise },
                                       { NULL } };

static void
on_stream (MhYamuxStream *stream, gpointer data)
{
  g_assert_not_reached ();
}

static const MhYamuxEvents events = { on_stream, on_stream, on_stream, on_stream };

static void
keys_init (Keys *self)
{
  g_autoptr (MhSecret) seed = NULL;

  g_assert (mh_crypto_init (NULL));
  seed = mh_secret_new (MH_SIGN_SEED_SIZE);
  self->signer = mh_signer_new (seed);
  self->identity = mh_tls_identity_new (self->signer, NULL);
  self->swarm_key = mh_secret_new (MH_SWARM_KEY_SIZE);
}

/* Bytes to either end of a connection that has just begun: nobody gets in that way. The first byte
 * says which end, what is around it, and how the bytes are cut. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static Keys keys = { NULL }; /* the same for all: they take longer than the rest */
  MhConnNew request = { .host = "host", .secure = secure, .secure_data = &keys, .events = &events };
  g_autoptr (MhConn) conn = NULL;
  gboolean good = TRUE;
  gsize most;

  if (size == 0)
    return 0;

  if (keys.signer == NULL)
    keys_init (&keys);
  request.is_client = (data[0] & 1) != 0;
  request.is_websocket = (data[0] & 2) != 0;
  request.swarm_key = (data[0] & 4) != 0 ? keys.swarm_key : NULL;
  conn = mh_conn_new (&request);
  most = (gsize) (data[0] >> 3) * 16 + 1;
  for (gsize at = 1; at < size; at += most)
    {
      gsize some = MIN (most, size - at);
      g_autoptr (GError) error = NULL;
      MhBuf *out;

      memcpy (mh_conn_reserve (conn, some), data + at, some);
      good = mh_conn_received (conn, some, (gint64) at, &error) && good;
      g_assert (good == (error == NULL));
      out = mh_conn_pull (conn, 1000);
      mh_buf_consume (out, mh_buf_size (out));
      mh_conn_trim (conn);
    }
  g_assert (!mh_conn_is_open (conn) && mh_conn_yamux (conn) == NULL);
  mh_conn_close (conn);

  return 0;
}
