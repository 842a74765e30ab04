/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "http/access.h"

#include <string.h>

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

#define VIEWER "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
#define TORRENTS_KEY "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn-_0"

/* Knows TOKEN as the owner, OTHER as somebody who registered for the agents, VIEWER as one who may
 * only look, and a key of each kind. */
static MhPrincipal *
authenticate (gpointer self, const char *token, GError **error)
{
  static const struct
  {
    const char *token;
    MhPrincipal principal;
  } known[] = {
    { TOKEN, { .user_id = (char *) "owner", .realms = MH_REALMS_ALL, .role = MH_ROLE_OWNER } },
    { OTHER, { .user_id = (char *) "u1", .realms = MH_REALM_AGENTS, .role = MH_ROLE_USER } },
    { VIEWER, { .user_id = (char *) "u2", .realms = MH_REALM_FLEET, .role = MH_ROLE_VIEWER } },
    { "quaz_key", { .user_id = (char *) "owner", .realms = MH_REALM_CLOUD, .role = MH_ROLE_USER } },
    { "mhk_key", { .user_id = (char *) "owner", .realms = MH_REALM_CLOUD, .role = MH_ROLE_USER } },
    { TORRENTS_KEY,
      { .user_id = (char *) "owner", .realms = MH_REALM_TORRENTS, .role = MH_ROLE_USER } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].token, token))
      {
        MhPrincipal like = known[i].principal;

        like.csrf = (char *) "secret";
        return mh_principal_new (&like);
      }

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

#define PEOPLE (MH_TOKEN_SESSION | MH_TOKEN_JWT)
#define MESH 1u << MH_SURFACE_MESHHOLD, MH_ACCESS_BEARER, MH_REALM_MESH, PEOPLE, MH_ROLE_VIEWER
#define MESH_QUERY                                                                                 \
  1u << MH_SURFACE_MESHHOLD, MH_ACCESS_TOKEN_QUERY, MH_REALM_MESH, PEOPLE, MH_ROLE_VIEWER
#define MESH_OPEN 1u << MH_SURFACE_MESHHOLD, MH_ACCESS_NONE, MH_REALM_MESH, PEOPLE, MH_ROLE_VIEWER
#define FLEET 1u << MH_SURFACE_FLEET, MH_ACCESS_BEARER, MH_REALM_FLEET, PEOPLE, MH_ROLE_VIEWER
#define FLEET_WRITE 1u << MH_SURFACE_FLEET, MH_ACCESS_BEARER, MH_REALM_FLEET, PEOPLE, MH_ROLE_USER
#define TORRENTS                                                                                   \
  1u << MH_SURFACE_TORRENTS, MH_ACCESS_BEARER, MH_REALM_TORRENTS,                                  \
      MH_TOKEN_SESSION | MH_TOKEN_TORRENTS, MH_ROLE_VIEWER
#define TORRENTS_OPEN                                                                              \
  1u << MH_SURFACE_TORRENTS, MH_ACCESS_NONE, MH_REALM_TORRENTS, MH_TOKEN_SESSION, MH_ROLE_VIEWER
#define TORRENTS_SOCKET                                                                            \
  1u << MH_SURFACE_TORRENTS, MH_ACCESS_KEY_QUERY, MH_REALM_TORRENTS,                               \
      MH_TOKEN_SESSION | MH_TOKEN_TORRENTS, MH_ROLE_VIEWER
#define CLOUD                                                                                      \
  1u << MH_SURFACE_CLOUDOS, MH_ACCESS_BEARER, MH_REALM_CLOUD, PEOPLE | MH_TOKEN_API_KEY,           \
      MH_ROLE_VIEWER
#define CLOUD_PEOPLE                                                                               \
  1u << MH_SURFACE_CLOUDOS, MH_ACCESS_BEARER, MH_REALM_CLOUD, PEOPLE, MH_ROLE_VIEWER
#define MCP                                                                                        \
  1u << MH_SURFACE_CLOUDOS, MH_ACCESS_BEARER, MH_REALM_CLOUD, MH_TOKEN_MCP_KEY, MH_ROLE_VIEWER
/* a path that the mesh and the fleet share: /api/v1/nodes */
#define SHARED                                                                                     \
  1u << MH_SURFACE_MESHHOLD | 1u << MH_SURFACE_FLEET, MH_ACCESS_BEARER,                            \
      MH_REALM_MESH | MH_REALM_FLEET, PEOPLE, MH_ROLE_VIEWER
#define SHARED_OPEN                                                                                \
  1u << MH_SURFACE_MESHHOLD | 1u << MH_SURFACE_FLEET, MH_ACCESS_NONE,                              \
      MH_REALM_MESH | MH_REALM_FLEET, PEOPLE, MH_ROLE_VIEWER

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
    { "open", { MESH_OPEN, TRUE }, -1 },
    { "open with a bad token", { MESH_OPEN, TRUE, "Bearer x" }, -1 },
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
test_strict_origin (void)
{
  static const char host[] = "localhost:8080";
  static const char evil[] = "http://evil.example";
  const Row rows[] = {
    { "login of a program", { TORRENTS_OPEN, TRUE, .host = host }, -1 },
    { "login from elsewhere",
      { TORRENTS_OPEN, TRUE, .origin = evil, .host = host },
      MH_ERROR_FORBIDDEN },
    { "login from elsewhere with a bad bearer",
      { TORRENTS_OPEN, TRUE, "Bearer x", .origin = evil, .host = host },
      MH_ERROR_FORBIDDEN },
    { "with a good one",
      { TORRENTS_OPEN, TRUE, "Bearer " TOKEN, .origin = evil, .host = host },
      -1 },
    { "the mesh has no such rule", { MESH_OPEN, TRUE, .origin = evil, .host = host }, -1 },
    { "socket of a program",
      { TORRENTS_SOCKET, FALSE, NULL, TORRENTS_KEY, .host = host, .is_websocket = TRUE },
      -1 },
    { "socket of the page",
      { TORRENTS_SOCKET, FALSE, NULL, TORRENTS_KEY, .origin = "http://localhost:8080", .host = host,
        .is_websocket = TRUE },
      -1 },
    { "socket of another page, even with a key",
      { TORRENTS_SOCKET, FALSE, NULL, TORRENTS_KEY, .origin = evil, .host = host,
        .is_websocket = TRUE },
      MH_ERROR_FORBIDDEN },
    { "socket of another page by cookie",
      { FLEET, FALSE, .cookies = "fleet_session=" TOKEN, .origin = evil, .host = host,
        .is_websocket = TRUE },
      MH_ERROR_FORBIDDEN },
  };

  check (rows, G_N_ELEMENTS (rows));
}

static void
test_kinds (void)
{
  static const Row rows[] = {
    { "MCP key on /mcp", { MCP, TRUE, "Bearer quaz_key" }, -1 },
    { "MCP key elsewhere", { CLOUD, FALSE, "Bearer quaz_key" }, MH_ERROR_UNAUTHENTICATED },
    { "session on /mcp", { MCP, TRUE, "Bearer " TOKEN }, MH_ERROR_UNAUTHENTICATED },
    { "cookie on /mcp",
      { MCP, FALSE, .cookies = "cloudos_session=" TOKEN },
      MH_ERROR_UNAUTHENTICATED },
    { "API key", { CLOUD, TRUE, "Bearer mhk_key" }, -1 },
    { "API key where people are wanted",
      { CLOUD_PEOPLE, FALSE, "Bearer mhk_key" },
      MH_ERROR_UNAUTHENTICATED },
    { "API key in the mesh", { MESH, FALSE, "Bearer mhk_key" }, MH_ERROR_UNAUTHENTICATED },
    { "torrents key", { TORRENTS, TRUE, "Bearer " TORRENTS_KEY }, -1 },
    { "torrents key in the mesh",
      { MESH, FALSE, "Bearer " TORRENTS_KEY },
      MH_ERROR_UNAUTHENTICATED },
    { "torrents key as ?key=", { TORRENTS_SOCKET, FALSE, NULL, TORRENTS_KEY }, -1 },
    { "torrents key in the query of another route",
      { TORRENTS, FALSE, NULL, TORRENTS_KEY },
      MH_ERROR_UNAUTHENTICATED },
  };

  check (rows, G_N_ELEMENTS (rows));
}

static void
test_shared_paths (void)
{
  static const Row rows[] = {
    { "bearer", { SHARED, TRUE, "Bearer " TOKEN }, -1 },
    { "cookie of the fleet", { SHARED, FALSE, .cookies = "fleet_session=" TOKEN }, -1 },
    { "write by cookie", { SHARED, TRUE, .cookies = "fleet_session=" TOKEN }, MH_ERROR_FORBIDDEN },
    { "write by cookie with the header",
      { SHARED, TRUE, .cookies = "fleet_session=" TOKEN, .csrf_header = "secret" },
      -1 },
    { "a realm that is not of the path", { SHARED, FALSE, "Bearer " OTHER }, MH_ERROR_FORBIDDEN },
    { "one of the two realms is enough", { SHARED, FALSE, "Bearer " VIEWER }, -1 },
    { "logout by cookie without the header",
      { SHARED_OPEN, TRUE, .cookies = "fleet_session=" TOKEN },
      MH_ERROR_FORBIDDEN },
    { "logout by a cookie that has ended",
      { SHARED_OPEN, TRUE, .cookies = "fleet_session=x" },
      -1 },
  };

  check (rows, G_N_ELEMENTS (rows));
}

static void
test_roles (void)
{
  static const Row rows[] = {
    { "a viewer looks", { FLEET, FALSE, "Bearer " VIEWER }, -1 },
    { "a viewer does not write", { FLEET_WRITE, TRUE, "Bearer " VIEWER }, MH_ERROR_FORBIDDEN },
    { "the owner does", { FLEET_WRITE, TRUE, "Bearer " TOKEN }, -1 },
  };

  check (rows, G_N_ELEMENTS (rows));
  for (MhRole role = MH_ROLE_VIEWER; role <= MH_ROLE_OWNER; role++)
    g_assert_cmpint (mh_role_from_name (mh_role_name (role)), ==, role);
  g_assert_cmpint (mh_role_from_name ("emperor"), ==, MH_ROLE_VIEWER);
}

static void
test_set_cookie (void)
{
  g_autofree char *fleet = mh_cookie_session (MH_SURFACE_FLEET, "t", 86400, FALSE);
  g_autofree char *cloudos = mh_cookie_session (MH_SURFACE_CLOUDOS, "t", 900, TRUE);
  g_autofree char *torrents = mh_cookie_session (MH_SURFACE_TORRENTS, "t", 43200, TRUE);
  g_autofree char *gone = mh_cookie_session (MH_SURFACE_FLEET, NULL, 86400, FALSE);
  g_autofree char *csrf = mh_cookie_csrf ("c", 86400, FALSE);

  g_assert_cmpstr (fleet, ==, "fleet_session=t; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict");
  g_assert_cmpstr (cloudos, ==,
                   "cloudos_session=t; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure");
  g_assert_cmpstr (torrents, ==,
                   "mosaic_session=t; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure");
  g_assert_cmpstr (gone, ==, "fleet_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
  g_assert_cmpstr (csrf, ==, "csrf_token=c; Path=/; Max-Age=86400; SameSite=Strict");
  g_assert_null (mh_cookie_session (MH_SURFACE_MESHHOLD, "t", 1, FALSE));
  g_assert_null (mh_cookie_session (MH_SURFACE_AGENTS, "t", 1, FALSE));
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
  g_assert_cmpint (mh_token_kind (TORRENTS_KEY), ==, MH_TOKEN_TORRENTS);
  g_assert_cmpint (mh_token_kind (""), ==, MH_TOKEN_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/access/bearer", test_bearer);
  g_test_add_func ("/http/access/cookies", test_cookies);
  g_test_add_func ("/http/access/origin", test_origin);
  g_test_add_func ("/http/access/strict-origin", test_strict_origin);
  g_test_add_func ("/http/access/kinds", test_kinds);
  g_test_add_func ("/http/access/shared-paths", test_shared_paths);
  g_test_add_func ("/http/access/roles", test_roles);
  g_test_add_func ("/http/access/set-cookie", test_set_cookie);
  g_test_add_func ("/http/access/hosts", test_hosts);
  g_test_add_func ("/http/access/token-kinds", test_token_kinds);

  return g_test_run ();
}
