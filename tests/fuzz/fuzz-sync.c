/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "modules/sync/sync-wire.h"

/* What is taken for well formed is the same after it was written and read again. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) message = g_bytes_new (data, size);
  g_auto (MhSyncMessage) one = { 0 };
  g_auto (MhSyncMessage) two = { 0 };
  g_autoptr (GBytes) encoded = NULL;
  g_autoptr (GBytes) again = NULL;

  if (!mh_sync_message_decode (message, &one))
    return 0;

  g_assert (one.hashes == NULL || g_bytes_get_size (one.hashes) % MH_SYNC_HASH_SIZE == 0);
  g_assert (one.parts == NULL || one.parts->len <= MH_SYNC_MOST_PARTS);
  for (guint i = 0; one.parts != NULL && i < one.parts->len; i++)
    g_assert (g_array_index (one.parts, MhTreePart, i).depth <= MH_VERSION_TREE_DEEPEST);
  encoded = mh_sync_message_encode (&one);
  g_assert (mh_sync_message_decode (encoded, &two));
  again = mh_sync_message_encode (&two);
  g_assert (g_bytes_equal (encoded, again));

  return 0;
}
