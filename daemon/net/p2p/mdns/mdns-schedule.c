/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mdns-schedule.h"

gboolean
mh_mdns_schedule_admit (MhMdnsSchedule *self, gint64 now_ms)
{
  if (now_ms - self->counted_ms >= 1000)
    {
      self->counted_ms = now_ms;
      self->packets = 0;
    }
  if (self->packets >= MH_MDNS_MOST_PACKETS)
    return FALSE;
  self->packets++;

  return TRUE;
}

void
mh_mdns_schedule_asked (MhMdnsSchedule *self, MhMdnsAsks asks, guint random, gint64 now_ms)
{
  gint64 soon_ms = now_ms + MH_MDNS_ANSWER_LEAST_MS + random % (MH_MDNS_ANSWER_SPREAD_MS + 1);

  if (asks == MH_MDNS_ASKS_NOTHING)
    return;
  if (self->asks == MH_MDNS_ASKS_NOTHING)
    self->answer_ms =
        self->has_answered ? MAX (soon_ms, self->answered_ms + MH_MDNS_ANSWER_GAP_MS) : soon_ms;
  self->asks |= asks;
}

gboolean
mh_mdns_schedule_query (MhMdnsSchedule *self, gint64 now_ms)
{
  if (self->gap_ms > 0 && now_ms < self->query_ms)
    return FALSE;
  self->gap_ms = MIN (self->gap_ms > 0 ? 2 * self->gap_ms : MH_MDNS_FIRST_MS, self->interval_ms);
  self->query_ms = now_ms + self->gap_ms;

  return TRUE;
}

MhMdnsAsks
mh_mdns_schedule_answer (MhMdnsSchedule *self, gint64 now_ms)
{
  MhMdnsAsks asks = self->asks;

  if (asks == MH_MDNS_ASKS_NOTHING || now_ms < self->answer_ms)
    return MH_MDNS_ASKS_NOTHING;
  self->asks = MH_MDNS_ASKS_NOTHING;
  self->has_answered = TRUE;
  self->answered_ms = now_ms;

  return asks;
}

gint64
mh_mdns_schedule_wait (const MhMdnsSchedule *self, gint64 now_ms)
{
  gint64 next_ms = self->gap_ms > 0 ? self->query_ms : now_ms;

  if (self->asks != MH_MDNS_ASKS_NOTHING)
    next_ms = MIN (next_ms, self->answer_ms);

  return MAX (next_ms - now_ms, 0);
}
