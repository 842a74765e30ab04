/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tray/link.h"

#include <glib/gstdio.h>

#include "core/ipc.h"

#define DEADLINE_S 10

typedef struct
{
  char *home;
  char *path;
  MhIpc *daemon; /* (nullable) */
  MhTrayLink *link;
  gboolean mute;
  guint ups;
  guint downs;
  guint replies;
  char *ticket;
  GError *error;
} Fixture;

static char *
answer (JsonObject *request, gpointer user_data)
{
  Fixture *fixture = user_data;
  const char *op = json_object_get_string_member_with_default (request, "op", "");

  if (fixture->mute)
    return g_strdup ("[]");
  if (g_str_equal (op, "status"))
    return g_strdup ("{\"state\":\"starting\"}");
  if (g_str_equal (op, "ticket"))
    return g_strdup ("{\"ticket\":\"secret\"}");

  return g_strdup ("{\"error\":\"no such request\"}");
}

static void
on_status (JsonObject *status, gpointer user_data)
{
  Fixture *fixture = user_data;

  if (status == NULL)
    fixture->downs++;
  else
    fixture->ups++;
}

static void
on_reply (JsonObject *reply, const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->replies++;
  g_clear_error (&fixture->error);
  g_clear_pointer (&fixture->ticket, g_free);
  if (reply != NULL)
    fixture->ticket = g_strdup (json_object_get_string_member_with_default (reply, "ticket", NULL));
  if (error != NULL)
    fixture->error = g_error_copy (error);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_assert_not_reached ();
}

/* Lets the loop run until @counter has grown by @more. */
static void
wait_for (const guint *counter, guint more)
{
  guint wanted = *counter + more;
  guint deadline = g_timeout_add_seconds (DEADLINE_S, on_deadline, NULL);

  while (*counter < wanted)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
}

static void
start_daemon (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->daemon = mh_ipc_new (fixture->path, answer, fixture, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->home = g_dir_make_tmp ("mh-link-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = mh_ipc_default_path (fixture->home);
  fixture->link = mh_tray_link_new (fixture->home, on_status, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (fixture->path, ".lock", NULL);

  mh_tray_link_free (fixture->link);
  mh_ipc_free (fixture->daemon);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_unlink (lock);
  g_assert_cmpint (g_rmdir (fixture->home), ==, 0);
  g_clear_error (&fixture->error);
  g_free (fixture->ticket);
  g_free (fixture->path);
  g_free (fixture->home);
}

static void
test_life (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("a daemon is noticed when it comes, when it goes and when it comes back");
  wait_for (&fixture->downs, 2);
  g_assert_cmpuint (fixture->ups, ==, 0);

  start_daemon (fixture);
  wait_for (&fixture->ups, 2);

  g_clear_pointer (&fixture->daemon, mh_ipc_free);
  wait_for (&fixture->downs, 1);
  start_daemon (fixture);
  wait_for (&fixture->ups, 1);
}

static void
test_request (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("a request gets its own answer, between those of the polls, or a reason");
  mh_tray_link_request (fixture->link, "ticket", on_reply);
  g_assert_error (fixture->error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE);

  start_daemon (fixture);
  wait_for (&fixture->ups, 1);
  mh_tray_link_request (fixture->link, "ticket", on_reply);
  wait_for (&fixture->replies, 1);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (fixture->ticket, ==, "secret");

  mh_tray_link_request (fixture->link, "nonsense", on_reply);
  wait_for (&fixture->replies, 1);
  g_assert_error (fixture->error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_FAILED);

  mh_tray_link_request (fixture->link, "ticket", on_reply);
  g_clear_pointer (&fixture->daemon, mh_ipc_free);
  wait_for (&fixture->replies, 1);
  g_assert_error (fixture->error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_UNREACHABLE);
}

static void
test_nonsense (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("what does not speak the protocol is no daemon");
  fixture->mute = TRUE;
  start_daemon (fixture);
  wait_for (&fixture->downs, 3);
  g_assert_cmpuint (fixture->ups, ==, 0);
}

static void
test_local_url (void)
{
  static const char *const good[] = { "http://127.0.0.1:8080/?bootstrap=a", "http://localhost/",
                                      "http://[::1]:1/", "https://127.0.0.9/" };
  static const char *const bad[] = { "http://example.org/",
                                     "http://127.0.0.1.example.org/",
                                     "http://127.0.0.1@example.org/",
                                     "http://a@127.0.0.1/",
                                     "file:///etc/passwd",
                                     "javascript:alert(1)",
                                     "http:",
                                     "" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (mh_client_is_local_url (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (mh_client_is_local_url (bad[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/tray/link/life", Fixture, NULL, set_up, test_life, tear_down);
  g_test_add ("/tray/link/request", Fixture, NULL, set_up, test_request, tear_down);
  g_test_add ("/tray/link/nonsense", Fixture, NULL, set_up, test_nonsense, tear_down);
  g_test_add_func ("/client/local-url", test_local_url);

  return g_test_run ();
}
