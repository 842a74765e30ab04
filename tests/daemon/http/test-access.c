/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "http/access.h"

#include <string.h>

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* Knows TOKEN as the owner and OTHER as somebody who registered for the agents. */
static MhPrincipal *
authenticate (gpointer self, const char *token, GError **error)
{
  if (g_str_equal (token, TOKEN))
    return mh_principal_new ("owner", "owner", "s1", "secret", MH_REALMS_ALL);
  if (g_str_equal (token, OTHER))
    return mh_principal_new ("u1", "eve", "s2", "secret", MH_REALM_AGENTS);

  g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED, "unknown");

  return NULL;
}

static const MhAuthenticator authenticator = { authenticate, NULL, NULL };

typedef struct
{
  const char *what;
  MhAccessInput input;
  int code; /* of MH_ERROR, or -1 for let in */
} Row;

static void
check (const Row *rows, guint n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    {
      g_autoptr (MhPrincipal) principal = NULL;
      g_autoptr (GError) error = NULL;
      gboolean ok = mh_access_check (&rows[i].input, &authenticator, &principal, &error);

      g_test_message ("%s", rows[i].what);
      g_assert_cmpint (ok, ==, rows[i].code == -1);
      if (rows[i].code == -1)
        g_assert_no_error (error);
      else
        g_assert_error (error, MH_ERROR, rows[i].code);
    }
}

#define MESH MH_SURFACE_MESHHOLD, MH_ACCESS_BEARER, MH_REALM_MESH
#define MESH_QUERY MH_SURFACE_MESHHOLD, MH_ACCESS_TOKEN_QUERY, MH_REALM_MESH
#define FLEET MH_SURFACE_FLEET, MH_ACCESS_BEARER, MH_REALM_FLEET
#define TORRENTS MH_SURFACE_TORRENTS, MH_ACCESS_BEARER, MH_REALM_TORRENTS

static void
test_bearer (void)
{
  static const Row rows[] = {
    { "nothing", { MESH }, MH_ERROR_UNAUTHENTICATED },
    { "right", { MESH, FALSE, "Bearer " TOKEN }, -1 },
    { "scheme in other case", { MESH, FALSE, "bEARER  " TOKEN }, -1 },
    { "basic", { MESH, FALSE, "Basic b3duZXI6" }, MH_ERROR_UNAUTHENTICATED },
    { "realm", { MESH, FALSE, "Bearer " OTHER }, MH_ERROR_FORBIDDEN },
    { "query where it is not allowed", { MESH, FALSE, NULL, TOKEN }, MH_ERROR_UNAUTHENTICATED },
    { "query where it is", { MESH_QUERY, FALSE, NULL, TOKEN }, -1 },
    { "bad header beats good query",
      { MESH_QUERY, FALSE, "Bearer x", TOKEN },
      MH_ERROR_UNAUTHENTICATED },
    { "no cookies here",
      { MESH, FALSE, NULL, NULL, "fleet_session=" TOKEN },
      MH_ERROR_UNAUTHENTICATED },
    { "open", { MH_SURFACE_MESHHOLD, MH_ACCESS_NONE, MH_REALM_MESH, TRUE }, -1 },
    { "open with a bad token",
      { MH_SURFACE_MESHHOLD, MH_ACCESS_NONE, MH_REALM_MESH, TRUE, "Bearer x" },
      -1 },
  };

  check (rows, G_N_ELEMENTS (rows));
}

static void
test_cookies (void)
{
  static const Row rows[] = {
    { "read", { FLEET, FALSE, NULL, NULL, "a=b; fleet_session=" TOKEN }, -1 },
    { "write without header",
      { FLEET, TRUE, NULL, NULL, "fleet_session=" TOKEN },
      MH_ERROR_FORBIDDEN },
    { "write with a wrong one",
      { FLEET, TRUE, NULL, NULL, "fleet_session=" TOKEN, "guess" },
      MH_ERROR_FORBIDDEN },
    { "write with header", { FLEET, TRUE, NULL, NULL, "fleet_session=" TOKEN, "secret" }, -1 },
    { "bearer needs none", { FLEET, TRUE, "Bearer " TOKEN }, -1 },
    { "bad bearer, good cookie",
      { FLEET, FALSE, "Bearer x", NULL, "fleet_session=" TOKEN },
      MH_ERROR_UNAUTHENTICATED },
    { "cookie of another surface",
      { FLEET, FALSE, NULL, NULL, "mosaic_session=" TOKEN },
      MH_ERROR_UNAUTHENTICATED },
  };

  check (rows, G_N_ELEMENTS (rows));
}

static void
test_origin (void)
{
  static const char cookie[] = "mosaic_session=" TOKEN;
  static const char host[] = "localhost:8080";
  const Row rows[] = {
    { "no header", { TORRENTS, TRUE, NULL, NULL, cookie, NULL, NULL, NULL, host }, -1 },
    { "own",
      { TORRENTS, TRUE, NULL, NULL, cookie, NULL, "http://localhost:8080", NULL, host },
      -1 },
    { "other port",
      { TORRENTS, TRUE, NULL, NULL, cookie, NULL, "http://localhost:81", NULL, host },
      MH_ERROR_FORBIDDEN },
    { "null",
      { TORRENTS, TRUE, NULL, NULL, cookie, NULL, "null", NULL, host },
      MH_ERROR_FORBIDDEN },
    { "other",
      { TORRENTS, TRUE, NULL, NULL, cookie, NULL, "http://evil.example", NULL, host },
      MH_ERROR_FORBIDDEN },
    { "referer",
      { TORRENTS, TRUE, NULL, NULL, cookie, NULL, NULL, "http://localhost:8080/x", host },
      -1 },
    { "other referer",
      { TORRENTS, TRUE, NULL, NULL, cookie, NULL, NULL, "http://evil/x", host },
      MH_ERROR_FORBIDDEN },
    { "read",
      { TORRENTS, FALSE, NULL, NULL, cookie, NULL, "http://evil.example", NULL, host },
      -1 },
    { "bearer",
      { TORRENTS, TRUE, "Bearer " TOKEN, NULL, NULL, NULL, "http://evil.example", NULL, host },
      -1 },
  };

  check (rows, G_N_ELEMENTS (rows));
}

static void
test_hosts (void)
{
  static const char *const allowed[] = { "cloud.example", NULL };
  static const struct
  {
    const char *host;
    gboolean good;
  } rows[] = {
    { NULL, TRUE },
    { "localhost", TRUE },
    { "LocalHost:80", TRUE },
    { "127.0.0.1", TRUE },
    { "127.1.2.3:9", TRUE },
    { "[::1]", TRUE },
    { "[::1]:80", TRUE },
    { "cloud.example:443", TRUE },
    { "evil.example", FALSE },
    { "localhost.evil", FALSE },
    { "10.0.0.1", FALSE },
    { "127.0.0.1.evil", FALSE },
    { "[fe80::1]", FALSE },
    { "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (mh_host_is_allowed (rows[i].host, allowed), ==, rows[i].good);
}

static void
test_token_kinds (void)
{
  g_assert_cmpint (mh_token_kind (TOKEN), ==, MH_TOKEN_SESSION);
  g_assert_cmpint (mh_token_kind ("a.b.c"), ==, MH_TOKEN_JWT);
  g_assert_cmpint (mh_token_kind ("quaz_abc"), ==, MH_TOKEN_MCP_KEY);
  g_assert_cmpint (mh_token_kind ("mhk_abc"), ==, MH_TOKEN_API_KEY);
  g_assert_cmpint (mh_token_kind ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn-_0"), ==,
                   MH_TOKEN_TORRENTS);
  g_assert_cmpint (mh_token_kind (""), ==, MH_TOKEN_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/access/bearer", test_bearer);
  g_test_add_func ("/http/access/cookies", test_cookies);
  g_test_add_func ("/http/access/origin", test_origin);
  g_test_add_func ("/http/access/hosts", test_hosts);
  g_test_add_func ("/http/access/token-kinds", test_token_kinds);

  return g_test_run ();
}
