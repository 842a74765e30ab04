/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "encoding.h"

#include <string.h>

char *
mh_hex_encode (const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  char *text = g_malloc (length * 2 + 1);

  for (gsize i = 0; i < length; i++)
    {
      text[i * 2] = digits[data[i] >> 4];
      text[i * 2 + 1] = digits[data[i] & 15];
    }
  text[length * 2] = '\0';

  return text;
}

gboolean
mh_hex_decode (const char *text, guint8 *out, gsize length)
{
  g_return_val_if_fail (out != NULL || length == 0, FALSE);

  if (text == NULL || strlen (text) != length * 2)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    {
      int high = g_ascii_xdigit_value (text[i * 2]);
      int low = g_ascii_xdigit_value (text[i * 2 + 1]);

      if (high < 0 || low < 0)
        return FALSE;

      out[i] = (guint8) (high << 4 | low);
    }

  return TRUE;
}

static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";

char *
mh_base32_encode (const guint8 *data, gsize length)
{
  GString *text = g_string_sized_new ((length * 8 + 4) / 5);
  guint32 buffer = 0;
  guint bits = 0;

  for (gsize i = 0; i < length; i++)
    {
      buffer = buffer << 8 | data[i];
      for (bits += 8; bits >= 5; bits -= 5)
        g_string_append_c (text, base32_digits[buffer >> (bits - 5) & 31]);
    }
  if (bits > 0)
    g_string_append_c (text, base32_digits[buffer << (5 - bits) & 31]);

  return g_string_free (text, FALSE);
}

static const char base58_digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

char *
mh_base58_encode (const guint8 *data, gsize length)
{
  guint8 number[180] = { 0 }; /* base-58 digits, least significant first; 128 bytes need 175 */
  gsize used = 0;
  gsize zeros = 0;
  GString *text = NULL;

  g_return_val_if_fail (length <= 128, NULL);

  while (zeros < length && data[zeros] == 0)
    zeros++;

  for (gsize i = zeros; i < length; i++)
    {
      guint carry = data[i];

      for (gsize j = 0; j < used || carry > 0; j++)
        {
          carry += 256u * number[j];
          number[j] = (guint8) (carry % 58);
          carry /= 58;
          used = MAX (used, j + 1);
        }
    }

  text = g_string_sized_new (zeros + used);
  for (gsize i = 0; i < zeros; i++)
    g_string_append_c (text, '1');
  while (used > 0)
    g_string_append_c (text, base58_digits[number[--used]]);

  return g_string_free (text, FALSE);
}

gboolean
mh_base58_decode (const char *text, guint8 *out, gsize room, gsize *size)
{
  guint8 number[128] = { 0 }; /* least significant byte first */
  gsize used = 0;
  gsize zeros = strspn (text, "1");

  g_return_val_if_fail (room <= sizeof number, FALSE);

  for (const char *at = text + zeros; *at != '\0'; at++)
    {
      const char *digit = strchr (base58_digits, *at);
      guint carry;

      if (digit == NULL)
        return FALSE;
      carry = (guint) (digit - base58_digits);
      for (gsize i = 0; i < used || carry > 0; i++)
        {
          if (i == room)
            return FALSE;
          carry += 58u * number[i];
          number[i] = (guint8) carry;
          carry >>= 8;
          used = MAX (used, i + 1);
        }
    }

  if (zeros > room - used)
    return FALSE;
  memset (out, 0, zeros);
  for (gsize i = 0; i < used; i++)
    out[zeros + i] = number[used - 1 - i];
  *size = zeros + used;

  return TRUE;
}

gboolean
mh_base32_decode (const char *text, guint8 *out, gsize room, gsize *size)
{
  guint buffer = 0;
  guint bits = 0;

  *size = 0;
  for (const char *at = text; *at != '\0'; at++)
    {
      const char *digit = strchr (base32_digits, g_ascii_tolower (*at));

      if (digit == NULL)
        return FALSE;
      buffer = (buffer << 5 | (guint) (digit - base32_digits)) & 0xfff;
      bits += 5;
      if (bits < 8)
        continue;
      if (*size == room)
        return FALSE;
      bits -= 8;
      out[(*size)++] = (guint8) (buffer >> bits);
    }

  /* what is left over has to be filling: less than a digit, and zeros */
  return bits < 5 && (buffer & ((1u << bits) - 1)) == 0;
}

char *
mh_percent_decode (const char *text, gssize length, gboolean plus_is_space)
{
  const char *end = text + (length < 0 ? (gssize) strlen (text) : length);
  g_autoptr (GString) out = g_string_sized_new ((gsize) (end - text));

  for (const char *p = text; p < end; p++)
    {
      if (*p == '+' && plus_is_space)
        {
          g_string_append_c (out, ' ');
        }
      else if (*p != '%')
        {
          g_string_append_c (out, *p);
        }
      else
        {
          int high = end - p > 2 ? g_ascii_xdigit_value (p[1]) : -1;
          int low = high >= 0 ? g_ascii_xdigit_value (p[2]) : -1;

          if (low < 0)
            return NULL;

          g_string_append_c (out, (char) (high << 4 | low));
          p += 2;
        }
    }

  /* g_utf8_validate_len() also refuses an embedded NUL */
  if (!g_utf8_validate_len (out->str, out->len, NULL))
    return NULL;

  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
mh_base64url_encode (const guint8 *data, gsize length)
{
  char *out = g_base64_encode (data, length);

  g_strdelimit (out, "+", '-');
  g_strdelimit (out, "/", '_');
  for (gsize i = strlen (out); i > 0 && out[i - 1] == '='; i--)
    out[i - 1] = '\0';

  return out;
}

guint8 *
mh_base64url_decode (const char *text, gsize *size)
{
  g_autoptr (GString) plain = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    {
      if (g_ascii_isspace (*p))
        continue;
      if (!g_ascii_isalnum (*p) && *p != '-' && *p != '_')
        return NULL;
      g_string_append_c (plain, *p == '-' ? '+' : *p == '_' ? '/' : *p);
    }
  while (plain->len % 4 != 0)
    g_string_append_c (plain, '=');

  return g_base64_decode (plain->str, size);
}
