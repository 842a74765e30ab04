/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mdns-message.h"

G_BEGIN_DECLS

/* When to send on one interface. */

/* RFC 6762 §5.2: the second question comes a second after the first, and the time between them
 * doubles, here until it is the interval that the owner wants. */
#define MH_MDNS_FIRST_MS 1000
/* RFC 6762 §6: an answer is not repeated within a second, and waits a random time, from 20 to 120
 * milliseconds, since many are asked at once. */
#define MH_MDNS_ANSWER_GAP_MS 1000
#define MH_MDNS_ANSWER_LEAST_MS 20
#define MH_MDNS_ANSWER_SPREAD_MS 100
/* Packets that are read a second; what is above is dropped. */
#define MH_MDNS_MOST_PACKETS 200

/* Plain data, all zeros but @interval_ms at the start. Times are milliseconds of any clock that
 * never goes back. */
typedef struct
{
  guint interval_ms;
  guint gap_ms; /* between the last question and the next */
  gint64 query_ms;
  gint64 answered_ms; /* last */
  gboolean has_answered;
  gint64 answer_ms;  /* when @asks is answered */
  MhMdnsAsks asks;   /* what waits for an answer */
  gint64 counted_ms; /* since when @packets counts */
  guint packets;
} MhMdnsSchedule;

/* Returns: whether another packet may be read, which counts */
gboolean mh_mdns_schedule_admit (MhMdnsSchedule *self, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Notes what was asked; @random, of any size, spreads the answers. */
void mh_mdns_schedule_asked (MhMdnsSchedule *self, MhMdnsAsks asks, guint random, gint64 now_ms);

/* Returns: whether to ask now, which sets the time for the next */
gboolean mh_mdns_schedule_query (MhMdnsSchedule *self, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: what to answer now, if anything, which counts as done */
MhMdnsAsks mh_mdns_schedule_answer (MhMdnsSchedule *self, gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: milliseconds until something is due, 0 when it is */
gint64 mh_mdns_schedule_wait (const MhMdnsSchedule *self, gint64 now_ms);

G_END_DECLS
