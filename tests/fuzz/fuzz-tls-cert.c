/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/tls/certificate.h"

/* Somebody is found in a certificate, or an error says why not. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  MhPeerId peer = { 0 };
  gboolean ok =
      mh_tls_certificate_verify (data, size, G_GINT64_CONSTANT (1780000000), &peer, &error);

  g_assert (ok == (error == NULL));
  g_assert (!ok || peer.size > 0);
  g_assert (ok || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED));

  return 0;
}
