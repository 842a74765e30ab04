/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap-line.h"

#include <string.h>

#define MAPPED "mapped "
#define FAILED "failed "

void
mh_portmap_line_clear (MhPortmapLine *line)
{
  g_clear_pointer (&line->words, g_free);
}

static MhPortmapSaid
take_mapped (const char *words, MhPortmapLine *out)
{
  g_auto (GStrv) parts = g_strsplit (words, " ", 3);
  g_autoptr (GInetAddress) address = NULL;
  guint64 port;

  if (g_strv_length (parts) != 2
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, G_MAXUINT16, &port, NULL))
    return MH_PORTMAP_NONSENSE;
  address = g_inet_address_new_from_string (parts[0]);
  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4)
    return MH_PORTMAP_NONSENSE;

  out->words = g_strdup (parts[0]);
  out->port = (guint16) port;

  return MH_PORTMAP_MAPPED;
}

/* Returns: (transfer full): @words without what does something to a terminal, or cannot be seen */
static char *
make_printable (const char *words)
{
  GString *out = g_string_new (NULL);

  for (const char *at = words; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (out, g_unichar_isprint (c) ? c : ' ');
    }

  return g_string_free (out, FALSE);
}

MhPortmapSaid
mh_portmap_line_take (GString *said, MhPortmapLine *out)
{
  const char *end = memchr (said->str, '\n', said->len);
  gsize size = end != NULL ? (gsize) (end - said->str) : said->len;
  g_autofree char *line = NULL;

  if (size > MH_PORTMAP_MAX_LINE)
    return MH_PORTMAP_NONSENSE;
  if (end == NULL)
    return MH_PORTMAP_MORE;

  line = g_strndup (said->str, size);
  g_string_erase (said, 0, (gssize) size + 1);
  if (strlen (line) != size || !g_utf8_validate (line, -1, NULL))
    return MH_PORTMAP_NONSENSE;
  if (g_str_has_prefix (line, MAPPED))
    return take_mapped (line + strlen (MAPPED), out);
  if (!g_str_has_prefix (line, FAILED))
    return MH_PORTMAP_NONSENSE;

  out->words = make_printable (line + strlen (FAILED));

  return MH_PORTMAP_FAILED;
}
