/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "http/framing.h"

/* However the bytes are cut, the answer is the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  MhFraming whole = { 0 };
  MhFraming pieces = { 0 };
  gboolean is_good = mh_framing_feed (&whole, data, size);
  gboolean is_good_in_pieces = TRUE;

  for (gsize i = 0; i < size && is_good_in_pieces; i++)
    is_good_in_pieces = mh_framing_feed (&pieces, data + i, 1);
  g_assert (is_good == is_good_in_pieces);
  if (is_good)
    {
      g_assert (mh_framing_in_body (&whole) == mh_framing_in_body (&pieces));
      g_assert (mh_framing_in_chunks (&whole) == mh_framing_in_chunks (&pieces));
    }

  return 0;
}
