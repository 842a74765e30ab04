/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-state.h"

void
mh_sync_tell_state (MhSync *self, const char *vault_id)
{
  MhJson *members = mh_json_new ();

  mh_json_string (members, "vault_id", vault_id);
  mh_bus_publish (mh_core_bus (mh_sync_core (self)), "sync_changed", members);
}

void
mh_sync_tell_changed (MhSync *self, const char *vault_id)
{
  MhJson *members = mh_json_new ();

  mh_json_string (members, "vault_id", vault_id);
  mh_json_string (members, "op", "change");
  mh_bus_publish (mh_core_bus (mh_sync_core (self)), "vault_changed", members);
}

void
mh_sync_tell_files (MhSync *self, const MhSyncPull *pull)
{
  for (guint i = 0; pull->paths != NULL && i < pull->paths->len; i++)
    {
      MhJson *members = mh_json_new ();

      mh_json_string (members, "vault_id", pull->vault_id);
      mh_json_string (members, "path", g_ptr_array_index (pull->paths, i));
      mh_json_string (members, "op", "sync");
      mh_bus_publish (mh_core_bus (mh_sync_core (self)), "file_changed", members);
    }
}
