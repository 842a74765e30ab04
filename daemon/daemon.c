/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon.h"

#include "base/ipc-path.h"
#include "core/ipc.h"
#include "core/log.h"
#include "core/module.h"
#include "crypto/crypto.h"
#include "modules/auth/auth.h"
#include "modules/modules.h"

#include <unistd.h>

#define TOKEN_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

struct _MhDaemon
{
  GMainLoop *loop;  /* (unowned) */
  MhCore *core;     /* (owned) */
  MhServer *server; /* (owned) */
  MhIpc *ipc;       /* (owned) */
};

static void
answer_ticket (MhDaemon *self, MhJson *json)
{
  MhAuth *auth = mh_core_service (self->core, "auth");
  gint64 expires_ms = 0;
  g_autofree char *ticket = mh_auth_new_ticket (auth, &expires_ms);
  g_autofree char *url = g_strconcat (mh_server_url (self->server), "?bootstrap=", ticket, NULL);

  mh_json_string (json, "ticket", ticket);
  mh_json_int (json, "expires_at_ms", expires_ms);
  mh_json_string (json, "url", url);
}

static void
answer_token (MhDaemon *self, MhJson *json)
{
  MhAuth *auth = mh_core_service (self->core, "auth");
  g_autoptr (GError) error = NULL;
  MhAuthTerms terms = { "owner", "cli", "local", MH_REALMS_ALL, TOKEN_MS };
  g_autoptr (MhAuthGrant) grant = mh_auth_open_session (auth, &terms, &error);

  if (grant == NULL)
    {
      mh_json_string (json, "error", error->message);
      return;
    }

  mh_json_string (json, "token", grant->token);
  mh_json_int (json, "expires_at_ms", grant->expires_ms);
}

/* Returns: what people call it, with a sentence about it in @detail: (transfer full) */
static const char *
state_of (MhCore *core, char **detail)
{
  g_auto (MhNetworkStatus) network = { 0 };

  *detail = mh_core_dup_fault (core);
  if (*detail != NULL)
    return "attention";

  mh_core_get_network (core, &network);
  switch (network.state)
    {
    case MH_NETWORK_STARTING:
      return "starting";
    case MH_NETWORK_OFFLINE:
      *detail = g_strdup ("no network is connected");
      return "offline";
    case MH_NETWORK_FAILED:
      *detail = g_strdup (network.error);
      return "attention";
    case MH_NETWORK_ONLINE:
      *detail = network.peers == 1
                    ? g_strdup_printf ("%s: 1 other machine", network.name)
                    : g_strdup_printf ("%s: %u other machines", network.name, network.peers);
      return "ready";
    case MH_NETWORK_NONE:
      break;
    }

  return "ready";
}

static void
answer_status (MhDaemon *self, MhJson *json)
{
  g_autofree char *detail = NULL;
  const char *state = state_of (self->core, &detail);

  mh_json_string (json, "state", state);
  mh_json_string (json, "detail", detail != NULL ? detail : "");
  mh_json_string (json, "url", mh_server_url (self->server));
  mh_json_int (json, "pid", getpid ());
  mh_json_string (json, "version", MH_VERSION);
}

static void
answer_hello (MhDaemon *self, MhJson *json)
{
  mh_json_string (json, "version", MH_VERSION);
  mh_json_int (json, "pid", getpid ());
  mh_json_string (json, "url", mh_server_url (self->server));
  mh_json_string (json, "home", mh_core_home (self->core));
}

static void
answer_quit (MhDaemon *self, MhJson *json)
{
  mh_json_bool (json, "ok", TRUE);
  g_main_loop_quit (self->loop);
}

static char *
ipc_cb (JsonObject *request, gpointer user_data)
{
  static const struct
  {
    const char *op;
    void (*answer) (MhDaemon *self, MhJson *json);
  } ops[] = {
    { "hello", answer_hello }, { "status", answer_status }, { "ticket", answer_ticket },
    { "token", answer_token }, { "quit", answer_quit },
  };
  const char *op = mh_json_member (request, "op");
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    if (g_strcmp0 (op, ops[i].op) == 0)
      {
        ops[i].answer (user_data, json);
        mh_json_end_object (json);
        return mh_json_steal (json);
      }

  mh_json_string (json, "error", op != NULL ? "unknown op" : "op is missing");
  mh_json_end_object (json);

  return mh_json_steal (json);
}

static MhServer *
make_server (MhCore *core)
{
  const MhConfig *config = mh_core_config (core);
  MhServerOptions options = {
    .routes = mh_routes,
    .n_routes = mh_n_routes,
    .page_prefix = "/com/meshhold/page/",
    .allowed_hosts = (const char *const *) config->allowed_hosts,
    .max_connections = (guint) config->max_conns,
    .idle_timeout_s = (guint) (config->idle_timeout_ms / 1000),
    .max_header_bytes = (gsize) config->max_header_bytes,
    .max_upload_bytes = (guint64) config->max_upload_bytes,
  };
  MhServer *server = mh_server_new (&options);
  MhAuthenticator authenticator = mh_auth_authenticator (mh_core_service (core, "auth"));

  mh_server_set_authenticator (server, &authenticator);
  for (guint i = 0; mh_modules[i] != NULL; i++)
    mh_server_set_service (server, mh_modules[i]->name,
                           mh_core_service (core, mh_modules[i]->name));
  mh_core_set_server (core, server);

  return server;
}

static MhConfig *
read_config (const MhDaemonOptions *options, const char *home, GError **error)
{
  g_autofree char *path = g_build_filename (home, "config.yaml", NULL);
  g_autoptr (MhConfig) config = mh_config_load (path, error);

  if (config == NULL)
    return NULL;

  mh_log_setup (options->log_level != NULL ? options->log_level : config->log_level,
                options->log_format != NULL ? options->log_format : config->log_format);

  return g_steal_pointer (&config);
}

static gboolean
start (MhDaemon *self, const MhDaemonOptions *options, GError **error)
{
  g_autofree char *fallback = mh_ipc_default_home ();
  MhCoreOptions core_options = { options->home != NULL ? options->home : fallback,
                                 options->listen };
  g_autofree char *ipc_path = mh_ipc_default_path (options->home);
  MhConfig *config = NULL;

  if (!mh_crypto_init (error))
    return FALSE;

  config = read_config (options, core_options.home, error);
  if (config == NULL)
    return FALSE;

  self->core = mh_core_new (&core_options, config, error);
  if (self->core == NULL || !mh_core_start_modules (self->core, mh_modules, error))
    return FALSE;

  self->server = make_server (self->core);
  if (!mh_server_listen (self->server, mh_core_listen (self->core), error))
    return FALSE;

  self->ipc = mh_ipc_new (ipc_path, ipc_cb, self, error);

  return self->ipc != NULL;
}

MhDaemon *
mh_daemon_new (const MhDaemonOptions *options, GMainLoop *loop, GError **error)
{
  g_autoptr (MhDaemon) self = g_new0 (MhDaemon, 1);

  self->loop = loop;
  if (!start (self, options, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
mh_daemon_free (MhDaemon *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->ipc, mh_ipc_free);
  /* First no more requests, then no more modules, then nobody who asks the server. */
  if (self->server != NULL)
    mh_server_stop (self->server);
  if (self->core != NULL)
    mh_core_stop_modules (self->core);
  g_clear_pointer (&self->server, mh_server_free);
  g_clear_pointer (&self->core, mh_core_free);
  g_free (self);
}

const char *
mh_daemon_url (MhDaemon *self)
{
  return mh_server_url (self->server);
}
