/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/multistream/multistream.h"

static gboolean
accept_short (const char *protocol, gpointer data)
{
  return protocol[0] == '/' && protocol[1] == 'a';
}

/* However the bytes are cut, the outcome and what is left are the same. */
static void
check (MhMultistream *whole, MhMultistream *pieces, const guint8 *data, gsize size)
{
  g_auto (MhBuf) one = { 0 };
  g_auto (MhBuf) two = { 0 };
  g_auto (MhBuf) out = { 0 };
  MhMultistreamState state;
  MhMultistreamState other = MH_MULTISTREAM_MORE;

  mh_buf_append (&one, data, size);
  state = mh_multistream_feed (whole, &one, &out);
  for (gsize i = 0; i < size; i++)
    {
      mh_buf_append (&two, data + i, 1);
      if (other == MH_MULTISTREAM_MORE)
        other = mh_multistream_feed (pieces, &two, &out);
    }
  g_assert (state == other);
  g_assert (state != MH_MULTISTREAM_AGREED || mh_buf_size (&one) == mh_buf_size (&two));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const names[] = { "/a", "/b", NULL };
  g_auto (MhBuf) out = { 0 };
  g_autoptr (MhMultistream) dialler = mh_multistream_dial (names, &out);
  g_autoptr (MhMultistream) dialler2 = mh_multistream_dial (names, &out);
  g_autoptr (MhMultistream) listener = mh_multistream_listen (accept_short, NULL, &out);
  g_autoptr (MhMultistream) listener2 = mh_multistream_listen (accept_short, NULL, &out);

  check (dialler, dialler2, data, size);
  check (listener, listener2, data, size);

  return 0;
}
