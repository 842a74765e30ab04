/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/p2p/portmap/portmap-line.h"

/* Takes lines until there is none, and notes them. Returns: whether more may come */
static gboolean
take_all (GString *said, GString *noted)
{
  for (;;)
    {
      g_auto (MhPortmapLine) line = { NULL };
      MhPortmapSaid what = mh_portmap_line_take (said, &line);

      if (what == MH_PORTMAP_MORE)
        {
          g_assert (said->len <= MH_PORTMAP_MAX_LINE);
          return TRUE;
        }
      g_assert ((line.words == NULL) == (what == MH_PORTMAP_NONSENSE));
      g_assert (line.words == NULL || strlen (line.words) <= MH_PORTMAP_MAX_ERROR);
      g_assert ((line.port != 0) == (what == MH_PORTMAP_MAPPED));
      for (const char *at = line.words; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
        g_assert (g_unichar_isprint (g_utf8_get_char (at)));
      g_string_append_printf (noted, "%d %s %u\n", what, line.words, line.port);
      if (what == MH_PORTMAP_NONSENSE) /* it is ended then */
        return FALSE;
    }
}

/* However the bytes are cut, the lines are the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = g_string_new_len ((const char *) data, (gssize) size);
  g_autoptr (GString) pieces = g_string_new (NULL);
  g_autoptr (GString) one = g_string_new (NULL);
  g_autoptr (GString) two = g_string_new (NULL);

  gboolean is_good = TRUE;

  (void) take_all (whole, one);
  for (gsize i = 0; i < size && is_good; i++)
    {
      g_string_append_c (pieces, (char) data[i]);
      is_good = take_all (pieces, two);
    }
  g_assert_cmpstr (one->str, ==, two->str);

  return 0;
}
