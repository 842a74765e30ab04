/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pass.h"

#include <string.h>

/* Whether all versions of a file have the content of another one, and are of this machine. */
static gboolean
are_ours (MhPass *pass, GPtrArray *versions, const char *content_hash)
{
  for (guint i = 0; i < versions->len; i++)
    {
      const MhFileVersion *version = g_ptr_array_index (versions, i);

      if (strcmp (version->author, pass->peer_id) != 0
          || g_strcmp0 (version->content_hash, content_hash) != 0)
        return FALSE;
    }

  return versions->len > 0;
}

/* Whether a file of the vault is shown beside another one that has its name and its content, and
 * was brought by this machine. What cannot be found out now is written as any other. */
static gboolean
is_double (MhPass *pass, const MhEntry *entry)
{
  g_autofree char *path = mh_pass_vault_path (entry->path);
  g_autoptr (GPtrArray) versions = NULL;
  g_autoptr (MhFile) other = NULL;
  const char *claimed;

  if (entry->agreed || entry->host.exists || entry->vault.conflict
      || !mh_store_looks_shown_beside (path))
    return FALSE;

  versions = mh_store_history (pass->store, pass->row->vault_id, path, NULL);
  if (versions == NULL || !are_ours (pass, versions, entry->vault.content_hash))
    return FALSE;

  claimed = ((MhFileVersion *) g_ptr_array_index (versions, 0))->path;
  if (strcmp (claimed, path) == 0)
    return FALSE;
  other = mh_store_get (pass->store, pass->row->vault_id, claimed, FALSE, NULL);

  return other != NULL && strcmp (other->file_id, entry->vault.file_id) != 0
         && strcmp (other->content_hash, entry->vault.content_hash) == 0;
}

void
mh_doubles (MhPass *pass, GPtrArray *actions)
{
  for (guint i = 0; i < actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (actions, i);

      if (action->act == MH_ACT_WRITE && is_double (pass, action->entry))
        action->act = MH_ACT_DELETE;
    }
}
