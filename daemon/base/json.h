/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * MhJson:
 *
 * Writes JSON text front to back. Every function takes the name of the member, or %NULL inside an
 * array and for the root. Not thread-safe.
 */
typedef struct _MhJson MhJson;

MhJson *mh_json_new (void) G_GNUC_WARN_UNUSED_RESULT;
void mh_json_free (MhJson *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhJson, mh_json_free)

/* What is begun must be ended before mh_json_steal(). */
void mh_json_begin_object (MhJson *self, const char *name);
void mh_json_end_object (MhJson *self);
void mh_json_begin_array (MhJson *self, const char *name);
void mh_json_end_array (MhJson *self);

/* A %NULL string is written as null. Invalid UTF-8 is replaced, so that the text always parses. */
void mh_json_string (MhJson *self, const char *name, const char *value);
void mh_json_int (MhJson *self, const char *name, gint64 value);
void mh_json_double (MhJson *self, const char *name, double value);
void mh_json_bool (MhJson *self, const char *name, gboolean value);
void mh_json_null (MhJson *self, const char *name);

/**
 * mh_json_raw:
 * @self: the writer
 * @name: (nullable): member name
 * @json: one complete JSON value, written as it is
 */
void mh_json_raw (MhJson *self, const char *name, const char *json);

/**
 * mh_json_is_empty:
 * @self: the writer
 *
 * Returns: whether nothing has been written
 */
gboolean mh_json_is_empty (MhJson *self);

/**
 * mh_json_steal:
 * @self: the writer, all objects and arrays closed
 *
 * Returns: (transfer full): the text; the writer is empty again
 */
char *mh_json_steal (MhJson *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_json_parse:
 * @text: JSON text
 * @length: bytes of @text, or -1
 * @error: return location
 *
 * Parses text from outside: at most 64 levels deep (the library recurses), valid UTF-8.
 *
 * Errors: %MH_ERROR_INVALID with the line of the fault
 * Returns: (transfer full): the root node
 */
JsonNode *mh_json_parse (const char *text, gssize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_json_member:
 * @object: an object
 * @name: member name
 *
 * Returns: (transfer none) (nullable): the string, or %NULL when the member is missing or no string
 */
const char *mh_json_member (JsonObject *object, const char *name);

G_END_DECLS
