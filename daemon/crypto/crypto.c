/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypto.h"

#include <gnutls/gnutls.h>
#include <sodium.h>

#include "base/error.h"

gboolean
mh_crypto_init (GError **error)
{
  int status;

  if (sodium_init () < 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "starting libsodium: no random numbers");
      return FALSE;
    }

  status = gnutls_global_init ();
  if (status != GNUTLS_E_SUCCESS)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "starting GnuTLS: %s",
                   gnutls_strerror (status));
      return FALSE;
    }

  return TRUE;
}
