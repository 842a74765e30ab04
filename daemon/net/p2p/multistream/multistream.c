/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "multistream.h"

#include <string.h>

#include "net/p2p/wire/varint.h"

static const char header[] = "/multistream/1.0.0";
static const char refusal[] = "na";

struct _MhMultistream
{
  const char *const *protocols; /* (unowned) (nullable): of the side that proposes */
  guint proposed;               /* index of the one that waits for an answer */
  MhMultistreamAccept accept;   /* (nullable): of the other side */
  gpointer data;                /* (unowned): for @accept */
  guint tries;
  gboolean got_header;
  char *agreed; /* (owned) (nullable) */
};

static void
put_line (MhBuf *out, const char *text)
{
  guint8 size[MH_VARINT_MAX];
  gsize length = strlen (text);

  mh_buf_append (out, size, mh_varint_put (length + 1, size));
  mh_buf_append (out, text, length);
  mh_buf_append (out, "\n", 1);
}

MhMultistream *
mh_multistream_dial (const char *const *protocols, MhBuf *out)
{
  MhMultistream *self = g_new0 (MhMultistream, 1);

  self->protocols = protocols;
  put_line (out, header);
  put_line (out, protocols[0]);

  return self;
}

MhMultistream *
mh_multistream_listen (MhMultistreamAccept accept, gpointer data, MhBuf *out)
{
  MhMultistream *self = g_new0 (MhMultistream, 1);

  self->accept = accept;
  self->data = data;
  put_line (out, header);

  return self;
}

void
mh_multistream_free (MhMultistream *self)
{
  if (self == NULL)
    return;

  g_free (self->agreed);
  g_free (self);
}

const char *
mh_multistream_protocol (const MhMultistream *self)
{
  return self->agreed;
}

/* Takes a line from @in. Returns: AGREED with @line set, MORE or BROKEN */
static MhMultistreamState
take_line (MhBuf *in, char **line)
{
  const guint8 *data = mh_buf_peek (in);
  gsize size = mh_buf_size (in);
  guint64 length;
  gsize used;

  switch (mh_varint_get (data, size, &length, &used))
    {
    case MH_VARINT_SHORT:
      return size > 2 ? MH_MULTISTREAM_BROKEN : MH_MULTISTREAM_MORE;
    case MH_VARINT_BAD:
      return MH_MULTISTREAM_BROKEN;
    case MH_VARINT_OK:
      break;
    }
  if (length < 1 || length > MH_MULTISTREAM_MAX_NAME + 1)
    return MH_MULTISTREAM_BROKEN;
  if (size - used < length)
    return MH_MULTISTREAM_MORE;
  if (data[used + length - 1] != '\n' || memchr (data + used, '\0', length) != NULL)
    return MH_MULTISTREAM_BROKEN;

  *line = g_strndup ((const char *) data + used, length - 1);
  mh_buf_consume (in, used + length);

  return MH_MULTISTREAM_AGREED;
}

static MhMultistreamState
hear_answer (MhMultistream *self, const char *line, MhBuf *out)
{
  if (g_str_equal (line, self->protocols[self->proposed]))
    {
      self->agreed = g_strdup (line);
      return MH_MULTISTREAM_AGREED;
    }
  if (!g_str_equal (line, refusal))
    return MH_MULTISTREAM_BROKEN;

  self->proposed++;
  if (self->protocols[self->proposed] == NULL)
    return MH_MULTISTREAM_NONE;
  put_line (out, self->protocols[self->proposed]);

  return MH_MULTISTREAM_MORE;
}

static MhMultistreamState
hear_proposal (MhMultistream *self, const char *line, MhBuf *out)
{
  if (self->accept (line, self->data))
    {
      self->agreed = g_strdup (line);
      put_line (out, line);
      return MH_MULTISTREAM_AGREED;
    }

  if (++self->tries == MH_MULTISTREAM_MAX_TRIES)
    return MH_MULTISTREAM_NONE;
  put_line (out, refusal);

  return MH_MULTISTREAM_MORE;
}

static MhMultistreamState
hear (MhMultistream *self, const char *line, MhBuf *out)
{
  if (!self->got_header)
    {
      self->got_header = g_str_equal (line, header);
      return self->got_header ? MH_MULTISTREAM_MORE : MH_MULTISTREAM_BROKEN;
    }

  return self->protocols != NULL ? hear_answer (self, line, out) : hear_proposal (self, line, out);
}

/* A stranger, and a member of another network, are told by the first bytes they send. */
static gboolean
begins_well (const MhMultistream *self, const MhBuf *in)
{
  static const char line[] = "\x13/multistream/1.0.0\n";

  return self->got_header
         || memcmp (line, mh_buf_peek (in), MIN (mh_buf_size (in), sizeof line - 1)) == 0;
}

MhMultistreamState
mh_multistream_feed (MhMultistream *self, MhBuf *in, MhBuf *out)
{
  MhMultistreamState state = MH_MULTISTREAM_MORE;

  if (self->agreed != NULL)
    return MH_MULTISTREAM_AGREED;
  if (mh_buf_size (in) == 0)
    return MH_MULTISTREAM_MORE;
  if (!begins_well (self, in))
    return MH_MULTISTREAM_BROKEN;

  while (state == MH_MULTISTREAM_MORE)
    {
      g_autofree char *line = NULL;

      state = take_line (in, &line);
      if (state != MH_MULTISTREAM_AGREED)
        return state;
      state = hear (self, line, out);
    }

  return state;
}
