/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "json-check.h"

#include "error.h"

#include <string.h>

/* RFC 8259, without recursion: a bit for each level tells an object from an array. */
typedef struct
{
  const char *text;
  const char *at;
  const char *end;
  guint depth;
  guint64 objects; /* bit n: level n is an object */
} Scan;

G_STATIC_ASSERT (MH_JSON_MAX_DEPTH <= 64);

static gboolean
fail (const Scan *scan, const char *what, GError **error)
{
  guint line = 1;

  for (const char *p = scan->text; p < scan->at; p++)
    line += *p == '\n';
  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "malformed JSON in line %u%s", line, what);

  return FALSE;
}

static void
skip_space (Scan *scan)
{
  while (scan->at < scan->end && strchr (" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
    scan->at++;
}

/* Returns: whether the next character is @c, which is then passed */
static gboolean
take (Scan *scan, char c)
{
  if (scan->at == scan->end || *scan->at != c)
    return FALSE;

  scan->at++;

  return TRUE;
}

static gboolean
take_hex4 (Scan *scan, guint *unit)
{
  *unit = 0;
  for (guint i = 0; i < 4; i++)
    {
      if (scan->at == scan->end || !g_ascii_isxdigit (*scan->at))
        return FALSE;
      *unit = *unit * 16 + (guint) g_ascii_xdigit_value (*scan->at++);
    }

  return TRUE;
}

/* After the backslash. Half a surrogate pair is no character, and a NUL would end the string. */
static gboolean
take_escape (Scan *scan)
{
  guint unit = 0;

  if (scan->at == scan->end)
    return FALSE;
  if (!take (scan, 'u'))
    return strchr ("\"\\/bfnrt", *scan->at) != NULL && *scan->at++ != '\0';
  if (!take_hex4 (scan, &unit) || unit == 0 || (unit & 0xfc00) == 0xdc00)
    return FALSE;
  if ((unit & 0xfc00) != 0xd800)
    return TRUE;

  return take (scan, '\\') && take (scan, 'u') && take_hex4 (scan, &unit)
         && (unit & 0xfc00) == 0xdc00;
}

static gboolean
take_string (Scan *scan)
{
  if (!take (scan, '"'))
    return FALSE;

  while (scan->at < scan->end && (guchar) *scan->at >= 0x20)
    {
      char c = *scan->at++;

      if (c == '"')
        return TRUE;
      if (c == '\\' && !take_escape (scan))
        return FALSE;
    }

  return FALSE;
}

static gboolean
take_digits (Scan *scan)
{
  const char *first = scan->at;

  while (scan->at < scan->end && g_ascii_isdigit (*scan->at))
    scan->at++;

  return scan->at > first;
}

static gboolean
take_number (Scan *scan)
{
  take (scan, '-');
  if (!take (scan, '0') && !take_digits (scan))
    return FALSE;
  if (take (scan, '.') && !take_digits (scan))
    return FALSE;
  if (take (scan, 'e') || take (scan, 'E'))
    {
      if (!take (scan, '+'))
        take (scan, '-');
      return take_digits (scan);
    }

  return TRUE;
}

static gboolean
take_word (Scan *scan, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (scan->end - scan->at) < length || memcmp (scan->at, word, length) != 0)
    return FALSE;

  scan->at += length;

  return TRUE;
}

static gboolean
is_object (const Scan *scan)
{
  return (scan->objects >> (scan->depth - 1) & 1) != 0;
}

static gboolean
take_key (Scan *scan)
{
  skip_space (scan);
  if (!take_string (scan))
    return FALSE;

  skip_space (scan);

  return take (scan, ':');
}

/* A scalar, or the beginning of an object or array. @is_whole: whether the value has ended. */
static gboolean
begin_value (Scan *scan, gboolean *is_whole)
{
  char c;

  skip_space (scan);
  *is_whole = TRUE;
  if (scan->at == scan->end)
    return FALSE;

  c = *scan->at;
  if (c != '{' && c != '[')
    return c == '"' ? take_string (scan)
           : c == '-' || g_ascii_isdigit (c)
               ? take_number (scan)
               : take_word (scan, "true") || take_word (scan, "false") || take_word (scan, "null");

  scan->at++;
  scan->objects &= ~(G_GUINT64_CONSTANT (1) << scan->depth);
  scan->objects |= (guint64) (c == '{') << scan->depth;
  scan->depth++;
  skip_space (scan);
  *is_whole = take (scan, c == '{' ? '}' : ']');
  if (*is_whole)
    scan->depth--;

  return *is_whole || c == '[' || take_key (scan);
}

/* After a value: closes what ends here. @is_over: whether that was the last level. */
static gboolean
end_value (Scan *scan, gboolean *is_over)
{
  *is_over = FALSE;
  while (scan->depth > 0)
    {
      skip_space (scan);
      if (take (scan, ','))
        return !is_object (scan) || take_key (scan);
      if (!take (scan, is_object (scan) ? '}' : ']'))
        return FALSE;
      scan->depth--;
    }
  *is_over = TRUE;
  skip_space (scan);

  return scan->at == scan->end;
}

gboolean
mh_json_check (const char *text, gsize length, GError **error)
{
  Scan scan = { text, text, text + length, 0, 0 };
  gboolean is_whole = FALSE;
  gboolean is_over = FALSE;

  skip_space (&scan);
  if (scan.at == scan.end)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "malformed JSON: the text is empty");
      return FALSE;
    }

  while (!is_over)
    {
      skip_space (&scan);
      if (scan.depth == MH_JSON_MAX_DEPTH && scan.at < scan.end && strchr ("{[", *scan.at) != NULL)
        return fail (&scan, ": more than " G_STRINGIFY (MH_JSON_MAX_DEPTH) " levels deep", error);
      if (!begin_value (&scan, &is_whole) || (is_whole && !end_value (&scan, &is_over)))
        return fail (&scan, "", error);
    }

  return TRUE;
}
