/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "retention.h"

#define DAY_MS (G_GINT64_CONSTANT (24) * 60 * 60 * 1000)

static gboolean
is_old (const MhKeep *keep, gint64 now_ms, gint64 ts_ms)
{
  return ts_ms <= now_ms - keep->days * DAY_MS;
}

/* Returns: (nullable): the head that is shown when the file is deleted, as all heads are */
static const MhRetained *
tombstone (const MhRetained *versions, guint count)
{
  const MhRetained *shown = NULL;

  for (guint i = 0; i < count; i++)
    {
      if (versions[i].is_head && versions[i].op != MH_FILE_OP_DELETE)
        return NULL;
      if (versions[i].is_head && shown == NULL)
        shown = &versions[i];
    }

  return shown;
}

guint
mh_retention_select (const MhKeep *keep, gint64 now_ms, const MhRetained *versions, guint count,
                     gboolean *drop)
{
  const MhRetained *deleted = tombstone (versions, count);
  guint dropped = 0;

  for (guint i = 0; i < count; i++)
    {
      if (versions[i].is_head)
        drop[i] = FALSE;
      else if (deleted != NULL)
        drop[i] = is_old (keep, now_ms, deleted->ts_ms);
      else
        drop[i] = i >= (guint64) keep->versions && is_old (keep, now_ms, versions[i].ts_ms);
      dropped += drop[i] ? 1 : 0;
    }

  return dropped;
}
