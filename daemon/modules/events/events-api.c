/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "events-contract.h"

#include "events.h"
#include "http/sse.h"

#include <string.h>

/* One open stream. Everything here runs on the loop. */
typedef struct
{
  MhBus *bus; /* (unowned) outlives the server */
  MhSse *sse; /* (unowned) ends with us */
  guint subscription;
} Listener;

static void
send_cb (const MhEvent *event, gpointer user_data)
{
  Listener *self = user_data;
  g_autofree char *id =
      g_strdup_printf ("%s-%" G_GINT64_FORMAT, mh_bus_epoch (self->bus), event->seq);

  mh_sse_send (self->sse, id, event->type, event->json);
}

static void
closed_cb (MhSse *sse, gpointer user_data)
{
  Listener *self = user_data;

  mh_bus_unsubscribe (self->bus, self->subscription);
  g_free (self);
}

/* What the client missed, or one `reset` when that is not known any more. */
static void
catch_up (Listener *self, const char *last_id)
{
  const char *epoch = mh_bus_epoch (self->bus);
  gsize length = strlen (epoch);
  gint64 seq = 0;

  if (strncmp (last_id, epoch, length) == 0 && last_id[length] == '-'
      && g_ascii_string_to_signed (last_id + length + 1, 10, 0, G_MAXINT64, &seq, NULL)
      && mh_bus_replay (self->bus, seq, send_cb, self))
    return;

  mh_sse_send (self->sse, NULL, "reset", "{\"type\":\"reset\",\"seq\":0,\"ts_ms\":0}");
}

gboolean
events_stream (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhCore *core = mh_request_service (request, "events");
  const char *last_id = mh_request_header (request, "Last-Event-ID");
  Listener *self = g_new0 (Listener, 1);

  self->bus = mh_core_bus (core);
  self->sse = mh_sse_open (request, closed_cb, self, error);
  if (self->sse == NULL)
    {
      g_free (self);
      return FALSE;
    }

  self->subscription = mh_bus_subscribe (self->bus, send_cb, self);
  if (last_id != NULL)
    catch_up (self, last_id);

  return TRUE;
}

static gpointer
start (MhCore *core, GError **error)
{
  return core; /* the bus is all there is */
}

static void
stop (gpointer service)
{
}

const MhModule mh_events_module = { .name = "events", .start = start, .stop = stop };
