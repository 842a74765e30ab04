/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "autonat.h"

#include "autonat-private.h"

gboolean
mh_autonat_counts (const MhAutonat *self, const MhMultiaddr *address)
{
  return self->request.any_address || mh_multiaddr_is_public (address);
}

void
mh_autonat_say (MhStream *stream, const MhAutonatMessage *message)
{
  g_autoptr (GBytes) bytes = mh_autonat_message_encode (message);

  mh_stream_put_message (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  MhAutonat *self = data;

  if (self->state.confidence < MH_AUTONAT_ENOUGH
      && mh_host_speaks (host, peer, MH_AUTONAT_PROTOCOL))
    mh_autonat_client_soon (self);
}

static void
on_changed (MhHost *host, const MhPeerId *peer, gpointer data)
{
  mh_autonat_client_compare (data);
}

static guint
or_default (guint value, guint otherwise)
{
  return value != 0 ? value : otherwise;
}

MhAutonat *
mh_autonat_new (MhHost *host, const MhAutonatNew *request, MhAutonatChanged changed, gpointer data)
{
  static const MhHostEvents events = { .identified = on_identified, .changed = on_changed };
  MhAutonat *self = g_new0 (MhAutonat, 1);

  self->host = host;
  if (request != NULL)
    self->request = *request;
  self->request.first_ms = or_default (self->request.first_ms, 2000);
  self->request.again_ms = or_default (self->request.again_ms, 90000);
  self->request.certain_ms = or_default (self->request.certain_ms, 900000);
  self->changed = changed;
  self->data = data;
  self->limit = mh_autonat_limit_new ();
  mh_autonat_client_init (self);
  mh_host_watch (host, &events, self);
  mh_autonat_serve (self);

  return self;
}

void
mh_autonat_free (MhAutonat *self)
{
  if (self == NULL)
    return;

  mh_autonat_client_clear (self);
  mh_autonat_limit_free (self->limit);
  g_free (self);
}

MhAutonatState
mh_autonat_state (const MhAutonat *self)
{
  return self->state;
}
