/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "route.h"

#include "base/encoding.h"
#include "base/error.h"

#include <string.h>

typedef struct _Node Node;

struct _Node
{
  GHashTable *literals; /* (owned) (element-type utf8 Node) */
  Node *parameter;      /* (owned) (nullable) {name} */
  Node *tail;           /* (owned) (nullable) {name*} */
  GPtrArray *routes;    /* (owned) (element-type MhRoute) (unowned items) that end here */
};

struct _MhRouter
{
  Node *root; /* (owned) */
};

static void
node_free (gpointer data)
{
  Node *node = data;

  if (node == NULL)
    return;

  g_hash_table_unref (node->literals);
  node_free (node->parameter);
  node_free (node->tail);
  g_ptr_array_unref (node->routes);
  g_free (node);
}

static Node *
node_new (void)
{
  Node *node = g_new0 (Node, 1);

  node->literals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, node_free);
  node->routes = g_ptr_array_new ();

  return node;
}

static Node *
child_for (Node *node, const char *segment)
{
  gsize length = strlen (segment);
  Node **child = NULL;
  Node *literal = NULL;

  if (segment[0] == '{')
    {
      child = segment[length - 2] == '*' ? &node->tail : &node->parameter;
      if (*child == NULL)
        *child = node_new ();
      return *child;
    }

  literal = g_hash_table_lookup (node->literals, segment);
  if (literal == NULL)
    {
      literal = node_new ();
      g_hash_table_insert (node->literals, g_strdup (segment), literal);
    }

  return literal;
}

MhRouter *
mh_router_new (const MhRoute *routes, guint n_routes)
{
  MhRouter *self = g_new0 (MhRouter, 1);

  self->root = node_new ();
  for (guint i = 0; i < n_routes; i++)
    {
      g_auto (GStrv) segments = g_strsplit (routes[i].path + 1, "/", -1);
      Node *node = self->root;

      for (guint j = 0; segments[j] != NULL; j++)
        node = child_for (node, segments[j]);
      g_ptr_array_add (node->routes, (gpointer) &routes[i]);
    }

  return self;
}

void
mh_router_free (MhRouter *self)
{
  if (self == NULL)
    return;

  node_free (self->root);
  g_free (self);
}

/* Depth first; the first node with routes in order of precedence wins. Templates are short, so the
 * recursion is bounded by the longest template, not by the request. */
static Node *
find (Node *node, char **segments)
{
  Node *found = NULL;
  Node *next = NULL;

  if (segments[0] == NULL)
    return node->routes->len > 0 ? node : NULL;

  next = g_hash_table_lookup (node->literals, segments[0]);
  if (next != NULL)
    found = find (next, segments + 1);
  if (found == NULL && node->parameter != NULL && segments[0][0] != '\0')
    found = find (node->parameter, segments + 1);
  if (found == NULL && node->tail != NULL)
    found = node->tail;

  return found;
}

static gboolean
add_parameter (GHashTable *params, const char *template, const char *value, GError **error)
{
  gsize length = strlen (template);
  gboolean is_tail = template[length - 2] == '*';
  g_autofree char *name = g_strndup (template + 1, length - (is_tail ? 3 : 2));
  char *decoded = mh_percent_decode (value, -1, FALSE);

  if (decoded == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "%s is not valid percent-encoded UTF-8 without NUL", name);
      return FALSE;
    }

  if (is_tail)
    {
      char *with_slash = g_strconcat ("/", decoded, NULL);

      g_free (decoded);
      decoded = with_slash;
    }
  g_hash_table_insert (params, g_steal_pointer (&name), decoded);

  return TRUE;
}

static GHashTable *
read_parameters (const MhRoute *route, const char *path, GError **error)
{
  g_autoptr (GHashTable) params = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) names = g_strsplit (route->path + 1, "/", -1);
  const char *rest = path + 1;

  for (guint i = 0; names[i] != NULL; i++)
    {
      const char *slash = strchr (rest, '/');
      gboolean is_tail = names[i][0] == '{' && names[i][strlen (names[i]) - 2] == '*';
      g_autofree char *segment =
          slash != NULL && !is_tail ? g_strndup (rest, (gsize) (slash - rest)) : g_strdup (rest);

      if (names[i][0] == '{' && !add_parameter (params, names[i], segment, error))
        return NULL;

      rest = slash != NULL ? slash + 1 : "";
    }

  return g_steal_pointer (&params);
}

static char *
allowed_methods (GPtrArray *routes)
{
  g_autoptr (GPtrArray) methods = g_ptr_array_new ();

  for (guint i = 0; i < routes->len; i++)
    {
      const MhRoute *route = g_ptr_array_index (routes, i);

      g_ptr_array_add (methods, (gpointer) route->method);
      if (g_str_equal (route->method, "GET"))
        g_ptr_array_add (methods, (gpointer) "HEAD");
    }
  g_ptr_array_add (methods, NULL);

  return g_strjoinv (", ", (char **) methods->pdata);
}

const MhRoute *
mh_router_match (MhRouter *self, const char *method, const char *path, GHashTable **params,
                 char **allow, GError **error)
{
  g_auto (GStrv) segments = g_strsplit (path + 1, "/", 128);
  const char *wanted = g_str_equal (method, "HEAD") ? "GET" : method;
  Node *node = find (self->root, segments);
  const MhRoute *route = NULL;

  *params = NULL;
  *allow = NULL;
  if (node == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no route %s", path);
      return NULL;
    }

  for (guint i = 0; i < node->routes->len && route == NULL; i++)
    {
      const MhRoute *candidate = g_ptr_array_index (node->routes, i);

      if (g_str_equal (candidate->method, wanted))
        route = candidate;
    }

  if (route == NULL)
    {
      *allow = allowed_methods (node->routes);
      g_set_error (error, MH_ERROR, MH_ERROR_METHOD_NOT_ALLOWED, "%s is not allowed here, only %s",
                   method, *allow);
      return NULL;
    }

  *params = read_parameters (route, path, error);

  return *params != NULL ? route : NULL;
}
