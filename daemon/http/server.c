/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include <string.h>

#define WORKERS 8
#define UPLOADS 8
#define DERIVERS 2 /* each takes 64 MiB and a core */
#define READERS 4
#define QUEUE 1024

static void
early_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
          gpointer user_data)
{
  mh_dispatch_headers (user_data, message);
}

static void
body_cb (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
         gpointer user_data)
{
  mh_dispatch_body (user_data, message);
}

MhServer *
mh_server_new (const MhServerOptions *options)
{
  MhServer *self = g_new0 (MhServer, 1);

  self->options = *options;
  self->allowed_hosts = g_strdupv ((char **) options->allowed_hosts);
  self->page_prefix = g_strdup (options->page_prefix);
  self->loop = g_main_context_ref_thread_default ();
  self->parked = g_main_context_new ();
  self->router = mh_router_new (options->routes, options->n_routes);
  self->services = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->conns = g_hash_table_new (NULL, NULL);
  self->active = g_hash_table_new (NULL, NULL);
  self->workers = mh_pool_new ("http", WORKERS, QUEUE);
  self->derivers = mh_pool_new ("password", DERIVERS, QUEUE);
  self->uploads = mh_pool_new ("upload", UPLOADS, QUEUE);
  self->readers = mh_pool_new ("read", READERS, QUEUE);
  g_mutex_init (&self->stats_lock);

  self->soup = soup_server_new ("raw-paths", TRUE, "server-header", NULL, NULL);
  soup_server_add_early_handler (self->soup, NULL, early_cb, self, NULL);
  soup_server_add_handler (self->soup, NULL, body_cb, self, NULL);

  return self;
}

void
mh_server_free (MhServer *self)
{
  if (self == NULL)
    return;

  mh_server_stop (self);
  g_clear_object (&self->soup);
  g_main_context_unref (self->parked);
  g_main_context_unref (self->loop);
  mh_router_free (self->router);
  g_hash_table_unref (self->services);
  g_hash_table_unref (self->conns);
  g_hash_table_unref (self->active);
  g_strfreev (self->allowed_hosts);
  g_free (self->page_prefix);
  g_free (self->url);
  g_mutex_clear (&self->stats_lock);
  g_free (self);
}

void
mh_server_set_service (MhServer *self, const char *module, gpointer service)
{
  g_hash_table_insert (self->services, g_strdup (module), service);
}

void
mh_server_set_authenticator (MhServer *self, const MhAuthenticator *authenticator)
{
  self->authenticator = *authenticator;
}

gboolean
mh_server_listen (MhServer *self, const char *address, GError **error)
{
  g_return_val_if_fail (self->authenticator.authenticate != NULL, FALSE);

  return mh_conn_listen (self, address, error);
}

const char *
mh_server_url (MhServer *self)
{
  return self->url;
}

/* Wakes the workers that wait for a body; what they answer goes nowhere. */
static void
end_requests (MhServer *self)
{
  g_autoptr (GList) requests = g_hash_table_get_keys (self->active);

  for (GList *l = requests; l != NULL; l = l->next)
    mh_request_end (l->data);
}

void
mh_server_stop (MhServer *self)
{
  if (self->stopping)
    return;

  self->stopping = TRUE;
  end_requests (self);
  mh_conn_stop (self);
  mh_pool_free (self->workers);
  mh_pool_free (self->derivers);
  mh_pool_free (self->uploads);
  mh_pool_free (self->readers);
  /* What the workers posted last. It finds its messages gone and only drops references. */
  while (g_main_context_iteration (self->loop, FALSE))
    continue;
}

/* The upper edge of the bucket that holds the 95th percentile, in milliseconds. */
static double
percentile (const guint *histogram, guint64 count)
{
  guint64 seen = 0;
  gint64 limit_us = 100;

  if (count == 0)
    return 0;

  for (guint i = 0; i < HISTOGRAM_BUCKETS; i++)
    {
      seen += histogram[i];
      if (seen * 100 >= count * 95)
        break;
      limit_us = limit_us * 14142 / 10000;
    }

  return (double) limit_us / 1000.0;
}

void
mh_server_take_stats (MhServer *self, MhServerStats *stats)
{
  g_mutex_lock (&self->stats_lock);
  *stats = self->stats;
  stats->p95_ms = percentile (self->histogram, self->stats.requests);
  memset (&self->stats, 0, sizeof self->stats);
  memset (self->histogram, 0, sizeof self->histogram);
  g_mutex_unlock (&self->stats_lock);
}
