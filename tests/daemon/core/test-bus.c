/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/bus.h"

typedef struct
{
  MhBus *bus;
  GPtrArray *seen; /* (element-type utf8) */
  guint id;
} Ear;

static void
hear_cb (const MhEvent *event, gpointer user_data)
{
  Ear *ear = user_data;

  g_ptr_array_add (ear->seen, g_strdup (event->json));
}

static void
leave_cb (const MhEvent *event, gpointer user_data)
{
  Ear *ear = user_data;

  hear_cb (event, user_data);
  mh_bus_unsubscribe (ear->bus, ear->id);
}

static void
dispatch (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static void
test_order_and_members (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhBus) bus = mh_bus_new (clock);
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  Ear ear = { bus, seen, 0 };
  MhJson *members = mh_json_new ();

  mh_clock_set_ms (clock, 42);
  ear.id = mh_bus_subscribe (bus, hear_cb, &ear);
  mh_json_string (members, "path", "/a");
  mh_bus_publish (bus, "file_changed", members);
  mh_bus_publish (bus, "reset", NULL);
  g_assert_cmpuint (seen->len, ==, 0); /* never from within publish */
  dispatch ();
  g_assert_cmpuint (seen->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (seen, 0), ==,
                   "{\"type\":\"file_changed\",\"seq\":1,\"ts_ms\":42,\"path\":\"/a\"}");
  g_assert_cmpstr (g_ptr_array_index (seen, 1), ==, "{\"type\":\"reset\",\"seq\":2,\"ts_ms\":42}");
}

static void
test_leaving_while_called (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhBus) bus = mh_bus_new (clock);
  g_autoptr (GPtrArray) first = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) second = g_ptr_array_new_with_free_func (g_free);
  Ear leaver = { bus, first, 0 };
  Ear stayer = { bus, second, 0 };

  leaver.id = mh_bus_subscribe (bus, leave_cb, &leaver);
  stayer.id = mh_bus_subscribe (bus, hear_cb, &stayer);
  mh_bus_publish (bus, "a", NULL);
  mh_bus_publish (bus, "b", NULL);
  dispatch ();
  g_assert_cmpuint (first->len, ==, 1);
  g_assert_cmpuint (second->len, ==, 2);
}

static void
test_replay (void)
{
  g_autoptr (MhClock) clock = mh_clock_new ();
  g_autoptr (MhBus) bus = mh_bus_new (clock);
  g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
  Ear ear = { bus, seen, 0 };

  g_assert_true (mh_bus_replay (bus, 0, hear_cb, &ear));
  for (guint i = 0; i < 1030; i++)
    mh_bus_publish (bus, "x", NULL);
  dispatch ();

  g_assert_true (mh_bus_replay (bus, 1028, hear_cb, &ear));
  g_assert_cmpuint (seen->len, ==, 2);
  g_assert_true (mh_bus_replay (bus, 1030, hear_cb, &ear));
  g_assert_cmpuint (seen->len, ==, 2);
  g_assert_true (mh_bus_replay (bus, 6, hear_cb, &ear)); /* 7 is the oldest that is kept */
  g_assert_cmpuint (seen->len, ==, 2 + 1024);
  g_assert_false (mh_bus_replay (bus, 5, hear_cb, &ear));
  g_assert_false (mh_bus_replay (bus, 1031, hear_cb, &ear));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/bus/order-and-members", test_order_and_members);
  g_test_add_func ("/core/bus/leaving-while-called", test_leaving_while_called);
  g_test_add_func ("/core/bus/replay", test_replay);

  return g_test_run ();
}
