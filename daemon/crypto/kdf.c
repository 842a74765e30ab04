/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kdf.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "hash.h"

MhSecret *
mh_kdf_derive (const MhSecret *key, const char *label, gsize size)
{
  g_autoptr (MhSecret) extracted = mh_secret_new (MH_SHA256_SIZE);
  MhSecret *derived = mh_secret_new (size);
  gnutls_datum_t input;
  gnutls_datum_t salt = { NULL, 0 };
  gnutls_datum_t info;
  int status;

  input.data = (unsigned char *) mh_secret_peek (key); /* only read */
  input.size = (unsigned int) mh_secret_size (key);
  status = gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &input, &salt, mh_secret_bytes (extracted));
  g_assert (status == 0);

  input.data = mh_secret_bytes (extracted);
  input.size = MH_SHA256_SIZE;
  info.data = (unsigned char *) label; /* only read */
  info.size = (unsigned int) strlen (label);
  status = gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &input, &info, mh_secret_bytes (derived), size);
  g_assert (status == 0);

  return derived;
}
