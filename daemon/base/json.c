/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "json.h"

#include "error.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH 64 /* ours: deeper than any request, far from the end of a 256 KiB stack */

struct _MhJson
{
  GString *text;  /* (owned) */
  gboolean comma; /* whether the next value needs one before it */
};

MhJson *
mh_json_new (void)
{
  MhJson *self = g_new0 (MhJson, 1);

  self->text = g_string_sized_new (256);

  return self;
}

void
mh_json_free (MhJson *self)
{
  if (self == NULL)
    return;

  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
append_escaped (GString *text, const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    {
      guchar c = (guchar) *p;

      if (c == '"' || c == '\\')
        {
          g_string_append_c (text, '\\');
          g_string_append_c (text, *p);
        }
      else if (c < 0x20)
        {
          g_string_append_printf (text, "\\u%04x", c);
        }
      else
        {
          g_string_append_c (text, *p);
        }
    }
}

static void
append_quoted (GString *text, const char *value)
{
  g_string_append_c (text, '"');
  if (g_utf8_validate (value, -1, NULL))
    {
      append_escaped (text, value);
    }
  else
    {
      g_autofree char *valid = g_utf8_make_valid (value, -1);

      append_escaped (text, valid);
    }
  g_string_append_c (text, '"');
}

static void
begin_value (MhJson *self, const char *name)
{
  if (self->comma)
    g_string_append_c (self->text, ',');
  if (name != NULL)
    {
      append_quoted (self->text, name);
      g_string_append_c (self->text, ':');
    }
  self->comma = TRUE;
}

static void
open_with (MhJson *self, const char *name, char bracket)
{
  begin_value (self, name);
  g_string_append_c (self->text, bracket);
  self->comma = FALSE;
}

static void
close_with (MhJson *self, char bracket)
{
  g_string_append_c (self->text, bracket);
  self->comma = TRUE;
}

void
mh_json_begin_object (MhJson *self, const char *name)
{
  open_with (self, name, '{');
}

void
mh_json_end_object (MhJson *self)
{
  close_with (self, '}');
}

void
mh_json_begin_array (MhJson *self, const char *name)
{
  open_with (self, name, '[');
}

void
mh_json_end_array (MhJson *self)
{
  close_with (self, ']');
}

void
mh_json_string (MhJson *self, const char *name, const char *value)
{
  if (value == NULL)
    {
      mh_json_null (self, name);
      return;
    }

  begin_value (self, name);
  append_quoted (self->text, value);
}

void
mh_json_int (MhJson *self, const char *name, gint64 value)
{
  begin_value (self, name);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

void
mh_json_double (MhJson *self, const char *name, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  begin_value (self, name);
  if (isfinite (value))
    g_string_append (self->text, g_ascii_formatd (number, sizeof number, "%.6g", value));
  else
    g_string_append (self->text, "null");
}

void
mh_json_bool (MhJson *self, const char *name, gboolean value)
{
  begin_value (self, name);
  g_string_append (self->text, value ? "true" : "false");
}

void
mh_json_null (MhJson *self, const char *name)
{
  begin_value (self, name);
  g_string_append (self->text, "null");
}

void
mh_json_raw (MhJson *self, const char *name, const char *json)
{
  begin_value (self, name);
  g_string_append (self->text, json);
}

gboolean
mh_json_is_empty (MhJson *self)
{
  return self->text->len == 0;
}

char *
mh_json_steal (MhJson *self)
{
  char *text = g_string_free (self->text, FALSE);

  self->text = g_string_new (NULL);
  self->comma = FALSE;

  return text;
}

/* The parser recurses once a level, so the depth is counted before it sees the text; and it cuts a
 * string at an escaped NUL, so there must be none. */
static gboolean
is_sane (const char *text, gsize length)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (in_string && text[i] == '\\' && length - i > 5 && strncmp (text + i, "\\u0000", 6) == 0)
        return FALSE;

      if (in_string && text[i] == '\\')
        i++;
      else if (text[i] == '"')
        in_string = !in_string;
      else if (!in_string && (text[i] == '{' || text[i] == '['))
        depth++;
      else if (!in_string && (text[i] == '}' || text[i] == ']') && depth > 0)
        depth--;

      if (depth > MAX_DEPTH)
        return FALSE;
    }

  return TRUE;
}

JsonNode *
mh_json_parse (const char *text, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) local = NULL;
  gsize size = length < 0 ? strlen (text) : (gsize) length;

  if (!g_utf8_validate_len (text, size, NULL))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "malformed JSON: invalid UTF-8");
      return NULL;
    }

  if (!is_sane (text, size))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "malformed JSON: more than %d levels deep, or an escaped NUL", MAX_DEPTH);
      return NULL;
    }

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, (gssize) size, &local))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "malformed JSON in line %u",
                   MAX (1, json_parser_get_current_line (parser)));
      return NULL;
    }

  if (json_parser_get_root (parser) == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "malformed JSON: the text is empty");
      return NULL;
    }

  return json_parser_steal_root (parser);
}

const char *
mh_json_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;

  return json_node_get_string (node);
}
