/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "shape.h"

#include "error.h"

#include <string.h>

static gpointer
slot (gpointer value, gsize offset)
{
  return (char *) value + offset;
}

static void
mark_present (const MhField *field, gpointer value)
{
  if (field->has_offset >= 0)
    *(gboolean *) slot (value, (gsize) field->has_offset) = TRUE;
}

static gboolean
check_int (const MhField *field, gint64 number, GError **error)
{
  if (number >= field->minimum && number <= field->maximum)
    return TRUE;

  if (field->maximum == G_MAXINT64)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be at least %" G_GINT64_FORMAT,
                 field->name, field->minimum);
  else
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                 "%s must be between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT, field->name,
                 field->minimum, field->maximum);

  return FALSE;
}

static gboolean
check_string (const MhField *field, const char *text, GError **error)
{
  gint64 length = g_utf8_strlen (text, -1);

  if (length < field->minimum)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                 length == 0 ? "%s must not be empty" : "%s is too short", field->name);
  else if (length > field->maximum)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                 "%s is longer than %" G_GINT64_FORMAT " characters", field->name, field->maximum);
  else
    return TRUE;

  return FALSE;
}

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

static gboolean
check_choice (const MhField *field, const char *text, GError **error)
{
  g_auto (GStrv) choices = NULL;
  g_autofree char *list = NULL;

  if (field->choices == NULL)
    return TRUE;

  choices = g_strsplit (field->choices, "|", -1);
  if (g_strv_contains ((const char *const *) choices, text))
    return TRUE;

  list = g_strjoinv (", ", choices);
  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be one of: %s", field->name, list);

  return FALSE;
}

static gboolean
set_string (const MhField *field, const char *text, gpointer value, GError **error)
{
  if (!check_choice (field, text, error) || !check_string (field, text, error))
    return FALSE;

  g_free (*(char **) slot (value, field->offset));
  *(char **) slot (value, field->offset) = g_strdup (text);

  return TRUE;
}

static gboolean
set_int (const MhField *field, gint64 number, gpointer value, GError **error)
{
  if (!check_int (field, number, error))
    return FALSE;

  *(gint64 *) slot (value, field->offset) = number;

  return TRUE;
}

static gboolean
wrong_type (const MhField *field, const char *expected, GError **error)
{
  g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be %s", field->name, expected);

  return FALSE;
}

static gboolean
set_strv (const MhField *field, JsonNode *node, gpointer value, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array = NULL;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return wrong_type (field, "an array of strings", error);

  array = json_node_get_array (node);
  if (json_array_get_length (array) > field->item_maximum)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s has more than %" G_GINT64_FORMAT " items",
                   field->name, field->item_maximum);
      return FALSE;
    }

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!is_string (item))
        return wrong_type (field, "an array of strings", error);
      if (!check_string (field, json_node_get_string (item), error))
        return FALSE;

      g_strv_builder_add (builder, json_node_get_string (item));
    }

  g_strfreev (*(char ***) slot (value, field->offset));
  *(char ***) slot (value, field->offset) = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
set_from_json (const MhField *field, JsonNode *node, gpointer value, GError **error)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  switch (field->type)
    {
    case MH_FIELD_STRING:
      if (type != G_TYPE_STRING)
        return wrong_type (field, "a string", error);
      return set_string (field, json_node_get_string (node), value, error);

    case MH_FIELD_INT:
      if (type != G_TYPE_INT64)
        return wrong_type (field, "an integer", error);
      return set_int (field, json_node_get_int (node), value, error);

    case MH_FIELD_BOOL:
      if (type != G_TYPE_BOOLEAN)
        return wrong_type (field, "true or false", error);
      *(gboolean *) slot (value, field->offset) = json_node_get_boolean (node);
      return TRUE;

    case MH_FIELD_STRV:
      return set_strv (field, node, value, error);

    default:
      g_return_val_if_reached (FALSE);
    }
}

static gboolean
set_from_text (const MhField *field, const char *text, gpointer value, GError **error)
{
  gboolean truth = g_str_equal (text, "1") || g_str_equal (text, "true");
  gint64 number = 0;

  switch (field->type)
    {
    case MH_FIELD_STRING:
      return set_string (field, text, value, error);

    case MH_FIELD_INT:
      if (!g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &number, NULL))
        return wrong_type (field, "an integer", error);
      return set_int (field, number, value, error);

    case MH_FIELD_BOOL:
      if (!truth && !g_str_equal (text, "0") && !g_str_equal (text, "false"))
        return wrong_type (field, "1 or 0", error);
      *(gboolean *) slot (value, field->offset) = truth;
      return TRUE;

    case MH_FIELD_STRV: /* not in a query */
    default:
      g_return_val_if_reached (FALSE);
    }
}

static gpointer
new_with_fallbacks (const MhShape *shape)
{
  gpointer value = g_malloc0 (MAX (1, shape->size));

  for (guint i = 0; i < shape->n_fields; i++)
    {
      const MhField *field = &shape->fields[i];

      if (field->type == MH_FIELD_INT)
        *(gint64 *) slot (value, field->offset) = field->fallback;
      else if (field->type == MH_FIELD_BOOL)
        *(gboolean *) slot (value, field->offset) = field->fallback != 0;
      else if (field->type == MH_FIELD_STRING)
        *(char **) slot (value, field->offset) = g_strdup (field->text);
    }

  return value;
}

/* Exactly one of @object and @query is given. */
static gboolean
decode (const MhShape *shape, JsonObject *object, GHashTable *query, gpointer value, GError **error)
{
  guint seen = 0;

  for (guint i = 0; i < shape->n_fields; i++)
    {
      const MhField *field = &shape->fields[i];
      JsonNode *node = object != NULL ? json_object_get_member (object, field->name) : NULL;
      const char *text = query != NULL ? g_hash_table_lookup (query, field->name) : NULL;

      if (node == NULL && text == NULL)
        {
          if (!field->required)
            continue;

          g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s is missing", field->name);
          return FALSE;
        }

      if (node != NULL ? !set_from_json (field, node, value, error)
                       : !set_from_text (field, text, value, error))
        return FALSE;

      mark_present (field, value);
      seen++;
    }

  if (shape->needs_one && seen == 0)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "the body has nothing to change");
      return FALSE;
    }

  return TRUE;
}

gpointer
mh_shape_decode_json (const MhShape *shape, JsonNode *node, GError **error)
{
  g_autoptr (JsonObject) empty = NULL;
  JsonObject *object = NULL;
  gpointer value = NULL;

  if (node == NULL)
    object = empty = json_object_new ();
  else if (JSON_NODE_HOLDS_OBJECT (node))
    object = json_node_get_object (node);

  if (object == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "the body must be a JSON object");
      return NULL;
    }

  value = new_with_fallbacks (shape);
  if (!decode (shape, object, NULL, value, error))
    {
      mh_shape_free (shape, value);
      return NULL;
    }

  return value;
}

gpointer
mh_shape_decode_query (const MhShape *shape, GHashTable *query, GError **error)
{
  gpointer value = new_with_fallbacks (shape);

  if (!decode (shape, NULL, query, value, error))
    {
      mh_shape_free (shape, value);
      return NULL;
    }

  return value;
}

void
mh_shape_free (const MhShape *shape, gpointer value)
{
  if (value == NULL)
    return;

  for (guint i = 0; i < shape->n_fields; i++)
    {
      const MhField *field = &shape->fields[i];

      if (field->type == MH_FIELD_STRING)
        g_free (*(char **) slot (value, field->offset));
      else if (field->type == MH_FIELD_STRV)
        g_strfreev (*(char ***) slot (value, field->offset));
    }
  g_free (value);
}
