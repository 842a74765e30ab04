/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/pause.h"
#include "cli/place.h"
#include "cli/rate.h"
#include "cli/tty.h"

/* Between two looks at a transfer: a twentieth of the time it runs already, within these. */
#define SHORTEST_MS 20
#define LONGEST_MS 500

/* What import and export have in common. */
typedef struct
{
  MhCli *cli;    /* (unowned) */
  char *id;      /* (owned): of the transfer */
  guint columns; /* of the terminal; 0 for none */
  MhCliRate rate;
  MhCliPause *pause; /* (owned) */
  gboolean stopping; /* the person asked to stop */
} Copy;

static void
copy_clear (Copy *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->pause, mh_cli_pause_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Copy, copy_clear)

static char *
body_of (const char *host_path, const char *vault_path, const char *existing)
{
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "host_path", host_path);
  mh_json_string (json, "vault_path", vault_path);
  mh_json_string (json, "existing", existing);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

static gboolean
is_over (JsonObject *transfer)
{
  const char *state = mh_cli_str (transfer, "state");

  return g_strcmp0 (state, "waiting") != 0 && g_strcmp0 (state, "running") != 0;
}

static char *
count_text (JsonObject *transfer, const char *member)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT, mh_cli_int (transfer, member));
}

static void
draw (Copy *self, JsonObject *transfer)
{
  gint64 done = mh_cli_int (transfer, "bytes_done");
  gint64 total = mh_cli_bool (transfer, "counted") ? mh_cli_int (transfer, "bytes") : 0;
  g_autofree char *files = count_text (transfer, "files_done");
  g_autofree char *of = count_text (transfer, "files");
  g_autofree char *label = NULL;
  g_autofree char *line = NULL;

  if (self->columns == 0)
    return;

  /* TRANSLATORS: so many files of so many are done */
  label = g_strdup_printf (_ ("%s of %s files"), files, of);
  mh_cli_rate_update (&self->rate, (guint64) done, g_get_monotonic_time () / 1000);
  line = mh_cli_rate_line (&self->rate, (guint64) done, (guint64) total, label, self->columns - 1);
  g_printerr ("\r\033[K%s", line);
}

static char *
route_of (const Copy *self)
{
  return g_strdup_printf ("/api/v1/transfers/%s", self->id);
}

/* Asks the daemon to stop; what is copied stays. */
static gboolean
stop (Copy *self, GError **error)
{
  g_autofree char *route = route_of (self);
  g_autoptr (JsonNode) answer = NULL;

  self->stopping = TRUE;
  answer = mh_cli_api_call (self->cli->api, "DELETE", route, NULL, error);

  return answer != NULL;
}

/* Waits until the transfer is over. Returns: (transfer full): how it ended, or %NULL */
static JsonNode *
follow (Copy *self, GError **error)
{
  g_autofree char *route = route_of (self);
  gint64 started_us = g_get_monotonic_time ();

  while (TRUE)
    {
      g_autoptr (JsonNode) answer = NULL;
      gint64 elapsed_ms = (g_get_monotonic_time () - started_us) / 1000;

      answer = mh_cli_api_call (self->cli->api, "GET", route, NULL, error);
      if (answer == NULL || !JSON_NODE_HOLDS_OBJECT (answer))
        return NULL;

      draw (self, json_node_get_object (answer));
      if (is_over (json_node_get_object (answer)))
        return g_steal_pointer (&answer);

      if (mh_cli_pause_wait (self->pause, (guint) CLAMP (elapsed_ms / 20, SHORTEST_MS, LONGEST_MS))
          && !self->stopping && !stop (self, error))
        return NULL;
    }
}

static void
print_failures (JsonNode *answer)
{
  JsonArray *failures = mh_cli_array (answer, "failures");
  guint count = failures != NULL ? json_array_get_length (failures) : 0;
  gint64 all = mh_cli_int (json_node_get_object (answer), "files_failed");

  for (guint i = 0; i < count; i++)
    {
      JsonObject *failure = json_array_get_object_element (failures, i);
      g_autofree char *path = mh_cli_clean (mh_cli_str (failure, "path"));

      g_printerr ("meshhold: %s: %s\n", path, mh_cli_str (failure, "error"));
    }
  if (all > count)
    g_printerr ("meshhold: …\n");
}

static void
print_sums (JsonObject *transfer)
{
  g_autofree char *files = count_text (transfer, "files_done");
  g_autofree char *skipped = count_text (transfer, "files_skipped");
  g_autofree char *size = g_format_size ((guint64) mh_cli_int (transfer, "bytes_done"));

  /* TRANSLATORS: files in all, their size, and how many of them were there before */
  mh_cli_print (_ ("%s files, %s; %s were there already\n"), files, size, skipped);
}

/* Says how it ended. Returns: %FALSE with @error set unless all went well */
static gboolean
conclude (Copy *self, JsonNode *answer, GError **error)
{
  JsonObject *transfer = json_node_get_object (answer);
  gint64 failed = mh_cli_int (transfer, "files_failed");
  const char *state = mh_cli_str (transfer, "state");

  if (self->columns > 0)
    g_printerr ("\n");
  if (self->cli->json)
    mh_cli_print_json (answer);
  else
    print_failures (answer);

  if (g_strcmp0 (state, "cancelled") == 0)
    g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
                         _ ("stopped; the same command goes on from here"));
  else if (g_strcmp0 (state, "done") != 0)
    g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
                         mh_cli_str (transfer, "error"));
  else if (failed > 0)
    g_set_error (
        error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED,
        g_dngettext (GETTEXT_PACKAGE, "%u file failed", "%u files failed", (gulong) failed),
        (guint) failed);
  else if (!self->cli->json)
    print_sums (transfer);

  return g_strcmp0 (state, "done") == 0 && failed == 0;
}

/* Begins a transfer and, unless @detach, stays until it is over. */
static gboolean
run (MhCli *cli, char *route, char *body, gboolean detach, GError **error)
{
  g_auto (Copy) copy = { cli };
  g_autofree char *owned_route = route;
  g_autofree char *owned_body = body;
  g_autoptr (JsonNode) begun = NULL;
  g_autoptr (JsonNode) ended = NULL;

  copy.pause = mh_cli_pause_new ();
  begun = mh_cli_api_call (cli->api, "POST", route, body, error);
  if (begun == NULL || !JSON_NODE_HOLDS_OBJECT (begun))
    return FALSE;

  copy.id = g_strdup (mh_cli_str (json_node_get_object (begun), "id"));
  if (detach && cli->json)
    mh_cli_print_json (begun);
  else if (detach)
    mh_cli_print ("%s\n", copy.id);
  if (detach)
    return TRUE;

  copy.columns = cli->json ? 0 : mh_cli_tty_columns ();
  ended = follow (&copy, error);

  return ended != NULL && conclude (&copy, ended, error);
}

gboolean
mh_cli_copy_import (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean detach = FALSE;
  gboolean skip = FALSE;
  const GOptionEntry entries[] = {
    { "detach", 'd', 0, G_OPTION_ARG_NONE, &detach, N_ ("Print the id of the transfer and leave"),
      NULL },
    { "skip-existing", 0, 0, G_OPTION_ARG_NONE, &skip,
      N_ ("Leave files alone that the vault has already"), NULL },
    { NULL },
  };
  g_autoptr (MhCliPlace) place = NULL;
  g_autofree char *host_path = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  place = mh_cli_place_new (cli, (*args)[1], error);
  if (place == NULL)
    return FALSE;
  host_path = g_canonicalize_filename ((*args)[0], NULL);

  return run (cli, g_strdup_printf ("/api/v1/vaults/%s/import", place->vault_id),
              body_of (host_path, place->path, skip ? "skip" : "replace"), detach, error);
}

gboolean
mh_cli_copy_export (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  gboolean detach = FALSE;
  gboolean replace = FALSE;
  const GOptionEntry entries[] = {
    { "detach", 'd', 0, G_OPTION_ARG_NONE, &detach, N_ ("Print the id of the transfer and leave"),
      NULL },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &replace, N_ ("Replace files that are there and differ"),
      NULL },
    { NULL },
  };
  g_autoptr (MhCliPlace) place = NULL;
  g_autofree char *host_path = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  place = mh_cli_place_new (cli, (*args)[0], error);
  if (place == NULL)
    return FALSE;
  host_path = g_canonicalize_filename ((*args)[1], NULL);

  return run (cli, g_strdup_printf ("/api/v1/vaults/%s/export", place->vault_id),
              body_of (host_path, place->path, replace ? "replace" : "skip"), detach, error);
}
