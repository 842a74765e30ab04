/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "log.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  GLogLevelFlags most; /* the least severe level that is shown */
  gboolean json;
} Setup;

static const struct
{
  const char *name;
  GLogLevelFlags flag;
} levels[] = {
  { "error", G_LOG_LEVEL_CRITICAL },
  { "warn", G_LOG_LEVEL_WARNING },
  { "info", G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO },
  { "debug", G_LOG_LEVEL_DEBUG },
};

static guint
rank (GLogLevelFlags flags)
{
  if (flags & G_LOG_LEVEL_ERROR)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (flags & levels[i].flag)
      return i;

  return G_N_ELEMENTS (levels) - 1;
}

static const char *
field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key) && fields[i].length < 0)
      return fields[i].value;

  return NULL;
}

/* Our own fields, MH_IP and the like, become members in lower case. */
static void
add_members (MhJson *json, const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_has_prefix (fields[i].key, "MH_") && fields[i].length < 0)
      {
        g_autofree char *name = g_ascii_strdown (fields[i].key + 3, -1);

        mh_json_string (json, name, fields[i].value);
      }
}

static char *
line_of (const Setup *setup, GLogLevelFlags flags, const GLogField *fields, gsize n_fields)
{
  const char *message = field (fields, n_fields, "MESSAGE");
  const char *ip = field (fields, n_fields, "MH_IP");
  const char *level = levels[rank (flags)].name;
  gint64 now_us = g_get_real_time ();
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local (now_us / G_USEC_PER_SEC);
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S");

  if (setup->json)
    {
      g_autoptr (MhJson) json = mh_json_new ();
      g_autofree char *stamp = g_strdup_printf (
          "%" G_GINT64_FORMAT ".%06d", now_us / G_USEC_PER_SEC, (int) (now_us % G_USEC_PER_SEC));

      mh_json_begin_object (json, NULL);
      mh_json_string (json, "level", level);
      mh_json_raw (json, "ts", stamp);
      mh_json_string (json, "msg", message);
      add_members (json, fields, n_fields);
      mh_json_end_object (json);
      return mh_json_steal (json);
    }

  return g_strdup_printf ("%s %-5s %s%s%s", time, level, message != NULL ? message : "",
                          ip != NULL ? " ip=" : "", ip != NULL ? ip : "");
}

static GLogWriterOutput
write_cb (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const Setup *setup = user_data;

  if (rank (flags) <= rank (setup->most))
    {
      g_autofree char *line = line_of (setup, flags, fields, n_fields);

      fprintf (stderr, "%s\n", line);
    }

  return G_LOG_WRITER_HANDLED;
}

void
mh_log_setup (const char *level, const char *format)
{
  Setup *setup = g_new0 (Setup, 1);

  setup->json = g_str_equal (format, "json");
  setup->most = G_LOG_LEVEL_MESSAGE;
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_str_equal (levels[i].name, level))
      setup->most = levels[i].flag;
  g_log_set_writer_func (write_cb, setup, g_free);
}

void
mh_log_auth_failure (const char *address, const char *path, guint left)
{
  g_autofree char *remaining = g_strdup_printf ("%u", left);

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MH_IP", address, "MH_PATH", path,
                    "MH_REMAINING", remaining, "MESSAGE", "auth login failed");
}
