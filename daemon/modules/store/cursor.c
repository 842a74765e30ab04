/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cursor.h"

#include <string.h>

#include "base/error.h"

/* Base64 of the kind, row number, ":" and text. */
char *
mh_cursor_encode (char kind, gint64 ref, const char *text)
{
  g_autofree char *plain = g_strdup_printf ("%c%" G_GINT64_FORMAT ":%s", kind, ref, text);
  char *encoded = g_base64_encode ((const guchar *) plain, strlen (plain));

  g_strdelimit (encoded, "+", '-');

  return g_strdelimit (encoded, "/", '_');
}

gboolean
mh_cursor_decode (const char *encoded, const char *kinds, MhCursor *cursor, GError **error)
{
  g_autofree char *copy = g_strdup (encoded);
  g_autofree char *plain = NULL;
  char *colon = NULL;
  gsize size = 0;

  g_strdelimit (copy, "-", '+');
  g_strdelimit (copy, "_", '/');
  plain = (char *) g_base64_decode (copy, &size);
  plain = g_realloc (plain, size + 1);
  plain[size] = '\0';
  if (size > 2 && strchr (kinds, plain[0]) != NULL && g_utf8_validate (plain, (gssize) size, NULL))
    cursor->ref = g_ascii_strtoll (plain + 1, &colon, 10);

  if (colon == NULL || *colon != ':')
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "cursor: not one that was given out");
      return FALSE;
    }

  cursor->kind = plain[0];
  cursor->text = g_strdup (colon + 1);

  return TRUE;
}
