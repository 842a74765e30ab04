/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "secret.h"

#include <sodium.h>
#include <string.h>

#include "random.h"

struct _MhSecret
{
  gsize size;
  guint8 *bytes; /* (owned) */
};

MhSecret *
mh_secret_new (gsize size)
{
  MhSecret *self = g_new0 (MhSecret, 1);

  g_assert (size > 0);
  self->size = size;
  /* Locking may fail under a low limit; libsodium then hands out the memory unlocked. */
  self->bytes = sodium_malloc (size);
  g_assert (self->bytes != NULL);
  sodium_memzero (self->bytes, size);

  return self;
}

MhSecret *
mh_secret_new_random (gsize size)
{
  MhSecret *self = mh_secret_new (size);

  mh_random_bytes (self->bytes, size);

  return self;
}

MhSecret *
mh_secret_new_copy (const guint8 *data, gsize size)
{
  MhSecret *self = mh_secret_new (size);

  memcpy (self->bytes, data, size);

  return self;
}

guint8 *
mh_secret_bytes (MhSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->bytes;
}

const guint8 *
mh_secret_peek (const MhSecret *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->bytes;
}

gsize
mh_secret_size (const MhSecret *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->size;
}

void
mh_secret_free (MhSecret *self)
{
  if (self == NULL)
    return;

  sodium_free (self->bytes);
  g_free (self);
}

void
mh_wipe (gpointer data, gsize size)
{
  sodium_memzero (data, size);
}
