/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "host-kit.h"

/*
 * What peers cost that do nothing: many hosts in a process of their own, each with a connection and
 * some streams to the one that is looked at. MESHHOLD_TEST_HOSTS says how many.
 */

#define STREAMS 20

/* Bytes of memory that a peer with its streams may cost, with a wide margin. */
#define MOST_OF_PEER (64 * 1024)

static guint
number_of (const char *name, guint otherwise)
{
  const char *text = g_getenv (name);

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : otherwise;
}

static void
raise_limit (void)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

/* Returns: bytes of memory of this process */
static gint64
resident (void)
{
  g_autofree char *text = NULL;
  const char *row;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  row = strstr (text, "VmRSS:");
  g_assert_nonnull (row);

  return (gint64) g_ascii_strtoull (row + strlen ("VmRSS:"), NULL, 10) * 1024;
}

/* -- the other process -- */

/* Opens the streams of one host. */
static void
open_streams (MhtNode *node, const MhPeerId *peer, GPtrArray *streams)
{
  for (guint i = 0; i < STREAMS; i++)
    {
      g_autoptr (GError) error = NULL;
      MhStream *stream =
          mh_host_open_wait (node->host, peer, mht_echo_names, MHT_TIMEOUT_MS, &error);
      guint8 byte = 7;

      g_assert_no_error (error);
      g_assert_true (mh_stream_write_wait (stream, &byte, 1, MHT_TIMEOUT_MS, NULL));
      g_assert_cmpint (mh_stream_read_wait (stream, &byte, 1, MHT_TIMEOUT_MS, NULL), ==, 1);
      g_ptr_array_add (streams, stream);
    }
}

/* Connects, says so with a line, and goes when it is told. */
static int
run_peers (const char *address_text, guint count)
{
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (address_text, NULL);
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_stream_unref);
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) mht_node_free);
  MhPeerId peer;
  char byte;

  raise_limit ();
  g_assert_true (mh_multiaddr_peer (address, &peer));
  for (guint i = 0; i < count; i++)
    {
      MhtNode *node = mht_node_new (NULL, 0, NULL);
      g_autoptr (GError) error = mht_connect_to (node, address);

      g_assert_no_error (error);
      open_streams (node, &peer, streams);
      g_ptr_array_add (nodes, node);
    }
  g_print ("there\n");

  return fread (&byte, 1, 1, stdin) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns: (transfer full): the other process, once all are there */
static GSubprocess *
start_peers (const char *program, MhtNode *node, guint count)
{
  g_autoptr (MhMultiaddr) address = mht_address_of (node);
  g_autofree char *text = mh_multiaddr_to_text (address);
  g_autofree char *number = g_strdup_printf ("%u", count);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *line = NULL;
  GSubprocess *process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                        program, "--peers", text, number, NULL);

  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (lines), FALSE);
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "there");

  return process;
}

static void
end_peers (GSubprocess *process)
{
  g_assert_true (g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, NULL));
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_successful (process));
  g_object_unref (process);
}

/* -- this one -- */

static gboolean
has_all (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_connections (host);
  guint streams = 0;

  for (guint i = 0; i < all->len; i++)
    streams += ((MhHostConnection *) all->pdata[i])->streams;

  return all->len == GPOINTER_TO_UINT (data) && streams == all->len * STREAMS;
}

static gboolean
is_alone (MhHost *host, gpointer data)
{
  g_autoptr (GPtrArray) all = mh_host_connections (host);

  return all->len == 0;
}

/* Those that were about to say who they are when they ended take a moment longer. */
static gboolean
has_closed_all (MhHost *host, gpointer data)
{
  return mht_count_descriptors () <= GPOINTER_TO_UINT (data);
}

static void
test_idle (gconstpointer data)
{
  MhHostNew request = { .low_water = 5000, .high_water = 5000 };
  guint count = number_of ("MESHHOLD_TEST_HOSTS", 50);
  g_autoptr (MhtNode) node = NULL;
  GSubprocess *process;
  guint descriptors;
  gint64 before;
  gint64 cost;

  g_test_summary ("idle peers and streams cost little, and leave nothing open");
  raise_limit ();
  node = mht_node_new_with (&request, "/ip4/127.0.0.1/tcp/0");
  end_peers (start_peers (data, node, 1)); /* what the libraries need is there from now on */
  mht_wait_until (node, is_alone, NULL);
  descriptors = mht_count_descriptors ();
  before = resident ();
  /* what the first leave behind is enough for the second */
  for (guint round = 0; round < 2; round++)
    {
      process = start_peers (data, node, count);
      mht_wait_until (node, has_all, GUINT_TO_POINTER (count));
      cost = resident () - before;
      g_test_message ("%u peers with %u streams: %.1f KiB a peer", count, count * STREAMS,
                      (double) cost / 1024 / count);
      g_assert_cmpint (cost / count, <, MOST_OF_PEER);
      end_peers (process);
      mht_wait_until (node, is_alone, NULL);
    }
  mht_wait_until (node, has_closed_all, GUINT_TO_POINTER (descriptors));
}

int
main (int argc, char **argv)
{
  if (!mh_crypto_init (NULL))
    return EXIT_FAILURE;
  if (argc == 4 && g_str_equal (argv[1], "--peers"))
    return run_peers (argv[2], (guint) g_ascii_strtoull (argv[3], NULL, 10));

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/p2p/idle", argv[0], test_idle);

  return g_test_run ();
}
