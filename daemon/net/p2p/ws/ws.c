/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ws.h"

#include <string.h>

#include "crypto/random.h"

/* RFC 6455 §5.2 */
typedef enum
{
  OP_CONTINUE = 0,
  OP_TEXT = 1,
  OP_BINARY = 2,
  OP_CLOSE = 8,
  OP_PING = 9,
  OP_PONG = 10,
} Op;

#define FIN 0x80
#define MASKED 0x80
#define MOST_CONTROL 125

/* The head of a frame: two bytes, a length of eight, a mask of four. */
#define MOST_FRAME_HEAD 14

struct _MhWs
{
  gboolean is_client;
  gboolean is_open;
  gboolean is_ended;
  char *expected; /* (owned) (nullable): Sec-WebSocket-Accept that has to come */

  /* the frame that is being read */
  guint64 left; /* bytes of it */
  Op op;
  guint8 mask[4];
  gboolean is_masked;
  guint turned;        /* bytes that were unmasked, modulo 4 */
  GByteArray *control; /* (owned): payload of a control frame */
  gboolean in_frame;
  gboolean in_message; /* fragments of it have to come */
};

static MhWs *
make (gboolean is_client)
{
  MhWs *self = g_new0 (MhWs, 1);

  self->is_client = is_client;
  self->control = g_byte_array_new ();

  return self;
}

/* Returns: (transfer full): what the answer to @key has to say (RFC 6455 §4.2.2) */
static char *
accept_of (const char *key)
{
  g_autofree char *text = g_strconcat (key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", NULL);
  g_autoptr (GChecksum) sha = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;

  g_checksum_update (sha, (const guchar *) text, -1);
  g_checksum_get_digest (sha, digest, &size);

  return g_base64_encode (digest, size);
}

MhWs *
mh_ws_new_client (const char *host, MhBuf *out)
{
  MhWs *self = make (TRUE);
  g_autofree char *key = NULL;
  g_autofree char *request = NULL;
  guint8 nonce[16];

  mh_random_bytes (nonce, sizeof nonce);
  key = g_base64_encode (nonce, sizeof nonce);
  self->expected = accept_of (key);
  request = g_strdup_printf ("GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n",
                             host, key);
  mh_buf_append (out, request, strlen (request));

  return self;
}

MhWs *
mh_ws_new_server (void)
{
  return make (FALSE);
}

void
mh_ws_free (MhWs *self)
{
  if (self == NULL)
    return;

  g_free (self->expected);
  g_byte_array_unref (self->control);
  g_free (self);
}

gboolean
mh_ws_is_open (const MhWs *self)
{
  return self->is_open;
}

gboolean
mh_ws_is_ended (const MhWs *self)
{
  return self->is_ended;
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "websocket: %s", what);

  return FALSE;
}

/* Returns: (transfer full) (nullable): the value of a header, of the first if there are several */
static char *
find_header (char **lines, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (g_ascii_strncasecmp (lines[i], name, length) == 0 && lines[i][length] == ':')
      return g_strstrip (g_strdup (lines[i] + length + 1));

  return NULL;
}

/* Whether a list of tokens has one. */
static gboolean
has_token (const char *list, const char *token)
{
  g_auto (GStrv) parts = g_strsplit (list != NULL ? list : "", ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (g_ascii_strcasecmp (g_strstrip (parts[i]), token) == 0)
      return TRUE;

  return FALSE;
}

static gboolean
read_answer (MhWs *self, char **lines, GError **error)
{
  g_autofree char *accept = find_header (lines, "Sec-WebSocket-Accept");

  if (!g_str_has_prefix (lines[0], "HTTP/1.1 101"))
    return fail (error, "the other side does not upgrade");
  if (g_strcmp0 (accept, self->expected) != 0)
    return fail (error, "the answer is to another request");
  self->is_open = TRUE;

  return TRUE;
}

static gboolean
read_request (MhWs *self, char **lines, MhBuf *out, GError **error)
{
  g_autofree char *upgrade = find_header (lines, "Upgrade");
  g_autofree char *connection = find_header (lines, "Connection");
  g_autofree char *key = find_header (lines, "Sec-WebSocket-Key");
  g_autofree char *accept = NULL;
  g_autofree char *answer = NULL;

  if (!g_str_has_prefix (lines[0], "GET ") || !has_token (upgrade, "websocket")
      || !has_token (connection, "upgrade") || key == NULL)
    return fail (error, "the request is no upgrade");
  accept = accept_of (key);
  answer = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                            accept);
  mh_buf_append (out, answer, strlen (answer));
  self->is_open = TRUE;

  return TRUE;
}

static gboolean
read_head (MhWs *self, MhBuf *in, MhBuf *out, GError **error)
{
  const char *data = (const char *) mh_buf_peek (in);
  gsize size = MIN (mh_buf_size (in), MH_WS_MAX_HEAD);
  const char *end = size == 0 ? NULL : g_strstr_len (data, (gssize) size, "\r\n\r\n");
  g_autofree char *head = NULL;
  g_auto (GStrv) lines = NULL;

  if (end == NULL)
    return size < MH_WS_MAX_HEAD || fail (error, "the head is too long");

  head = g_strndup (data, (gsize) (end - data));
  mh_buf_consume (in, (gsize) (end - data) + 4);
  lines = g_strsplit (head, "\r\n", -1);
  if (lines[0] == NULL)
    return fail (error, "the head is empty");

  return self->is_client ? read_answer (self, lines, error)
                         : read_request (self, lines, out, error);
}

static void
put_frame (MhWs *self, Op op, const guint8 *bytes, gsize size, MhBuf *out)
{
  guint8 *head = mh_buf_reserve (out, MOST_FRAME_HEAD + size);
  guint8 mask[4] = { 0 };
  gsize at = 2;

  head[0] = (guint8) (FIN | op);
  if (size < 126)
    head[1] = (guint8) size;
  else if (size <= G_MAXUINT16)
    head[1] = 126;
  else
    head[1] = 127;
  for (gint shift = head[1] == 127 ? 56 : 8; head[1] >= 126 && shift >= 0; shift -= 8)
    head[at++] = (guint8) ((guint64) size >> shift);
  if (self->is_client)
    {
      head[1] |= MASKED;
      mh_random_bytes (mask, sizeof mask);
      memcpy (head + at, mask, sizeof mask);
      at += sizeof mask;
    }
  for (gsize i = 0; i < size; i++)
    head[at + i] = bytes[i] ^ mask[i & 3];
  mh_buf_commit (out, at + size);
}

void
mh_ws_wrap (MhWs *self, const guint8 *bytes, gsize size, MhBuf *out)
{
  put_frame (self, OP_BINARY, bytes, size, out);
}

void
mh_ws_close (MhWs *self, MhBuf *out)
{
  static const guint8 normal[] = { 1000 >> 8, 1000 & 0xff };

  put_frame (self, OP_CLOSE, normal, sizeof normal, out);
}

/* Whether a length takes more bytes than it needs (RFC 6455 §5.2). */
static gboolean
is_padded (guint bytes, guint64 length)
{
  return (bytes == 2 && length < 126) || (bytes == 8 && length <= G_MAXUINT16);
}

/* Whether the frame may come now (RFC 6455 §5.4, §5.5); notes what may come after it. */
static gboolean
has_place (MhWs *self, gboolean is_last)
{
  if (self->op >= OP_CLOSE)
    return self->op <= OP_PONG && self->left <= MOST_CONTROL && is_last;
  if (self->op != (self->in_message ? OP_CONTINUE : OP_BINARY))
    return FALSE;
  self->in_message = !is_last;

  return TRUE;
}

/* Reads the head of a frame. Returns: %FALSE with @error set, else @in_frame tells whether it is */
static gboolean
read_frame_head (MhWs *self, MhBuf *in, GError **error)
{
  const guint8 *data = mh_buf_peek (in);
  gsize size = mh_buf_size (in);
  gsize at = 2;
  guint extra;

  if (size < 2)
    return TRUE;
  extra = (data[1] & 127) == 127 ? 8 : (data[1] & 127) == 126 ? 2 : 0;
  self->is_masked = (data[1] & MASKED) != 0;
  if (size < 2 + extra + (self->is_masked ? 4u : 0u))
    return TRUE;

  self->op = (Op) (data[0] & 15);
  self->left = data[1] & 127;
  if (extra > 0)
    self->left = 0;
  for (guint i = 0; i < extra; i++)
    self->left = self->left << 8 | data[at++];
  if (self->is_masked)
    memcpy (self->mask, data + at, 4);
  at += self->is_masked ? 4 : 0;
  if ((data[0] & 0x70) != 0 || self->is_masked == self->is_client || self->left >> 63 != 0)
    return fail (error, "a frame breaks the rules");
  if (is_padded (extra, self->left) || !has_place (self, (data[0] & FIN) != 0))
    return fail (error, "a frame that has no place here");
  mh_buf_consume (in, at);
  self->turned = 0;
  self->in_frame = TRUE;
  g_byte_array_set_size (self->control, 0);

  return TRUE;
}

static gboolean
end_frame (MhWs *self, MhBuf *out, GError **error)
{
  self->in_frame = FALSE;
  if (self->op == OP_PING && mh_buf_size (out) > MH_WS_MAX_UNSENT)
    return fail (error, "pings whose answers nobody reads");
  if (self->op == OP_PING)
    put_frame (self, OP_PONG, self->control->data, self->control->len, out);
  if (self->op == OP_CLOSE && !self->is_ended)
    {
      self->is_ended = TRUE;
      mh_ws_close (self, out);
    }

  return TRUE;
}

static void
read_payload (MhWs *self, MhBuf *in, MhBuf *bytes)
{
  gsize size = (gsize) MIN (mh_buf_size (in), self->left);
  guint8 *data = mh_buf_peek (in);

  for (gsize i = 0; self->is_masked && i < size; i++)
    data[i] ^= self->mask[(self->turned + i) & 3];
  self->turned = (guint) (self->turned + size) & 3;
  if (self->op == OP_CONTINUE || self->op == OP_BINARY)
    mh_buf_append (bytes, data, size);
  else
    g_byte_array_append (self->control, data, (guint) size);
  mh_buf_consume (in, size);
  self->left -= size;
}

gboolean
mh_ws_feed (MhWs *self, MhBuf *in, MhBuf *bytes, MhBuf *out, GError **error)
{
  if (!self->is_open)
    {
      if (!read_head (self, in, out, error))
        return FALSE;
      if (!self->is_open)
        return TRUE;
    }

  while (!self->is_ended)
    {
      if (!self->in_frame && !read_frame_head (self, in, error))
        return FALSE;
      if (!self->in_frame)
        return TRUE;
      if (mh_buf_size (in) > 0)
        read_payload (self, in, bytes);
      if (self->left > 0)
        return TRUE;
      if (!end_frame (self, out, error))
        return FALSE;
    }
  mh_buf_consume (in, mh_buf_size (in)); /* nothing comes after the end */

  return TRUE;
}
