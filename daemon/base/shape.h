/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a request may look like, as data. The tables are generated from the contract. */

typedef enum
{
  MH_FIELD_STRING, /* char *, the default or %NULL when absent */
  MH_FIELD_INT,    /* gint64 */
  MH_FIELD_BOOL,   /* gboolean */
  MH_FIELD_STRV,   /* char **, %NULL when absent */
} MhFieldType;

typedef struct
{
  const char *name;
  MhFieldType type;
  gboolean required;
  gsize offset;        /* of the value in the struct */
  gssize has_offset;   /* of its gboolean has_…, or -1 */
  gint64 minimum;      /* of the number, or of characters of each string */
  gint64 maximum;      /* likewise */
  gint64 item_maximum; /* most items of a MH_FIELD_STRV */
  gint64 fallback;     /* number or boolean when absent */
  const char *text;    /* (nullable): string when absent */
  const char *choices; /* (nullable): what the string may be, "a|b|c" */
} MhField;

typedef struct
{
  const char *name;
  gsize size; /* of the struct in bytes */
  const MhField *fields;
  guint n_fields;
  gboolean needs_one; /* whether at least one field must be present */
} MhShape;

/**
 * mh_shape_decode_json:
 * @shape: what is expected
 * @node: (nullable): the body, %NULL for an empty one
 * @error: return location
 *
 * Members that the shape does not know are ignored.
 *
 * Errors: %MH_ERROR_INVALID naming the field
 * Returns: (transfer full): a struct to free with mh_shape_free()
 */
gpointer mh_shape_decode_json (const MhShape *shape, JsonNode *node,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_shape_decode_query:
 * @shape: what is expected
 * @query: (element-type utf8 utf8): decoded parameters
 * @error: return location
 *
 * Errors: %MH_ERROR_INVALID naming the parameter
 * Returns: (transfer full): a struct to free with mh_shape_free()
 */
gpointer mh_shape_decode_query (const MhShape *shape, GHashTable *query,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

void mh_shape_free (const MhShape *shape, gpointer value);

G_END_DECLS
