/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "printable.h"

char *
mh_printable (const char *text, gsize most_bytes)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (!g_unichar_isprint (c))
        c = ' ';
      if (out->len + (gsize) g_unichar_to_utf8 (c, NULL) > most_bytes)
        break;
      g_string_append_unichar (out, c);
    }

  return g_strstrip (g_string_free (out, FALSE));
}
