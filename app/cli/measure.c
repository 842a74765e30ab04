/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/measure.h"

#include <string.h>

#include <glib/gi18n.h>

#include "client/client.h"

static const char units_of_time[] = "dhms";
static const gint64 ms_of_time[] = { 86400000, 3600000, 60000, 1000 };

gboolean
mh_cli_parse_size (const char *text, gint64 *bytes, GError **error)
{
  static const char units[] = "KMGTP";
  char *end = NULL;
  guint64 number = g_ascii_strtoull (text, &end, 10);
  const char *unit = *end != '\0' ? strchr (units, g_ascii_toupper (*end)) : NULL;
  guint shift = unit != NULL ? 10 * (guint) (unit - units + 1) : 0;
  gboolean good =
      end != text
      && (unit == NULL ? *end == '\0' : end[1] == '\0' || g_ascii_strcasecmp (end + 1, "iB") == 0);

  if (g_ascii_strcasecmp (text, "none") == 0)
    good = TRUE;
  else if (good && number > (guint64) G_MAXINT64 >> shift)
    good = FALSE;
  *bytes = (gint64) (number << shift);
  if (!good)
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                 _ ("“%s” is no size such as 500GiB, or none"), text);

  return good;
}

gboolean
mh_cli_parse_time (const char *text, gint64 *ms, GError **error)
{
  char *end = NULL;
  gint64 number = g_ascii_strtoll (text, &end, 10);
  const char *unit = *end != '\0' ? strchr (units_of_time, *end) : NULL;

  if (end == text || number < 0 || unit == NULL || end[1] != '\0'
      || number > G_MAXINT64 / ms_of_time[unit - units_of_time])
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                   _ ("“%s” is no time such as 30d, 12h, 10m or 90s"), text);
      return FALSE;
    }
  *ms = number * ms_of_time[unit - units_of_time];

  return TRUE;
}

char *
mh_cli_format_time (gint64 ms)
{
  for (guint i = 0; i < G_N_ELEMENTS (ms_of_time); i++)
    if (ms != 0 && ms % ms_of_time[i] == 0)
      return g_strdup_printf ("%" G_GINT64_FORMAT "%c", ms / ms_of_time[i], units_of_time[i]);

  return ms == 0 ? g_strdup ("0s") : g_strdup_printf ("%" G_GINT64_FORMAT "ms", ms);
}
