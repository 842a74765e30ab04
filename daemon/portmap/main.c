/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/*
 * meshhold-portmap ADDRESS PORT LEASE PERIOD [permanent]
 *
 * Asks routers by UPnP IGD to forward a TCP port to PORT at ADDRESS, which is ours, for LEASE
 * seconds at a time, and again every PERIOD seconds. Says on its output, a line each:
 *
 *   mapped ADDRESS PORT   a router forwards this port of its own
 *   failed TEXT           it does not, and why; the end follows
 *
 * Without a word it ends when no router was found. At the end of its input it has the routers take
 * back what they forward, and ends.
 *
 * It is a program of its own since GUPnP parses what anybody on the network has written, and
 * gupnp-igd 1.2.0 frees a mapping while a call for it is under way. For the same reason each period
 * begins anew, by becoming the program again: what a router still forwards is asked of it as at
 * first, and one that is silent, has forgotten or has another address is noticed.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>
#include <libgupnp-igd/gupnp-simple-igd.h>
#include <libgupnp/gupnp.h>

#include "base/printable.h"
#include "net/p2p/portmap/portmap-line.h"
#include "near.h"
#include "system.h"

/* How long routers may take to be found (UDA 1.2.2: "MX" is 3 s) and to answer. */
#define SEARCH_MS 8000

/* The system ends the program when it is as late as this. */
#define LATE_S 10

/* Where one router says no, another may still say yes. */
#define OTHERS_MS 1500

/* gupnp-igd tells of a mapping only if it knew the address of the router when it was made. */
#define REPEAT_MS 3000

/* How long routers may take for taking back. */
#define TAKE_BACK_MS 3000
#define TAKE_BACK_LOOK_MS 20

/* Questions to routers until one forwards. */
#define MOST_REQUESTS 64

/* Addresses that a router may have one after the other in a period. */
#define MOST_ADDRESSES 4

/* WANIPConnection:1, 2.4.16: the router takes mappings only that last until they are taken back. */
#define ONLY_PERMANENT 725

#define DESCRIPTION "MeshHold"
#define PERMANENT "permanent"

typedef struct
{
  char **argv;       /* (unowned) */
  const char *local; /* (unowned) */
  guint16 port;
  guint lease_s;
  guint period_s;
  gboolean is_permanent;
  GProxyResolver *near; /* (owned) */
  GUPnPSimpleIgd *igd;
  guint requests;
  guint addresses;
  gboolean is_mapped;
  gboolean is_ending;
  char *error; /* (owned) (nullable): what the last router said */
  guint deadline;
  gint64 end_us; /* when taking back has to be over */
} Program;

/* Ends at once: what the library has under way is not waited for. */
static void G_GNUC_NORETURN
leave (const Program *self)
{
  if (self->error != NULL && !self->is_ending)
    printf ("failed %s\n", self->error);
  fflush (stdout);
  _exit (0);
}

static gboolean
on_deadline (gpointer data)
{
  leave (data);
}

static void
set_deadline (Program *self, guint ms)
{
  g_clear_handle_id (&self->deadline, g_source_remove);
  self->deadline = g_timeout_add (ms, on_deadline, self);
}

/* @text: may be of a router */
static void
set_error (Program *self, const char *text)
{
  g_autofree char *words = mh_printable (text, MH_PORTMAP_MAX_ERROR);

  g_free (self->error);
  self->error = *words != '\0' ? g_steal_pointer (&words) : g_strdup ("the router says no");
}

static gboolean
on_again (gpointer data)
{
  Program *self = data;

  mh_system_again (self->argv);
  set_error (self, "the program that asks routers is gone");
  leave (self);
}

/* -- the end -- */

static gboolean
on_take_back (gpointer data)
{
  Program *self = data;

  if (gupnp_simple_igd_delete_all_mappings (self->igd) || g_get_monotonic_time () > self->end_us)
    leave (self);

  return G_SOURCE_CONTINUE;
}

static void
take_back (Program *self)
{
  mh_system_expect_end (TAKE_BACK_MS / 1000 + 1);
  self->end_us = g_get_monotonic_time () + TAKE_BACK_MS * (gint64) G_TIME_SPAN_MILLISECOND;
  g_timeout_add (TAKE_BACK_LOOK_MS, on_take_back, self);
  (void) on_take_back (self);
}

/* What is asked for again just now has to be mapped before it can be taken back. */
static void
end (Program *self)
{
  if (self->is_ending)
    return;

  self->is_ending = TRUE;
  if (self->is_mapped)
    take_back (self);
  else
    set_deadline (self, TAKE_BACK_MS);
}

static gboolean
on_input (gint fd, GIOCondition condition, gpointer data)
{
  char nothing[64];

  if (read (fd, nothing, sizeof nothing) > 0)
    return G_SOURCE_CONTINUE;
  end (data);

  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer data)
{
  end (data);

  return G_SOURCE_REMOVE;
}

/* -- routers -- */

/* Of "mapped-external-port". @values: the library, the protocol, the address of the router, the one
 * that it replaces, and the router's port are the first of them. */
static void
on_mapped (GClosure *closure, GValue *result, guint count, const GValue *values, gpointer hint,
           gpointer data)
{
  Program *self = closure->data;
  const char *address = g_value_get_string (&values[2]);
  gboolean is_replaced = g_value_get_string (&values[3]) != NULL;
  guint router_port = g_value_get_uint (&values[4]);

  if (self->is_mapped && (self->is_ending || !is_replaced || self->addresses >= MOST_ADDRESSES))
    return; /* another router, or the same again; or one that does nothing else */
  if (!mh_portmap_line_is_address (address) || router_port == 0 || router_port > G_MAXUINT16)
    {
      set_error (self, "the router does not know its own address");
      return;
    }

  if (!self->is_mapped) /* once: who changes its address gets no more time by that */
    {
      g_timeout_add_seconds (self->period_s, on_again, self);
      mh_system_expect_end (self->period_s + LATE_S);
    }
  self->is_mapped = TRUE;
  self->addresses++;
  g_clear_pointer (&self->error, g_free);
  g_clear_handle_id (&self->deadline, g_source_remove);
  if (self->is_ending)
    {
      take_back (self);
      return;
    }
  printf ("mapped %s %u\n", address, router_port);
  fflush (stdout);
}

/* Of "error-mapping-port". @values: the library and the error are the first of them. */
static void
on_error (GClosure *closure, GValue *result, guint count, const GValue *values, gpointer hint,
          gpointer data)
{
  Program *self = closure->data;
  const GError *error = g_value_get_boxed (&values[1]);

  if (self->is_mapped)
    return; /* of another router; the one in use is asked again in its time */

  if (error->domain == GUPNP_CONTROL_ERROR && error->code == ONLY_PERMANENT && !self->is_permanent)
    {
      char permanent[] = PERMANENT;
      char *argv[] = { self->argv[0], self->argv[1], self->argv[2], self->argv[3],
                       self->argv[4], permanent,     NULL };

      mh_system_again (argv);
    }
  set_error (self, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
                       ? "the router does not answer"
                       : error->message);
  set_deadline (self, OTHERS_MS);
}

/* Nothing is asked without end, or where an answer leads to. What is not in our own network is
 * refused when it comes to connecting, and told if nothing else is wrong. */
static void
on_request (SoupSession *session, SoupMessage *message, gpointer data)
{
  Program *self = data;

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  if (self->is_mapped || self->is_ending)
    return;

  if (self->error == NULL
      && !mh_near_has (self->near, g_uri_get_host (soup_message_get_uri (message))))
    set_error (self, MH_NEAR_ELSEWHERE);
  if (++self->requests > MOST_REQUESTS)
    {
      set_error (self, "there are too many routers");
      leave (self);
    }
}

/* Returns: %TRUE if @context is not to be used: it is of another network than our address */
static gboolean
on_context (GUPnPSimpleIgd *igd, GUPnPContext *context, gpointer data)
{
  Program *self = data;

  if (g_strcmp0 (gssdp_client_get_host_ip (GSSDP_CLIENT (context)), self->local) != 0)
    return TRUE;
  soup_session_set_proxy_resolver (gupnp_context_get_session (context), self->near);
  g_signal_connect (gupnp_context_get_session (context), "request-queued", G_CALLBACK (on_request),
                    self);

  return FALSE;
}

static void
ask (Program *self)
{
  gupnp_simple_igd_add_port (self->igd, "TCP", 0, self->local, self->port,
                             self->is_permanent ? 0 : self->lease_s, DESCRIPTION);
}

static gboolean
on_repeat (gpointer data)
{
  Program *self = data;

  if (!self->is_mapped && !self->is_ending)
    ask (self);

  return G_SOURCE_REMOVE;
}

/* -- the program -- */

static gboolean
read_number (const char *text, guint64 most, guint *out)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 1, most, &number, NULL))
    return FALSE;
  *out = (guint) number;

  return TRUE;
}

static gboolean
read_arguments (Program *self, int argc, char **argv)
{
  struct in_addr address;
  guint port;

  if (argc < 5 || argc > 6 || inet_pton (AF_INET, argv[1], &address) != 1
      || !read_number (argv[2], G_MAXUINT16, &port)
      || !read_number (argv[3], G_MAXINT32, &self->lease_s)
      || !read_number (argv[4], G_MAXINT32 / 1000, &self->period_s)
      || (argc == 6 && strcmp (argv[5], PERMANENT) != 0))
    return FALSE;

  self->argv = argv;
  self->local = argv[1];
  self->port = (guint16) port;
  self->is_permanent = argc == 6;

  return TRUE;
}

/* The signals have more parameters than a function of ours. */
static void
listen_to (Program *self, const char *signal, GClosureMarshal marshal)
{
  GClosure *closure = g_closure_new_simple (sizeof *closure, self);

  g_closure_set_marshal (closure, marshal);
  g_signal_connect_closure (self->igd, signal, closure, FALSE);
}

int
main (int argc, char **argv)
{
  Program self = { NULL };
  GMainLoop *loop;

  if (!read_arguments (&self, argc, argv))
    {
      fprintf (stderr, "usage: meshhold-portmap ADDRESS PORT LEASE PERIOD [" PERMANENT "]\n");
      return 2;
    }

  mh_system_confine ();
  mh_system_expect_end (SEARCH_MS / 1000 + LATE_S);
  self.near = mh_near_new (self.local);
  self.igd = gupnp_simple_igd_new ();
  g_signal_connect (self.igd, "context-available", G_CALLBACK (on_context), &self);
  listen_to (&self, "mapped-external-port", on_mapped);
  listen_to (&self, "error-mapping-port", on_error);
  ask (&self);
  set_deadline (&self, SEARCH_MS);
  g_timeout_add (REPEAT_MS, on_repeat, &self);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, &self);
  g_unix_signal_add (SIGTERM, on_signal, &self);
  loop = g_main_loop_new (NULL, FALSE);
  g_main_loop_run (loop);

  return 0;
}
