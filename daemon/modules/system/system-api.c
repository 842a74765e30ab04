/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "system-contract.h"

#include "base/error.h"
#include "browse.h"
#include "metrics.h"
#include "modules/audit/audit.h"
#include "modules/auth/auth.h"
#include "modules/mesh/mesh.h"
#include "system.h"

typedef struct
{
  MhCore *core;       /* (unowned) outlives us */
  MhAudit *audit;     /* (unowned) */
  MhAuth *auth;       /* (unowned) */
  MhMesh *mesh;       /* (unowned) */
  MhMetrics *metrics; /* (owned) */
  GMutex setup;       /* one setup at a time */
} MhSystem;

gboolean
system_version (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "version", MH_VERSION);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
system_whoami (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhSystem *system = mh_request_service (request, "system");

  mh_json_begin_object (out, NULL);
  mh_json_string (out, "node_id", mh_core_peer_id (system->core));
  mh_json_end_object (out);

  return TRUE;
}

static void
network_to_json (MhJson *out, const MhNetworkStatus *network)
{
  static const char *const states[] = { "", "offline", "starting", "online", "failed" };

  if (network->id == NULL)
    {
      mh_json_null (out, "network");
      return;
    }
  mh_json_begin_object (out, "network");
  mh_json_string (out, "state", states[network->state]);
  mh_json_string (out, "id", network->id);
  mh_json_string (out, "name", network->name);
  mh_json_int (out, "peers", network->peers);
  mh_json_string (out, "error", network->error);
  mh_json_end_object (out);
}

gboolean
system_status (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhSystem *system = mh_request_service (request, "system");
  MhCore *core = system->core;
  gint64 up_ms = mh_clock_now_ms (mh_core_clock (core)) - mh_core_started_ms (core);
  g_auto (MhNetworkStatus) network = { 0 };
  g_autofree char *shortage = mh_core_dup_shortage (core);

  mh_core_get_network (core, &network);
  mh_json_begin_object (out, NULL);
  mh_json_bool (out, "running", TRUE);
  mh_json_string (out, "attention", shortage);
  mh_json_string (out, "version", MH_VERSION);
  mh_json_int (out, "uptime_s", MAX (0, up_ms) / 1000);
  mh_json_bool (out, "has_swarm_key", network.id != NULL);
  mh_json_bool (out, "setup_required", network.id == NULL);
  mh_json_bool (out, "password_set", mh_auth_has_password (system->auth));
  mh_json_string (out, "peer_id", mh_core_peer_id (core));
  mh_json_begin_array (out, "listen_addrs");
  for (guint i = 0; network.addresses != NULL && network.addresses[i] != NULL; i++)
    mh_json_string (out, NULL, network.addresses[i]);
  mh_json_end_array (out);
  mh_json_bool (out, "s3_enabled", FALSE);
  mh_json_begin_object (out, "tls");
  mh_json_null (out, "fingerprint");
  mh_json_end_object (out);
  mh_json_begin_object (out, "at_rest");
  mh_json_bool (out, "enabled", TRUE);
  mh_json_string (out, "provider", "file");
  mh_json_end_object (out);
  network_to_json (out, &network);
  mh_json_end_object (out);

  return TRUE;
}

/* Whatever can be refused is refused before anything is written. */
static gboolean
set_up (MhSystem *system, const MhSystemSetup *body, GError **error)
{
  const char *const *peers = (const char *const *) body->bootstrap_peers;

  if (body->password != NULL && mh_auth_has_password (system->auth))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_CONFLICT, "a password is already set");
      return FALSE;
    }
  if (!mh_mesh_set_up (system->mesh, body->swarm_key, peers, error))
    return FALSE;
  if (body->password == NULL || mh_auth_set_first_password (system->auth, body->password, error))
    return TRUE;

  g_prefix_error (error, "the swarm key is set, but not the password: ");

  return FALSE;
}

gboolean
system_setup (MhRequest *request, const MhSystemSetup *body, MhJson *out, GError **error)
{
  MhSystem *system = mh_request_service (request, "system");
  gboolean ok = FALSE;

  if (!mh_config_check_swarm_key (body->swarm_key, error))
    return FALSE;

  g_mutex_lock (&system->setup);
  ok = set_up (system, body, error);
  g_mutex_unlock (&system->setup);

  if (!ok)
    return FALSE;

  mh_audit_record (system->audit, request, "config.change", "swarm_key", "first-boot setup");
  if (body->password != NULL)
    mh_audit_record (system->audit, request, "auth.password_set", MH_AUTH_OWNER,
                     "first-boot setup");
  mh_bus_publish (mh_core_bus (system->core), "status_changed", NULL);

  return TRUE;
}

static void
sample_to_json (MhJson *out, const MhSample *sample)
{
  mh_json_begin_object (out, NULL);
  mh_json_int (out, "ts_ms", sample->ts_ms);
  mh_json_double (out, "cpu_percent", sample->cpu_percent);
  mh_json_int (out, "rss_bytes", sample->rss_bytes);
  mh_json_int (out, "fds", sample->fds);
  mh_json_int (out, "threads", sample->threads);
  mh_json_int (out, "bytes_in", sample->bytes_in);
  mh_json_int (out, "bytes_out", sample->bytes_out);
  mh_json_int (out, "requests", sample->requests);
  mh_json_double (out, "request_p95_ms", sample->request_p95_ms);
  mh_json_int (out, "disk_free_bytes", sample->disk_free_bytes);
  mh_json_int (out, "store_bytes", sample->store_bytes);
  mh_json_end_object (out);
}

gboolean
system_metrics (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhSystem *system = mh_request_service (request, "system");
  const MhSystemMetricsQuery *query = mh_request_query (request);
  g_autoptr (GArray) samples =
      mh_metrics_read (system->metrics, query->from, query->has_to ? query->to : G_MAXINT64, error);

  if (samples == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_int (out, "interval_ms", MH_METRICS_INTERVAL_MS);
  mh_json_begin_array (out, "samples");
  for (guint i = 0; i < samples->len; i++)
    sample_to_json (out, &g_array_index (samples, MhSample, i));
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
system_browse (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  const MhSystemBrowseQuery *query = mh_request_query (request);
  g_autoptr (MhHostFolder) folder = mh_host_folder_read (query->path, error);

  if (folder == NULL)
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_string (out, "path", folder->path);
  mh_json_string (out, "parent", folder->parent);
  mh_json_begin_array (out, "dirs");
  for (guint i = 0; i < folder->dirs->len; i++)
    {
      const MhHostEntry *entry = g_ptr_array_index (folder->dirs, i);

      mh_json_begin_object (out, NULL);
      mh_json_string (out, "name", entry->name);
      mh_json_string (out, "path", entry->path);
      mh_json_bool (out, "writable", entry->writable);
      mh_json_end_object (out);
    }
  mh_json_end_array (out);
  mh_json_end_object (out);

  return TRUE;
}

static gpointer
start (MhCore *core, GError **error)
{
  MhSystem *self = g_new0 (MhSystem, 1);

  self->core = core;
  self->audit = mh_core_service (core, "audit");
  self->auth = mh_core_service (core, "auth");
  self->mesh = mh_core_service (core, "mesh");
  self->metrics = mh_metrics_new (core);
  g_mutex_init (&self->setup);

  return self;
}

static void
stop (gpointer service)
{
  MhSystem *self = service;

  mh_metrics_free (self->metrics);
  g_mutex_clear (&self->setup);
  g_free (self);
}

extern const MhMigration mh_system_migrations[];

static const char *const requires[] = { "audit", "auth", "mesh", NULL };

const MhModule mh_system_module = {
  .name = "system",
  .requires = requires,
  .migrations = mh_system_migrations,
  .start = start,
  .stop = stop,
};
