/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "keys.h"

#include "crypto/kdf.h"

#define KEY_SIZE 32

MhKeys *
mh_keys_new (const char *vault_id, const MhSecret *key)
{
  MhKeys *self = g_new0 (MhKeys, 1);

  self->references = 1;
  self->vault_id = g_strdup (vault_id);
  self->blocks = mh_kdf_derive (key, "mh1/conv", KEY_SIZE);
  self->records = mh_kdf_derive (key, "mh1/meta", KEY_SIZE);
  self->proof = mh_kdf_derive (key, "mh1/proof", KEY_SIZE);

  return self;
}

MhKeys *
mh_keys_ref (MhKeys *self)
{
  g_atomic_int_inc (&self->references);

  return self;
}

void
mh_keys_unref (MhKeys *self)
{
  if (!g_atomic_int_dec_and_test (&self->references))
    return;

  g_free (self->vault_id);
  mh_secret_free (self->blocks);
  mh_secret_free (self->records);
  mh_secret_free (self->proof);
  g_free (self);
}
