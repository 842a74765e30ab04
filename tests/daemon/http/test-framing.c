/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "http/framing.h"

#include <string.h>

typedef enum
{
  BETWEEN, /* the last message is whole */
  BODY,    /* a body with a length is on its way */
  CHUNKS,  /* a body in chunks is on its way */
  BAD,
} End;

#define POST "POST / HTTP/1.1\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static const struct
{
  const char *text;
  End end;
} rows[] = {
  { "", BETWEEN },
  { "\r\n\r\n", BETWEEN },
  { "GET / HTTP/1.1\r\n", BETWEEN },
  { "GET / HTTP/1.1\r\n\r\n", BETWEEN },
  { POST "Content-Length: 5\r\n\r\n", BODY },
  { POST "content-length:5\r\n\r\nhell", BODY },
  { POST "Content-Length: 5\r\n\r\nhello", BETWEEN },
  { POST "Content-Length: 5\r\n\r\nhello" CHUNKED, CHUNKS },
  { POST "Content-Length: 0\r\n\r\n" CHUNKED "zz", CHUNKS },
  { CHUNKED, CHUNKS },
  { CHUNKED "3", CHUNKS },
  { CHUNKED "3\r\n", CHUNKS },
  { CHUNKED "3\r\nabc", CHUNKS },
  { CHUNKED "3\r\nabc\r\n", CHUNKS },
  { CHUNKED "3\r\nabc\r\n0\r\n", CHUNKS },
  { CHUNKED "3\r\nabc\r\n0\r\n\r\n", BETWEEN },
  { CHUNKED "3\nabc\n0\n\n", BETWEEN },
  { CHUNKED "00000003 ; a=\"b\"\r\n0\r\n\r\n0;x\r\n", CHUNKS },
  { CHUNKED "00000003 ; a=\"b\"\r\n0\r\n\r\n0;x\r\n\r\n", BETWEEN },
  { CHUNKED "3;a\r\n0\r\n\r\n0\r\nTrailer: x\r\n", CHUNKS },
  { CHUNKED "3;a\r\n0\r\n\n0;b\r\nTrailer: x\r\n\r\n", BETWEEN },
  { CHUNKED "A\r\n0123456789\r\n0;b\r\nTrailer: x\r\n", CHUNKS },
  { CHUNKED "a \r\n0123456789\r\n0;b\r\nTrailer: x\r\n\r\n", BETWEEN },
  { CHUNKED "zz\r\n", BAD },
  { CHUNKED "\r\n", BAD },
  { CHUNKED "-1\r\n", BAD },
  { CHUNKED "0x3\r\n", BAD },
  { CHUNKED "3 4\r\n", BAD },
  { CHUNKED "ffffffffffffffff\r\n", BAD },
  { CHUNKED "fffffffffffffff\r\n", CHUNKS },
  { CHUNKED "3\r\nabcd\r\n", BAD },
  { POST "Transfer-Encoding: CHUNKED \r\nContent-Length: 2\r\n\r\n", CHUNKS },
  { POST "X-Transfer-Encoding: chunked\r\n\r\n", BETWEEN },
  { POST "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nx", BODY },
  /* what the server refuses is followed no further */
  { POST "Transfer-Encoding: gzip\r\n\r\nzz\r\n", BETWEEN },
  { POST "Transfer-Encoding:\r\n chunked\r\n\r\nzz\r\n", BETWEEN },
  { POST "Content-Length: +5\r\n\r\nzz\r\n", BETWEEN },
};

static void
check (const MhFraming *framing, gboolean ok, End end)
{
  g_assert_cmpint (ok, ==, end != BAD);
  if (end == BAD)
    return;

  g_assert_cmpint (mh_framing_in_chunks (framing), ==, end == CHUNKS);
  g_assert_cmpint (mh_framing_in_body (framing), ==, end == CHUNKS || end == BODY);
}

static void
test_whole (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MhFraming framing = { 0 };
      const guint8 *data = (const guint8 *) rows[i].text;
      gboolean ok = mh_framing_feed (&framing, data, strlen (rows[i].text));

      g_test_message ("%u %s", i, rows[i].text);
      check (&framing, ok, rows[i].end);
    }
}

static void
test_byte_by_byte (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MhFraming framing = { 0 };
      gboolean ok = TRUE;

      g_test_message ("%u %s", i, rows[i].text);
      for (const char *p = rows[i].text; *p != '\0' && ok; p++)
        ok = mh_framing_feed (&framing, (const guint8 *) p, 1);
      check (&framing, ok, rows[i].end);
    }
}

static void
test_long_lines (void)
{
  g_autofree char *filler = g_strnfill (100000, 'x');
  g_autofree char *text = g_strconcat ("POST /", filler, " HTTP/1.1\r\nX: ", filler,
                                       "\r\nTransfer-Encoding: chunked\r\n\r\n", NULL);
  MhFraming framing = { 0 };

  g_assert_true (mh_framing_feed (&framing, (const guint8 *) text, strlen (text)));
  g_assert_true (mh_framing_in_chunks (&framing));
  mh_framing_reset (&framing);
  g_assert_false (mh_framing_in_body (&framing));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/framing/whole", test_whole);
  g_test_add_func ("/http/framing/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/http/framing/long-lines", test_long_lines);

  return g_test_run ();
}
