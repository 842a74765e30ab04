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
  const char *same_site;
  Guard guard;        /* of writes by that cookie */
  gboolean is_strict; /* its writes without any credential, such as login, pass the guard too */
} surfaces[] = {
  [MH_SURFACE_MESHHOLD] = { NULL, NULL, GUARD_NONE, FALSE },
  [MH_SURFACE_CLOUDOS] = { "cloudos_session", "Lax", GUARD_ORIGIN, FALSE },
  [MH_SURFACE_FLEET] = { "fleet_session", "Strict", GUARD_DOUBLE_SUBMIT, FALSE },
  [MH_SURFACE_AGENTS] = { NULL, NULL, GUARD_NONE, FALSE },
  [MH_SURFACE_TORRENTS] = { "mosaic_session", "Strict", GUARD_ORIGIN, TRUE },
};

static const char *const role_names[] = {
  [MH_ROLE_VIEWER] = "viewer",
  [MH_ROLE_USER] = "user",
  [MH_ROLE_ADMIN] = "admin",
  [MH_ROLE_OWNER] = "owner",
};

const char *
mh_role_name (MhRole role)
{
  return role_names[role];
}

MhRole
mh_role_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (g_str_equal (role_names[i], name))
      return (MhRole) i;

  return MH_ROLE_VIEWER;
}

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
mh_principal_new (const MhPrincipal *like)
{
  MhPrincipal *self = g_new0 (MhPrincipal, 1);

  g_atomic_ref_count_init (&self->refs);
  self->user_id = g_strdup (like->user_id);
  self->name = g_strdup (like->name);
  self->session_id = g_strdup (like->session_id);
  self->csrf = g_strdup (like->csrf);
  self->realms = like->realms;
  self->role = like->role;

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

static char *
cookie_new (const char *name, const char *value, const char *flags, gint64 lifetime_s,
            gboolean is_secure)
{
  return g_strdup_printf ("%s=%s; Path=/; Max-Age=%" G_GINT64_FORMAT "%s%s", name,
                          value != NULL ? value : "", value != NULL ? lifetime_s : 0, flags,
                          is_secure ? "; Secure" : "");
}

char *
mh_cookie_session (MhSurface surface, const char *token, gint64 lifetime_s, gboolean is_secure)
{
  g_autofree char *flags = NULL;

  if (surfaces[surface].cookie == NULL)
    return NULL;

  flags = g_strconcat ("; HttpOnly; SameSite=", surfaces[surface].same_site, NULL);

  return cookie_new (surfaces[surface].cookie, token, flags, lifetime_s, is_secure);
}

char *
mh_cookie_csrf (const char *csrf, gint64 lifetime_s, gboolean is_secure)
{
  return cookie_new ("csrf_token", csrf, "; SameSite=Strict", lifetime_s, is_secure);
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

/* Returns: (transfer full) (nullable): the first credential present; @guard is what its way asks
 * for on writes */
static char *
find_token (const MhAccessInput *input, Guard *guard)
{
  gboolean by_query =
      input->access == MH_ACCESS_TOKEN_QUERY || input->access == MH_ACCESS_KEY_QUERY;

  *guard = GUARD_NONE;
  if (input->authorization != NULL)
    {
      if (g_ascii_strncasecmp (input->authorization, "bearer ", 7) != 0)
        return g_strdup ("");
      return g_strstrip (g_strdup (input->authorization + 7));
    }

  if (by_query && input->query_token != NULL)
    return g_strdup (input->query_token);

  for (guint i = 0; i < G_N_ELEMENTS (surfaces); i++)
    {
      gboolean counts = (input->surfaces & (1u << i)) != 0 && surfaces[i].cookie != NULL;
      char *token = counts ? mh_cookie_get (input->cookies, surfaces[i].cookie) : NULL;

      *guard = surfaces[i].guard;
      if (token != NULL)
        return token;
    }

  return NULL;
}

/* The guard of a request without credential. */
static Guard
open_guard (const MhAccessInput *input)
{
  for (guint i = 0; i < G_N_ELEMENTS (surfaces); i++)
    if ((input->surfaces & (1u << i)) != 0 && surfaces[i].is_strict)
      return surfaces[i].guard;

  return GUARD_NONE;
}

static gboolean
pass_guard (const MhAccessInput *input, Guard guard, const char *csrf, GError **error)
{
  if (input->is_websocket && input->origin != NULL)
    guard = GUARD_ORIGIN;
  else if (!input->is_write)
    return TRUE;

  if (guard == GUARD_DOUBLE_SUBMIT && !mh_text_equal_secret (input->csrf_header, csrf))
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

static gboolean
has_right (const MhAccessInput *input, const MhPrincipal *principal, GError **error)
{
  if ((principal->realms & input->realms) != 0 && principal->role >= input->role)
    return TRUE;

  g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                       "this account has no right to this part");

  return FALSE;
}

gboolean
mh_access_check (const MhAccessInput *input, const MhAuthenticator *authenticator,
                 MhPrincipal **principal, GError **error)
{
  gboolean is_open = input->access == MH_ACCESS_NONE || input->access == MH_ACCESS_ADMIN_TOKEN;
  Guard guard = GUARD_NONE;
  g_autofree char *token = find_token (input, &guard);
  g_autoptr (MhPrincipal) found = NULL;

  *principal = NULL;
  if (token == NULL && is_open)
    return pass_guard (input, open_guard (input), NULL, error);

  if (token == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED, "a bearer token is needed");
      return FALSE;
    }

  if ((mh_token_kind (token) & input->tokens) != 0)
    found = authenticator->authenticate (authenticator->self, token, is_open ? NULL : error);
  else if (!is_open)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED,
                         "a token of this kind does not work here");
  if (found == NULL)
    return is_open && pass_guard (input, open_guard (input), NULL, error);

  if ((!is_open && !has_right (input, found, error))
      || !pass_guard (input, guard, found->csrf, error))
    return FALSE;

  *principal = g_steal_pointer (&found);

  return TRUE;
}
