/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "yamux-pair.h"

#include <stdio.h>
#include <string.h>

const guint8 zeros[MIB] = { 0 };

void
do_nothing (MhYamuxStream *stream, gpointer data)
{
}

void
fill (MhYamuxStream *stream, gpointer data)
{
  while (mh_yamux_stream_write (stream, zeros, sizeof zeros) > 0)
    ;
}

static const char type_letters[] = "DWPGX";
static const char flag_letters[] = "SAFRU";

static void
note_opened (MhYamuxStream *stream, gpointer data)
{
  Peer *peer = data;

  g_string_append_printf (peer->log, "opened %u|", mh_yamux_stream_id (stream));
}

static void
note_readable (MhYamuxStream *stream, gpointer data)
{
  Peer *peer = data;
  const MhBuf *received = mh_yamux_stream_received (stream);
  gsize size = mh_buf_size (received);

  if (size > 16)
    g_string_append_printf (peer->log, "... %u|", mh_yamux_stream_id (stream));
  else if (size > 0)
    g_string_append_printf (peer->log, "%.*s %u|", (int) size, (char *) mh_buf_peek (received),
                            mh_yamux_stream_id (stream));
  if (peer->consumes)
    mh_yamux_stream_consume (stream, size);
  if (mh_yamux_stream_is_ended (stream))
    g_string_append_printf (peer->log, "end %u|", mh_yamux_stream_id (stream));
}

static void
note_writable (MhYamuxStream *stream, gpointer data)
{
  Peer *peer = data;

  g_string_append_printf (peer->log, "writable %u|", mh_yamux_stream_id (stream));
}

static void
note_broken (MhYamuxStream *stream, gpointer data)
{
  Peer *peer = data;

  g_assert_true (mh_yamux_stream_is_broken (stream));
  g_string_append_printf (peer->log, "broken %u|", mh_yamux_stream_id (stream));
}

const MhYamuxEvents *
peer_events (void)
{
  static const MhYamuxEvents events = { note_opened, note_readable, note_writable, note_broken };

  return &events;
}

void
peer_init (Peer *peer, gboolean is_client, const MhYamuxLimits *limits)
{
  *peer = (Peer){ .log = g_string_new (NULL), .consumes = TRUE, .now_us = 1 };
  peer->session = mh_yamux_new (is_client, limits, peer_events (), peer);
}

void
peer_clear (Peer *peer)
{
  /* events use it until it is gone */
  mh_yamux_free (peer->session);
  peer->session = NULL;
  mh_buf_clear (&peer->out);
  g_string_free (peer->log, TRUE);
}

static void
put_frame (MhBuf *out, const char *text)
{
  char type = 0;
  char flags[8] = "";
  char bytes[64] = "";
  guint id = 0;
  guint length = 0;
  guint8 header[MH_YAMUX_HEADER] = { 0 };

  g_assert_cmpint (sscanf (text, "%c %7s %u %u %63s", &type, flags, &id, &length, bytes), >=, 4);
  header[0] = type == 'V';
  header[1] = type == 'V' ? 0 : (guint8) (strchr (type_letters, type) - type_letters);
  for (guint i = 0; flags[i] != '\0' && flags[i] != '-'; i++)
    header[3] |= (guint8) (1 << (strchr (flag_letters, flags[i]) - flag_letters));
  for (guint i = 0; i < 4; i++)
    {
      header[4 + i] = (guint8) (id >> (24 - 8 * i));
      header[8 + i] = (guint8) (length >> (24 - 8 * i));
    }
  mh_buf_append (out, header, sizeof header);
  mh_buf_append (out, bytes, strlen (bytes));
}

void
frames_put (MhBuf *out, const char *text)
{
  g_auto (GStrv) frames = g_strsplit (text, "|", -1);

  for (guint i = 0; frames[i] != NULL; i++)
    if (frames[i][0] != '\0')
      put_frame (out, frames[i]);
}

static guint32
get_uint32 (const guint8 *at)
{
  return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

char *
frames_take (MhBuf *in)
{
  GString *text = g_string_new (NULL);

  while (mh_buf_size (in) > 0)
    {
      const guint8 *frame = mh_buf_peek (in);
      guint32 length = get_uint32 (frame + 8);
      gsize data = frame[1] == 0 ? length : 0;

      g_assert_cmpuint (mh_buf_size (in), >=, MH_YAMUX_HEADER + data);
      g_assert_cmpuint (frame[0], ==, 0);
      g_assert_cmpuint (frame[1], <, 4);
      g_assert_cmpuint (frame[2], ==, 0);
      g_string_append_printf (text, "%s%c ", text->len > 0 ? "|" : "", type_letters[frame[1]]);
      for (guint i = 0; i < 4; i++)
        if ((frame[3] & 1 << i) != 0)
          g_string_append_c (text, flag_letters[i]);
      g_string_append_printf (text, "%s %u %u", frame[3] == 0 ? "-" : "", get_uint32 (frame + 4),
                              length);
      if (data > 16)
        g_string_append (text, " ...");
      else if (data > 0)
        g_string_append_printf (text, " %.*s", (int) data, (const char *) frame + MH_YAMUX_HEADER);
      mh_buf_consume (in, MH_YAMUX_HEADER + data);
    }

  return g_string_free (text, FALSE);
}

gboolean
peer_feed (Peer *peer, const char *text, gsize piece, GError **error)
{
  g_auto (MhBuf) in = { 0 };
  gboolean is_good = TRUE;

  frames_put (&in, text);
  while (is_good && mh_buf_size (&in) > 0)
    {
      gsize size = MIN (mh_buf_size (&in), piece);

      is_good = mh_yamux_feed (peer->session, mh_buf_peek (&in), size, peer->now_us, error);
      mh_buf_consume (&in, size);
    }

  return is_good;
}

char *
peer_pull (Peer *peer)
{
  while (mh_yamux_wants_send (peer->session))
    g_assert_true (mh_yamux_pull (peer->session, &peer->out, G_MAXSIZE));
  g_assert_false (mh_yamux_pull (peer->session, &peer->out, G_MAXSIZE));

  return frames_take (&peer->out);
}

gboolean
peer_move (Peer *from, Peer *to)
{
  g_autoptr (GError) error = NULL;
  gsize size = 0;

  mh_yamux_pull (from->session, &from->out, G_MAXSIZE);
  size = mh_buf_size (&from->out);
  if (size == 0)
    return FALSE;

  if (!mh_yamux_feed (to->session, mh_buf_peek (&from->out), size, to->now_us, &error))
    g_assert_no_error (error);
  mh_buf_consume (&from->out, size);

  return TRUE;
}

void
peers_settle (Peer *one, Peer *two)
{
  while (peer_move (one, two) || peer_move (two, one))
    ;
}
