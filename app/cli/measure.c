/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/measure.h"

#include <locale.h>
#include <string.h>

#include <glib/gi18n.h>

#include "client/client.h"

#define NO_BREAK_SPACE "\xc2\xa0"

static const char units_of_time[] = "dhms";
static const gint64 ms_of_time[] = { 86400000, 3600000, 60000, 1000 };

/* Returns: how many bytes a unit is: of 1024 (KiB, K) or of 1000 (kB); 0 when it is none */
static guint64
unit_of (const char *text)
{
  static const char units[] = "KMGTP";
  const char *unit = *text != '\0' ? strchr (units, g_ascii_toupper (*text)) : NULL;
  gboolean is_binary;
  guint64 out = 1;

  if (*text == '\0' || g_ascii_strcasecmp (text, "B") == 0)
    return 1;
  if (unit == NULL || (g_ascii_isupper (*text) && strchr (text, 'b') != NULL)) /* Mb: bits */
    return 0;
  is_binary = text[1] == '\0' || g_ascii_strcasecmp (text + 1, "iB") == 0;
  if (!is_binary && g_ascii_strcasecmp (text + 1, "B") != 0)
    return 0;
  for (const char *at = units; at <= unit; at++)
    out *= is_binary ? 1024 : 1000;

  return out;
}

/* Reads what follows the point of a number, if @text begins with one, be it that of the locale,
 * with which sizes are printed. Returns: where it ends */
static const char *
read_fraction (const char *text, double *fraction)
{
  const char *point = localeconv ()->decimal_point;
  gsize skip = *text == '.' ? 1 : 0;
  double place = 0.1;

  *fraction = 0;
  if (skip == 0 && *point != '\0' && g_str_has_prefix (text, point))
    skip = strlen (point);
  if (skip == 0 || !g_ascii_isdigit (text[skip]))
    return text;
  for (text += skip; g_ascii_isdigit (*text); text++)
    {
      *fraction += place * g_ascii_digit_value (*text);
      place /= 10;
    }

  return text;
}

static gboolean
read_size (const char *text, gint64 *bytes)
{
  char *end = NULL;
  guint64 number = g_ascii_strtoull (text, &end, 10);
  double fraction;
  const char *rest = read_fraction (end, &fraction);
  guint64 unit;

  if (*rest == ' ')
    rest++;
  else if (g_str_has_prefix (rest, NO_BREAK_SPACE)) /* as we print it */
    rest += strlen (NO_BREAK_SPACE);
  unit = unit_of (rest);
  if (!g_ascii_isdigit (*text) || unit == 0 || (fraction > 0 && unit == 1)
      || number >= (guint64) G_MAXINT64 / unit)
    return FALSE;
  *bytes = (gint64) (number * unit + (guint64) (fraction * (double) unit + 0.5));

  return TRUE;
}

gboolean
mh_cli_parse_size (const char *text, gint64 *bytes, GError **error)
{
  *bytes = 0;
  if (g_ascii_strcasecmp (text, "none") == 0 || read_size (text, bytes))
    return TRUE;

  g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
               _ ("“%s” is no size such as 500GiB or 500GB, or none"), text);

  return FALSE;
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
