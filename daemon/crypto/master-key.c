/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "master-key.h"

#include "base/error.h"
#include "key-file.h"

MhSecret *
mh_master_key_load (const char *path, GError **error)
{
  g_autoptr (MhSecret) key = NULL;
  g_autoptr (GError) local = NULL;

  key = mh_key_file_read (path, MH_MASTER_KEY_SIZE, &local);
  if (key != NULL)
    return g_steal_pointer (&key);

  if (!g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "reading the master key: ");
      return NULL;
    }

  key = mh_secret_new_random (MH_MASTER_KEY_SIZE);
  if (!mh_key_file_create (path, key, error))
    {
      g_prefix_error (error, "making the master key: ");
      return NULL;
    }

  return g_steal_pointer (&key);
}
