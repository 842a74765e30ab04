/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/error.h"
#include "core/config-file.h"

#include <glib/gstdio.h>

#define SWARM_KEY                                                                                  \
  "/key/swarm/psk/1.0.0/\n/base16/\n"                                                              \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("mh-config-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "config.yaml", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_rmdir (fixture->dir);
  g_free (fixture->path);
  g_free (fixture->dir);
}

static MhConfig *
load (Fixture *fixture, const char *text, GError **error)
{
  g_assert_true (g_file_set_contents (fixture->path, text, -1, NULL));

  return mh_config_load (fixture->path, error);
}

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhConfig) config = mh_config_load (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->listen_addr, ==, "127.0.0.1:8080");
  g_assert_cmpint (config->login_max_attempts, ==, 15);
  g_assert_cmpint (config->login_window_ms, ==, 15 * 60 * 1000);
  g_assert_cmpint (config->max_upload_bytes, ==, G_GINT64_CONSTANT (53687091200));
  g_assert_null (config->swarm_key);
  g_assert_cmpint (config->min_free, ==, -1);
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhConfig) config =
      load (fixture,
            "swarm_key: \"/key/swarm/psk/1.0.0/\\n/base16/\\n"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n"
            "bootstrap_peers: [a, b]\napi:\n  bind: 127.0.0.1:1\n  idle_timeout: 2m\n"
            "  max_header_bytes: 8KiB\n  max_upload_bytes: 5GB\nlog: {level: debug}\n",
            &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->listen_addr, ==, "127.0.0.1:1");
  g_assert_cmpstr (config->bootstrap_peers[1], ==, "b");
  g_assert_cmpint (config->idle_timeout_ms, ==, 120000);
  g_assert_cmpint (config->max_header_bytes, ==, 8192);
  g_assert_cmpint (config->max_upload_bytes, ==, 5 * G_GINT64_CONSTANT (1000000000));
  g_assert_cmpstr (config->log_level, ==, "debug");
  g_assert_nonnull (config->swarm_key);
}

static void
test_faults_are_named (Fixture *fixture, gconstpointer data)
{
  static const char *const rows[][2] = {
    { "api:\n  listn_addr: x\n",
      "line 2: unknown key api.listn_addr, did you mean api.listen_addr?" },
    { "zebra_crossing: 1\n", "line 1: unknown key zebra_crossing" },
    { "api:\n  max_conns: 7\n", "line 2: api.max_conns: 7 is no number in its bounds" },
    { "api:\n  idle_timeout: 5\n", "line 2: api.idle_timeout: 5 is no duration" },
    { "api:\n  max_header_bytes: 9223372036854775807KiB\n", "api.max_header_bytes" },
    { "bootstrap_peers: x\n", "bootstrap_peers must be a list" },
    { "swarm_key: [x]\n", "swarm_key must not be a list" },
    { "swarm_key: x\n", "swarm_key must have three lines" },
    { "log:\n  format: xml\n", "log.format must be one of: console json" },
    { "node:\n  metadata_dir: relative\n", "absolute" },
    { "a: [\n", "line " },
    { "- a\n", "no keys" },
    { "api: &a\n  max_conns: *a\n", "a key is too long" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load (fixture, rows[i][0], &error));
      g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
      g_test_message ("%s", error->message);
      g_assert_nonnull (g_strstr_len (error->message, -1, rows[i][1]));
      g_assert_nonnull (g_strstr_len (error->message, -1, "config.yaml"));
    }
}

static void
test_network_is_replaced_and_the_rest_kept (Fixture *fixture, gconstpointer data)
{
  static const char *const peers[] = { "/ip4/1.2.3.4/tcp/1/p2p/x", "a: \"b\" # c", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhConfig) before = load (
      fixture, "# first\nswarm_key: ''\napi:\n  max_conns: 99\nbootstrap_peers:\n- old\n# last\n",
      &error);
  g_autoptr (MhConfig) after = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (mh_config_write_network (fixture->path, SWARM_KEY, peers, &error));
  g_assert_no_error (error);
  after = mh_config_load (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (after->swarm_key, ==, SWARM_KEY);
  g_assert_cmpstr (after->bootstrap_peers[0], ==, peers[0]);
  g_assert_cmpstr (after->bootstrap_peers[1], ==, peers[1]);
  g_assert_null (after->bootstrap_peers[2]);
  g_assert_cmpint (after->max_conns, ==, 99);
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "# first\napi:\n  max_conns: 99\n# last\n"));
}

/* A text, what is set in it, and what comes of it; %NULL: it is refused. */
typedef struct
{
  const char *before;
  const char *key;
  gint64 number;
  const char *after;
} Change;

static const Change changes[] = {
  { "", "node.hold", G_GINT64_CONSTANT (10737418240), "node:\n  hold: 10GiB\n" },
  { "# mine\n", "node.metered", 1, "# mine\nnode:\n  metered: true\n" },
  { "api:\n  bind: 127.0.0.1:1", "sync.upload_rate", 1500000,
    "api:\n  bind: 127.0.0.1:1\nsync:\n  upload_rate: 1500000\n" },
  { "node:\n  hold: 1GiB # for my sister\n  country: DE\n", "node.hold", 0,
    "node:\n  hold: 0 # for my sister\n  country: DE\n" },
  { "node:   # über\n    # Name\n    display_name: Küche\n\nlog: {level: info}\n",
    "node.absent_after", 7200000,
    "node:   # über\n    absent_after: 2h\n    # Name\n    display_name: Küche\n\n"
    "log: {level: info}\n" },
  { "node: {metered: true, mdns: false}\n", "node.metered", 0,
    "node: {metered: false, mdns: false}\n" },
  { "node: {mdns: false}\n", "node.surplus_after", 90000,
    "node: {surplus_after: 90s, mdns: false}\n" },
  { "sync: {}\n", "sync.download_rate", 1048576, "sync: {download_rate: 1MiB}\n" },
  { "sync.upload_rate: \"1MiB\"\n", "sync.upload_rate", 2048, "sync.upload_rate: 2KiB\n" },
  { "node:\r\n  hold: 1GiB\r\n", "node.hold", 1, "node:\r\n  hold: 1\r\n" },
  { "node:\n  hold: 1\n  hold: 2\n", "node.hold", 3, "node:\n  hold: 1\n  hold: 3\n" },
  { "sync:\n  upload_rate: 1MiB\n", "sync.upload_rate", 1048576, "sync:\n  upload_rate: 1MiB\n" },
  /* what cannot be done so */
  { "sync: {upload_rate: &rate 1MiB, download_rate: *rate}\n", "sync.upload_rate", 1, NULL },
  { "node:\n  hold: |-\n    1GiB\n  country: DE\n", "node.hold", 1, NULL },
  { "{node: {mdns: false}}\n", "sync.upload_rate", 1, NULL },
  { "node:\n  mdns: false\n...\n", "sync.upload_rate", 1, NULL },
  { "node:\n  hold: much\n", "sync.upload_rate", 1, NULL },
};

static void
test_changes (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("one value becomes another, and all else stays as it was written");
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      const Change *change = &changes[i];
      MhConfigValue value = { change->key, change->number };
      g_autoptr (GError) error = NULL;
      g_autoptr (MhConfig) now = mh_config_load ("/nowhere/config.yaml", NULL);
      g_autoptr (MhConfig) changed = NULL;
      g_autoptr (MhConfig) again = NULL;
      g_autofree char *text = NULL;

      g_assert_true (g_file_set_contents (fixture->path, change->before, -1, NULL));
      changed = mh_config_change (fixture->path, now, &value, 1, &error);
      g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
      g_assert_cmpstr (text, ==, change->after != NULL ? change->after : change->before);
      if (change->after == NULL)
        {
          g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
          g_assert_nonnull (strstr (error->message, fixture->path));
          continue;
        }
      g_assert_no_error (error);
      g_assert_false (mh_config_equal (changed, now) && change->number != 0);
      again = mh_config_change (fixture->path, now, &value, 1, &error);
      g_assert_no_error (error);
      g_assert_true (mh_config_equal (again, changed));
    }
}

static void
test_bounds_of_changes (Fixture *fixture, gconstpointer data)
{
  MhConfigValue values[] = { { "sync.upload_rate", 5 }, { "node.absent_after", 999 } };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhConfig) now = load (fixture, "# mine\n", NULL);
  g_autofree char *text = NULL;

  g_test_summary ("a value out of its bounds is refused with its key, and nothing is written");
  g_assert_null (mh_config_change (fixture->path, now, values, G_N_ELEMENTS (values), &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "node.absent_after"));
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "# mine\n");
  g_assert_cmpint (now->upload_rate, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/core/config/defaults", Fixture, NULL, set_up, test_defaults, tear_down);
  g_test_add ("/core/config/values", Fixture, NULL, set_up, test_values, tear_down);
  g_test_add ("/core/config/faults-are-named", Fixture, NULL, set_up, test_faults_are_named,
              tear_down);
  g_test_add ("/core/config/network-is-replaced", Fixture, NULL, set_up,
              test_network_is_replaced_and_the_rest_kept, tear_down);

  g_test_add ("/core/config/changes", Fixture, NULL, set_up, test_changes, tear_down);
  g_test_add ("/core/config/bounds-of-changes", Fixture, NULL, set_up, test_bounds_of_changes,
              tear_down);

  return g_test_run ();
}
