/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/encoding.h"
#include "crypto/hash.h"

#include <string.h>

static const char *
mime_of (const char *path)
{
  static const char *const types[][2] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".ico", "image/x-icon" },
    { ".webmanifest", "application/manifest+json" },
    { ".woff2", "font/woff2" },
    { ".txt", "text/plain; charset=utf-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (path, types[i][0]))
      return types[i][1];

  /* a page without an ending, such as /api/docs */
  return strchr (path, '.') == NULL ? types[0][1] : "application/octet-stream";
}

static GBytes *
look_up (MhServer *server, const char *path, const char *suffix)
{
  g_autofree char *name = g_strconcat (server->page_prefix, path, suffix, NULL);

  /* The resources of the page and of the documentation register themselves at start. */
  return g_resources_lookup_data (name, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

static char *
etag_of (GBytes *bytes)
{
  guint8 hash[MH_SHA256_SIZE];
  g_autofree char *hex = NULL;

  mh_sha256 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), hash);
  hex = mh_hex_encode (hash, 8);

  return g_strdup (hex);
}

/* The build puts a hash into the name of everything below assets/, so that may be kept for ever. */
static void
set_caching (MhRequest *request, const char *path, const char *etag)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", etag);

  mh_request_set_header (request, "ETag", quoted);
  mh_request_set_header (request, "Cache-Control",
                         g_str_has_prefix (path, "assets/") ? "public, max-age=31536000, immutable"
                                                            : "no-cache");
}

gboolean
mh_page_serve (MhRequest *request)
{
  MhServer *server = request->server;
  g_autofree char *decoded = mh_percent_decode (request->path, -1, FALSE);
  const char *path = decoded != NULL ? decoded + 1 : "";
  const char *accepted = mh_request_header (request, "Accept-Encoding");
  const char *known = mh_request_header (request, "If-None-Match");
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *etag = NULL;

  if (server->page_prefix == NULL || decoded == NULL || g_str_has_suffix (path, ".gz"))
    return FALSE;

  if (path[0] == '\0')
    path = "index.html";
  if (accepted != NULL && strstr (accepted, "gzip") != NULL)
    bytes = look_up (server, path, ".gz");
  if (bytes != NULL)
    mh_request_set_header (request, "Content-Encoding", "gzip");
  else
    bytes = look_up (server, path, "");
  if (bytes == NULL)
    return FALSE;

  etag = etag_of (bytes);
  mh_request_set_header (request, "Vary", "Accept-Encoding");
  set_caching (request, path, etag);
  /* also on 304: the type decides which Content-Security-Policy the browser keeps with the page */
  mh_request_set_header (request, "Content-Type", mime_of (path));
  if (known != NULL && mh_etag_matches (known, etag, MH_ETAG_WEAK))
    mh_reply_bytes (request, 304, NULL, NULL);
  else
    mh_reply_bytes (request, 200, mime_of (path), bytes);

  return TRUE;
}
