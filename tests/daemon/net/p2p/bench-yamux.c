/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/p2p/yamux/yamux.h"

/* bench-yamux [STREAMS [MIB]]: how fast bytes go from write to pull to feed to consume, in memory.
 */

#define PIECE (256 * 1024)

static const guint8 zeros[PIECE];

typedef struct
{
  MhYamux *session;
  MhBuf out;
  guint64 left; /* to be written */
  guint64 got;
} End;

static void
on_opened (MhYamuxStream *stream, gpointer data)
{
}

static void
on_readable (MhYamuxStream *stream, gpointer data)
{
  End *end = data;
  gsize size = mh_buf_size (mh_yamux_stream_received (stream));

  end->got += size;
  mh_yamux_stream_consume (stream, size);
}

static void
on_writable (MhYamuxStream *stream, gpointer data)
{
  End *end = data;

  end->left -= mh_yamux_stream_write (stream, zeros, MIN (end->left, PIECE));
}

static void
pass (End *from, End *to, gint64 now_us)
{
  mh_yamux_pull (from->session, &from->out, PIECE);
  for (gsize size = mh_buf_size (&from->out); size > 0; size = mh_buf_size (&from->out))
    {
      /* as a secure channel gives it */
      gsize piece = MIN (size, 16384);

      if (!mh_yamux_feed (to->session, mh_buf_peek (&from->out), piece, now_us, NULL))
        exit (EXIT_FAILURE);
      mh_buf_consume (&from->out, piece);
    }
}

int
main (int argc, char **argv)
{
  static const MhYamuxEvents events = { on_opened, on_readable, on_writable, on_opened };
  static const MhYamuxLimits limits = { .most_streams = 20000 };
  guint streams = argc > 1 ? (guint) strtoul (argv[1], NULL, 10) : 1;
  guint64 mib = argc > 2 ? strtoul (argv[2], NULL, 10) : 1024;
  End one = { 0 };
  End two = { 0 };
  gint64 begin_us = 0;
  double seconds = 0;

  one.session = mh_yamux_new (TRUE, &limits, &events, &one);
  two.session = mh_yamux_new (FALSE, &limits, &events, &two);
  one.left = mib << 20;
  begin_us = g_get_monotonic_time ();
  for (guint i = 0; i < streams; i++)
    {
      MhYamuxStream *stream = mh_yamux_open (one.session);

      /* so that each wants more */
      for (guint j = 0; j < 2; j++)
        on_writable (stream, &one);
      mh_yamux_stream_unref (stream);
    }
  while (two.got < mib << 20)
    {
      gint64 now_us = g_get_monotonic_time ();

      pass (&one, &two, now_us);
      pass (&two, &one, now_us);
    }
  seconds = (double) (g_get_monotonic_time () - begin_us) / G_USEC_PER_SEC;
  printf ("%u streams: %.0f MB/s\n", streams, (double) (mib << 20) / 1e6 / seconds);

  mh_yamux_free (one.session);
  mh_yamux_free (two.session);
  mh_buf_clear (&one.out);
  mh_buf_clear (&two.out);

  return EXIT_SUCCESS;
}
