/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "portmap-line.h"

#include <string.h>

#include "base/printable.h"

#define MAPPED "mapped "
#define FAILED "failed "

void
mh_portmap_line_clear (MhPortmapLine *line)
{
  g_clear_pointer (&line->words, g_free);
}

gboolean
mh_portmap_line_is_address (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4
         && !g_inet_address_get_is_any (address) && !g_inet_address_get_is_loopback (address)
         && !g_inet_address_get_is_link_local (address)
         && !g_inet_address_get_is_multicast (address);
}

static MhPortmapSaid
take_mapped (const char *words, MhPortmapLine *out)
{
  g_auto (GStrv) parts = g_strsplit (words, " ", 3);
  guint64 port;

  if (g_strv_length (parts) != 2 || !mh_portmap_line_is_address (parts[0])
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, G_MAXUINT16, &port, NULL))
    return MH_PORTMAP_NONSENSE;

  out->words = g_strdup (parts[0]);
  out->port = (guint16) port;

  return MH_PORTMAP_MAPPED;
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

  out->words = mh_printable (line + strlen (FAILED), MH_PORTMAP_MAX_ERROR);

  return MH_PORTMAP_FAILED;
}
