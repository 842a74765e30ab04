/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire.h"

#include "framing.h"

#define MH_TYPE_WIRE_INPUT (mh_wire_input_get_type ())
G_DECLARE_FINAL_TYPE (MhWireInput, mh_wire_input, MH, WIRE_INPUT, GInputStream)

#define MH_TYPE_WIRE (mh_wire_get_type ())
G_DECLARE_FINAL_TYPE (MhWire, mh_wire, MH, WIRE, GIOStream)

struct _MhWireInput
{
  GInputStream parent_instance;
  GPollableInputStream *base; /* (owned) of the socket */
  gboolean (*is_idle) (gpointer user_data);
  gpointer user_data; /* (unowned) */
  gboolean spoken;    /* the byte has been given */
  MhFraming framing;  /* of what has been read */
};

struct _MhWire
{
  GIOStream parent_instance;
  GIOStream *base;    /* (owned) */
  MhWireInput *input; /* (owned) */
};

static void mh_wire_input_pollable (GPollableInputStreamInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MhWireInput, mh_wire_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      mh_wire_input_pollable))
G_DEFINE_FINAL_TYPE (MhWire, mh_wire, G_TYPE_IO_STREAM)

/* A client that leaves with an answer unread resets the connection: that is an end, too. */
static gssize
end_or_nonsense (MhWireInput *self, gssize size, char *buffer, gsize count, GError **error)
{
  gboolean ended =
      size == 0 || (size < 0 && !g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));

  if (!ended || count == 0 || self->spoken || !self->is_idle (self->user_data))
    return size;

  g_clear_error (error);
  self->spoken = TRUE;
  buffer[0] = 'X';

  return 1;
}

/* Watches what was read. Returns: @size, or -1 with @error set */
static gssize
follow (MhWireInput *self, gssize size, const char *buffer, GError **error)
{
  if (size == 0 && mh_framing_in_chunks (&self->framing))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "the body is cut off");
      return -1;
    }

  /* A body that the client was told not to send (Expect: 100-continue) does not come. */
  if (size > 0 && mh_framing_in_body (&self->framing) && self->is_idle (self->user_data))
    mh_framing_reset (&self->framing);

  if (size > 0 && !mh_framing_feed (&self->framing, (const guint8 *) buffer, (gsize) size))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a chunk is malformed");
      return -1;
    }

  return size;
}

/* What both ways of reading do afterwards; takes @failure, the error of the base. */
static gssize
end_of_read (MhWireInput *self, gssize size, char *buffer, gsize count, GError *failure,
             GError **error)
{
  GError *local = failure;

  if (size >= 0)
    size = follow (self, size, buffer, &local);
  size = end_or_nonsense (self, size, buffer, count, &local);
  if (local != NULL)
    g_propagate_error (error, local);

  return size;
}

static gssize
input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
            GError **error)
{
  MhWireInput *self = MH_WIRE_INPUT (stream);
  GError *local = NULL;
  gssize size =
      g_input_stream_read (G_INPUT_STREAM (self->base), buffer, count, cancellable, &local);

  return end_of_read (self, size, buffer, count, local, error);
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  MhWireInput *self = MH_WIRE_INPUT (stream);
  GError *local = NULL;
  gssize size = g_pollable_input_stream_read_nonblocking (self->base, buffer, count, NULL, &local);

  return end_of_read (self, size, buffer, count, local, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (MH_WIRE_INPUT (stream)->base);
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) base =
      g_pollable_input_stream_create_source (MH_WIRE_INPUT (stream)->base, NULL);

  return g_pollable_source_new_full (stream, base, cancellable);
}

static void
mh_wire_input_pollable (GPollableInputStreamInterface *interface)
{
  interface->read_nonblocking = input_read_nonblocking;
  interface->is_readable = input_is_readable;
  interface->create_source = input_create_source;
}

static void
input_finalize (GObject *object)
{
  g_object_unref (MH_WIRE_INPUT (object)->base);
  G_OBJECT_CLASS (mh_wire_input_parent_class)->finalize (object);
}

static void
mh_wire_input_class_init (MhWireInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
mh_wire_input_init (MhWireInput *self)
{
}

static GInputStream *
wire_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (MH_WIRE (stream)->input);
}

static GOutputStream *
wire_get_output (GIOStream *stream)
{
  return g_io_stream_get_output_stream (MH_WIRE (stream)->base);
}

static gboolean
wire_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (MH_WIRE (stream)->base, cancellable, error);
}

static void
wire_finalize (GObject *object)
{
  MhWire *self = MH_WIRE (object);

  g_object_unref (self->input);
  g_object_unref (self->base);
  G_OBJECT_CLASS (mh_wire_parent_class)->finalize (object);
}

static void
mh_wire_class_init (MhWireClass *klass)
{
  GIOStreamClass *stream = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = wire_finalize;
  stream->get_input_stream = wire_get_input;
  stream->get_output_stream = wire_get_output;
  stream->close_fn = wire_close;
}

static void
mh_wire_init (MhWire *self)
{
}

GIOStream *
mh_wire_new (GSocketConnection *connection, gboolean (*is_idle) (gpointer user_data),
             gpointer user_data)
{
  MhWire *self = g_object_new (MH_TYPE_WIRE, NULL);
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  self->base = g_object_ref (G_IO_STREAM (connection));
  self->input = g_object_new (MH_TYPE_WIRE_INPUT, NULL);
  self->input->base = g_object_ref (G_POLLABLE_INPUT_STREAM (input));
  self->input->is_idle = is_idle;
  self->input->user_data = user_data;

  return G_IO_STREAM (self);
}
