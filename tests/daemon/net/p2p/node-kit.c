/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "node-kit.h"

static void
identify_here (MhHost *host, gpointer data)
{
  ((MhtNode *) data)->identify = mh_identify_new (host);
}

MhtNode *
mht_node_new (const MhSecret *key, const char *listen)
{
  MhtNode *self = g_new0 (MhtNode, 1);
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  MhHostNew request = { .swarm_key = key };
  g_autoptr (MhMultiaddr) address = NULL;
  g_autoptr (GError) error = NULL;

  self->signer = mh_signer_new (seed);
  request.signer = self->signer;
  self->host = mh_host_new (&request, &error);
  g_assert_no_error (error);
  self->id = *mh_host_id (self->host);
  mh_host_run (self->host, identify_here, self);
  if (listen == NULL)
    return self;

  address = mh_multiaddr_new (listen, &error);
  g_assert_no_error (error);
  g_assert_true (mh_host_listen (self->host, address, &error));
  g_assert_no_error (error);

  return self;
}

void
mht_node_free (MhtNode *self)
{
  mh_host_free (self->host);
  mh_identify_free (self->identify);
  mh_signer_free (self->signer);
  g_free (self);
}

/* -- connecting -- */

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
  mht_node_wait (node, mht_is_connected, &other->id);
}

/* -- waiting -- */

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
mht_node_ask (MhtNode *node, MhtQuestion question, gpointer data)
{
  Asked asked = { question, data };

  mh_host_run (node->host, ask_here, &asked);

  return asked.answer;
}

void
mht_node_wait (MhtNode *node, MhtQuestion question, gpointer data)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (!mht_node_ask (node, question, data))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_thread_yield ();
    }
}

gboolean
mht_is_connected (MhHost *host, gpointer data)
{
  return mh_host_is_connected (host, data);
}
