/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "framing.h"

#include <string.h>

typedef enum
{
  BETWEEN, /* nothing of the next message has come, or empty lines only */
  HEAD,
  BODY,
  CHUNK_SIZE,
  CHUNK_DATA,
  CHUNK_END, /* the line end after the data */
  TRAILERS,
  UNKNOWN, /* a coding that libsoup refuses: nothing more is followed */
} State;

void
mh_framing_reset (MhFraming *self)
{
  memset (self, 0, sizeof *self);
}

gboolean
mh_framing_in_body (const MhFraming *self)
{
  return self->state == BODY || mh_framing_in_chunks (self);
}

gboolean
mh_framing_in_chunks (const MhFraming *self)
{
  return self->state >= CHUNK_SIZE && self->state <= TRAILERS;
}

/* The value of the header in @self->line when it is called @name, else %NULL. */
static const char *
value_of (MhFraming *self, const char *name)
{
  gsize length = strlen (name);

  if (g_ascii_strncasecmp (self->line, name, length) != 0 || self->line[length] != ':')
    return NULL;

  return g_strstrip (self->line + length + 1);
}

/* What is refused or read in another way elsewhere is not followed any further. */
static void
head_line (MhFraming *self)
{
  const char *value = NULL;

  if (self->line[0] == ' ' || self->line[0] == '\t') /* a folded line goes with the one before */
    {
      if (self->is_framing_line)
        self->state = UNKNOWN;
      return;
    }

  self->is_framing_line = FALSE;
  if ((value = value_of (self, "Transfer-Encoding")) != NULL)
    {
      self->is_framing_line = TRUE;
      if (g_ascii_strcasecmp (value, "chunked") == 0)
        self->is_chunked = TRUE;
      else if (g_ascii_strcasecmp (value, "identity") != 0)
        self->state = UNKNOWN;
    }
  else if ((value = value_of (self, "Content-Length")) != NULL)
    {
      self->is_framing_line = TRUE;
      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &self->length, NULL))
        self->state = UNKNOWN;
    }
}

static void
head_done (MhFraming *self)
{
  if (self->is_chunked)
    self->state = CHUNK_SIZE;
  else
    self->state = self->length > 0 ? BODY : BETWEEN;
  self->left = self->length;
  self->length = 0;
  self->is_chunked = FALSE;
  self->is_framing_line = FALSE;
}

/* Returns: whether @self->line is a chunk size with or without extensions */
static gboolean
chunk_size (MhFraming *self)
{
  gsize digits = strspn (self->line, "0123456789abcdefABCDEF");
  const char *rest = self->line + digits + strspn (self->line + digits, " \t");

  if (digits == 0 || digits > 15 || (*rest != '\0' && *rest != ';'))
    return FALSE;

  self->left = g_ascii_strtoull (self->line, NULL, 16);
  self->state = self->left > 0 ? CHUNK_DATA : TRAILERS;

  return TRUE;
}

/* A whole line has come, without its end. */
static gboolean
line_done (MhFraming *self)
{
  gboolean is_empty = self->line_size == 0;

  switch ((State) self->state)
    {
    case BETWEEN:
      if (!is_empty)
        self->state = HEAD;
      return TRUE;
    case HEAD:
      if (is_empty)
        head_done (self);
      else
        head_line (self);
      return TRUE;
    case CHUNK_SIZE:
      return chunk_size (self);
    case CHUNK_END:
      self->state = CHUNK_SIZE;
      return is_empty;
    case TRAILERS:
      if (is_empty)
        self->state = BETWEEN;
      return TRUE;
    case BODY:
    case CHUNK_DATA:
    case UNKNOWN:
    default:
      return TRUE;
    }
}

/* Takes @data up to the end of a line. Returns: the number of bytes taken; 0 when it is malformed
 */
static gsize
take_line (MhFraming *self, const guint8 *data, gsize size)
{
  const guint8 *end = memchr (data, '\n', size);
  gsize taken = end != NULL ? (gsize) (end - data) + 1 : size;
  gsize text = end != NULL ? taken - 1 : taken;
  gsize room = sizeof self->line - 1 - MIN (self->line_size, sizeof self->line - 1);

  memcpy (self->line + self->line_size, data, MIN (text, room));
  self->line_size += MIN (text, room);
  if (end == NULL)
    return taken;

  if (self->line_size > 0 && self->line[self->line_size - 1] == '\r')
    self->line_size--;
  self->line[self->line_size] = '\0';
  if (!line_done (self))
    return 0;
  self->line_size = 0;

  return taken;
}

gboolean
mh_framing_feed (MhFraming *self, const guint8 *data, gsize size)
{
  while (size > 0 && self->state != UNKNOWN)
    {
      gsize taken = 0;

      if (self->state == BODY || self->state == CHUNK_DATA)
        {
          taken = (gsize) MIN (size, self->left);
          self->left -= taken;
          if (self->left == 0)
            self->state = self->state == BODY ? BETWEEN : CHUNK_END;
        }
      else
        {
          taken = take_line (self, data, size);
          if (taken == 0)
            return FALSE;
        }
      data += taken;
      size -= taken;
    }

  return TRUE;
}
