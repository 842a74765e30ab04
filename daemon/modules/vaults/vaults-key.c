/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-key.h"

#include <string.h>

#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/random.h"

/* A key is bound to its vault and to what it is wrapped in: no other row can be made to use it. */
static GBytes *
bound_to (const char *label, const char *id)
{
  g_autofree char *text = g_strconcat (label, "/", id, NULL);
  gsize size = strlen (text);

  return g_bytes_new_take (g_steal_pointer (&text), size);
}

static MhSecret *
derive (const char *password, const guint8 *salt, GError **error)
{
  MhSecret *key = mh_password_derive (password, salt);

  if (key == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "no memory for checking a password");

  return key;
}

gboolean
mh_vault_key_seal (MhVaultRecord *record, const MhSecret *master, const MhSecret *key,
                   const char *password, GError **error)
{
  g_autoptr (GBytes) outer = bound_to ("vault-key", record->vault.id);
  g_autoptr (GBytes) inner = bound_to ("vault-password", record->vault.id);
  g_autoptr (GBytes) content = g_bytes_new_static (mh_secret_peek (key), MH_VAULT_KEY_SIZE);
  g_autoptr (GBytes) salt = NULL;

  if (password != NULL)
    {
      guint8 random[MH_PASSWORD_SALT_SIZE];
      g_autoptr (MhSecret) wrapping = NULL;
      GBytes *boxed;

      mh_random_bytes (random, sizeof random);
      wrapping = derive (password, random, error);
      if (wrapping == NULL)
        return FALSE;

      boxed = mh_box_seal (wrapping, inner, content);
      g_bytes_unref (content);
      content = boxed;
      salt = g_bytes_new (random, sizeof random);
    }

  g_clear_pointer (&record->sealed_key, g_bytes_unref);
  g_clear_pointer (&record->key_salt, g_bytes_unref);
  record->sealed_key = mh_box_seal (master, outer, content);
  record->key_salt = g_steal_pointer (&salt);
  record->vault.is_protected = password != NULL;

  return TRUE;
}

/* Opens the box in the box. */
static GBytes *
open_inner (const MhVaultRecord *record, GBytes *boxed, const char *password, GError **error)
{
  g_autoptr (GBytes) inner = bound_to ("vault-password", record->vault.id);
  g_autoptr (MhSecret) wrapping = NULL;
  gsize size;
  const guint8 *salt = g_bytes_get_data (record->key_salt, &size);
  GBytes *content;

  if (size != MH_PASSWORD_SALT_SIZE)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a salt of another size");
      return NULL;
    }

  wrapping = password == NULL ? NULL : derive (password, salt, error);
  if (password != NULL && wrapping == NULL)
    return NULL;

  content = wrapping == NULL ? NULL : mh_box_open (wrapping, inner, boxed, NULL); /* said below */
  if (content == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_FORBIDDEN, "vault %s has another password",
                 record->vault.name);

  return content;
}

/* Takes @content, which is wiped. */
static MhSecret *
to_secret (GBytes *content, GError **error)
{
  gsize size;
  guint8 *data = g_bytes_unref_to_data (content, &size);
  MhSecret *key = NULL;

  if (size == MH_VAULT_KEY_SIZE)
    key = mh_secret_new_copy (data, size);
  else
    g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a key of another size");
  mh_wipe (data, size);
  g_free (data);

  return key;
}

MhSecret *
mh_vault_key_open (const MhVaultRecord *record, const MhSecret *master, const char *password,
                   GError **error)
{
  g_autoptr (GBytes) outer = bound_to ("vault-key", record->vault.id);
  g_autoptr (GBytes) content = mh_box_open (master, outer, record->sealed_key, error);

  if (content != NULL && record->key_salt != NULL)
    {
      GBytes *key = open_inner (record, content, password, error);

      g_bytes_unref (content);
      content = key;
    }
  if (content == NULL)
    return NULL;

  return to_secret (g_steal_pointer (&content), error);
}

GBytes *
mh_vault_key_content (const MhVaultRecord *record, const MhSecret *master, GError **error)
{
  g_autoptr (GBytes) outer = bound_to ("vault-key", record->vault.id);

  return mh_box_open (master, outer, record->sealed_key, error);
}

void
mh_vault_key_seal_content (MhVaultRecord *record, const MhSecret *master, GBytes *content)
{
  g_autoptr (GBytes) outer = bound_to ("vault-key", record->vault.id);

  g_clear_pointer (&record->sealed_key, g_bytes_unref);
  record->sealed_key = mh_box_seal (master, outer, content);
}
