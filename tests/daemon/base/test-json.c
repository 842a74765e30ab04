/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "base/json.h"
#include "base/shape.h"

#include <math.h>
#include <string.h>

static void
test_writer (void)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;

  mh_json_begin_object (json, NULL);
  mh_json_string (json, "a", "x\"\\\n\x01ü");
  mh_json_string (json, "none", NULL);
  mh_json_begin_array (json, "list");
  mh_json_int (json, NULL, G_MININT64);
  mh_json_bool (json, NULL, TRUE);
  mh_json_double (json, NULL, 0.5);
  mh_json_double (json, NULL, INFINITY);
  mh_json_begin_object (json, NULL);
  mh_json_end_object (json);
  mh_json_end_array (json);
  mh_json_raw (json, "raw", "[1]");
  mh_json_end_object (json);
  text = mh_json_steal (json);

  g_assert_cmpstr (text, ==,
                   "{\"a\":\"x\\\"\\\\\\u000a\\u0001ü\",\"none\":null,"
                   "\"list\":[-9223372036854775808,true,0.5,null,{}],\"raw\":[1]}");
  g_assert_true (mh_json_is_empty (json));
}

static void
test_writer_mends_bad_utf8 (void)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  mh_json_string (json, NULL, "a\xff");
  text = mh_json_steal (json);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  node = mh_json_parse (text, -1, &error);
  g_assert_no_error (error);
}

static void
test_parser_refuses (void)
{
  static const char *const rows[] = { "",           "{",     "{\"a\":}",
                                      "nul",        "[1,]x", "\"\xff\"",
                                      "{\"a\":1}{", "[\"\\", "[\"a\\u0000b\"]" };
  g_autofree char *deep = g_strnfill (100000, '[');

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (mh_json_parse (rows[i], -1, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (mh_json_parse (deep, -1, &error));
    g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
  }
}

typedef struct
{
  char *name;
  gint64 copies;
  gboolean flag;
  gboolean has_flag;
  char **tags;
} Sample;

static const MhField sample_fields[] = {
  { "name", MH_FIELD_STRING, TRUE, G_STRUCT_OFFSET (Sample, name), -1, 1, 4, 0, 0 },
  { "copies", MH_FIELD_INT, FALSE, G_STRUCT_OFFSET (Sample, copies), -1, 1, 16, 0, 3 },
  { "flag", MH_FIELD_BOOL, FALSE, G_STRUCT_OFFSET (Sample, flag),
    G_STRUCT_OFFSET (Sample, has_flag), 0, 1, 0, 0 },
  { "tags", MH_FIELD_STRV, FALSE, G_STRUCT_OFFSET (Sample, tags), -1, 1, 3, 2, 0 },
};

static const MhShape sample_shape = { "Sample", sizeof (Sample), sample_fields,
                                      G_N_ELEMENTS (sample_fields), FALSE };

static Sample *
decode (const char *text, GError **error)
{
  g_autoptr (JsonNode) node = mh_json_parse (text, -1, error);

  g_assert_nonnull (node);

  return mh_shape_decode_json (&sample_shape, node, error);
}

static void
test_shape_decodes (void)
{
  g_autoptr (GError) error = NULL;
  Sample *sample =
      decode ("{\"name\":\"äöüß\",\"flag\":false,\"tags\":[\"a\",\"bcd\"],\"other\":[]}", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sample->name, ==, "äöüß"); /* four characters, eight bytes */
  g_assert_cmpint (sample->copies, ==, 3);
  g_assert_true (sample->has_flag);
  g_assert_false (sample->flag);
  g_assert_cmpstr (sample->tags[1], ==, "bcd");
  mh_shape_free (&sample_shape, sample);
}

static void
test_shape_names_the_field (void)
{
  static const char *const rows[][2] = {
    { "{}", "name is missing" },
    { "{\"name\":1}", "name must be a string" },
    { "{\"name\":null}", "name must be a string" },
    { "{\"name\":\"\"}", "name must not be empty" },
    { "{\"name\":\"abcde\"}", "name is longer than 4 characters" },
    { "{\"name\":\"a\",\"copies\":0}", "copies must be between 1 and 16" },
    { "{\"name\":\"a\",\"copies\":1.5}", "copies must be an integer" },
    { "{\"name\":\"a\",\"copies\":\"1\"}", "copies must be an integer" },
    { "{\"name\":\"a\",\"flag\":1}", "flag must be true or false" },
    { "{\"name\":\"a\",\"tags\":\"a\"}", "tags must be an array of strings" },
    { "{\"name\":\"a\",\"tags\":[1]}", "tags must be an array of strings" },
    { "{\"name\":\"a\",\"tags\":[\"\"]}", "tags must not be empty" },
    { "{\"name\":\"a\",\"tags\":[\"a\",\"b\",\"c\"]}", "tags has more than 2 items" },
    { "[]", "the body must be a JSON object" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (decode (rows[i][0], &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, rows[i][1]);
    }
}

static void
test_shape_reads_queries (void)
{
  g_autoptr (GHashTable) query = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  Sample *sample = NULL;

  g_hash_table_insert (query, (gpointer) "name", (gpointer) "n");
  g_hash_table_insert (query, (gpointer) "copies", (gpointer) "16");
  g_hash_table_insert (query, (gpointer) "flag", (gpointer) "1");
  sample = mh_shape_decode_query (&sample_shape, query, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sample->copies, ==, 16);
  g_assert_true (sample->flag);
  mh_shape_free (&sample_shape, sample);

  g_hash_table_insert (query, (gpointer) "copies", (gpointer) "9223372036854775808");
  g_assert_null (mh_shape_decode_query (&sample_shape, query, &error));
  g_assert_cmpstr (error->message, ==, "copies must be an integer");
}

static void
test_grammar (void)
{
  static const char *const good[] = {
    "0",
    "-0",
    "-1.5e+10",
    "1E-2",
    "true",
    " null ",
    "\"\"",
    "[]",
    "{}",
    "[[],{}]",
    "\t\r\n{ \"a\" : [ 1 , \"\\u00e4\\ud83e\\udd8a\\\\ \\\"\" , null ] , \"\" : { } }",
    "\"'\"",
    "[\"[\", \"{\", \"]\"]",
    "{\"a\":1,\"a\":2}",
  };
  static const char *const bad[] = {
    "",
    " ",
    "'a'",
    "{'a':1}",
    "{a:1}",
    "[1,]",
    "[,1]",
    "{\"a\":1,}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "[1 2]",
    "1 2",
    "[]]",
    "[",
    "{",
    "\"",
    "\"\\",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\n\"",
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "1e",
    "1e+",
    "0x10",
    "NaN",
    "Infinity",
    "tru",
    "True",
    "null0",
    "// c\n1",
    "/* \" */ 1",
    "# c\n1",
    "var x = 1;",
    "\xef\xbb\xbf{}",
    "[1}",
    "{\"a\":1]",
    "[1]x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = mh_json_parse (good[i], -1, &error);

      g_test_message ("%s", good[i]);
      g_assert_no_error (error);
      g_assert_nonnull (node);
    }

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (mh_json_parse (bad[i], -1, &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
    }
}

/* @before, then @count times "[" */
static char *
nested (const char *before, gsize count)
{
  GString *text = g_string_new (before);

  for (gsize i = 0; i < count; i++)
    g_string_append_c (text, '[');

  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  static const char *const before[] = { "", "{'a\"':", "/* \" */", "# \"\n", "{\"a\":" };
  g_autofree char *deep = nested ("", 64);
  g_autofree char *ends = g_strnfill (64, ']');
  g_autofree char *whole = g_strconcat (deep, ends, NULL);
  g_autofree char *deeper = g_strconcat ("[", whole, "]", NULL);
  g_autoptr (JsonNode) node = mh_json_parse (whole, -1, NULL);
  g_autoptr (GError) error = NULL;

  g_test_summary ("no text, however it is quoted, makes the parser recurse a million levels");
  g_assert_nonnull (node);
  g_assert_null (mh_json_parse (deeper, -1, &error));
  g_assert_cmpstr (error->message, ==, "malformed JSON in line 1: more than 64 levels deep");
  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    {
      g_autofree char *text = nested (before[i], 1000000);

      g_assert_null (mh_json_parse (text, -1, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/json/writer", test_writer);
  g_test_add_func ("/base/json/writer-mends-bad-utf8", test_writer_mends_bad_utf8);
  g_test_add_func ("/base/json/parser-refuses", test_parser_refuses);
  g_test_add_func ("/base/json/grammar", test_grammar);
  g_test_add_func ("/base/json/depth", test_depth);
  g_test_add_func ("/base/shape/decodes", test_shape_decodes);
  g_test_add_func ("/base/shape/names-the-field", test_shape_names_the_field);
  g_test_add_func ("/base/shape/reads-queries", test_shape_reads_queries);

  return g_test_run ();
}
