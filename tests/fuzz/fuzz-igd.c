/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/p2p/portmap/igd.h"

static void
check_uri (GUri *uri)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (g_uri_get_host (uri));

  g_assert_cmpstr (g_uri_get_scheme (uri), ==, "http");
  g_assert (g_uri_get_userinfo (uri) == NULL);
  g_assert (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4);
}

static void
fuzz_location (const guint8 *data, gsize size)
{
  g_autoptr (GUri) location = mh_igd_location (data, size);

  if (location != NULL)
    check_uri (location);
}

/* No service is elsewhere than the description is. */
static void
fuzz_services (const guint8 *data, gsize size)
{
  g_autoptr (GUri) location = g_uri_parse ("http://192.0.2.1:80/d", G_URI_FLAGS_NONE, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) services = mh_igd_services (data, size, location, &error);

  g_assert ((services == NULL) == (error != NULL));
  if (services == NULL)
    return;

  g_assert (services->len > 0 && services->len <= MH_IGD_MOST_SERVICES);
  for (guint i = 0; i < services->len; i++)
    {
      const MhIgdService *service = services->pdata[i];

      check_uri (service->control);
      g_assert_cmpstr (g_uri_get_host (service->control), ==, "192.0.2.1");
    }
}

static void
fuzz_answer (const guint8 *data, gsize size)
{
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  if (mh_igd_answer (data, size, "GetExternalIPAddress", &address, &error))
    g_assert (error == NULL);
  else
    g_assert (error != NULL && address == NULL);
}

/* The first byte says what the others are. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static void (*const parsers[]) (const guint8 *data, gsize size) = { fuzz_location, fuzz_services,
                                                                      fuzz_answer };

  if (size > 0)
    parsers[data[0] % G_N_ELEMENTS (parsers)](data + 1, size - 1);

  return 0;
}
