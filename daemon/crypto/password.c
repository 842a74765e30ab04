/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "password.h"

#include <sodium.h>
#include <string.h>

#define PASSES 3
#define KEY_SIZE 32
#define MEMORY_BYTES (64 * 1024 * 1024)

char *
mh_password_hash (const char *password)
{
  char hash[crypto_pwhash_STRBYTES];

  if (crypto_pwhash_str_alg (hash, password, strlen (password), PASSES, MEMORY_BYTES,
                             crypto_pwhash_ALG_ARGON2ID13)
      != 0)
    return NULL;

  return g_strdup (hash);
}

gboolean
mh_password_verify (const char *hash, const char *password)
{
  return crypto_pwhash_str_verify (hash, password, strlen (password)) == 0;
}

MhSecret *
mh_password_derive (const char *password, const guint8 salt[MH_PASSWORD_SALT_SIZE])
{
  g_autoptr (MhSecret) key = mh_secret_new (KEY_SIZE);

  G_STATIC_ASSERT (MH_PASSWORD_SALT_SIZE == crypto_pwhash_SALTBYTES);
  if (crypto_pwhash (mh_secret_bytes (key), KEY_SIZE, password, strlen (password), salt, PASSES,
                     MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13)
      != 0)
    return NULL;

  return g_steal_pointer (&key);
}
