/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "http/route.h"

static const MhRoute routes[] = {
  { .id = "list", .method = "GET", .path = "/api/v1/nodes" },
  { .id = "self", .method = "GET", .path = "/api/v1/nodes/self" },
  { .id = "node", .method = "GET", .path = "/api/v1/nodes/{id}" },
  { .id = "drop", .method = "DELETE", .path = "/api/v1/nodes/{id}" },
  { .id = "config", .method = "PUT", .path = "/api/v1/nodes/{id}/config" },
  { .id = "file", .method = "GET", .path = "/api/v1/vaults/{vault}/files/{path*}" },
  { .id = "files", .method = "GET", .path = "/api/v1/vaults/{vault}/files" },
  { .id = "special", .method = "GET", .path = "/api/v1/vaults/{vault}/files/special" },
};

static const char *
match (MhRouter *router, const char *method, const char *path, GHashTable **params, GError **error)
{
  g_autofree char *allow = NULL;
  const MhRoute *route = mh_router_match (router, method, path, params, &allow, error);

  if (route == NULL && g_error_matches (*error, MH_ERROR, MH_ERROR_METHOD_NOT_ALLOWED))
    g_assert_nonnull (allow);

  return route != NULL ? route->id : NULL;
}

static void
test_precedence (void)
{
  static const struct
  {
    const char *path;
    const char *id; /* NULL for not found */
    const char *name;
    const char *value;
  } rows[] = {
    { "/api/v1/nodes", "list", NULL, NULL },
    { "/api/v1/nodes/self", "self", NULL, NULL },
    { "/api/v1/nodes/12D3", "node", "id", "12D3" },
    { "/api/v1/nodes/a%2Fb", "node", "id", "a/b" },
    { "/api/v1/nodes/", NULL, NULL, NULL },
    { "/api/v1/nodes/a/b", NULL, NULL, NULL },
    { "/api/v1/vaults/v/files", "files", "vault", "v" },
    { "/api/v1/vaults/v/files/special", "special", "vault", "v" },
    { "/api/v1/vaults/v/files/special/x", "file", "path", "/special/x" },
    { "/api/v1/vaults/v/files/a%252Fb", "file", "path", "/a%2Fb" },
    { "/api/v1/vaults/v/files/a%2Fb/c%20d", "file", "path", "/a/b/c d" },
    { "/api/v1/vaults/v/files//a", "file", "path", "//a" },
    { "/api/v1/vaults/v/files/", "file", "path", "/" },
    { "/", NULL, NULL, NULL },
    { "", NULL, NULL, NULL },
  };
  g_autoptr (MhRouter) router = mh_router_new (routes, G_N_ELEMENTS (routes));

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GHashTable) params = NULL;
      g_autoptr (GError) error = NULL;

      if (rows[i].path[0] == '\0')
        continue;
      g_assert_cmpstr (match (router, "GET", rows[i].path, &params, &error), ==, rows[i].id);
      if (rows[i].id == NULL)
        g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
      if (rows[i].name != NULL)
        g_assert_cmpstr (g_hash_table_lookup (params, rows[i].name), ==, rows[i].value);
    }
}

static void
test_methods (void)
{
  g_autoptr (MhRouter) router = mh_router_new (routes, G_N_ELEMENTS (routes));
  g_autoptr (GHashTable) params = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *allow = NULL;

  g_assert_cmpstr (match (router, "HEAD", "/api/v1/nodes", &params, &error), ==, "list");
  g_clear_pointer (&params, g_hash_table_unref);
  g_assert_null (mh_router_match (router, "POST", "/api/v1/nodes/x", &params, &allow, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_METHOD_NOT_ALLOWED);
  g_assert_cmpstr (allow, ==, "GET, HEAD, DELETE");
}

static void
test_bad_escapes (void)
{
  static const char *const paths[] = { "/api/v1/nodes/%", "/api/v1/nodes/%zz", "/api/v1/nodes/%00",
                                       "/api/v1/nodes/%ff", "/api/v1/vaults/v/files/a/%c3" };
  g_autoptr (MhRouter) router = mh_router_new (routes, G_N_ELEMENTS (routes));

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GHashTable) params = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_null (match (router, "GET", paths[i], &params, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/router/precedence", test_precedence);
  g_test_add_func ("/http/router/methods", test_methods);
  g_test_add_func ("/http/router/bad-escapes", test_bad_escapes);

  return g_test_run ();
}
