/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/p2p/ws/ws.h"

#include <string.h>

#include "crypto/crypto.h"

/* RFC 6455, frame by frame: what is written by hand against either role. */

#define FIN 0x80

/* How the length of a frame is written (RFC 6455 §5.2). */
typedef enum
{
  SHORTEST,
  BYTES_2,
  BYTES_8,
} Form;

typedef struct
{
  guint8 first; /* FIN, reserved bits and opcode */
  gboolean wrong_mask;
  Form form;
  guint64 size; /* claimed; as many bytes follow, up to a MiB */
} Frame;

/* One side that is open. */
typedef struct
{
  MhWs *ws;
  gboolean is_client;
  MhBuf in;
  MhBuf bytes;
  MhBuf out;
  GError *error;
} Side;

static void
side_clear (Side *self)
{
  mh_ws_free (self->ws);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->bytes);
  mh_buf_clear (&self->out);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Side, side_clear)

/* What both read, by turns, until neither has anything to say. */
static void
meet (Side *client, Side *server)
{
  gsize moved;

  do
    {
      moved = mh_buf_size (&client->out) + mh_buf_size (&server->out);
      mh_buf_append (&server->in, mh_buf_peek (&client->out), mh_buf_size (&client->out));
      mh_buf_consume (&client->out, mh_buf_size (&client->out));
      g_assert_true (mh_ws_feed (server->ws, &server->in, &server->bytes, &server->out, NULL));
      mh_buf_append (&client->in, mh_buf_peek (&server->out), mh_buf_size (&server->out));
      mh_buf_consume (&server->out, mh_buf_size (&server->out));
      g_assert_true (mh_ws_feed (client->ws, &client->in, &client->bytes, &client->out, NULL));
    }
  while (moved > 0);
}

static void
open_both (Side *client, Side *server)
{
  client->is_client = TRUE;
  client->ws = mh_ws_new_client ("example:4001", &client->out);
  server->ws = mh_ws_new_server ();
  meet (client, server);
  g_assert_true (mh_ws_is_open (client->ws) && mh_ws_is_open (server->ws));
}

static guint8
content (gsize i)
{
  return (guint8) (i * 7 + 3);
}

static void
put (MhBuf *out, gboolean is_masked, const Frame *frame)
{
  static const guint8 mask[4] = { 0xa5, 0, 0x13, 0xff };
  guint8 head[14] = { frame->first };
  gsize at = 2;
  guint extra = 0;

  if (frame->form == BYTES_8 || frame->size > G_MAXUINT16)
    extra = 8;
  else if (frame->form == BYTES_2 || frame->size > 125)
    extra = 2;
  head[1] = extra == 8 ? 127 : extra == 2 ? 126 : (guint8) frame->size;
  for (guint i = 0; i < extra; i++)
    head[at++] = (guint8) (frame->size >> 8 * (extra - 1 - i));
  if (is_masked)
    {
      head[1] |= 0x80;
      memcpy (head + at, mask, 4);
      at += 4;
    }
  mh_buf_append (out, head, at);
  for (gsize i = 0; i < MIN (frame->size, 1 << 20); i++)
    {
      guint8 byte = content (i) ^ (is_masked ? mask[i & 3] : 0);

      mh_buf_append (out, &byte, 1);
    }
}

/* Gives a frame to a side, @most bytes at a time. Returns: whether it is still content */
static gboolean
give (Side *self, const Frame *frame, gsize most)
{
  g_auto (MhBuf) wire = { 0 };
  gboolean good = TRUE;

  put (&wire, self->is_client == frame->wrong_mask, frame);
  while (good && mh_buf_size (&wire) > 0)
    {
      gsize some = MIN (most, mh_buf_size (&wire));

      mh_buf_append (&self->in, mh_buf_peek (&wire), some);
      mh_buf_consume (&wire, some);
      good = mh_ws_feed (self->ws, &self->in, &self->bytes, &self->out, &self->error);
      g_assert_true (good == (self->error == NULL));
    }

  return good;
}

static void
assert_got (Side *self, gsize size)
{
  g_assert_cmpuint (mh_buf_size (&self->bytes), ==, size);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpuint (mh_buf_peek (&self->bytes)[i], ==, content (i));
  mh_buf_consume (&self->bytes, size);
}

static void
test_taken (void)
{
  static const Frame frames[] = {
    { FIN | 2, FALSE, SHORTEST, 0 },     { FIN | 2, FALSE, SHORTEST, 1 },
    { FIN | 2, FALSE, SHORTEST, 125 },   { FIN | 2, FALSE, SHORTEST, 126 },
    { FIN | 2, FALSE, SHORTEST, 65535 }, { FIN | 2, FALSE, SHORTEST, 65536 },
    { FIN | 2, FALSE, SHORTEST, 300000 }
  };
  static const gsize cuts[] = { 1, 2, 3, 7, 1000, G_MAXSIZE };

  g_test_summary ("binary frames of every length, in both roles, cut anywhere");
  for (guint cut = 0; cut < G_N_ELEMENTS (cuts); cut++)
    {
      g_auto (Side) client = { NULL };
      g_auto (Side) server = { NULL };

      open_both (&client, &server);
      for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
        {
          g_assert_true (give (&server, &frames[i], cuts[cut]));
          assert_got (&server, frames[i].size);
          g_assert_true (give (&client, &frames[i], cuts[cut]));
          assert_got (&client, frames[i].size);
        }
      g_assert_cmpuint (mh_buf_size (&client.out) + mh_buf_size (&server.out), ==, 0);
    }
}

static void
test_refused (void)
{
  static const Frame frames[] = {
    { FIN | 2, TRUE, SHORTEST, 5 },         /* §5.1: a mask from clients, and only them */
    { FIN | 1, FALSE, SHORTEST, 5 },        /* text */
    { 1, FALSE, SHORTEST, 5 },              /* text that goes on */
    { FIN | 3, FALSE, SHORTEST, 5 },        /* reserved */
    { FIN | 7, FALSE, SHORTEST, 5 },        /* reserved */
    { FIN | 11, FALSE, SHORTEST, 5 },       /* reserved */
    { FIN | 15, FALSE, SHORTEST, 5 },       /* reserved */
    { FIN | 0x40 | 2, FALSE, SHORTEST, 5 }, /* of an extension nobody agreed on */
    { FIN | 0x20 | 2, FALSE, SHORTEST, 5 }, /* the same */
    { FIN | 0x10 | 2, FALSE, SHORTEST, 5 }, /* the same */
    { FIN | 9, FALSE, SHORTEST, 126 },      /* §5.5: control frames of up to 125 bytes */
    { FIN | 10, FALSE, SHORTEST, 126 },     /* the same */
    { FIN | 8, FALSE, SHORTEST, 126 },      /* the same */
    { 9, FALSE, SHORTEST, 5 },              /* §5.5: in one piece */
    { 8, FALSE, SHORTEST, 5 },              /* the same */
    { FIN | 2, FALSE, SHORTEST, G_GUINT64_CONSTANT (1) << 63 }, /* §5.2: no more than 63 bits */
    { FIN | 2, FALSE, BYTES_2, 125 },                           /* §5.2: not longer than needed */
    { FIN | 2, FALSE, BYTES_8, 65535 },                         /* the same */
    { FIN | 9, FALSE, BYTES_8, 5 },                             /* the same */
    { FIN | 0, FALSE, SHORTEST, 5 },                            /* §5.4: goes on with nothing */
    { 0, FALSE, SHORTEST, 5 },                                  /* the same */
  };

  g_test_summary ("frames that break the rules end it, in both roles, cut anywhere");
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    for (gsize cut = 1; cut < 20; cut += 6)
      {
        g_auto (Side) client = { NULL };
        g_auto (Side) server = { NULL };

        g_test_message ("frame %u", i);
        open_both (&client, &server);
        g_assert_false (give (&server, &frames[i], cut));
        g_assert_error (server.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
        g_assert_false (give (&client, &frames[i], cut));
        g_assert_error (client.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      }
}

static void
test_fragments (void)
{
  static const Frame first = { 2, FALSE, SHORTEST, 10 };
  static const Frame middle = { 0, FALSE, SHORTEST, 200 };
  static const Frame last = { FIN, FALSE, SHORTEST, 0 };
  static const Frame ping = { FIN | 9, FALSE, SHORTEST, 3 };
  g_auto (Side) client = { NULL };
  g_auto (Side) server = { NULL };

  g_test_summary ("a message may come in fragments, with control frames in between");
  open_both (&client, &server);
  for (guint round = 0; round < 3; round++)
    {
      g_assert_true (give (&server, &first, 3));
      assert_got (&server, 10);
      g_assert_true (give (&server, &ping, 1));
      g_assert_cmpuint (mh_buf_size (&server.out), ==, 2 + 3);
      mh_buf_consume (&server.out, 5);
      g_assert_true (give (&server, &middle, 50));
      assert_got (&server, 200);
      g_assert_true (give (&server, &last, 1));
    }
  g_assert_true (give (&server, &first, 3));
  g_assert_false (give (&server, &first, 3)); /* another before the end of the first */
  g_assert_error (server.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

static void
test_control (void)
{
  static const Frame ping = { FIN | 9, FALSE, SHORTEST, 125 };
  static const Frame pong = { FIN | 10, FALSE, SHORTEST, 7 };
  static const Frame end = { FIN | 8, FALSE, SHORTEST, 2 };
  static const Frame more = { FIN | 2, FALSE, SHORTEST, 9 };
  g_auto (Side) client = { NULL };
  g_auto (Side) server = { NULL };
  const guint8 *out;

  g_test_summary ("pings are answered with what they hold, pongs with nothing, a close with one");
  open_both (&client, &server);
  g_assert_true (give (&server, &pong, 2));
  g_assert_cmpuint (mh_buf_size (&server.out), ==, 0);
  g_assert_true (give (&server, &ping, 2));
  out = mh_buf_peek (&server.out);
  g_assert_cmpuint (mh_buf_size (&server.out), ==, 2 + 125);
  g_assert_cmpuint (out[0], ==, FIN | 10);
  for (guint i = 0; i < 125; i++)
    g_assert_cmpuint (out[2 + i], ==, content (i));
  mh_buf_consume (&server.out, 127);
  g_assert_true (give (&server, &end, 2));
  g_assert_true (mh_ws_is_ended (server.ws));
  g_assert_cmpuint (mh_buf_peek (&server.out)[0], ==, FIN | 8);
  mh_buf_consume (&server.out, 4);
  g_assert_cmpuint (mh_buf_size (&server.out), ==, 0);
  g_assert_true (give (&server, &more, 2)); /* what comes after the end is passed over */
  g_assert_true (give (&server, &ping, 2));
  g_assert_cmpuint (mh_buf_size (&server.bytes) + mh_buf_size (&server.out), ==, 0);
  g_assert_cmpuint (mh_buf_size (&server.in), ==, 0);
}

static void
test_too_many_pings (void)
{
  static const Frame ping = { FIN | 9, FALSE, SHORTEST, 125 };
  g_auto (Side) client = { NULL };
  g_auto (Side) server = { NULL };

  g_test_summary ("answers that nobody takes do not pile up");
  open_both (&client, &server);
  while (give (&server, &ping, G_MAXSIZE))
    g_assert_cmpuint (mh_buf_size (&server.out), <=, MH_WS_MAX_UNSENT + 200);
  g_assert_error (server.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
}

static void
test_both_ways (void)
{
  static const gsize sizes[] = { 0, 1, 125, 126, 65535, 65536, 1000000 };
  g_auto (Side) client = { NULL };
  g_auto (Side) server = { NULL };
  g_autofree guint8 *bytes = g_malloc (1000000);

  g_test_summary ("what one side wraps the other unwraps");
  for (gsize i = 0; i < 1000000; i++)
    bytes[i] = content (i);
  open_both (&client, &server);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      mh_ws_wrap (client.ws, bytes, sizes[i], &client.out);
      mh_ws_wrap (server.ws, bytes, sizes[i], &server.out);
      meet (&client, &server);
      assert_got (&client, sizes[i]);
      assert_got (&server, sizes[i]);
    }
  mh_ws_close (client.ws, &client.out);
  meet (&client, &server);
  g_assert_true (mh_ws_is_ended (server.ws) && mh_ws_is_ended (client.ws));
}

/* -- the upgrade -- */

typedef struct
{
  const char *head;
  gboolean is_good;
} Head;

#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static const Head requests[] = {
  /* RFC 6455 §1.3 has this key */
  { "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" KEY "\r\n", TRUE },
  { "GET /x HTTP/1.1\r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n" KEY "\r\n",
    TRUE },
  { "POST / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" KEY "\r\n", FALSE },
  { "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" KEY "\r\n", FALSE },
  { "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: close\r\n" KEY "\r\n", FALSE },
  { "GET / HTTP/1.1\r\nUpgrade: websocket\r\n" KEY "\r\n", FALSE },
  { "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", FALSE },
  { "\r\n\r\n", FALSE },
  { "GET / HTTP/1.1\r\n\r\n", FALSE },
};

static void
test_requests (void)
{
  g_test_summary ("only a request for an upgrade is answered");
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    for (gsize most = 1; most < 300; most += 149)
      {
        g_auto (Side) server = { mh_ws_new_server () };
        gsize size = strlen (requests[i].head);
        gboolean good = TRUE;

        g_test_message ("request %u", i);
        for (gsize at = 0; good && at < size; at += most)
          {
            mh_buf_append (&server.in, requests[i].head + at, MIN (most, size - at));
            good = mh_ws_feed (server.ws, &server.in, &server.bytes, &server.out, &server.error);
          }
        g_assert_true (good == requests[i].is_good);
        g_assert_true (mh_ws_is_open (server.ws) == requests[i].is_good);
        if (!good)
          continue;
        g_assert_nonnull (g_strstr_len (
            (const char *) mh_buf_peek (&server.out), (gssize) mh_buf_size (&server.out),
            "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
      }
}

static void
test_answers (void)
{
  static const char *const answers[] = {
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    "\r\n\r\n",
  };

  g_test_summary ("an answer has to be to our request");
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_auto (Side) client = { NULL };

      client.ws = mh_ws_new_client ("a", &client.out);
      mh_buf_append (&client.in, answers[i], strlen (answers[i]));
      g_assert_false (
          mh_ws_feed (client.ws, &client.in, &client.bytes, &client.out, &client.error));
      g_assert_error (client.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

static void
test_long_head (void)
{
  g_test_summary ("a head that does not end is not waited for");
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Side) side = { NULL };
      gsize given = 0;

      side.ws = i == 0 ? mh_ws_new_server () : mh_ws_new_client ("a", &side.out);
      do
        {
          mh_buf_append (&side.in, "GET ", 4);
          given += 4;
          g_assert_cmpuint (given, <=, MH_WS_MAX_HEAD + 4);
        }
      while (mh_ws_feed (side.ws, &side.in, &side.bytes, &side.out, &side.error));
      g_assert_error (side.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/ws/taken", test_taken);
  g_test_add_func ("/p2p/ws/refused", test_refused);
  g_test_add_func ("/p2p/ws/fragments", test_fragments);
  g_test_add_func ("/p2p/ws/control", test_control);
  g_test_add_func ("/p2p/ws/too-many-pings", test_too_many_pings);
  g_test_add_func ("/p2p/ws/both-ways", test_both_ways);
  g_test_add_func ("/p2p/ws/requests", test_requests);
  g_test_add_func ("/p2p/ws/answers", test_answers);
  g_test_add_func ("/p2p/ws/long-head", test_long_head);

  return g_test_run ();
}
