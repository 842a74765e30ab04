/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "speedtest.h"

#include "base/error.h"
#include "net/p2p/perf/perf.h"
#include "net/p2p/ping/ping.h"

#define PING_TIMEOUT_MS 10000
#define STEP_TIMEOUT_S 30

/* One question to the loop, and its answer. It outlives a worker that waits no longer. */
typedef struct
{
  MhPeerId peer;
  guint64 up;
  guint64 down;
  GMutex lock;
  GCond done;
  gboolean is_done;   /* (locked-by lock) */
  gint64 rtt_us;      /* (locked-by lock) */
  MhPerfResult moved; /* (locked-by lock) */
  char *error;        /* (owned) (nullable) (locked-by lock) */
  gboolean is_relayed;
} Question;

static void
question_clear (gpointer data)
{
  Question *self = data;

  g_mutex_clear (&self->lock);
  g_cond_clear (&self->done);
  g_free (self->error);
}

static void
question_unref (Question *self)
{
  g_atomic_rc_box_release_full (self, question_clear);
}

static Question *
question_new (const MhPeerId *peer, guint64 up, guint64 down)
{
  Question *self = g_atomic_rc_box_new0 (Question);

  self->peer = *peer;
  self->up = up;
  self->down = down;
  g_mutex_init (&self->lock);
  g_cond_init (&self->done);

  return self;
}

static void
end (Question *self, gint64 rtt_us, const MhPerfResult *moved, const GError *error)
{
  g_mutex_lock (&self->lock);
  self->is_done = TRUE;
  self->rtt_us = rtt_us;
  if (moved != NULL)
    self->moved = *moved;
  self->error = error != NULL ? g_strdup (error->message) : NULL;
  g_cond_signal (&self->done);
  g_mutex_unlock (&self->lock);
  question_unref (self);
}

static void
on_pinged (gint64 rtt_us, const GError *error, gpointer data)
{
  end (data, rtt_us, NULL, error);
}

static void
on_moved (const MhPerfResult *result, const GError *error, gpointer data)
{
  end (data, 0, result, error);
}

static void
ping_here (MhHost *host, gpointer data)
{
  Question *self = g_atomic_rc_box_acquire (data);

  mh_ping (host, &self->peer, PING_TIMEOUT_MS, on_pinged, self);
}

static void
move_here (MhHost *host, gpointer data)
{
  Question *self = g_atomic_rc_box_acquire (data);

  mh_perf (host, &self->peer, self->up, self->down, on_moved, self);
}

/* Notes whether the only way goes over a relay. */
static void
look_here (MhHost *host, gpointer data)
{
  Question *self = data;
  g_autoptr (GPtrArray) all = mh_host_connections (host);

  self->is_relayed = TRUE;
  for (guint i = 0; i < all->len; i++)
    {
      const MhHostConnection *row = g_ptr_array_index (all, i);

      if (mh_peer_id_equal (&row->peer, &self->peer))
        self->is_relayed = self->is_relayed && row->is_relayed;
    }
}

/* Asks and waits. Returns: %FALSE with @error set */
static gboolean
ask (MhHost *host, Question *self, MhHostTask task, GError **error)
{
  gint64 end_us = g_get_monotonic_time () + STEP_TIMEOUT_S * G_TIME_SPAN_SECOND;
  gboolean in_time = TRUE;
  g_autofree char *why = NULL;

  mh_host_run (host, task, self);
  g_mutex_lock (&self->lock);
  while (!self->is_done && in_time)
    in_time = g_cond_wait_until (&self->done, &self->lock, end_us);
  if (!self->is_done)
    why = g_strdup ("it takes too long");
  else
    why = g_strdup (self->error);
  g_mutex_unlock (&self->lock);
  if (why == NULL)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "the speed test failed: %s", why);

  return FALSE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 one = *(const gint64 *) a;
  gint64 two = *(const gint64 *) b;

  return one < two ? -1 : one > two;
}

static gboolean
measure_round_trips (MhHost *host, const MhPeerId *peer, MhSpeedtest *result, GError **error)
{
  gint64 trips[MH_SPEEDTEST_PINGS];
  gint64 sum = 0;

  for (guint i = 0; i < MH_SPEEDTEST_PINGS; i++)
    {
      Question *question = question_new (peer, 0, 0);
      gboolean good = ask (host, question, ping_here, error);

      trips[i] = question->rtt_us;
      question_unref (question);
      if (!good)
        return FALSE;
      if (i > 0)
        sum += ABS (trips[i] - trips[i - 1]);
    }
  result->jitter_us = sum / (MH_SPEEDTEST_PINGS - 1);
  qsort (trips, G_N_ELEMENTS (trips), sizeof trips[0], compare);
  result->rtt_us = trips[MH_SPEEDTEST_PINGS / 2];

  return TRUE;
}

static gint64
rate (guint64 bytes, gint64 us)
{
  return (gint64) ((double) bytes * G_USEC_PER_SEC / (double) MAX (us, 1));
}

/* Moves bytes up or down. Returns: %FALSE with @error set */
static gboolean
move (MhHost *host, const MhPeerId *peer, guint64 up, guint64 down, gint64 *bytes_per_s,
      GError **error)
{
  Question *question = question_new (peer, up, down);
  gboolean good = ask (host, question, move_here, error);

  *bytes_per_s = up > 0 ? rate (question->moved.sent, question->moved.up_us)
                        : rate (question->moved.received, question->moved.down_us);
  question_unref (question);

  return good;
}

static guint64
enough (gint64 bytes_per_s)
{
  return (guint64) CLAMP (bytes_per_s * MH_SPEEDTEST_S, MH_SPEEDTEST_FIRST_BYTES,
                          MH_SPEEDTEST_MOST_BYTES);
}

gboolean
mh_speedtest_run (MhSwarm *swarm, const MhPeerId *peer, MhSpeedtest *result, GError **error)
{
  MhHost *host = mh_swarm_host (swarm);
  Question *question;
  gint64 up = 0;
  gint64 down = 0;

  if (!measure_round_trips (host, peer, result, error)
      || !move (host, peer, MH_SPEEDTEST_FIRST_BYTES, 0, &up, error)
      || !move (host, peer, 0, MH_SPEEDTEST_FIRST_BYTES, &down, error)
      || !move (host, peer, enough (up), 0, &result->up, error)
      || !move (host, peer, 0, enough (down), &result->down, error))
    return FALSE;

  question = question_new (peer, 0, 0);
  mh_host_run (host, look_here, question);
  result->is_relayed = question->is_relayed;
  question_unref (question);

  return TRUE;
}
