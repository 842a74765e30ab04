/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/kad/kad-message.h"

/* What is read can be written, and is then read as the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MhKadMessage) message = mh_kad_message_parse (data, size);
  g_autoptr (MhKadMessage) again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) bytes2 = NULL;

  if (message == NULL)
    return 0;

  g_assert (message->closer->len <= MH_KAD_MOST_PEERS);
  g_assert (message->key == NULL || g_bytes_get_size (message->key) <= MH_KAD_MAX_KEY);
  bytes = mh_kad_message_encode (message);
  again = mh_kad_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert (again != NULL);
  bytes2 = mh_kad_message_encode (again);
  g_assert (g_bytes_equal (bytes, bytes2));

  return 0;
}
