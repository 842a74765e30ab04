/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "base/encoding.h"
#include "http/route.h"

#include <string.h>

static const MhRoute routes[] = {
  { .id = "list", .method = "GET", .path = "/api/v1/vaults" },
  { .id = "one", .method = "GET", .path = "/api/v1/vaults/{vault}" },
  { .id = "file", .method = "GET", .path = "/api/v1/vaults/{vault}/files/{path*}" },
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *path = g_strndup ((const char *) data, size);
  g_autofree char *rooted = g_strconcat ("/", path, NULL);
  g_autofree char *spaced = mh_percent_decode (path, -1, TRUE);
  g_autoptr (MhRouter) router = mh_router_new (routes, G_N_ELEMENTS (routes));
  g_autoptr (GHashTable) params = NULL;
  g_autofree char *allow = NULL;

  mh_router_match (router, "GET", rooted, &params, &allow, NULL);
  if (spaced != NULL && !g_utf8_validate (spaced, -1, NULL))
    __builtin_trap ();

  return 0;
}
