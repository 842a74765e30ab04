/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "near.h"

#include <arpa/inet.h>

#include "system.h"

struct _MhNear
{
  GObject parent_instance;
  struct in_addr local;
};

static void mh_near_init_resolver (GProxyResolverInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MhNear, mh_near, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, mh_near_init_resolver))

gboolean
mh_near_has (GProxyResolver *resolver, const char *host)
{
  struct in_addr address;

  return host != NULL && inet_pton (AF_INET, host, &address) == 1
         && mh_system_is_near (MH_NEAR (resolver)->local.s_addr, address.s_addr);
}

static char **
mh_near_lookup (GProxyResolver *resolver, const char *uri, GCancellable *cancellable,
                GError **error)
{
  static const char *const direct[] = { "direct://", NULL };
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, error);

  if (parsed == NULL)
    return NULL;
  if (!mh_near_has (resolver, g_uri_get_host (parsed)))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, MH_NEAR_ELSEWHERE);
      return NULL;
    }

  return g_strdupv ((char **) direct);
}

static void
mh_near_lookup_async (GProxyResolver *resolver, const char *uri, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, data);
  GError *error = NULL;
  char **ways = mh_near_lookup (resolver, uri, cancellable, &error);

  if (ways != NULL)
    g_task_return_pointer (task, ways, (GDestroyNotify) g_strfreev);
  else
    g_task_return_error (task, error);
}

static char **
mh_near_lookup_finish (GProxyResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
mh_near_init_resolver (GProxyResolverInterface *interface)
{
  interface->lookup = mh_near_lookup;
  interface->lookup_async = mh_near_lookup_async;
  interface->lookup_finish = mh_near_lookup_finish;
}

static void
mh_near_class_init (MhNearClass *class)
{
}

static void
mh_near_init (MhNear *self)
{
}

GProxyResolver *
mh_near_new (const char *local)
{
  MhNear *self = g_object_new (MH_TYPE_NEAR, NULL);

  (void) inet_pton (AF_INET, local, &self->local); /* or it is none, which nothing is near to */

  return G_PROXY_RESOLVER (self);
}
