/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "config-edit.h"

#include <string.h>
#include <yaml.h>

/* What was found of a key. Of values that are there twice, the last one counts. */
typedef struct
{
  yaml_document_t *document; /* (unowned) */
  const char *key;
  const char *name;                     /* what follows the first dot of @key */
  const yaml_node_t *value;             /* (unowned) (nullable) */
  const yaml_node_t *section;           /* (unowned) (nullable): the mapping that it belongs to */
  const yaml_node_pair_t *section_pair; /* (unowned) (nullable) */
} Place;

static const yaml_node_t *
node_at (const Place *place, int index)
{
  return yaml_document_get_node (place->document, index);
}

static gboolean
is_word (const yaml_node_t *node, const char *word, gsize length)
{
  return node->type == YAML_SCALAR_NODE && node->data.scalar.length == length
         && memcmp (node->data.scalar.value, word, length) == 0;
}

/* Looks for what is called @word in a mapping. Returns: (nullable): the last one */
static const yaml_node_pair_t *
find (const Place *place, const yaml_node_t *mapping, const char *word, gsize length)
{
  const yaml_node_pair_t *found = NULL;

  for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
       pair < mapping->data.mapping.pairs.top; pair++)
    if (is_word (node_at (place, pair->key), word, length))
      found = pair;

  return found;
}

static void
look (Place *place)
{
  const yaml_node_t *root = yaml_document_get_root_node (place->document);
  gsize length = (gsize) (place->name - 1 - place->key);
  const yaml_node_pair_t *pair;

  if (root == NULL || root->type != YAML_MAPPING_NODE)
    return;

  pair = find (place, root, place->key, strlen (place->key)); /* "section.name: value" */
  if (pair != NULL)
    place->value = node_at (place, pair->value);
  pair = find (place, root, place->key, length);
  if (pair == NULL || node_at (place, pair->value)->type != YAML_MAPPING_NODE)
    return;

  place->section_pair = pair;
  place->section = node_at (place, pair->value);
  pair = find (place, place->section, place->name, strlen (place->name));
  if (pair != NULL)
    place->value = node_at (place, pair->value);
}

/* Marks count characters. */
static const char *
at (const char *text, const yaml_mark_t *mark)
{
  return g_utf8_offset_to_pointer (text, (glong) mark->index);
}

static void
put (GString *out, const char *text, const char *from, const char *until, const char *new_text)
{
  g_string_append_len (out, text, from - text);
  g_string_append (out, new_text);
  g_string_append (out, until);
}

/* A line of its own behind the line of the section, in as far as what else is in it. */
static void
add_line (const Place *place, const char *text, const char *line, GString *out)
{
  const yaml_node_t *first = node_at (place, place->section->data.mapping.pairs.start->key);
  const yaml_node_t *name = node_at (place, place->section_pair->key);
  const char *end = strchr (at (text, &name->end_mark), '\n');
  g_autofree char *indent = g_strnfill (first->start_mark.column, ' ');
  g_autofree char *whole = g_strconcat (indent, line, "\n", NULL);

  if (end == NULL)
    return;
  put (out, text, end + 1, end + 1, whole);
}

static void
add (const Place *place, const char *text, const char *line, GString *out)
{
  const yaml_node_t *section = place->section;
  gboolean is_empty =
      section != NULL && section->data.mapping.pairs.start == section->data.mapping.pairs.top;

  if (section == NULL)
    {
      gboolean ends = text[0] == '\0' || g_str_has_suffix (text, "\n");

      g_string_append_printf (out, "%s%s%.*s:\n  %s\n", text, ends ? "" : "\n",
                              (int) (place->name - 1 - place->key), place->key, line);
    }
  else if (section->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
    {
      const char *inside = at (text, &section->start_mark) + 1;
      g_autofree char *whole = g_strconcat (line, is_empty ? "" : ", ", NULL);

      put (out, text, inside, inside, whole);
    }
  else if (!is_empty)
    {
      add_line (place, text, line, out);
    }
}

char *
mh_config_edit (const char *text, const char *key, const char *value)
{
  yaml_parser_t parser;
  yaml_document_t document;
  Place place = { &document, key, strchr (key, '.') + 1 };
  g_autofree char *line = g_strdup_printf ("%s: %s", place.name, value);
  GString *out;

  if (!g_utf8_validate (text, -1, NULL))
    return NULL;
  yaml_parser_initialize (&parser);
  yaml_parser_set_input_string (&parser, (const unsigned char *) text, strlen (text));
  if (!yaml_parser_load (&parser, &document))
    {
      yaml_parser_delete (&parser);
      return NULL;
    }

  out = g_string_new (NULL);
  look (&place);
  if (place.value != NULL)
    put (out, text, at (text, &place.value->start_mark), at (text, &place.value->end_mark), value);
  else
    add (&place, text, line, out);
  yaml_document_delete (&document);
  yaml_parser_delete (&parser);

  return g_string_free (out, FALSE);
}
