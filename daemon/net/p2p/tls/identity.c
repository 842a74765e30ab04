/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "identity.h"

#include "certificate.h"

/*
 * TLS 1.3 and nothing else (tls.md, "Handshake Protocol"). As server we go by the order of the
 * client, who may have no instructions for AES. RSA is left out: nobody makes such certificates.
 */
#define PRIORITY                                                                                   \
  "NONE:+VERS-TLS1.3:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:"             \
  "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-EDDSA-ED25519:"                 \
  "+GROUP-X25519:+GROUP-SECP256R1:+CTYPE-X509"

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_privkey_t, gnutls_x509_privkey_deinit, NULL)

struct _MhTlsIdentity
{
  gnutls_certificate_credentials_t credentials; /* (owned) */
  gnutls_priority_t priority;                   /* (owned) */
};

/* Returns: 0 or what GnuTLS failed with */
static int
make_key (gnutls_x509_privkey_t *key)
{
  int status = gnutls_x509_privkey_init (key);

  if (status < 0)
    return status;

  return gnutls_x509_privkey_generate (*key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
}

/* Returns: 0 or what GnuTLS failed with */
static int
fill (MhTlsIdentity *self, gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
  int status = gnutls_certificate_allocate_credentials (&self->credentials);

  if (status == 0) /* which copies both */
    status = gnutls_certificate_set_x509_key (self->credentials, &certificate, 1, key);
  if (status == 0)
    status = gnutls_priority_init2 (&self->priority, PRIORITY, NULL, 0);

  return status;
}

static gboolean
failed (int status, GError **error)
{
  if (status >= 0)
    return FALSE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make an identity for TLS: %s",
               gnutls_strerror_name (status));

  return TRUE;
}

MhTlsIdentity *
mh_tls_identity_new (const MhSigner *signer, GError **error)
{
  g_autoptr (MhTlsIdentity) self = g_atomic_rc_box_new0 (MhTlsIdentity);
  g_auto (gnutls_x509_privkey_t) key = NULL;
  gnutls_x509_crt_t certificate;
  int status;

  if (failed (make_key (&key), error))
    return NULL;

  certificate = mh_tls_certificate_make (signer, key, error);
  if (certificate == NULL)
    return NULL;

  status = fill (self, certificate, key);
  gnutls_x509_crt_deinit (certificate);

  return failed (status, error) ? NULL : g_steal_pointer (&self);
}

MhTlsIdentity *
mh_tls_identity_ref (MhTlsIdentity *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  MhTlsIdentity *self = data;

  g_clear_pointer (&self->credentials, gnutls_certificate_free_credentials);
  g_clear_pointer (&self->priority, gnutls_priority_deinit);
}

void
mh_tls_identity_unref (MhTlsIdentity *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, clear);
}

gnutls_certificate_credentials_t
mh_tls_identity_credentials (MhTlsIdentity *self)
{
  return self->credentials;
}

gnutls_priority_t
mh_tls_identity_priority (MhTlsIdentity *self)
{
  return self->priority;
}
