/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "hash.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sodium.h>

struct _MhSha256
{
  gnutls_hash_hd_t handle; /* (owned) */
};

void
mh_sha256 (const guint8 *data, gsize size, guint8 out[MH_SHA256_SIZE])
{
  int status = gnutls_hash_fast (GNUTLS_DIG_SHA256, data, size, out);

  g_assert (status == 0);
}

MhSha256 *
mh_sha256_new (void)
{
  MhSha256 *self = g_new0 (MhSha256, 1);
  int status = gnutls_hash_init (&self->handle, GNUTLS_DIG_SHA256);

  g_assert (status == 0);

  return self;
}

void
mh_sha256_update (MhSha256 *self, const guint8 *data, gsize size)
{
  int status;

  if (size == 0)
    return;

  status = gnutls_hash (self->handle, data, size);
  g_assert (status == 0);
}

void
mh_sha256_finish (MhSha256 *self, guint8 out[MH_SHA256_SIZE])
{
  gnutls_hash_output (self->handle, out);
}

void
mh_sha256_free (MhSha256 *self)
{
  if (self == NULL)
    return;

  gnutls_hash_deinit (self->handle, NULL);
  g_free (self);
}

void
mh_hmac_sha256 (const guint8 *key, gsize key_size, const guint8 *data, gsize size,
                guint8 out[MH_SHA256_SIZE])
{
  int status = gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, key_size, data, size, out);

  g_assert (status == 0);
}

gboolean
mh_equal_constant_time (const guint8 *a, const guint8 *b, gsize size)
{
  return sodium_memcmp (a, b, size) == 0;
}
