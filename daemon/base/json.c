/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "json.h"

#include "error.h"
#include "json-check.h"

#include <math.h>
#include <string.h>

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

  if (!mh_json_check (text, size, error))
    return NULL;

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, (gssize) size, &local))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "malformed JSON in line %u",
                   MAX (1, json_parser_get_current_line (parser)));
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
