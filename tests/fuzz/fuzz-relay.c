/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/relay/message.h"

/* What was understood is within the limits, and comes back as it was said. */
static void
check (const guint8 *data, gsize size, gboolean is_stop)
{
  g_autoptr (MhRelayMessage) one = mh_relay_message_decode (data, size, is_stop);
  g_autoptr (MhRelayMessage) two = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;

  if (one == NULL)
    return;
  g_assert (size <= MH_RELAY_MAX_MESSAGE && one->addresses->len <= MH_RELAY_MAX_ADDRESSES);
  g_assert (!is_stop || one->type != MH_RELAY_RESERVE);
  bytes = mh_relay_message_encode (one, is_stop);
  if (g_bytes_get_size (bytes) > MH_RELAY_MAX_MESSAGE)
    return;
  two = mh_relay_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), is_stop);
  g_assert (two != NULL);
  again = mh_relay_message_encode (two, is_stop);
  g_assert (g_bytes_equal (bytes, again));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  check (data, size, FALSE);
  check (data, size, TRUE);

  return 0;
}
