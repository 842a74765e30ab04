/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypto/crypto.h"
#include "net/p2p/host/host.h"

/* The example of daemon/net/p2p/README.md: two peers in one program, one greets the other. */

/* On the loop of the host that is greeted. */
static void
on_hello (MhStream *stream, gpointer data)
{
  mh_stream_put_message (stream, "good morning", 12);
  mh_stream_close_write (stream);
  mh_stream_unref (stream);
}

static void
listen_for_hello (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) addresses = mh_host_addresses (host);

  mh_host_handle (host, "/hello/1", on_hello, NULL);
  *(MhMultiaddr **) data = mh_multiaddr_ref (addresses->pdata[0]);
}

static void
learn_address (MhHost *host, gpointer data)
{
  gpointer *both = data;

  mh_host_add_address (host, both[0], both[1]);
}

static MhHost *
new_host (const MhSigner *signer, const MhSecret *swarm_key)
{
  MhHostNew request = { .signer = signer, .swarm_key = swarm_key };

  return mh_host_new (&request, NULL);
}

static MhSigner *
new_signer (void)
{
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);

  return mh_signer_new (seed);
}

/* Returns: whether the answer came */
static gboolean
greet (void)
{
  static const char *const hello[] = { "/hello/1", NULL };
  g_autoptr (MhSecret) swarm_key = mh_secret_new_random (32);
  g_autoptr (MhSigner) first = new_signer ();
  g_autoptr (MhSigner) second = new_signer ();
  g_autoptr (MhHost) one = new_host (first, swarm_key);
  g_autoptr (MhHost) two = new_host (second, swarm_key);
  g_autoptr (MhMultiaddr) any = mh_multiaddr_new ("/ip4/127.0.0.1/tcp/0", NULL);
  g_autoptr (MhMultiaddr) address = NULL;
  g_autoptr (MhStream) stream = NULL;
  g_autoptr (GBytes) answer = NULL;
  gpointer known[2] = { (gpointer) mh_host_id (one), NULL };

  if (!mh_host_listen (one, any, NULL))
    return FALSE;
  mh_host_run (one, listen_for_hello, &address);
  known[1] = address;
  mh_host_run (two, learn_address, known);
  stream = mh_host_open_wait (two, mh_host_id (one), hello, 5000, NULL);
  answer = stream != NULL ? mh_stream_read_message_wait (stream, 100, 5000, NULL) : NULL;
  if (answer == NULL)
    return FALSE;
  g_print ("%.*s\n", (int) g_bytes_get_size (answer), (char *) g_bytes_get_data (answer, NULL));

  return TRUE;
}

int
main (void)
{
  return mh_crypto_init (NULL) && greet () ? 0 : 1;
}
