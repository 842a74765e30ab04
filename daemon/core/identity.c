/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "identity.h"

#include "base/error.h"
#include "crypto/aead.h"

/* Binds the box to its purpose, so that no other sealed value can be put in its place. */
static GBytes *
purpose (void)
{
  static const char text[] = "mh1/identity";

  return g_bytes_new_static (text, sizeof text - 1);
}

static MhSecret *
create (const char *path, const MhSecret *master, GError **error)
{
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  g_autoptr (GBytes) aad = purpose ();
  g_autoptr (GBytes) plain =
      g_bytes_new_static (mh_secret_peek (seed), mh_secret_size (seed)); /* not copied */
  g_autoptr (GBytes) box = mh_box_seal (master, aad, plain);
  g_autoptr (GError) local = NULL;

  if (!g_file_set_contents_full (
          path, g_bytes_get_data (box, NULL), (gssize) g_bytes_get_size (box),
          G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &local))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "writing %s: %s", path, local->message);
      return NULL;
    }

  return g_steal_pointer (&seed);
}

static MhSecret *
open_box (const char *path, const MhSecret *master, GBytes *box, GError **error)
{
  g_autoptr (GBytes) aad = purpose ();
  g_autoptr (GBytes) plain = mh_box_open (master, aad, box, error);
  MhSecret *seed = NULL;

  if (plain == NULL || g_bytes_get_size (plain) != MH_SIGN_SEED_SIZE)
    {
      g_clear_error (error);
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT,
                   "%s does not open with the master key of this home", path);
      return NULL;
    }

  seed = mh_secret_new_copy (g_bytes_get_data (plain, NULL), MH_SIGN_SEED_SIZE);
  mh_wipe ((gpointer) g_bytes_get_data (plain, NULL), MH_SIGN_SEED_SIZE);

  return seed;
}

MhSigner *
mh_identity_load (const char *path, const MhSecret *master, GError **error)
{
  g_autoptr (MhSecret) seed = NULL;
  g_autoptr (GError) local = NULL;
  char *text = NULL;
  gsize size = 0;

  if (g_file_get_contents (path, &text, &size, &local))
    {
      g_autoptr (GBytes) box = g_bytes_new_take (text, size);

      seed = open_box (path, master, box, error);
    }
  else if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      seed = create (path, master, error);
    }
  else
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "reading %s: %s", path, local->message);
    }

  return seed != NULL ? mh_signer_new (seed) : NULL;
}
