/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-kit.h"
#include "namespace.h"
#include "net/p2p/portmap/portmap-line.h"
#include "net/p2p/portmap/portmap-private.h"

/* The side that has `meshhold-portmap` ask, with stand-ins for that: shell scripts. Nothing waits
 * for a pause: how long one is to be is looked at, and then it is over. */

#define EVERYWHERE "/ip4/0.0.0.0/tcp/0"

/* So that there is a way out. */
#define OWN_ADDRESS "192.0.2.1"

#define MAPPED "/ip4/11.22.33.2/tcp/4001|"

/* Pauses: of a program that broke once, and where no router forwards, which is a period. */
#define SHORT_S 12
#define LONG_S 300

/* How late a pause may be looked at. */
#define LATE_S 10

/* What is noted of a program that does not end saying something. */
#define MOST_NOTES 6

/* A script that stays until its input ends, and says which process it is. */
#define STAYS "echo $$ > $D/pid; echo mapped 11.22.33.2 4001; exec cat > /dev/null"

typedef struct
{
  MhtNode *node;
  MhPortmap *portmap; /* (nullable) */
  char *folder;       /* (owned) */
  char *script;       /* (owned) */
  guint since_s;      /* for how long it is to have mapped when it crashes */

  /* of the loop */
  GString *told; /* (owned): addresses and errors */
  guint notes;
  guint mapped;
} Play;

static void
on_changed (MhPortmap *portmap, gpointer data)
{
  Play *self = data;
  g_auto (MhPortmapState) state = { 0 };
  g_autofree char *address = NULL;

  mh_portmap_state (portmap, &state);
  if (state.available)
    {
      address = mh_multiaddr_to_text (state.external);
      self->mapped++;
    }
  if (self->notes++ < MOST_NOTES)
    g_string_append_printf (self->told, "%s|",
                            address != NULL       ? address
                            : state.error != NULL ? state.error
                                                  : "-");
}

/* Begins a play in which the program is a shell script of @lines, where "$D" is a folder; @lines
 * may be %NULL, then there is none. */
static Play *
play_new (const char *lines, const char *listen)
{
  g_autoptr (MhSecret) key = mh_secret_new_random (MH_SWARM_KEY_SIZE);
  Play *self = g_new0 (Play, 1);
  MhPortmapNew new = { 0 };

  self->node = mht_node_new (key, 0, listen);
  self->folder = g_dir_make_tmp ("mh-portmap-XXXXXX", NULL);
  self->script = g_build_filename (self->folder, "stand-in.sh", NULL);
  self->told = g_string_new (NULL);
  if (lines != NULL)
    {
      g_autofree char *text = g_strdup_printf ("#!/bin/sh\nD=%s\n%s\n", self->folder, lines);

      g_assert_true (
          g_file_set_contents_full (self->script, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    }
  new.program = self->script;
  self->portmap = mh_portmap_new (self->node->host, &new, on_changed, self);

  return self;
}

/* Kills what the script has noted in @name, if it has. */
static void
kill_noted (Play *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    g_assert_cmpint (kill (atoi (text), SIGKILL), ==, 0);
  (void) g_remove (path);
}

/* Returns: microseconds until it is gone */
static gint64
play_stop (Play *self)
{
  gint64 began_us = g_get_monotonic_time ();

  g_clear_pointer (&self->portmap, mh_portmap_free);

  return g_get_monotonic_time () - began_us;
}

static void
play_free (Play *self)
{
  g_autofree char *pid = g_build_filename (self->folder, "pid", NULL);

  (void) play_stop (self);
  kill_noted (self, "rest");
  mht_node_free (self->node);
  (void) g_remove (pid);
  (void) g_remove (self->script);
  (void) g_rmdir (self->folder);
  g_string_free (self->told, TRUE);
  g_free (self->script);
  g_free (self->folder);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Play, play_free)

static gboolean
has_ended (MhHost *host, gpointer data)
{
  return ((Play *) data)->portmap->child == NULL;
}

static gboolean
is_mapped (MhHost *host, gpointer data)
{
  return ((Play *) data)->portmap->external != NULL;
}

static gboolean
is_mapped_again (MhHost *host, gpointer data)
{
  return ((Play *) data)->mapped > 1;
}

/* Whether an address of a router is one of ours. */
static gboolean
is_claimed (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_addresses (host);
  gboolean is_claimed = FALSE;

  for (guint i = 0; i < all->len; i++)
    {
      g_autofree char *text = mh_multiaddr_to_text (all->pdata[i]);

      is_claimed = is_claimed || g_str_has_prefix (text, "/ip4/11.");
    }

  return is_claimed;
}

/* Whether the pause that it has now is one of @pause_s seconds. */
static void
assert_pause (Play *self, guint pause_s)
{
  gint64 left_us = self->portmap->due_us - g_get_monotonic_time ();

  g_assert_cmpint (left_us, <=, pause_s * G_TIME_SPAN_SECOND);
  g_assert_cmpint (left_us, >, (pause_s - LATE_S) * G_TIME_SPAN_SECOND);
}

/* Waits until the program has ended, which claims nothing and leaves a pause of @pause_s seconds
 * and nothing to tell but @error. */
static void
assert_ends (Play *self, guint pause_s, const char *error)
{
  mht_wait_until (self->node, has_ended, self);
  g_assert_false (mht_is_so (self->node, is_claimed, self));
  assert_pause (self, pause_s);
  g_assert_cmpstr (self->portmap->error, ==, error);
}

/* -- what it says -- */

typedef struct
{
  const char *lines;
  const char *told;
  guint pause_s;
} Said;

static const Said all_said[] = {
  { "echo mapped 11.22.33.2 4001", "-|" MAPPED "the router does not answer any more|", LONG_S },
  { "echo failed 'no way'", "-|no way|", LONG_S },
  { "exit 0", "-|-|", LONG_S },
  { "exit 1", "-|-|", SHORT_S },
  { "kill -SEGV $$", "-|-|", SHORT_S },
  { "while :; do echo mapped 11.22.33.2 4001; done", "-|" MAPPED "-|", SHORT_S },
  /* what has its output after its end is not waited for, but what it said is */
  { "sleep 1000 & echo $! > $D/rest; echo failed last", "-|last|", LONG_S },
  /* nonsense, after which it is ended */
  { "echo hello; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 11.22.33.2; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 11.22.33.2 0; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 300.1.1.1 4001; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped ::1 4001; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 127.0.0.1 4001; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 0.0.0.0 4001; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 224.0.0.1 4001; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 169.254.1.1 4001; exec sleep 1000", "-|-|", SHORT_S },
  { "echo mapped 11.22.33.2 4001 more; exec sleep 1000", "-|-|", SHORT_S },
  { "printf 'failed \\377\\n'; exec sleep 1000", "-|-|", SHORT_S },
  { "exec tr '\\0' x < /dev/zero", "-|-|", SHORT_S },
  /* what would do something to a terminal, and turns the direction of what follows */
  { "printf 'failed a\\033[31mb\\tc\\r\\302\\233d\\342\\200\\256e \\303\\251\\n'",
    "-|a [31mb c  d e \303\251|", LONG_S },
};

static void
test_lines (void)
{
  g_test_summary ("what is none of its lines ends it; what routers write is made printable");
  for (gsize i = 0; i < G_N_ELEMENTS (all_said); i++)
    {
      const Said *said = &all_said[i];
      g_autoptr (Play) play = play_new (said->lines, EVERYWHERE);

      g_test_message ("%s", said->lines);
      mht_wait_until (play->node, has_ended, play);
      g_assert_cmpstr (play->told->str, ==, said->told);
      assert_pause (play, said->pause_s);
    }
}

static void
test_flood (void)
{
  g_autoptr (Play) play = play_new ("while :; do echo mapped 11.22.33.2 1;"
                                    " echo mapped 11.22.33.3 1; done",
                                    EVERYWHERE);

  g_test_summary ("addresses that change all the time end it, after a few");
  assert_ends (play, SHORT_S, NULL);
  g_assert_cmpuint (play->mapped, ==, MH_PORTMAP_MAX_LINES);
}

static void
test_not_there (void)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK); /* it is in the log as well */
  g_autoptr (Play) play = play_new (NULL, EVERYWHERE);

  g_test_summary ("a program that is missing is told, as is that there is no port for a router");
  (void) g_log_set_always_fatal (fatal);
  assert_pause (play, LONG_S);
  g_assert_true (g_str_has_suffix (play->portmap->error, "stand-in.sh cannot be started"));

  g_clear_pointer (&play, play_free);
  play = play_new (STAYS, "/ip4/127.0.0.1/tcp/0");
  assert_ends (play, LONG_S, "no TCP port is listened on on every interface");
}

/* -- how it goes on -- */

/* Has the time of its pause be over. */
static gboolean
end_pause (MhHost *host, gpointer data)
{
  MhPortmap *portmap = ((Play *) data)->portmap;

  portmap->due_us = 0;
  g_source_set_ready_time (portmap->timer, 0);

  return TRUE;
}

static gboolean
crash_here (MhHost *host, gpointer data)
{
  Play *self = data;

  self->portmap->mapped_us -= self->since_s * G_TIME_SPAN_SECOND;
  kill_noted (self, "pid");

  return TRUE;
}

/* The program maps @since_s seconds long, and crashes; that makes a pause of @pause_s. */
static void
crash (Play *self, guint since_s, guint pause_s, const char *error)
{
  mht_wait_until (self->node, is_mapped, self);
  g_assert_true (mht_is_so (self->node, is_claimed, self));
  self->since_s = since_s;
  g_assert_true (mht_is_so (self->node, crash_here, self));
  assert_ends (self, pause_s, error);
  g_assert_true (mht_is_so (self->node, end_pause, self));
}

static void
test_crashes (void)
{
  static const char again[] = "the program that asks routers ends by itself again and again";
  static const guint pauses_s[] = { 2 * SHORT_S, 4 * SHORT_S, 8 * SHORT_S, 16 * SHORT_S, LONG_S };
  g_autoptr (Play) play = play_new (STAYS, EVERYWHERE);

  g_test_summary (
      "what crashes is started ever later though it maps, which is told from the second "
      "time on; after a good while with a mapping it is as at first");
  crash (play, 0, SHORT_S, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (pauses_s); i++)
    crash (play, 0, pauses_s[i], again);
  crash (play, LONG_S, LONG_S, again);
  crash (play, 2 * LONG_S, SHORT_S, NULL);
  crash (play, 0, 2 * SHORT_S, again);
}

/* The address that was forwarded to is none of ours any more. */
static gboolean
move (MhHost *host, gpointer data)
{
  MhPortmap *portmap = ((Play *) data)->portmap;

  g_free (portmap->local);
  portmap->local = g_strdup ("192.0.2.2");
  g_source_set_ready_time (portmap->timer, 0);

  return TRUE;
}

static void
test_moves (void)
{
  g_autoptr (Play) play = play_new ("echo mapped 11.22.33.2 4001; cat > /dev/null;"
                                    " echo mapped 11.22.33.9 4001",
                                    EVERYWHERE);

  g_test_summary (
      "with another address of ours it ends and begins anew, and what it says at its end "
      "is not heard");
  mht_wait_until (play->node, is_mapped, play);
  g_assert_true (mht_is_so (play->node, move, play));
  mht_wait_until (play->node, is_mapped_again, play);
  g_assert_cmpstr (play->told->str, ==, "-|" MAPPED "-|" MAPPED);
  g_assert_cmpstr (play->portmap->local, ==, OWN_ADDRESS);
}

/* -- how it ends -- */

static void
test_leaves (void)
{
  g_autoptr (Play) play = play_new ("sleep 1000 & echo $! > $D/rest;"
                                    " echo mapped 11.22.33.2 4001; cat > /dev/null",
                                    EVERYWHERE);

  g_test_summary ("it ends when its input does, and what has its output then is not waited for");
  mht_wait_until (play->node, is_mapped, play);
  g_assert_cmpint (play_stop (play), <, MH_PORTMAP_REMOVE_MS * G_TIME_SPAN_MILLISECOND);
  g_assert_false (mht_is_so (play->node, is_claimed, play));
}

static void
test_leaves_late (void)
{
  g_autoptr (Play) play = play_new ("trap '' TERM; sleep 1000 & echo $! > $D/rest;"
                                    " echo mapped 11.22.33.2 4001; exec sleep 1000",
                                    EVERYWHERE);
  gint64 took_us;

  g_test_summary ("it is killed when it does not end in time, whatever it has left behind");
  mht_wait_until (play->node, is_mapped, play);
  took_us = play_stop (play);
  g_assert_cmpint (took_us, >=, MH_PORTMAP_REMOVE_MS * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (took_us, <, 2 * MH_PORTMAP_REMOVE_MS * G_TIME_SPAN_MILLISECOND);
}

int
main (int argc, char **argv)
{
  const char *missing = mht_namespace_enter (TRUE);

  if (missing == NULL && !mht_namespace_add_address (OWN_ADDRESS))
    missing = "the loopback of the namespace takes no other address";
  g_test_init (&argc, &argv, NULL);
  if (missing != NULL)
    {
      printf ("1..0 # SKIP %s\n", missing);
      return 0;
    }
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/portmap/lines", test_lines);
  g_test_add_func ("/p2p/portmap/flood", test_flood);
  g_test_add_func ("/p2p/portmap/not-there", test_not_there);
  g_test_add_func ("/p2p/portmap/crashes", test_crashes);
  g_test_add_func ("/p2p/portmap/moves", test_moves);
  g_test_add_func ("/p2p/portmap/leaves", test_leaves);
  g_test_add_func ("/p2p/portmap/leaves-late", test_leaves_late);

  return g_test_run ();
}
