/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/measure.h"

/* The options; all (owned) (nullable). */
typedef struct
{
  char *hold;
  char *metered;
  char *down;
  char *up;
  char *absent;
  char *surplus;
} Settings;

static void
settings_clear (Settings *self)
{
  g_free (self->hold);
  g_free (self->metered);
  g_free (self->down);
  g_free (self->up);
  g_free (self->absent);
  g_free (self->surplus);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Settings, settings_clear)

typedef gboolean (*Parse) (const char *text, gint64 *value, GError **error);

/* What one option says; the contract calls it @member. */
typedef struct
{
  const char *option;
  const char *member;
  const char *text; /* (nullable) */
} Given;

static gboolean
add_number (MhJson *json, const Given *given, Parse parse, GError **error)
{
  gint64 value;

  if (given->text == NULL)
    return TRUE;
  if (!parse (given->text, &value, error))
    {
      g_prefix_error (error, "%s: ", given->option);
      return FALSE;
    }
  mh_json_int (json, given->member, value);

  return TRUE;
}

static gboolean
add_metered (MhJson *json, const char *text, GError **error)
{
  gboolean is_yes = g_strcmp0 (text, "yes") == 0;

  if (text == NULL)
    return TRUE;
  if (!is_yes && !g_str_equal (text, "no"))
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, _ ("“%s” is neither yes nor no"),
                   text);
      g_prefix_error (error, "--metered: ");
      return FALSE;
    }
  mh_json_bool (json, "metered", is_yes);

  return TRUE;
}

static gboolean
is_change (const Settings *self)
{
  return self->hold != NULL || self->metered != NULL || self->down != NULL || self->up != NULL
         || self->absent != NULL || self->surplus != NULL;
}

/* Returns: (transfer full): the body, or %NULL */
static char *
body_of (const Settings *self, GError **error)
{
  const Given sizes[] = { { "--hold", "hold", self->hold },
                          { "--download-rate", "download_rate", self->down },
                          { "--upload-rate", "upload_rate", self->up } };
  const Given times[] = { { "--absent-after", "absent_after_ms", self->absent },
                          { "--surplus-after", "surplus_after_ms", self->surplus } };
  g_autoptr (MhJson) json = mh_json_new ();

  mh_json_begin_object (json, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (!add_number (json, &sizes[i], mh_cli_parse_size, error))
      return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    if (!add_number (json, &times[i], mh_cli_parse_time, error))
      return NULL;
  if (!add_metered (json, self->metered, error))
    return NULL;
  mh_json_end_object (json);

  return mh_json_steal (json);
}

/* Returns: (transfer full) */
static char *
size_text (gint64 bytes, const char *none)
{
  return bytes == 0 ? g_strdup (none)
                    : g_format_size_full ((guint64) bytes, G_FORMAT_SIZE_IEC_UNITS);
}

static void
print_settings (JsonObject *settings)
{
  g_autofree char *hold = size_text (mh_cli_int (settings, "hold"), _ ("nothing"));
  g_autofree char *down = size_text (mh_cli_int (settings, "download_rate"), _ ("no limit"));
  g_autofree char *up = size_text (mh_cli_int (settings, "upload_rate"), _ ("no limit"));
  g_autofree char *absent = mh_cli_format_time (mh_cli_int (settings, "absent_after_ms"));
  g_autofree char *surplus = mh_cli_format_time (mh_cli_int (settings, "surplus_after_ms"));

  mh_cli_print (_ ("Kept for others at most:      %s\n"), hold);
  mh_cli_print (_ ("Line costs by the byte:       %s\n"),
                mh_cli_bool (settings, "metered") ? _ ("yes") : _ ("no"));
  mh_cli_print (_ ("Comes in a second at most:    %s\n"), down);
  mh_cli_print (_ ("Goes in a second at most:     %s\n"), up);
  mh_cli_print (_ ("Absent machines count for:    %s\n"), absent);
  mh_cli_print (_ ("Copies too many stay for:     %s\n"), surplus);
}

gboolean
mh_cli_settings (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  g_auto (Settings) wanted = { NULL };
  const GOptionEntry entries[] = {
    { "hold", 0, 0, G_OPTION_ARG_STRING, &wanted.hold,
      N_ ("Most that is kept for vaults of others, such as 100GiB, or none"), N_ ("SIZE") },
    { "metered", 0, 0, G_OPTION_ARG_STRING, &wanted.metered,
      N_ ("Whether the line costs by the byte: then only what somebody wants comes"),
      N_ ("yes|no") },
    { "download-rate", 0, 0, G_OPTION_ARG_STRING, &wanted.down,
      N_ ("Most that comes in a second, such as 5MiB, or none"), N_ ("SIZE") },
    { "upload-rate", 0, 0, G_OPTION_ARG_STRING, &wanted.up,
      N_ ("Most that goes in a second, such as 512KiB, or none"), N_ ("SIZE") },
    { "absent-after", 0, 0, G_OPTION_ARG_STRING, &wanted.absent,
      N_ ("How long a machine that is away counts for copies, such as 10m"), N_ ("TIME") },
    { "surplus-after", 0, 0, G_OPTION_ARG_STRING, &wanted.surplus,
      N_ ("How long blocks stay that enough others have, such as 30d"), N_ ("TIME") },
    { NULL },
  };
  const char *method = "GET";
  char *body = NULL;
  g_autoptr (JsonNode) answer = NULL;

  if (!mh_cli_parse (cli, command, entries, args, error))
    return FALSE;
  if (is_change (&wanted))
    {
      method = "PATCH";
      body = body_of (&wanted, error);
      if (body == NULL)
        return FALSE;
    }
  answer = mh_cli_call (cli, method, g_strdup ("/api/v1/sync/settings"), body, error);
  if (answer == NULL)
    return FALSE;
  if (!cli->json && JSON_NODE_HOLDS_OBJECT (answer))
    print_settings (json_node_get_object (answer));

  return TRUE;
}
