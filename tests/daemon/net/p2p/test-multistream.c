/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/multistream/multistream.h"

#define HEADER "\x13/multistream/1.0.0\n"

static gboolean
accept_known (const char *protocol, gpointer data)
{
  return g_strv_contains (data, protocol);
}

/* Moves at most @most bytes. */
static void
move (MhBuf *from, MhBuf *to, gsize most)
{
  gsize size = MIN (mh_buf_size (from), most);

  mh_buf_append (to, mh_buf_peek (from), size);
  mh_buf_consume (from, size);
}

static void
test_both (void)
{
  static const char *const ours[] = { "/a/1", "/b/1", "/c/1", NULL };
  static const struct
  {
    const char *theirs[4];
    const char *agreed;
  } rows[] = {
    { { "/a/1" }, "/a/1" },
    { { "/c/1" }, "/c/1" },
    { { "/c/1", "/b/1" }, "/b/1" },
    { { "/d/1" }, NULL },
  };

  g_test_summary ("both sides agree on the first that both speak, however the bytes are cut");
  for (guint i = 0; i < G_N_ELEMENTS (rows) * 5; i++)
    {
      guint row = i / 5;
      gsize most = i % 5 + 1;
      g_auto (MhBuf) up = { 0 };
      g_auto (MhBuf) down = { 0 };
      g_auto (MhBuf) up_in = { 0 };
      g_auto (MhBuf) down_in = { 0 };
      g_autoptr (MhMultistream) dialler = mh_multistream_dial (ours, &up);
      g_autoptr (MhMultistream) listener =
          mh_multistream_listen (accept_known, (gpointer) rows[row].theirs, &down);
      MhMultistreamState one = MH_MULTISTREAM_MORE;
      MhMultistreamState two = MH_MULTISTREAM_MORE;

      while (one == MH_MULTISTREAM_MORE && mh_buf_size (&up) + mh_buf_size (&down) > 0)
        {
          move (&up, &up_in, most);
          if (two == MH_MULTISTREAM_MORE)
            two = mh_multistream_feed (listener, &up_in, &down);
          move (&down, &down_in, most);
          one = mh_multistream_feed (dialler, &down_in, &up);
        }
      g_assert_cmpint (one, ==,
                       rows[row].agreed != NULL ? MH_MULTISTREAM_AGREED : MH_MULTISTREAM_NONE);
      g_assert_cmpstr (mh_multistream_protocol (dialler), ==, rows[row].agreed);
      g_assert_cmpstr (mh_multistream_protocol (listener), ==, rows[row].agreed);
    }
}

static void
test_bytes (void)
{
  static const char *const ours[] = { "/a/1", NULL };
  static const char *const speaks[] = { "/a/1", NULL };
  static const struct
  {
    const char *in;
    MhMultistreamState dialler;
    MhMultistreamState listener;
    const char *rest;
  } rows[] = {
    { "", MH_MULTISTREAM_MORE, MH_MULTISTREAM_MORE, "" },
    { HEADER "\x05/a/1\nrest", MH_MULTISTREAM_AGREED, MH_MULTISTREAM_AGREED, "rest" },
    { HEADER "\x03na\n", MH_MULTISTREAM_NONE, MH_MULTISTREAM_MORE, "" },
    { HEADER "\x05/b/1\n", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_MORE, "" },
    { "\x05/a/1\n", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_BROKEN, NULL },
    { "\x13/multistream/2.0.0\n", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_BROKEN, NULL },
    { HEADER "\x05/a/1x", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_BROKEN, NULL },
    { HEADER "\xff\xff\x03", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_BROKEN, NULL },
    { HEADER "\x82\x02/", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_BROKEN, NULL },
    { "GET / HTTP/1.1\r\n\r\n", MH_MULTISTREAM_BROKEN, MH_MULTISTREAM_BROKEN, NULL },
  };

  g_test_summary ("what does not follow the protocol is told from what is not complete");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (MhBuf) out = { 0 };
      g_auto (MhBuf) in = { 0 };
      g_auto (MhBuf) other = { 0 };
      g_autoptr (MhMultistream) dialler = mh_multistream_dial (ours, &out);
      g_autoptr (MhMultistream) listener =
          mh_multistream_listen (accept_known, (gpointer) speaks, &out);

      g_test_message ("%u", i);
      mh_buf_append (&in, rows[i].in, strlen (rows[i].in));
      mh_buf_append (&other, rows[i].in, strlen (rows[i].in));
      g_assert_cmpint (mh_multistream_feed (dialler, &in, &out), ==, rows[i].dialler);
      g_assert_cmpint (mh_multistream_feed (listener, &other, &out), ==, rows[i].listener);
      if (rows[i].rest != NULL)
        g_assert_cmpmem (mh_buf_peek (&in), mh_buf_size (&in), rows[i].rest, strlen (rows[i].rest));
    }
}

static void
test_many_tries (void)
{
  static const char *const speaks[] = { "/a/1", NULL };
  g_auto (MhBuf) out = { 0 };
  g_auto (MhBuf) in = { 0 };
  g_autoptr (MhMultistream) listener =
      mh_multistream_listen (accept_known, (gpointer) speaks, &out);
  MhMultistreamState state = MH_MULTISTREAM_MORE;
  guint tries = 0;

  g_test_summary ("nobody may try names for ever");
  mh_buf_append (&in, HEADER, strlen (HEADER));
  while (state == MH_MULTISTREAM_MORE && tries <= MH_MULTISTREAM_MAX_TRIES)
    {
      mh_buf_append (&in, "\x05/b/1\n", 6);
      state = mh_multistream_feed (listener, &in, &out);
      tries++;
    }
  g_assert_cmpint (state, ==, MH_MULTISTREAM_NONE);
  g_assert_cmpuint (tries, ==, MH_MULTISTREAM_MAX_TRIES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/multistream/both", test_both);
  g_test_add_func ("/p2p/multistream/bytes", test_bytes);
  g_test_add_func ("/p2p/multistream/many-tries", test_many_tries);

  return g_test_run ();
}
