/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What this process uses, as the system counts it. */
typedef struct
{
  gint64 cpu_us; /* since its start, user and system */
  gint64 rss_bytes;
  gint64 fds;
  gint64 threads;
} MhProcess;

/* Thread: a worker. What the system does not tell is 0. */
void mh_process_read (MhProcess *process);

G_END_DECLS
