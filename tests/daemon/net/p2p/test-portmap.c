/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "host-kit.h"
#include "net/p2p/portmap/portmap-line.h"
#include "net/p2p/portmap/portmap-private.h"

/* The side that has `meshhold-portmap` ask, with stand-ins for that: shell scripts. */

/* What is heard of a program. Of the loop, and read when it has ended. */
typedef struct
{
  MhPortmap portmap; /* as far as a child looks at it; first */
  MhtNode *node;
  char *folder; /* (owned) */
  char *script; /* (owned) */
  GString *log; /* (owned) */
  guint mapped;
  gint64 began_us;
  gint64 took_us;
  MhPortmapChild *child; /* (owned) */
  MhPortmapEnd how;
  gboolean has_ended;
} Play;

static void
on_mapped (MhPortmap *portmap, const char *address, guint16 port)
{
  Play *self = (Play *) portmap;

  self->mapped++;
  if (self->mapped < 3)
    g_string_append_printf (self->log, "mapped %s %u|", address, port);
}

static void
on_failed (MhPortmap *portmap, const char *text)
{
  g_string_append_printf (((Play *) portmap)->log, "failed %s|", text != NULL ? text : "-");
}

static void
on_ended (MhPortmap *portmap, MhPortmapEnd how)
{
  Play *self = (Play *) portmap;

  self->how = how;
  self->has_ended = TRUE;
  self->took_us = g_get_monotonic_time () - self->began_us;
}

static const MhPortmapChildEvents events = { on_mapped, on_failed, on_ended };

static gboolean
start (MhHost *host, gpointer data)
{
  Play *self = data;
  g_autoptr (GError) error = NULL;

  self->began_us = g_get_monotonic_time ();
  self->child = mh_portmap_child_new (&self->portmap, &events, &error);
  g_assert_no_error (error);

  return TRUE;
}

/* Begins a play in which the program is a shell script of @lines; "$D" is a folder. */
static Play *
play_new (const char *lines)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  g_autofree char *text = NULL;
  Play *self = g_new0 (Play, 1);

  self->node = mht_node_new (key, 0, NULL);
  self->folder = g_dir_make_tmp ("mh-portmap-XXXXXX", NULL);
  self->script = g_build_filename (self->folder, "stand-in.sh", NULL);
  self->log = g_string_new (NULL);
  text = g_strdup_printf ("#!/bin/sh\nD=%s\n%s\n", self->folder, lines);
  g_assert_true (
      g_file_set_contents_full (self->script, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  self->portmap = (MhPortmap){ .host = self->node->host,
                               .program = self->script,
                               .local = g_strdup ("127.0.0.1"),
                               .port = 4001,
                               .lease_s = 3600,
                               .period_s = 300 };
  g_assert_true (mht_is_so (self->node, start, self));

  return self;
}

static gboolean
has_ended (MhHost *host, gpointer data)
{
  return ((Play *) data)->has_ended;
}

static gboolean
is_mapped (MhHost *host, gpointer data)
{
  return ((Play *) data)->mapped > 0;
}

static gboolean
leave (MhHost *host, gpointer data)
{
  Play *self = data;

  self->began_us = g_get_monotonic_time ();
  mh_portmap_child_leave (self->child);

  return TRUE;
}

static gboolean
give_back (MhHost *host, gpointer data)
{
  Play *self = data;

  mh_portmap_child_unref (self->child);

  return TRUE;
}

/* Ends what the script has left running, if it has noted that. */
static void
kill_rest (Play *self)
{
  g_autofree char *path = g_build_filename (self->folder, "rest", NULL);
  g_autofree char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    g_assert_cmpint (kill (atoi (text), SIGKILL), ==, 0);
  (void) g_remove (path);
}

static void
play_free (Play *self)
{
  g_assert_true (self->has_ended);
  g_assert_true (mht_is_so (self->node, give_back, self));
  kill_rest (self);
  mht_node_free (self->node);
  (void) g_remove (self->script);
  (void) g_rmdir (self->folder);
  g_string_free (self->log, TRUE);
  g_free (self->portmap.local);
  g_free (self->script);
  g_free (self->folder);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Play, play_free)

/* -- what it says -- */

typedef struct
{
  const char *lines;
  const char *log;
  MhPortmapEnd how;
} Said;

static const Said all_said[] = {
  { "echo mapped 11.22.33.2 4001", "mapped 11.22.33.2 4001|failed -|", MH_PORTMAP_GAVE_UP },
  { "echo failed 'no way'", "failed no way|", MH_PORTMAP_GAVE_UP },
  { "exit 0", "failed -|", MH_PORTMAP_GAVE_UP },
  { "exit 1", "", MH_PORTMAP_BROKE },
  { "kill -SEGV $$", "", MH_PORTMAP_BROKE },
  /* nonsense, after which it is ended */
  { "echo hello; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "echo mapped 11.22.33.2; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "echo mapped 11.22.33.2 0; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "echo mapped 300.1.1.1 4001; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "echo mapped ::1 4001; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "echo mapped 11.22.33.2 4001 more; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "printf 'failed \\377\\n'; exec sleep 1000", "", MH_PORTMAP_BROKE },
  { "exec tr '\\0' x < /dev/zero", "", MH_PORTMAP_BROKE },
  /* what would do something to a terminal, and turns the direction of what follows */
  { "printf 'failed a\\033[31mb\\tc\\r\\302\\233d\\342\\200\\256e \\303\\251\\n'",
    "failed a [31mb c  d e \303\251|", MH_PORTMAP_GAVE_UP },
};

static void
test_lines (void)
{
  g_test_summary ("what is none of its lines ends it; what routers write is made printable");
  for (gsize i = 0; i < G_N_ELEMENTS (all_said); i++)
    {
      const Said *said = &all_said[i];
      g_autoptr (Play) play = play_new (said->lines);

      g_test_message ("%s", said->lines);
      mht_wait_until (play->node, has_ended, play);
      g_assert_cmpstr (play->log->str, ==, said->log);
      g_assert_cmpint (play->how, ==, said->how);
    }
}

static void
test_flood (void)
{
  g_autoptr (Play) play =
      play_new ("while :; do echo mapped 11.22.33.2 1; echo mapped 11.22.33.3 1;"
                " done");

  g_test_summary ("addresses that change all the time end it, after a few");
  mht_wait_until (play->node, has_ended, play);
  g_assert_cmpint (play->how, ==, MH_PORTMAP_BROKE);
  g_assert_cmpuint (play->mapped, ==, MH_PORTMAP_MAX_LINES);
}

/* -- how it ends -- */

static void
test_output_is_inherited (void)
{
  g_autoptr (Play) play = play_new ("sleep 1000 & echo $! > $D/rest; echo failed last");

  g_test_summary (
      "something that has its output after its end is not waited for, but what it said is");
  mht_wait_until (play->node, has_ended, play);
  g_assert_cmpint (play->how, ==, MH_PORTMAP_GAVE_UP);
  g_assert_cmpstr (play->log->str, ==, "failed last|");
  g_assert_cmpint (play->took_us, <, 5 * G_TIME_SPAN_SECOND);
}

static void
test_leaves_late (void)
{
  g_autoptr (Play) play = play_new ("trap '' TERM; sleep 1000 & echo $! > $D/rest;"
                                    " echo mapped 11.22.33.2 4001; exec sleep 1000");

  g_test_summary ("it is killed when it does not end in time, whatever it has left behind");
  mht_wait_until (play->node, is_mapped, play);
  g_assert_true (mht_is_so (play->node, leave, play));
  mht_wait_until (play->node, has_ended, play);
  g_assert_cmpint (play->how, ==, MH_PORTMAP_LEFT);
  g_assert_cmpint (play->took_us, >=, MH_PORTMAP_REMOVE_MS * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (play->took_us, <, 2 * MH_PORTMAP_REMOVE_MS * G_TIME_SPAN_MILLISECOND);
}

static void
test_leaves (void)
{
  g_autoptr (Play) play = play_new ("echo mapped 11.22.33.2 4001; cat > /dev/null;"
                                    " echo mapped 11.22.33.9 4001");

  g_test_summary ("it ends when its input does, and what it says then is not heard");
  mht_wait_until (play->node, is_mapped, play);
  g_assert_true (mht_is_so (play->node, leave, play));
  mht_wait_until (play->node, has_ended, play);
  g_assert_cmpint (play->how, ==, MH_PORTMAP_LEFT);
  g_assert_cmpstr (play->log->str, ==, "mapped 11.22.33.2 4001|");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/portmap/lines", test_lines);
  g_test_add_func ("/p2p/portmap/flood", test_flood);
  g_test_add_func ("/p2p/portmap/output-is-inherited", test_output_is_inherited);
  g_test_add_func ("/p2p/portmap/leaves", test_leaves);
  g_test_add_func ("/p2p/portmap/leaves-late", test_leaves_late);

  return g_test_run ();
}
