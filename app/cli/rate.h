/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How fast something goes: the mean of about the last five seconds. Plain data; starts as zeros. */
typedef struct
{
  gint64 started_ms;
  gint64 last_ms;
  guint64 last_bytes;
  double bytes_per_s;
} MhCliRate;

/**
 * mh_cli_rate_update:
 * @self: the rate
 * @bytes: all bytes so far
 * @now_ms: a clock that never goes back, in milliseconds; never 0
 */
void mh_cli_rate_update (MhCliRate *self, guint64 bytes, gint64 now_ms);

/**
 * mh_cli_rate_left_s:
 * @self: the rate
 * @bytes_left: bytes to go
 *
 * Returns: seconds to go, or -1 while nobody can tell
 */
gint64 mh_cli_rate_left_s (const MhCliRate *self, guint64 bytes_left);

/**
 * mh_cli_rate_line:
 * @self: the rate
 * @done: bytes done
 * @total: bytes in all; 0 when unknown
 * @label: what is being done
 * @columns: most columns of the text
 *
 * Returns: (transfer full): one line that shows all this
 */
char *mh_cli_rate_line (const MhCliRate *self, guint64 done, guint64 total, const char *label,
                        guint columns) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
