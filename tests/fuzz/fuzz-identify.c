/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/identify/identify.h"
#include "net/p2p/wire/peer-record.h"

/* What was understood is within the limits, and comes back as it was said. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MhIdentifyMessage) one = mh_identify_message_new ();
  g_autoptr (MhIdentifyMessage) two = mh_identify_message_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) again = NULL;
  gboolean good = mh_identify_message_merge (one, data, size);

  g_assert (one->protocols->len <= MH_IDENTIFY_MAX_PROTOCOLS);
  g_assert (one->addresses->len <= MH_PEER_RECORD_MOST_ADDRESSES);
  if (!good)
    return 0;

  bytes = mh_identify_message_encode (one);
  g_assert (
      mh_identify_message_merge (two, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
  again = mh_identify_message_encode (two);
  g_assert (g_bytes_equal (bytes, again));

  return 0;
}
