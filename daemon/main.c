/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/notify.h"
#include "daemon.h"
#include "fsck.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static gboolean
quit_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

static int
run (const MhDaemonOptions *options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (MhDaemon) daemon = NULL;
  g_autoptr (GError) error = NULL;

  daemon = mh_daemon_new (options, loop, &error);
  if (daemon == NULL)
    {
      fprintf (stderr, "meshholdd: %s\n", error->message);
      return EXIT_FAILURE;
    }

  g_unix_signal_add (SIGTERM, quit_cb, loop);
  g_unix_signal_add (SIGINT, quit_cb, loop);
  printf ("ready %s\n", mh_daemon_url (daemon));
  fflush (stdout);
  mh_notify ("READY=1");
  g_main_loop_run (loop);
  mh_notify ("STOPPING=1");

  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  MhDaemonOptions options = { 0 };
  MhFsckOptions fsck = { 0 };
  gboolean check = FALSE;
  gboolean version = FALSE;
  GOptionEntry entries[] = {
    { "home", 0, 0, G_OPTION_ARG_FILENAME, &options.home, "Keep everything under DIR", "DIR" },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &options.listen,
      "Serve on HOST:PORT in place of api.listen_addr; port 0 picks one", "HOST:PORT" },
    { "log-level", 0, 0, G_OPTION_ARG_STRING, &options.log_level, "debug, info, warn or error",
      "LEVEL" },
    { "log-format", 0, 0, G_OPTION_ARG_STRING, &options.log_format, "console or json", "FORMAT" },
    { "fsck", 0, 0, G_OPTION_ARG_NONE, &check,
      "Check everything that is stored, print the verdict and end", NULL },
    { "rebuild", 0, 0, G_OPTION_ARG_NONE, &fsck.rebuild,
      "With --fsck: make the index anew from the segments", NULL },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &fsck.quick, "With --fsck: check the index only", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &fsck.json, "With --fsck: print JSON", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the MeshHold daemon");
  g_autoptr (GError) error = NULL;
  int status = EXIT_SUCCESS;

  umask (077);
  signal (SIGPIPE, SIG_IGN);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1)
    {
      fprintf (stderr, "meshholdd: %s\n", error != NULL ? error->message : "unknown argument");
      return 2;
    }

  if (version)
    printf ("meshholdd %s\n", MH_VERSION);
  else if (check)
    status = mh_fsck (&options, &fsck);
  else
    status = run (&options);

  g_free (options.home);
  g_free (options.listen);
  g_free (options.log_level);
  g_free (options.log_format);

  return status;
}
