/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/dcutr/message.h"

/* What was understood is within the limits, and comes back as it was said. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  MhDcutrType type = 0;
  MhDcutrType other = 0;
  g_autoptr (GPtrArray) one = mh_dcutr_message_decode (data, size, &type);
  g_autoptr (GPtrArray) two = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (one == NULL)
    return 0;
  g_assert (type == MH_DCUTR_CONNECT || type == MH_DCUTR_SYNC);
  g_assert (one->len <= MH_DCUTR_MAX_ADDRESSES);
  bytes = mh_dcutr_message_encode (type, one);
  if (g_bytes_get_size (bytes) > MH_DCUTR_MAX_MESSAGE)
    return 0;
  two = mh_dcutr_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &other);
  g_assert (two != NULL && other == type && two->len == one->len);
  for (guint i = 0; i < one->len; i++)
    g_assert (mh_multiaddr_equal (one->pdata[i], two->pdata[i]));

  return 0;
}
