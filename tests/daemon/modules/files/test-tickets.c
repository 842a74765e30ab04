/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "modules/files/tickets.h"

#include "base/error.h"

#define START 1700000000000

typedef struct
{
  MhClock *clock;     /* (owned) */
  MhTickets *tickets; /* (owned) */
} World;

static void
world_init (World *self)
{
  self->clock = mh_clock_new ();
  mh_clock_set_ms (self->clock, START);
  self->tickets = mh_tickets_new (self->clock);
}

static void
world_clear (World *self)
{
  mh_tickets_free (self->tickets);
  mh_clock_free (self->clock);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static char *
issue (World *world, guint number)
{
  MhPackPlan *plan = g_new0 (MhPackPlan, 1);
  gint64 expires_ms;
  char *ticket;

  plan->roots = g_ptr_array_new ();
  plan->filename = g_strdup_printf ("%u", number);
  ticket = mh_tickets_issue (world->tickets, plan, &expires_ms);
  g_assert_cmpint (expires_ms, ==, mh_clock_now_ms (world->clock) + 60000);

  return ticket;
}

/* Fails unless the ticket is for the plan of that number. */
static void
redeem (World *world, const char *ticket, guint number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhPackPlan) plan = mh_tickets_redeem (world->tickets, ticket, &error);
  g_autofree char *wanted = g_strdup_printf ("%u", number);

  g_assert_no_error (error);
  g_assert_cmpstr (plan->filename, ==, wanted);
}

static void
refuse (World *world, const char *ticket)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mh_tickets_redeem (world->tickets, ticket, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

static void
test_once (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;

  g_test_summary ("a ticket works once, and each for its own archive");
  world_init (&world);
  one = issue (&world, 1);
  two = issue (&world, 2);
  g_assert_cmpstr (one, !=, two);
  redeem (&world, two, 2);
  refuse (&world, two);
  redeem (&world, one, 1);
  refuse (&world, one);
  refuse (&world, "");
}

static void
test_expiry (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *early = NULL;
  g_autofree char *late = NULL;

  g_test_summary ("a ticket works for a minute and not a moment longer");
  world_init (&world);
  early = issue (&world, 1);
  late = issue (&world, 2);
  mh_clock_set_ms (world.clock, START + 59999);
  redeem (&world, early, 1);
  mh_clock_set_ms (world.clock, START + 60000);
  refuse (&world, late);
}

static void
test_flood (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  g_test_summary ("of more than a thousand unused tickets the oldest end");
  world_init (&world);
  first = issue (&world, 0);
  second = issue (&world, 1);
  for (guint i = 2; i <= 1000; i++)
    {
      g_autofree char *more = issue (&world, i);
    }
  refuse (&world, first);
  redeem (&world, second, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/files/tickets/once", test_once);
  g_test_add_func ("/files/tickets/expiry", test_expiry);
  g_test_add_func ("/files/tickets/flood", test_flood);

  return g_test_run ();
}
