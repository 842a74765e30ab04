/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "config-file.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "config-edit.h"

#include <string.h>
#include <yaml.h>

#define MAX_KEY_BYTES 64 /* ours: twice the longest */

typedef enum
{
  KEY_STRING,
  KEY_LIST,
  KEY_INT,
  KEY_DURATION,
  KEY_SIZE,
  KEY_BOOL,
} KeyType;

typedef struct
{
  const char *name;
  KeyType type;
  gsize offset;
  gint64 minimum;
  gint64 maximum;
  const char *fallback; /* (nullable) */
  const char *values;   /* (nullable) the only strings allowed, separated by spaces */
} Key;

#define AT(member) G_STRUCT_OFFSET (MhConfig, member)

static const Key keys[] = {
  { "swarm_key", KEY_STRING, AT (swarm_key) },
  { "bootstrap_peers", KEY_LIST, AT (bootstrap_peers) },
  { "node.display_name", KEY_STRING, AT (display_name) },
  { "node.metadata_dir", KEY_STRING, AT (metadata_dir) },
  { "node.storage_path", KEY_STRING, AT (storage_path) },
  { "node.min_free", KEY_SIZE, AT (min_free), 0, G_MAXINT64 },
  { "node.scrub_rate", KEY_SIZE, AT (scrub_rate), 0, G_MAXINT64, "32MiB" },
  { "node.country", KEY_STRING, AT (country) },
  { "node.reliable", KEY_BOOL, AT (reliable), 0, 0, "true" },
  { "node.metered", KEY_BOOL, AT (metered), 0, 0, "false" },
  { "node.hold", KEY_SIZE, AT (hold), 0, G_MAXINT64, "0" },
  { "node.absent_after", KEY_DURATION, AT (absent_ms), 1000, 86400000, "10m" },
  { "node.surplus_after", KEY_DURATION, AT (surplus_ms), 0, G_GINT64_CONSTANT (31536000000),
    "720h" },
  { "node.listen_addrs", KEY_LIST, AT (mesh_listen) },
  { "node.announce_addrs", KEY_LIST, AT (mesh_announce) },
  { "node.max_peers", KEY_INT, AT (max_peers), 8, 2048, "256" },
  { "node.mdns", KEY_BOOL, AT (mdns), 0, 0, "true" },
  { "node.upnp.enabled", KEY_BOOL, AT (upnp), 0, 0, "true" },
  { "node.relay.service", KEY_BOOL, AT (relay_service), 0, 0, "false" },
  { "sync.download_rate", KEY_SIZE, AT (download_rate), 0, G_MAXINT64, "0" },
  { "sync.upload_rate", KEY_SIZE, AT (upload_rate), 0, G_MAXINT64, "0" },
  { "api.listen_addr", KEY_STRING, AT (listen_addr), 0, 0, "127.0.0.1:8080" },
  { "api.bind", KEY_STRING, AT (listen_addr) },
  { "api.allowed_hosts", KEY_LIST, AT (allowed_hosts) },
  { "api.max_conns", KEY_INT, AT (max_conns), 8, 16384, "1024" },
  { "api.idle_timeout", KEY_DURATION, AT (idle_timeout_ms), 1000, 3600000, "60s" },
  { "api.max_header_bytes", KEY_SIZE, AT (max_header_bytes), 1024, 65536, "16KiB" },
  { "api.max_upload_bytes", KEY_SIZE, AT (max_upload_bytes), 1024, G_MAXINT64, "50GiB" },
  { "api.auth.login_max_attempts", KEY_INT, AT (login_max_attempts), 0, 1000, "15" },
  { "api.auth.login_window", KEY_DURATION, AT (login_window_ms), 1000, 86400000, "15m" },
  { "api.auth.login_lockout", KEY_DURATION, AT (login_lockout_ms), 1000, 86400000, "15m" },
  { "log.level", KEY_STRING, AT (log_level), 0, 0, "info", "debug info warn error" },
  { "log.format", KEY_STRING, AT (log_format), 0, 0, "console", "console json" },
};

static const char *const times[] = { "ms", "s", "m", "h", NULL };
static const gint64 time_factors[] = { 1, 1000, 60000, 3600000 };
static const char *const sizes[] = { "", "KiB", "MiB", "GiB", "TiB", NULL };
static const gint64 size_factors[] = { 1, 1024, 1024 * 1024, 1024 * 1024 * 1024,
                                       G_GINT64_CONSTANT (1) << 40 };
/* Read, but never written. */
static const char *const decimal_sizes[] = { "kB", "MB", "GB", "TB", NULL };
static const gint64 decimal_factors[] = { 1000, 1000000, 1000000000,
                                          G_GINT64_CONSTANT (1000000000000) };

static gpointer
slot (MhConfig *self, const Key *key)
{
  return (char *) self + key->offset;
}

/* A number and a unit; the units are given as "name factor" pairs. */
static gboolean
parse_unit (const char *text, const char *const *units, const gint64 *factors, gint64 *value)
{
  char *end = NULL;
  gint64 number = g_ascii_strtoll (text, &end, 10);

  if (end == text || number < 0)
    return FALSE;

  for (guint i = 0; units[i] != NULL; i++)
    if (g_str_equal (end, units[i]) && number <= G_MAXINT64 / factors[i])
      {
        *value = number * factors[i];
        return TRUE;
      }

  return FALSE;
}

static gboolean
parse_number (const Key *key, const char *text, gint64 *value)
{
  if (key->type == KEY_INT)
    return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, value, NULL);
  if (key->type == KEY_DURATION)
    return parse_unit (text, times, time_factors, value);

  return parse_unit (text, sizes, size_factors, value)
         || parse_unit (text, decimal_sizes, decimal_factors, value);
}

static gboolean
is_one_of (const char *text, const char *values)
{
  g_auto (GStrv) allowed = g_strsplit (values, " ", -1);

  return g_strv_contains ((const char *const *) allowed, text);
}

static gboolean
set_scalar (MhConfig *self, const Key *key, const char *text, GError **error)
{
  gint64 number = 0;

  if (key->type == KEY_LIST)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be a list", key->name);
      return FALSE;
    }

  if (key->type == KEY_STRING)
    {
      if (key->values != NULL && !is_one_of (text, key->values))
        {
          g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be one of: %s", key->name,
                       key->values);
          return FALSE;
        }
      g_free (*(char **) slot (self, key));
      *(char **) slot (self, key) = text[0] != '\0' ? g_strdup (text) : NULL;
      return TRUE;
    }

  if (key->type == KEY_BOOL)
    {
      gboolean is_true = g_str_equal (text, "true");

      if (!is_true && !g_str_equal (text, "false"))
        {
          g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be true or false", key->name);
          return FALSE;
        }
      *(gboolean *) slot (self, key) = is_true;
      return TRUE;
    }

  if (!parse_number (key, text, &number) || number < key->minimum || number > key->maximum)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s: %s is no %s in its bounds", key->name,
                   text, key->type == KEY_DURATION ? "duration such as 15m" : "number");
      return FALSE;
    }
  *(gint64 *) slot (self, key) = number;

  return TRUE;
}

static gboolean
set_list (MhConfig *self, const Key *key, yaml_document_t *document, const yaml_node_t *node,
          GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (key->type != KEY_LIST)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must not be a list", key->name);
      return FALSE;
    }

  for (yaml_node_item_t *item = node->data.sequence.items.start;
       item < node->data.sequence.items.top; item++)
    {
      const yaml_node_t *value = yaml_document_get_node (document, *item);

      if (value->type != YAML_SCALAR_NODE)
        {
          g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "%s must be a list of strings",
                       key->name);
          return FALSE;
        }
      g_strv_builder_add (builder, (const char *) value->data.scalar.value);
    }

  g_strfreev (*(char ***) slot (self, key));
  *(char ***) slot (self, key) = g_strv_builder_end (builder);

  return TRUE;
}

/* How many single-letter edits make @b out of @a; short words only. */
static guint
distance (const char *a, const char *b)
{
  gsize n = MIN (strlen (b), 63);
  guint row[64];

  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 1; a[i - 1] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i;
      for (guint j = 1; j <= n; j++)
        {
          guint above = row[j];

          row[j] = MIN (MIN (row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] != b[j - 1]));
          diagonal = above;
        }
    }

  return row[n];
}

static const Key *
find_key (const char *name, GError **error)
{
  const Key *nearest = &keys[0];

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (g_str_equal (keys[i].name, name))
        return &keys[i];
      if (distance (name, keys[i].name) < distance (name, nearest->name))
        nearest = &keys[i];
    }

  if (distance (name, nearest->name) <= 3)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "unknown key %s, did you mean %s?", name,
                 nearest->name);
  else
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "unknown key %s", name);

  return NULL;
}

static gboolean read_mapping (MhConfig *self, yaml_document_t *document, const yaml_node_t *node,
                              const char *prefix, GError **error);

static gboolean
read_pair (MhConfig *self, yaml_document_t *document, const yaml_node_pair_t *pair,
           const char *prefix, GError **error)
{
  const yaml_node_t *name = yaml_document_get_node (document, pair->key);
  const yaml_node_t *value = yaml_document_get_node (document, pair->value);
  g_autofree char *full = NULL;
  const Key *key = NULL;
  gboolean ok = FALSE;

  /* with an empty one, a mapping that holds itself by an alias would have no end */
  if (name->type != YAML_SCALAR_NODE || name->data.scalar.value[0] == '\0')
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "a key must be a word");
      return FALSE;
    }

  full = g_strconcat (prefix, prefix[0] != '\0' ? "." : "", name->data.scalar.value, NULL);
  if (strlen (full) > MAX_KEY_BYTES) /* an alias may hold a mapping that holds itself */
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "line %" G_GSIZE_FORMAT ": a key is too long",
                   name->start_mark.line + 1);
      return FALSE;
    }

  if (value->type == YAML_MAPPING_NODE)
    return read_mapping (self, document, value, full, error);

  key = find_key (full, error);
  if (key != NULL && value->type == YAML_SCALAR_NODE)
    ok = set_scalar (self, key, (const char *) value->data.scalar.value, error);
  else if (key != NULL)
    ok = set_list (self, key, document, value, error);
  if (!ok)
    g_prefix_error (error, "line %" G_GSIZE_FORMAT ": ", name->start_mark.line + 1);

  return ok;
}

static gboolean
read_mapping (MhConfig *self, yaml_document_t *document, const yaml_node_t *node,
              const char *prefix, GError **error)
{
  for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
       pair++)
    if (!read_pair (self, document, pair, prefix, error))
      return FALSE;

  return TRUE;
}

static gboolean
read_text (MhConfig *self, const char *text, gsize length, GError **error)
{
  yaml_parser_t parser;
  yaml_document_t document;
  const yaml_node_t *root = NULL;
  gboolean ok = TRUE;

  yaml_parser_initialize (&parser);
  yaml_parser_set_input_string (&parser, (const unsigned char *) text, length);
  if (!yaml_parser_load (&parser, &document))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "line %" G_GSIZE_FORMAT ": %s",
                   parser.problem_mark.line + 1, parser.problem);
      yaml_parser_delete (&parser);
      return FALSE;
    }

  root = yaml_document_get_root_node (&document);
  if (root != NULL && root->type == YAML_MAPPING_NODE)
    {
      ok = read_mapping (self, &document, root, "", error);
    }
  else if (root != NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "line 1: no keys");
      ok = FALSE;
    }
  yaml_document_delete (&document);
  yaml_parser_delete (&parser);

  return ok;
}

static gboolean
set_defaults (MhConfig *self, GError **error)
{
  static const char *const mesh_listen[] = { "/ip4/0.0.0.0/tcp/7777", "/ip6/::/tcp/7777",
                                             "/ip4/0.0.0.0/tcp/7778/ws", NULL };

  self->bootstrap_peers = g_new0 (char *, 1);
  self->mesh_listen = g_strdupv ((char **) mesh_listen);
  self->mesh_announce = g_new0 (char *, 1);
  self->allowed_hosts = g_new0 (char *, 1);
  self->min_free = -1;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].fallback != NULL && !set_scalar (self, &keys[i], keys[i].fallback, error))
      return FALSE;

  return TRUE;
}

static gboolean
check (MhConfig *self, GError **error)
{
  if (self->swarm_key != NULL && !mh_config_check_swarm_key (self->swarm_key, error))
    return FALSE;

  if ((self->metadata_dir != NULL && !g_path_is_absolute (self->metadata_dir))
      || (self->storage_path != NULL && !g_path_is_absolute (self->storage_path)))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "node.metadata_dir and node.storage_path must be absolute paths");
      return FALSE;
    }

  return TRUE;
}

/* Reads a file of which a missing one is empty. */
static gboolean
read_file (const char *path, char **text, gsize *length, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_file_get_contents (path, text, length, &local))
    return TRUE;
  if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      *text = g_strdup ("");
      *length = 0;
      return TRUE;
    }
  g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "reading %s: %s", path, local->message);

  return FALSE;
}

static MhConfig *
parse (const char *path, const char *text, gsize length, GError **error)
{
  g_autoptr (MhConfig) self = g_new0 (MhConfig, 1);

  if (!set_defaults (self, error))
    return NULL;
  if (!read_text (self, text, length, error) || !check (self, error))
    {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }

  return g_steal_pointer (&self);
}

MhConfig *
mh_config_load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length = 0;

  if (!read_file (path, &text, &length, error))
    return NULL;

  return parse (path, text, length, error);
}

void
mh_config_free (MhConfig *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (keys[i].type == KEY_STRING)
        g_clear_pointer ((char **) slot (self, &keys[i]), g_free);
      else if (keys[i].type == KEY_LIST)
        g_clear_pointer ((char ***) slot (self, &keys[i]), g_strfreev);
    }
  g_free (self);
}

gboolean
mh_config_check_swarm_key (const char *text, GError **error)
{
  g_autofree char *trimmed = g_strchomp (g_strdup (text));
  g_auto (GStrv) lines = g_strsplit (trimmed, "\n", 4);
  guint8 key[32];
  guint bad = 0;

  /* The file format of private libp2p networks: a path, an encoding, the key. */
  if (g_strv_length (lines) != 3)
    bad = 4;
  else if (!g_str_equal (lines[0], "/key/swarm/psk/1.0.0/"))
    bad = 1;
  else if (!g_str_equal (lines[1], "/base16/"))
    bad = 2;
  else if (!mh_hex_decode (lines[2], key, sizeof key))
    bad = 3;

  if (bad == 4)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "swarm_key must have three lines");
  else if (bad > 0)
    g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "swarm_key: line %u is wrong", bad);
  memset (key, 0, sizeof key);

  return bad == 0;
}

/* Leaves out the top-level block of @name: its line and the indented or list lines below it. */
static void
append_without (GString *out, const char *text, const char *const *names)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean skipping = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = lines[i];
      gboolean is_inside = line[0] == ' ' || line[0] == '\t' || line[0] == '-';

      if (!is_inside)
        {
          skipping = FALSE;
          for (guint j = 0; names[j] != NULL; j++)
            skipping =
                skipping || (g_str_has_prefix (line, names[j]) && line[strlen (names[j])] == ':');
        }
      if (!skipping && (lines[i + 1] != NULL || line[0] != '\0'))
        g_string_append_printf (out, "%s\n", line);
    }
}

static void
append_key (GString *out, const char *swarm_key)
{
  g_autofree char *trimmed = g_strchomp (g_strdup (swarm_key));
  g_auto (GStrv) lines = g_strsplit (trimmed, "\n", -1);

  g_string_append (out, "swarm_key: |\n");
  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (out, "  %s\n", lines[i]);
}

static gboolean
write_file (const char *path, const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_file_set_contents_full (path, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &local))
    return TRUE;

  if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    g_set_error_literal (error, MH_ERROR, MH_ERROR_NO_SPACE,
                         "writing config.yaml: the disk is full");
  else
    g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "writing %s: %s", path, local->message);

  return FALSE;
}

gboolean
mh_config_write_network (const char *path, const char *swarm_key,
                         const char *const *bootstrap_peers, GError **error)
{
  static const char *const names[] = { "swarm_key", "bootstrap_peers", NULL };
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *text = NULL;
  gsize length;

  if (!read_file (path, &text, &length, error))
    return FALSE;

  append_without (out, text, names);
  if (swarm_key != NULL)
    append_key (out, swarm_key);
  if (swarm_key != NULL)
    g_string_append (out, bootstrap_peers == NULL || bootstrap_peers[0] == NULL
                              ? "bootstrap_peers: []\n"
                              : "bootstrap_peers:\n");
  for (guint i = 0; bootstrap_peers != NULL && bootstrap_peers[i] != NULL; i++)
    {
      g_autoptr (MhJson) quoted = NULL;
      g_autofree char *scalar = NULL;

      quoted = mh_json_new (); /* a JSON string is a YAML scalar */
      mh_json_string (quoted, NULL, bootstrap_peers[i]);
      scalar = mh_json_steal (quoted);
      g_string_append_printf (out, "  - %s\n", scalar);
    }

  return write_file (path, out->str, error);
}

/* -- what is changed while the daemon runs -- */

static gint64
number_of (const MhConfig *self, const Key *key)
{
  gpointer at = slot ((MhConfig *) self, key);

  return key->type == KEY_BOOL ? *(gboolean *) at : *(gint64 *) at;
}

static gboolean
set_number (MhConfig *self, const MhConfigValue *value, GError **error)
{
  const Key *key = find_key (value->key, error);

  if (key == NULL)
    return FALSE;
  if (key->type == KEY_BOOL)
    {
      *(gboolean *) slot (self, key) = value->number != 0;
      return TRUE;
    }
  if (value->number < key->minimum || value->number > key->maximum)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID,
                   "%s must be between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT, key->name,
                   key->minimum, key->maximum);
      return FALSE;
    }
  *(gint64 *) slot (self, key) = value->number;

  return TRUE;
}

/* As a person would write it: 10GiB and not 10737418240. */
static char *
format_number (const Key *key, gint64 number)
{
  const char *const *units = key->type == KEY_DURATION ? times : sizes;
  const gint64 *factors = key->type == KEY_DURATION ? time_factors : size_factors;
  guint unit = 0;

  if (key->type == KEY_BOOL)
    return g_strdup (number != 0 ? "true" : "false");
  while (key->type != KEY_INT && number != 0 && units[unit + 1] != NULL
         && number % factors[unit + 1] == 0)
    unit++;

  return g_strdup_printf ("%" G_GINT64_FORMAT "%s", number / factors[unit],
                          key->type == KEY_INT ? "" : units[unit]);
}

static MhConfig *
copy (const MhConfig *self)
{
  MhConfig *out = g_new0 (MhConfig, 1);

  *out = *self;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) /* two keys of one slot are one after the other */
    if (i > 0 && keys[i].offset == keys[i - 1].offset)
      continue;
    else if (keys[i].type == KEY_STRING)
      *(char **) slot (out, &keys[i]) = g_strdup (*(char **) slot (out, &keys[i]));
    else if (keys[i].type == KEY_LIST)
      *(char ***) slot (out, &keys[i]) = g_strdupv (*(char ***) slot (out, &keys[i]));

  return out;
}

/* Returns: (nullable): the first key that differs */
static const char *
first_difference (const MhConfig *a, const MhConfig *b)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      gpointer left = slot ((MhConfig *) a, &keys[i]);
      gpointer right = slot ((MhConfig *) b, &keys[i]);
      gboolean is_same;

      if (keys[i].type == KEY_STRING)
        is_same = g_strcmp0 (*(char **) left, *(char **) right) == 0;
      else if (keys[i].type == KEY_LIST)
        is_same = g_strv_equal (*(const char *const **) left, *(const char *const **) right);
      else
        is_same = number_of (a, &keys[i]) == number_of (b, &keys[i]);
      if (!is_same)
        return keys[i].name;
    }

  return NULL;
}

/* The text with one value changed, read again. */
static char *
edit (const char *path, const char *text, MhConfig *wanted, const MhConfigValue *value,
      GError **error)
{
  const Key *key = find_key (value->key, error);
  g_autofree char *written = NULL;
  g_autofree char *out = NULL;
  g_autoptr (MhConfig) outcome = NULL;

  if (key == NULL)
    return NULL;
  if (number_of (wanted, key) == value->number)
    return g_strdup (text);
  if (!set_number (wanted, value, error))
    return NULL;

  written = format_number (key, value->number);
  out = mh_config_edit (text, key->name, written);
  outcome = out != NULL ? parse (path, out, strlen (out), NULL) : NULL;
  if (outcome != NULL && first_difference (outcome, wanted) == NULL)
    return g_steal_pointer (&out);

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
               "%s is written in a way in which %s can only be changed by hand", path, key->name);

  return NULL;
}

MhConfig *
mh_config_change (const char *path, const MhConfig *now, const MhConfigValue *values, guint count,
                  GError **error)
{
  g_autoptr (MhConfig) out = copy (now);
  g_autoptr (MhConfig) wanted = NULL;
  g_autofree char *before = NULL;
  g_autofree char *text = NULL;
  gsize length;

  for (guint i = 0; i < count; i++)
    if (!set_number (out, &values[i], error))
      return NULL;
  if (!read_file (path, &before, &length, error))
    return NULL;
  if (strlen (before) != length)
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "%s: it has a zero byte in it", path);
  else
    wanted = parse (path, before, length, error);
  if (wanted == NULL)
    {
      mh_error_move (error, MH_ERROR_CONFLICT); /* not what the client sent is wrong */
      return NULL;
    }

  text = g_strdup (before);
  for (guint i = 0; i < count; i++)
    {
      char *next = edit (path, text, wanted, &values[i], error);

      if (next == NULL)
        return NULL;
      g_free (text);
      text = next;
    }
  if (!g_str_equal (text, before) && !write_file (path, text, error))
    return NULL;

  return g_steal_pointer (&out);
}

gboolean
mh_config_equal (const MhConfig *a, const MhConfig *b)
{
  return first_difference (a, b) == NULL;
}
