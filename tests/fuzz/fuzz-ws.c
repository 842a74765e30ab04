/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/p2p/ws/ws.h"

/* One side, and what came of it. */
typedef struct
{
  MhWs *ws;
  MhBuf bytes;
  MhBuf out;
  gboolean good;
} Side;

/* Does the upgrade with a side of ours, so that what is tried is frames. */
static void
open_side (Side *self, gboolean is_client)
{
  g_auto (MhBuf) out = { 0 };
  g_autoptr (MhWs) other = NULL;

  if (is_client)
    {
      other = mh_ws_new_server ();
      g_assert (mh_ws_feed (other, &self->out, &self->bytes, &out, NULL));
      g_assert (mh_ws_feed (self->ws, &out, &self->bytes, &self->out, NULL));
    }
  else
    {
      other = mh_ws_new_client ("host", &out);
      g_assert (mh_ws_feed (self->ws, &out, &self->bytes, &self->out, NULL));
      mh_buf_consume (&self->out, mh_buf_size (&self->out));
    }
  g_assert (mh_ws_is_open (self->ws));
}

static void
run (Side *self, guint8 how, const guint8 *data, gsize size, gsize most)
{
  g_auto (MhBuf) in = { 0 };

  self->ws = (how & 1) != 0 ? mh_ws_new_client ("host", &self->out) : mh_ws_new_server ();
  if ((how & 2) != 0)
    open_side (self, (how & 1) != 0);
  self->good = TRUE;
  for (gsize at = 0; self->good && at < size; at += MIN (most, size - at))
    {
      mh_buf_append (&in, data + at, MIN (most, size - at));
      self->good = mh_ws_feed (self->ws, &in, &self->bytes, &self->out, NULL);
      g_assert (!self->good || mh_buf_size (&in) <= MH_WS_MAX_HEAD);
    }
}

static void
side_clear (Side *self)
{
  mh_ws_free (self->ws);
  mh_buf_clear (&self->bytes);
  mh_buf_clear (&self->out);
}

/* However the bytes are cut, the outcome and what is inside are the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Side whole = { NULL };
  Side pieces = { NULL };

  if (size == 0)
    return 0;

  run (&whole, data[0], data + 1, size - 1, G_MAXSIZE);
  run (&pieces, data[0], data + 1, size - 1, 1 + (data[0] >> 2) % 16);
  g_assert (whole.good == pieces.good);
  g_assert (mh_buf_size (&whole.bytes) == mh_buf_size (&pieces.bytes));
  g_assert (mh_buf_size (&whole.bytes) == 0
            || memcmp (mh_buf_peek (&whole.bytes), mh_buf_peek (&pieces.bytes),
                       mh_buf_size (&whole.bytes))
                   == 0);
  g_assert (mh_ws_is_ended (whole.ws) == mh_ws_is_ended (pieces.ws));
  g_assert (mh_buf_size (&whole.out) == mh_buf_size (&pieces.out));
  side_clear (&whole);
  side_clear (&pieces);

  return 0;
}
