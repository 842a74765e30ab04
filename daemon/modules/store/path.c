/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/error.h"

#define SHOWN_CHARACTERS 80

static gboolean
refuse (const char *path, const char *rule, GError **error)
{
  g_autofree char *valid = g_utf8_make_valid (path, -1);
  g_autofree char *shown =
      g_utf8_substring (valid, 0, MIN (g_utf8_strlen (valid, -1), SHOWN_CHARACTERS));

  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "path %s: %s", shown, rule);

  return FALSE;
}

/* Returns: (nullable): the rule that a segment breaks */
static const char *
broken_rule (const char *segment, gsize size)
{
  if (size == 0)
    return "an empty segment";
  if (size > MH_NAME_MOST)
    return "a segment of more than 255 bytes";
  if (size <= 2 && strncmp (segment, "..", size) == 0)
    return "a segment . or ..";

  return NULL;
}

gboolean
mh_store_check_path (const char *path, GError **error)
{
  const char *segment;

  if (!g_utf8_validate (path, -1, NULL))
    return refuse (path, "not UTF-8", error);
  if (path[0] != '/')
    return refuse (path, "does not begin with /", error);
  if (strlen (path) > MH_PATH_MOST)
    return refuse (path, "more than 4096 bytes", error);

  segment = path + 1;
  while (TRUE)
    {
      gsize size = strcspn (segment, "/");
      const char *rule = broken_rule (segment, size);

      if (rule != NULL)
        return refuse (path, rule, error);
      if (segment[size] == '\0')
        return TRUE;
      segment += size + 1;
    }
}
