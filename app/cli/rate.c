/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "rate.h"

#define WINDOW_MS 5000.0
#define BAR_COLUMNS 20
#define DAY_S (24 * 3600)

void
mh_cli_rate_update (MhCliRate *self, guint64 bytes, gint64 now_ms)
{
  gint64 elapsed_ms = now_ms - self->last_ms;
  double current;
  double weight;

  if (self->started_ms == 0)
    {
      self->started_ms = now_ms;
      self->last_ms = now_ms;
      self->last_bytes = bytes;
      return;
    }
  if (elapsed_ms <= 0)
    return;

  current = (double) (bytes - self->last_bytes) * 1000.0 / (double) elapsed_ms;
  /* The first seconds are a plain mean, so that the display does not climb up from zero. */
  weight = (double) elapsed_ms / MIN (WINDOW_MS, (double) (now_ms - self->started_ms));
  weight = MIN (weight, 1.0);
  self->bytes_per_s += (current - self->bytes_per_s) * weight;
  self->last_ms = now_ms;
  self->last_bytes = bytes;
}

gint64
mh_cli_rate_left_s (const MhCliRate *self, guint64 bytes_left)
{
  double left_s;

  if (bytes_left == 0)
    return 0;
  if (self->bytes_per_s < 1.0)
    return -1;
  left_s = (double) bytes_left / self->bytes_per_s;

  return left_s < DAY_S ? (gint64) left_s + 1 : -1;
}

static char *
left_text (gint64 left_s)
{
  if (left_s < 0)
    return g_strdup ("--:--");
  if (left_s >= 3600)
    return g_strdup_printf ("%d:%02d:%02d", (int) (left_s / 3600), (int) (left_s / 60 % 60),
                            (int) (left_s % 60));

  return g_strdup_printf ("%d:%02d", (int) (left_s / 60), (int) (left_s % 60));
}

static guint
width_of (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;

  return g_unichar_iswide (c) ? 2 : 1;
}

/* @text cut to @columns, the end of it kept: names differ at their ends. */
static char *
cut (const char *text, guint columns)
{
  const char *at = text + strlen (text);
  guint used = 1;

  while (at > text)
    {
      const char *before = g_utf8_prev_char (at);

      used += width_of (g_utf8_get_char (before));
      if (used > columns)
        return g_strconcat ("…", at, NULL);
      at = before;
    }

  return g_strdup (text);
}

char *
mh_cli_rate_line (const MhCliRate *self, guint64 done, guint64 total, const char *label,
                  guint columns)
{
  g_autofree char *speed = g_format_size ((guint64) self->bytes_per_s);
  g_autofree char *amount = g_format_size (done);
  g_autofree char *left = NULL;
  g_autofree char *front = NULL;
  g_autofree char *name = NULL;
  char bar[BAR_COLUMNS + 1] = "";
  guint filled;
  glong used;

  if (total == 0)
    front = g_strdup_printf ("%10s  %10s/s  ", amount, speed);
  else
    {
      done = MIN (done, total);
      filled = (guint) ((double) done / (double) total * BAR_COLUMNS);
      for (guint i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
      left = left_text (mh_cli_rate_left_s (self, total - done));
      front = g_strdup_printf ("[%s] %3d%%  %10s/s  %8s  ", bar,
                               (int) ((double) done / (double) total * 100.0), speed, left);
    }

  used = g_utf8_strlen (front, -1);
  if (used >= (glong) columns)
    return g_utf8_substring (front, 0, columns);
  name = cut (label, columns - (guint) used);

  return g_strconcat (front, name, NULL);
}
