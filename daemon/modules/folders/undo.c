/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pass.h"

#include "base/error.h"

#define MOST_FILES 256

/* Returns: (transfer full): a folder for what is put away, that is not there yet: a pass may be
 * repeated, and a file be changed once more */
static char *
held_folder (MhPass *pass)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local (pass->row->held_ms / 1000);
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%d %H-%M-%S");
  char *to = g_strconcat (MH_DISK_HELD "/", time, NULL);

  for (guint i = 2;; i++)
    {
      g_autoptr (MhDiskEntry) there = mh_disk_look (pass->disk, to, NULL);

      if (there == NULL)
        return to;
      g_free (to);
      to = g_strdup_printf (MH_DISK_HELD "/%s (%u)", time, i);
    }
}

/* Puts a file of the folder away; the next pass then finds that the vault has one more. */
static gboolean
put_away (MhPass *pass, MhEntry *entry, const char *to, GError **error)
{
  g_autofree char *away = g_strconcat (to, "/", entry->path, NULL);

  if (entry->host.exists && !mh_disk_rename (pass->disk, entry->path, away, &entry->host, error))
    return FALSE;

  if (entry->host.exists)
    pass->counts.written++;
  entry->host.exists = FALSE;
  mh_pass_forget (pass, entry);

  return TRUE;
}

static gboolean
undo_one (MhPass *pass, MhAction *action, const char *to, GError **error)
{
  switch (action->act)
    {
    case MH_ACT_MOVE:
      return mh_disk_rename (pass->disk, action->target->path, action->entry->path,
                             &action->target->host, error);
    case MH_ACT_DELETE:
      mh_pass_forget (pass, action->entry);
      return TRUE;
    case MH_ACT_UPLOAD:
      if (action->entry->agreed && !action->harms)
        action->act = MH_ACT_ADJUST; /* only its time or mode: mh_pull() sets them */
      else
        return put_away (pass, action->entry, to, error);
      return TRUE;
    case MH_ACT_CONFLICT: /* is solved as always: both contents stay */
    case MH_ACT_RENAME:
    case MH_ACT_REMOVE:
    case MH_ACT_WRITE:
    case MH_ACT_ADJUST:
    case MH_ACT_AGREE:
    case MH_ACT_FORGET:
    default:
      return TRUE;
    }
}

gboolean
mh_undo (MhPass *pass, GPtrArray *actions, GError **error)
{
  g_autofree char *to = held_folder (pass);

  for (guint i = 0; i < actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (actions, i);
      GError *local = NULL;

      if (g_cancellable_set_error_if_cancelled (pass->cancellable, error))
        return FALSE;
      mh_pass_tell (pass, action->entry->path);
      if (!undo_one (pass, action, to, &local) && !mh_pass_fail (pass, action->entry->path, &local))
        {
          g_propagate_error (error, local);
          return FALSE;
        }
      if (pass->done->len >= MOST_FILES && !mh_pass_commit (pass, error))
        return FALSE;
    }

  return mh_pass_commit (pass, error);
}
