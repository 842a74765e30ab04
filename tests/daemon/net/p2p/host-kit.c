/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "host-kit.h"

#include <string.h>

#include "net/p2p/perf/perf.h"
#include "net/p2p/ping/ping.h"

const char *const mht_echo_names[] = { MHT_ECHO, NULL };

/* -- waiting -- */

void
mht_wait_init (MhtWait *self)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
}

void
mht_wait_done (MhtWait *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->error = error != NULL ? g_error_copy (error) : NULL;
  self->is_done = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
mht_wait_for (MhtWait *self)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&self->lock);
  while (!self->is_done)
    g_assert_true (g_cond_wait_until (&self->changed, &self->lock, end_us));
  g_mutex_unlock (&self->lock);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

typedef struct
{
  MhtQuestion question;
  gpointer data;
  gboolean answer;
} Asked;

static void
ask_here (MhHost *host, gpointer data)
{
  Asked *asked = data;

  asked->answer = asked->question (host, asked->data);
}

gboolean
mht_is_so (MhtNode *node, MhtQuestion question, gpointer data)
{
  Asked asked = { question, data };

  mh_host_run (node->host, ask_here, &asked);

  return asked.answer;
}

void
mht_wait_until (MhtNode *node, MhtQuestion question, gpointer data)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (!mht_is_so (node, question, data))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_thread_yield ();
    }
}

/* -- nodes -- */

static void
set_up (MhHost *host, gpointer data)
{
  MhtNode *self = data;

  self->identify = mh_identify_new (host);
  self->relay = mh_relay_new (host);
  self->client = mh_relay_client_new (host);
  mh_ping_serve (host);
  mh_perf_serve (host);
  mh_host_handle (host, MHT_ECHO, mh_ping_echo, NULL);
}

void
mht_listen_on (MhtNode *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (text, &error);

  g_assert_no_error (error);
  g_assert_true (mh_host_listen (self->host, address, &error));
  g_assert_no_error (error);
}

MhtNode *
mht_node_new_with (const MhHostNew *request, const char *listen)
{
  MhtNode *self = g_new0 (MhtNode, 1);
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  MhHostNew own = *request;
  g_autoptr (GError) error = NULL;

  self->signer = mh_signer_new (seed);
  own.signer = self->signer;
  self->host = mh_host_new (&own, &error);
  g_assert_no_error (error);
  self->id = *mh_host_id (self->host);
  mh_host_run (self->host, set_up, self);
  if (listen != NULL)
    mht_listen_on (self, listen);

  return self;
}

MhtNode *
mht_node_new (const MhSecret *key, MhSecurity security, const char *listen)
{
  MhHostNew request = { .swarm_key = key, .security = security };

  return mht_node_new_with (&request, listen);
}

void
mht_node_free (MhtNode *self)
{
  mh_host_free (self->host);
  mh_identify_free (self->identify);
  mh_relay_free (self->relay);
  mh_relay_client_free (self->client);
  mh_pubsub_free (self->pubsub);
  mh_dcutr_free (self->dcutr);
  mh_signer_free (self->signer);
  g_free (self);
}

static void
take_first (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_addresses (host);

  g_assert_cmpuint (all->len, >, 0);
  *(MhMultiaddr **) data = mh_multiaddr_with_peer (all->pdata[0], mh_host_id (host));
}

MhMultiaddr *
mht_address_of (MhtNode *node)
{
  MhMultiaddr *address = NULL;

  mh_host_run (node->host, take_first, &address);

  return address;
}

/* -- connecting -- */

typedef struct
{
  MhMultiaddr *address;
  MhtWait wait;
} Connect;

static void
on_connected (MhHost *host, const GError *error, gpointer data)
{
  mht_wait_done (&((Connect *) data)->wait, error);
}

static void
connect_here (MhHost *host, gpointer data)
{
  Connect *connect = data;

  mh_host_connect_to (host, connect->address, MHT_TIMEOUT_MS, on_connected, connect);
}

GError *
mht_connect_to (MhtNode *from, MhMultiaddr *address)
{
  Connect connect = { address };

  mht_wait_init (&connect.wait);
  mh_host_post (from->host, connect_here, &connect);
  mht_wait_for (&connect.wait);

  return connect.wait.error;
}

void
mht_assert_connects (MhtNode *from, MhtNode *to)
{
  g_autoptr (MhMultiaddr) address = mht_address_of (to);
  g_autoptr (GError) error = mht_connect_to (from, address);

  g_assert_no_error (error);
}

typedef struct
{
  MhPeerId id;
  GPtrArray *addresses;
  gboolean is_dialled;
} Told;

static void
take_addresses (MhHost *host, gpointer data)
{
  ((Told *) data)->addresses = mh_host_addresses (host);
}

static void
add_addresses (MhHost *host, gpointer data)
{
  Told *told = data;

  for (guint i = 0; i < told->addresses->len; i++)
    mh_host_add_address (host, &told->id, told->addresses->pdata[i]);
  if (told->is_dialled)
    mh_host_connect (host, &told->id, 10000, NULL, NULL);
}

static void
tell (MhtNode *node, MhtNode *other, gboolean is_dialled)
{
  Told told = { other->id, NULL, is_dialled };

  mh_host_run (other->host, take_addresses, &told);
  mh_host_run (node->host, add_addresses, &told);
  g_ptr_array_unref (told.addresses);
}

void
mht_node_tell (MhtNode *node, MhtNode *other)
{
  tell (node, other, FALSE);
}

void
mht_node_connect (MhtNode *node, MhtNode *other)
{
  tell (node, other, TRUE);
  mht_wait_until (node, mht_is_connected, &other->id);
}

gboolean
mht_is_connected (MhHost *host, gpointer data)
{
  return mh_host_is_connected (host, data);
}

gboolean
mht_is_gone (MhHost *host, gpointer data)
{
  return !mh_host_is_connected (host, data);
}

gboolean
mht_speaks_echo (MhHost *host, gpointer data)
{
  return mh_host_speaks (host, data, MHT_ECHO);
}

/* -- moving bytes, as a worker -- */

void
mht_fill (guint8 *data, gsize size, guint64 seed)
{
  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) ((seed + i) * 2654435761u >> 13);
}

typedef struct
{
  MhStream *stream;
  gsize size;
  guint64 seed;
} Writing;

static gpointer
write_all (gpointer data)
{
  Writing *self = data;
  g_autofree guint8 *bytes = g_malloc (self->size + 1);
  g_autoptr (GError) error = NULL;

  mht_fill (bytes, self->size, self->seed);
  g_assert_true (mh_stream_write_wait (self->stream, bytes, self->size, MHT_TIMEOUT_MS, &error));
  g_assert_no_error (error);
  mh_stream_close_write (self->stream);

  return NULL;
}

void
mht_echo_through (MhtNode *from, const MhPeerId *to, gsize size, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStream) stream =
      mh_host_open_wait (from->host, to, mht_echo_names, MHT_TIMEOUT_MS, &error);
  g_autofree guint8 *wanted = g_malloc (size + 1);
  g_autofree guint8 *got = g_malloc (size + 1);
  Writing writing = { stream, size, seed };
  GThread *writer;
  gsize done = 0;
  gssize some;

  g_assert_no_error (error);
  g_assert_cmpstr (mh_stream_protocol (stream), ==, MHT_ECHO);
  mht_fill (wanted, size, seed);
  writer = g_thread_new ("write", write_all, &writing);
  do
    {
      some = mh_stream_read_wait (stream, got + done, size + 1 - done, MHT_TIMEOUT_MS, &error);
      g_assert_no_error (error);
      done += (gsize) some;
    }
  while (some > 0);
  g_thread_join (writer);
  g_assert_cmpmem (got, done, wanted, size);
}

static void
take_refusals (MhHost *host, gpointer data)
{
  *(MhHostRefusals *) data = mh_host_refusals (host);
}

guint
mht_count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;

  return count;
}

/* Without GSocketClient, which keeps descriptors of its own. */
GSocketConnection *
mht_plain_connection (MhtNode *node)
{
  g_autoptr (MhMultiaddr) own = mht_address_of (node);
  g_auto (MhMultiaddrTarget) target = { 0 };
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_multiaddr_target (own, &target));
  address = g_inet_socket_address_new_from_string (target.host, target.port);
  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_connect (socket, address, NULL, &error));
  g_assert_no_error (error);

  return g_socket_connection_factory_create_connection (socket);
}

MhHostRefusals
mht_refusals (MhtNode *node)
{
  MhHostRefusals refusals;

  mh_host_run (node->host, take_refusals, &refusals);

  return refusals;
}
