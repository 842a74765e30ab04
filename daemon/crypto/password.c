/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "password.h"

#include <sodium.h>
#include <string.h>

#define PASSES 3
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
