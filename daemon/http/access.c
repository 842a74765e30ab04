/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "access.h"

#include "base/error.h"
#include "crypto/hash.h"

#include <string.h>

typedef enum
{
  GUARD_NONE,
  GUARD_DOUBLE_SUBMIT, /* X-CSRF-Token must equal the session's secret */
  GUARD_ORIGIN,        /* Origin or Referer, when present, must match Host */
} Guard;

static const struct
{
  const char *cookie; /* (nullable) name of the session cookie */
  Guard guard;
} surfaces[] = {
  [MH_SURFACE_MESHHOLD] = { NULL, GUARD_NONE },
  [MH_SURFACE_CLOUDOS] = { "cloudos_session", GUARD_ORIGIN },
  [MH_SURFACE_FLEET] = { "fleet_session", GUARD_DOUBLE_SUBMIT },
  [MH_SURFACE_AGENTS] = { NULL, GUARD_NONE },
  [MH_SURFACE_TORRENTS] = { "mosaic_session", GUARD_ORIGIN },
};

MhTokenKind
mh_token_kind (const char *token)
{
  gsize length = strlen (token);
  guint dots = 0;

  if (g_str_has_prefix (token, "quaz_"))
    return MH_TOKEN_MCP_KEY;
  if (g_str_has_prefix (token, "mhk_"))
    return MH_TOKEN_API_KEY;

  for (gsize i = 0; i < length; i++)
    dots += token[i] == '.';
  if (dots == 2)
    return MH_TOKEN_JWT;

  if (length == 64 && strspn (token, "0123456789abcdef") == 64)
    return MH_TOKEN_SESSION;
  if (length == 43 && strspn (token, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") == 43)
    return MH_TOKEN_TORRENTS;

  return MH_TOKEN_UNKNOWN;
}

MhPrincipal *
mh_principal_new (const char *user_id, const char *name, const char *session_id, const char *csrf,
                  MhRealms realms)
{
  MhPrincipal *self = g_new0 (MhPrincipal, 1);

  g_atomic_ref_count_init (&self->refs);
  self->user_id = g_strdup (user_id);
  self->name = g_strdup (name);
  self->session_id = g_strdup (session_id);
  self->csrf = g_strdup (csrf);
  self->realms = realms;

  return self;
}

MhPrincipal *
mh_principal_ref (MhPrincipal *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

void
mh_principal_unref (MhPrincipal *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->user_id);
  g_free (self->name);
  g_free (self->session_id);
  g_free (self->csrf);
  g_free (self);
}

gboolean
mh_text_equal_secret (const char *a, const char *b)
{
  guint8 hash_a[MH_SHA256_SIZE];
  guint8 hash_b[MH_SHA256_SIZE];

  if (a == NULL || b == NULL)
    return FALSE;

  /* Comparing hashes hides the length too. */
  mh_sha256 ((const guint8 *) a, strlen (a), hash_a);
  mh_sha256 ((const guint8 *) b, strlen (b), hash_b);

  return mh_equal_constant_time (hash_a, hash_b, sizeof hash_a);
}

char *
mh_cookie_get (const char *cookies, const char *name)
{
  g_auto (GStrv) pairs = NULL;
  gsize length = strlen (name);

  if (cookies == NULL)
    return NULL;

  pairs = g_strsplit (cookies, ";", 64);
  for (guint i = 0; pairs[i] != NULL; i++)
    {
      const char *pair = g_strstrip (pairs[i]);

      if (strncmp (pair, name, length) == 0 && pair[length] == '=')
        return g_strdup (pair + length + 1);
    }

  return NULL;
}

/* The name in a Host header or an authority, without port and in lower case. */
static char *
host_name (const char *host)
{
  const char *end = NULL;

  if (host[0] == '[')
    end = strchr (host, ']');
  if (end != NULL)
    return g_ascii_strdown (host + 1, end - host - 1);

  end = strrchr (host, ':');

  return g_ascii_strdown (host, end != NULL ? end - host : -1);
}

gboolean
mh_host_is_allowed (const char *host, const char *const *allowed)
{
  g_autofree char *name = NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (host == NULL)
    return TRUE;

  name = host_name (host);
  if (g_str_equal (name, "localhost") || g_str_has_suffix (name, ".localhost"))
    return TRUE;

  address = g_inet_address_new_from_string (name);
  if (address != NULL && g_inet_address_get_is_loopback (address))
    return TRUE;

  for (guint i = 0; allowed != NULL && allowed[i] != NULL; i++)
    if (g_ascii_strcasecmp (allowed[i], name) == 0)
      return TRUE;

  return FALSE;
}

static gboolean
authority_matches (const char *url, const char *host)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_PARSE_RELAXED, NULL);
  g_autofree char *authority = NULL;
  g_autofree char *name = NULL;
  const char *port = NULL;

  if (uri == NULL || host == NULL || g_uri_get_host (uri) == NULL)
    return FALSE;

  name = host_name (host);
  if (g_ascii_strcasecmp (name, g_uri_get_host (uri)) != 0)
    return FALSE;

  port = host[0] == '[' ? strstr (host, "]:") : strrchr (host, ':');
  if (port == NULL)
    return g_uri_get_port (uri) == -1;

  authority = g_strdup_printf ("%d", g_uri_get_port (uri));

  return g_str_equal (authority, port + (host[0] == '[' ? 2 : 1));
}

static gboolean
origin_is_ours (const MhAccessInput *input)
{
  if (input->origin != NULL)
    return authority_matches (input->origin, input->host);
  if (input->referer != NULL)
    return authority_matches (input->referer, input->host);

  return TRUE; /* neither header: not a browser */
}

/* Returns: (transfer full) (nullable): the first credential present; @by_cookie tells how it came
 */
static char *
find_token (const MhAccessInput *input, gboolean *by_cookie)
{
  const char *cookie = surfaces[input->surface].cookie;

  *by_cookie = FALSE;
  if (input->authorization != NULL)
    {
      if (g_ascii_strncasecmp (input->authorization, "bearer ", 7) != 0)
        return g_strdup ("");
      return g_strstrip (g_strdup (input->authorization + 7));
    }

  if (input->access == MH_ACCESS_TOKEN_QUERY && input->query_token != NULL)
    return g_strdup (input->query_token);

  *by_cookie = TRUE;

  return cookie != NULL ? mh_cookie_get (input->cookies, cookie) : NULL;
}

static gboolean
pass_guard (const MhAccessInput *input, const MhPrincipal *principal, GError **error)
{
  Guard guard = input->is_write ? surfaces[input->surface].guard : GUARD_NONE;

  if (guard == GUARD_DOUBLE_SUBMIT && !mh_text_equal_secret (input->csrf_header, principal->csrf))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                           "the X-CSRF-Token header is missing or wrong");
      return FALSE;
    }

  if (guard == GUARD_ORIGIN && !origin_is_ours (input))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                           "the request comes from another origin");
      return FALSE;
    }

  return TRUE;
}

gboolean
mh_access_check (const MhAccessInput *input, const MhAuthenticator *authenticator,
                 MhPrincipal **principal, GError **error)
{
  gboolean is_open = input->access == MH_ACCESS_NONE || input->access == MH_ACCESS_ADMIN_TOKEN;
  gboolean by_cookie = FALSE;
  g_autofree char *token = find_token (input, &by_cookie);
  g_autoptr (MhPrincipal) found = NULL;

  *principal = NULL;
  if (token == NULL && is_open)
    return TRUE;

  if (token == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED, "a bearer token is needed");
      return FALSE;
    }

  found = authenticator->authenticate (authenticator->self, token, is_open ? NULL : error);
  if (found == NULL)
    return is_open;

  if (!is_open && (found->realms & input->realms) == 0)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                           "this account has no right to this part");
      return FALSE;
    }

  if (by_cookie && !pass_guard (input, found, error))
    return FALSE;

  *principal = g_steal_pointer (&found);

  return TRUE;
}
