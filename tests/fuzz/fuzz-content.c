/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "http/access.h"
#include "http/content.h"

#include <string.h>

/* The input is split at line feeds into the headers that decide what is answered. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 6);
  guint count = g_strv_length (lines);
  MhContent content = { .size = size * 7, .etag = (char *) "tag" };
  MhConditions conditions = { .range = count > 0 ? lines[0] : NULL,
                              .if_range = count > 1 ? lines[1] : NULL,
                              .if_match = count > 2 ? lines[2] : NULL,
                              .if_none_match = count > 3 ? lines[3] : NULL };
  MhSelection selection = mh_content_select (&content, &conditions);
  g_autofree char *cookie = mh_cookie_get (count > 4 ? lines[4] : NULL, "name");
  g_autofree char *disposition = NULL;

  if (selection.start > selection.end || selection.end > content.size)
    __builtin_trap ();

  mh_host_is_allowed (count > 5 ? lines[5] : NULL, NULL);
  mh_token_kind (text);
  if (g_utf8_validate (text, -1, NULL))
    disposition = mh_content_disposition (TRUE, text);
  if (disposition != NULL && strpbrk (disposition, "\r\n") != NULL)
    __builtin_trap ();

  return 0;
}
