/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "swarm-key.h"

#include <gio/gio.h>
#include <string.h>

#include "base/encoding.h"
#include "crypto/hash.h"

/* The first line of a key file, version 1. */
static const char kind[] = "/key/swarm/psk/1.0.0/";

/* Longer than any key file, so that nobody makes us look at more. */
#define MOST_TEXT 1024

/* Returns: (transfer none) (nullable): the next line without spaces around it; cuts @text */
static char *
next_line (char **text)
{
  char *line = *text;
  gsize length = line == NULL ? 0 : strcspn (line, "\n");

  if (line == NULL)
    return NULL;
  *text = line[length] == '\n' ? line + length + 1 : NULL;
  line[length] = '\0';

  return g_strstrip (line);
}

static gboolean
decode_base64 (const char *line, guint8 *key)
{
  g_autofree guint8 *data = NULL;
  gsize size;
  gboolean good;

  data = g_base64_decode (line, &size);
  good = size == MH_SWARM_KEY_SIZE;
  if (good)
    memcpy (key, data, size);
  mh_wipe (data, size);

  return good;
}

/* Reads the third line, after the first two. Returns: %FALSE when it holds no key */
static gboolean
decode (const char *encoding, const char *line, guint8 *key)
{
  if (g_strcmp0 (encoding, "/base16/") == 0)
    return line != NULL && mh_hex_decode (line, key, MH_SWARM_KEY_SIZE);
  if (g_strcmp0 (encoding, "/base64/") == 0)
    return line != NULL && decode_base64 (line, key);

  return FALSE;
}

static gboolean
read_lines (char *text, guint8 *key, GError **error)
{
  char *rest = text;
  const char *first = next_line (&rest);
  const char *encoding = next_line (&rest);
  const char *third = next_line (&rest);

  if (g_strcmp0 (first, kind) != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "the swarm key does not begin with %s", kind);
      return FALSE;
    }
  if (!decode (encoding, third, key))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "the swarm key needs a line /base16/ and one of %d hexadecimal digits",
                   2 * MH_SWARM_KEY_SIZE);
      return FALSE;
    }

  return TRUE;
}

MhSecret *
mh_swarm_key_parse (const char *text, gsize size, GError **error)
{
  g_autoptr (MhSecret) copy = NULL;
  g_autoptr (MhSecret) key = NULL;

  if (size > MOST_TEXT || memchr (text, '\0', size) != NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "this is no swarm key");
      return NULL;
    }

  copy = mh_secret_new (size + 1);
  memcpy (mh_secret_bytes (copy), text, size);
  key = mh_secret_new (MH_SWARM_KEY_SIZE);
  if (!read_lines ((char *) mh_secret_bytes (copy), mh_secret_bytes (key), error))
    return NULL;

  return g_steal_pointer (&key);
}

MhSecret *
mh_swarm_key_to_text (const MhSecret *key)
{
  static const char encoding[] = "/base16/";
  static const char digits[] = "0123456789abcdef";
  MhSecret *text = mh_secret_new (sizeof kind + sizeof encoding + 2 * MH_SWARM_KEY_SIZE);
  char *out = (char *) mh_secret_bytes (text);
  const guint8 *bytes = mh_secret_peek (key);

  memcpy (out, kind, sizeof kind - 1);
  out += sizeof kind - 1;
  *out++ = '\n';
  memcpy (out, encoding, sizeof encoding - 1);
  out += sizeof encoding - 1;
  *out++ = '\n';
  for (guint i = 0; i < MH_SWARM_KEY_SIZE; i++)
    {
      *out++ = digits[bytes[i] >> 4];
      *out++ = digits[bytes[i] & 15];
    }

  return text;
}

char *
mh_swarm_key_fingerprint (const MhSecret *key)
{
  guint8 digest[MH_SHA256_SIZE];

  mh_sha256 (mh_secret_peek (key), mh_secret_size (key), digest);

  return mh_hex_encode (digest, 8);
}
