/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/p2p/wire/multiaddr.h"

/* What is an address survives the way over text; what is read from text survives the one over
 * bytes. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new_from_bytes (data, size);
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (MhMultiaddr) read = mh_multiaddr_new (text, NULL);
  g_auto (MhMultiaddrTarget) target = { 0 };

  if (address != NULL)
    {
      g_autofree char *written = mh_multiaddr_to_text (address);
      g_autoptr (MhMultiaddr) relay = mh_multiaddr_relay (address);
      g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (address);

      g_assert (written[0] == '/');
      (void) !mh_multiaddr_target (address, &target);
    }
  if (read != NULL)
    {
      gsize length;
      const guint8 *bytes = mh_multiaddr_bytes (read, &length);
      g_autoptr (MhMultiaddr) again = mh_multiaddr_new_from_bytes (bytes, length);

      g_assert (again != NULL && mh_multiaddr_equal (read, again));
    }

  return 0;
}
