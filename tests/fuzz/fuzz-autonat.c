/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/autonat/message.h"

/* What was read is within the limits, and the same once it was written and read again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MhAutonatMessage) one = mh_autonat_message_decode (data, size);
  g_autoptr (MhAutonatMessage) two = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize written;
  const guint8 *out;

  if (one == NULL)
    return 0;
  g_assert (one->addresses->len <= MH_AUTONAT_MAX_ADDRESSES);
  bytes = mh_autonat_message_encode (one);
  out = g_bytes_get_data (bytes, &written);
  two = mh_autonat_message_decode (out, written);
  if (written > MH_AUTONAT_MAX_MESSAGE)
    return 0;
  g_assert (two != NULL && two->type == one->type);
  if (one->type == MH_AUTONAT_DIAL)
    {
      g_assert (two->has_peer == one->has_peer && two->addresses->len == one->addresses->len);
    }
  else
    {
      g_assert (two->status == one->status && (two->address != NULL) == (one->address != NULL));
      g_assert (one->address == NULL || mh_multiaddr_equal (one->address, two->address));
    }

  return 0;
}
