/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "igd-private.h"

#include <string.h>

static const char *const targets[MH_IGD_TARGETS] = {
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
};

GBytes *
mh_igd_search (guint number)
{
  char *text;

  g_return_val_if_fail (number < MH_IGD_TARGETS, NULL);

  text = g_strdup_printf ("M-SEARCH * HTTP/1.1\r\n"
                          "HOST: %s:%d\r\n"
                          "MAN: \"ssdp:discover\"\r\n"
                          "MX: %d\r\n"
                          "ST: %s\r\n"
                          "\r\n",
                          MH_IGD_GROUP, MH_IGD_GROUP_PORT, MH_IGD_ANSWER_S, targets[number]);

  return g_bytes_new_take (text, strlen (text));
}

/* Whether the first line is that of an answer, or of an announcement (UDA 1.1.2, 1.2.3). */
static gboolean
tells_of_a_device (const char *line)
{
  return g_str_has_prefix (line, "HTTP/1.1 200 ") || g_str_has_prefix (line, "HTTP/1.0 200 ")
         || g_str_equal (line, "NOTIFY * HTTP/1.1");
}

GUri *
mh_igd_location (const guint8 *data, gsize size)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (size == 0 || size > MH_IGD_MAX_DATAGRAM
      || !g_utf8_validate ((const char *) data, (gssize) size, NULL))
    return NULL;

  text = g_strndup ((const char *) data, size);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strchomp (lines[i]);
      char *value = strchr (line, ':');

      if (i == 0 && !tells_of_a_device (line))
        return NULL;
      if (i == 0 || value == NULL)
        continue;
      *value++ = '\0';
      if (g_ascii_strcasecmp (g_strchomp (line), "location") == 0)
        return mh_igd_uri (NULL, g_strstrip (value));
    }

  return NULL;
}
