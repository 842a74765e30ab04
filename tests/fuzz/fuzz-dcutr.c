/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/dcutr/message.h"

/* What was read is within the limits, and the same once it was written and read again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  MhDcutrType type;
  MhDcutrType again;
  g_autoptr (GPtrArray) one = mh_dcutr_message_decode (data, size, &type);
  g_autoptr (GPtrArray) two = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize written;
  const guint8 *out;

  if (one == NULL)
    return 0;
  g_assert (one->len <= MH_DCUTR_MAX_ADDRESSES);
  bytes = mh_dcutr_message_encode (type, one);
  out = g_bytes_get_data (bytes, &written);
  if (written > MH_DCUTR_MAX_MESSAGE)
    return 0;
  two = mh_dcutr_message_decode (out, written, &again);
  g_assert (two != NULL && again == type && two->len == one->len);
  for (guint i = 0; i < one->len; i++)
    g_assert (mh_multiaddr_equal (one->pdata[i], two->pdata[i]));

  return 0;
}
