/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ipc.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include "base/error.h"

#define NOBODY 65534

typedef struct
{
  char *dir;
  char *path;
  MhIpc *ipc;
  guint requests;
} Fixture;

static char *
answer (JsonObject *request, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->requests++;

  return g_strdup_printf ("{\"op\":\"%s\",\"n\":%u}",
                          json_object_get_string_member_with_default (request, "op", "none"),
                          fixture->requests);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("mh-ipc-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->dir, "run", "ipc.sock", NULL);
  fixture->ipc = mh_ipc_new (fixture->path, answer, fixture, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (fixture->path, ".lock", NULL);
  g_autofree char *run = g_path_get_dirname (fixture->path);

  mh_ipc_free (fixture->ipc);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  g_unlink (lock);
  g_assert_cmpint (g_rmdir (run), ==, 0);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->path);
  g_free (fixture->dir);
}

static GSocketConnection *
connect_to (const char *path)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  GSocketConnection *stream;

  stream = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);

  return stream;
}

static void
send_text (GSocketConnection *stream, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (stream)), text,
                             strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **out = user_data;

  *out = g_object_ref (result);
}

/* The next line without its end, or NULL at the end of the stream; the daemon's loop runs
 * meanwhile. */
static char *
receive (GDataInputStream *input)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *line;

  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, on_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  line = g_data_input_stream_read_line_finish (input, result, NULL, &error);
  g_assert_no_error (error);

  return line;
}

static GDataInputStream *
input_of (GSocketConnection *stream)
{
  return g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (stream)));
}

static void
assert_receive (GDataInputStream *input, const char *expected)
{
  g_autofree char *line = receive (input);

  g_assert_cmpstr (line, ==, expected);
}

static void
test_reply (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
  g_autoptr (GDataInputStream) input = input_of (stream);

  g_test_summary ("every line gets one reply, in order, however the bytes arrive");
  send_text (stream, "{\"op\":\"a\"}\n");
  assert_receive (input, "{\"op\":\"a\",\"n\":1}");

  send_text (stream, "{\"op\":\"b\"}\n{\"op\":\"c\"}\n{\"op\"");
  assert_receive (input, "{\"op\":\"b\",\"n\":2}");
  assert_receive (input, "{\"op\":\"c\",\"n\":3}");
  send_text (stream, ":\"d\"}\n");
  assert_receive (input, "{\"op\":\"d\",\"n\":4}");
}

static void
test_malformed (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *line;
    const char *reply;
  } cases[] = {
    { "\n", "{\"error\":\"malformed JSON: the text is empty\"}" },
    { "{\n", "{\"error\":\"malformed JSON in line 1\"}" },
    { "[1]\n", "{\"error\":\"the request is not an object\"}" },
    { "\"op\"\n", "{\"error\":\"the request is not an object\"}" },
    { "\xff\xfe\n", "{\"error\":\"malformed JSON: invalid UTF-8\"}" },
  };
  g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
  g_autoptr (GDataInputStream) input = input_of (stream);

  g_test_summary ("a malformed request gets an error and the connection stays usable");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      send_text (stream, cases[i].line);
      assert_receive (input, cases[i].reply);
    }
  g_assert_cmpuint (fixture->requests, ==, 0);

  send_text (stream, "{\"op\":\"a\"}\n");
  assert_receive (input, "{\"op\":\"a\",\"n\":1}");
}

static void
test_long (Fixture *fixture, gconstpointer data)
{
  g_autofree char *padding = g_strnfill (64 * 1024 - strlen ("{\"op\":\"\"}"), 'x');
  g_autofree char *longest = g_strdup_printf ("{\"op\":\"%s\"}\n", padding);
  g_autofree char *too_long = g_strdup_printf ("{\"op\":\"%sx\"}\n", padding);
  g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
  g_autoptr (GDataInputStream) input = input_of (stream);
  g_autofree char *line = NULL;

  g_test_summary ("64 KiB are answered, one byte more ends the connection");
  send_text (stream, longest);
  line = receive (input);
  g_assert_true (g_str_has_prefix (line, "{\"op\":\"xxx"));
  g_assert_cmpuint (fixture->requests, ==, 1);

  send_text (stream, too_long);
  assert_receive (input, "{\"error\":\"the request is too long\"}");
  assert_receive (input, NULL);
  g_assert_cmpuint (fixture->requests, ==, 1);
}

static void
test_many (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);

  g_test_summary ("64 connections work, the next is refused, and a freed place is usable again");
  for (guint i = 0; i < 64; i++)
    {
      g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
      g_autoptr (GDataInputStream) input = input_of (stream);
      g_autofree char *line = NULL;

      send_text (stream, "{\"op\":\"a\"}\n");
      line = receive (input);
      g_assert_true (g_str_has_prefix (line, "{\"op\":\"a\""));
      g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (input), FALSE);
      g_ptr_array_add (streams, g_steal_pointer (&stream));
    }
  {
    g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
    g_autoptr (GDataInputStream) input = input_of (stream);

    assert_receive (input, "{\"error\":\"too many connections\"}");
    assert_receive (input, NULL);
  }

  g_ptr_array_set_size (streams, 63);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  {
    g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
    g_autoptr (GDataInputStream) input = input_of (stream);

    send_text (stream, "{\"op\":\"z\"}\n");
    assert_receive (input, "{\"op\":\"z\",\"n\":65}");
  }
}

static void
test_modes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dir = g_path_get_dirname (fixture->path);
  GStatBuf info;

  g_test_summary ("socket and folder are for the owner alone");
  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (dir, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0700);
}

static void
test_second (Fixture *fixture, gconstpointer data)
{
  g_autoptr (MhIpc) second = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a second daemon is told that one is running, and harms it not");
  second = mh_ipc_new (fixture->path, answer, fixture, &error);
  g_assert_null (second);
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_assert_nonnull (strstr (error->message, "another daemon is running"));

  test_reply (fixture, data);
}

static void
test_stale (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (fixture->path);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("the socket of a killed daemon is replaced");
  mh_ipc_free (fixture->ipc);
  fixture->ipc = NULL;
  socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_close (socket, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_EXISTS));

  fixture->ipc = mh_ipc_new (fixture->path, answer, fixture, &error);
  g_assert_no_error (error);
  test_reply (fixture, data);
}

static void
test_open_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dir = g_path_get_dirname (fixture->path);
  g_autoptr (GError) error = NULL;

  g_test_summary ("a folder in which others may write is refused");
  mh_ipc_free (fixture->ipc);
  g_assert_cmpint (g_chmod (dir, 0777), ==, 0);
  fixture->ipc = mh_ipc_new (fixture->path, answer, fixture, &error);
  g_assert_null (fixture->ipc);
  g_assert_error (error, MH_ERROR, MH_ERROR_FORBIDDEN);
}

static void
test_last_reply (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocketConnection) stream = connect_to (fixture->path);
  g_autoptr (GDataInputStream) input = input_of (stream);

  g_test_summary ("a reply given right before the end still arrives");
  send_text (stream, "{\"op\":\"quit\"}\n");
  while (fixture->requests == 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&fixture->ipc, mh_ipc_free);

  assert_receive (input, "{\"op\":\"quit\",\"n\":1}");
  assert_receive (input, NULL);
}

static void
on_child_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *done = user_data;
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, &error);
  g_assert_no_error (error);
  *done = TRUE;
}

static void
test_other_user (Fixture *fixture, gconstpointer data)
{
  g_autofree char *dir = g_path_get_dirname (fixture->path);
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  g_test_summary ("another user is not served, even where the file modes let them in");
  if (geteuid () != 0)
    {
      g_test_skip ("only root can become another user");
      return;
    }
  g_assert_cmpint (g_chmod (fixture->path, 0666), ==, 0);
  g_assert_cmpint (g_chmod (dir, 0711), ==, 0);
  g_assert_cmpint (g_chmod (fixture->dir, 0711), ==, 0);

  child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "/proc/self/exe", "--as-nobody",
                            fixture->path, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_async (child, NULL, on_child_done, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);

  g_assert_true (g_subprocess_get_if_exited (child));
  g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
  g_assert_cmpuint (fixture->requests, ==, 0);
}

/* The child of test_other_user(): exits with 0 if the connection ends without a reply. */
static int
connect_as_nobody (const char *path)
{
  g_autoptr (GSocketConnection) stream = NULL;
  char byte;

  if (setuid (NOBODY) != 0)
    return 2;
  stream = connect_to (path);

  return g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (stream)), &byte, 1, NULL,
                              NULL)
                 == 1
             ? 1
             : 0;
}

static void
test_path (void)
{
  g_autofree char *deep = g_strnfill (120, 'd');
  g_autofree char *home = g_strdup_printf ("/srv/%s", deep);
  g_autofree char *named = NULL;
  g_autofree char *replaced = NULL;
  g_autofree char *again = NULL;
  g_autofree char *own = NULL;
  g_autofree char *by_variable = NULL;

  g_test_summary (
      "the path follows --home, MESHHOLD_HOME and the runtime directory, in this order");
  g_setenv ("XDG_RUNTIME_DIR", "/run/user/7", TRUE);
  g_unsetenv ("MESHHOLD_HOME");
  own = mh_ipc_default_path (NULL);
  g_assert_cmpstr (own, ==, "/run/user/7/meshhold/ipc.sock");
  named = mh_ipc_default_path ("/srv/a/../home");
  g_assert_cmpstr (named, ==, "/srv/home/ipc.sock");

  replaced = mh_ipc_default_path (home);
  g_assert_true (g_str_has_prefix (replaced, "/tmp/meshhold-"));
  g_assert_true (g_str_has_suffix (replaced, "/ipc.sock"));
  g_assert_cmpuint (strlen (replaced), <=, 100);
  again = mh_ipc_default_path (home);
  g_assert_cmpstr (again, ==, replaced);

  g_setenv ("MESHHOLD_HOME", "/srv/other", TRUE);
  by_variable = mh_ipc_default_path (NULL);
  g_assert_cmpstr (by_variable, ==, "/srv/other/ipc.sock");
  g_unsetenv ("MESHHOLD_HOME");
}

static void
add (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (name, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--as-nobody"))
    return connect_as_nobody (argv[2]);

  g_test_init (&argc, &argv, NULL);
  add ("/core/ipc/reply", test_reply);
  add ("/core/ipc/malformed", test_malformed);
  add ("/core/ipc/long", test_long);
  add ("/core/ipc/many", test_many);
  add ("/core/ipc/modes", test_modes);
  add ("/core/ipc/second", test_second);
  add ("/core/ipc/stale", test_stale);
  add ("/core/ipc/open-folder", test_open_folder);
  add ("/core/ipc/last-reply", test_last_reply);
  add ("/core/ipc/other-user", test_other_user);
  g_test_add_func ("/core/ipc/path", test_path);

  return g_test_run ();
}
