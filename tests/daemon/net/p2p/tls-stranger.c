/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tls-stranger.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <string.h>

#include "net/p2p/secure/proof.h"
#include "net/p2p/tls/certificate.h"
#include "net/p2p/wire/pb.h"

#define HOUR 3600

static void
check (int status)
{
  if (status < 0)
    g_test_message ("%s", gnutls_strerror_name (status));
  g_assert_cmpint (status, >=, 0);
}

static void
put_der (GByteArray *out, guint8 tag, const GByteArray *content)
{
  guint8 head[] = { tag, 0x81, (guint8) content->len };

  g_assert_cmpuint (content->len, <, 256);
  if (content->len < 128)
    head[1] = head[2];
  g_byte_array_append (out, head, content->len < 128 ? 2 : 3);
  g_byte_array_append (out, content->data, content->len);
}

static GByteArray *
signed_key (const MhtForgery *how, const guint8 *spki, gsize size, MhPeerId *id)
{
  MhPeerId unused;
  g_autoptr (MhSigner) signer = mht_signer_new (9, id);
  g_autoptr (MhSigner) other = mht_signer_new (10, &unused);
  g_autoptr (GByteArray) key = g_byte_array_new ();
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  g_autoptr (GByteArray) parts = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  mh_pb_put_uint (key, 1, how->bad_type ? 2 : 1);
  mh_pb_put_bytes (key, 2, mh_signer_public_key (signer), MH_SIGN_PUBLIC_SIZE);
  g_byte_array_set_size (signature, MH_SIGNATURE_SIZE);
  mh_proof_make (how->bad_proof ? other : signer, MH_TLS_PURPOSE, spki,
                 how->bad_subject ? size - 1 : size, signature->data);
  put_der (parts, 0x04, key);
  put_der (parts, 0x04, signature);
  put_der (out, 0x30, parts);

  return out;
}

static void
put_others (const MhtForgery *how, gnutls_x509_crt_t certificate)
{
  g_autofree guint8 *filler = g_malloc0 (how->other_size + 1);

  for (guint i = 0; i < how->others; i++)
    {
      g_autofree char *oid = g_strdup_printf ("1.2.3.4.%u", i);

      check (gnutls_x509_crt_set_extension_by_oid (certificate, oid, filler, how->other_size, 0));
    }
  if (how->other != NULL)
    check (gnutls_x509_crt_set_extension_by_oid (certificate, how->other, "\x05", 2,
                                                 how->is_other_critical));
}

static void
put_extension (const MhtForgery *how, gnutls_x509_crt_t certificate, MhPeerId *id)
{
  gnutls_pubkey_t key;
  gnutls_datum_t spki;
  g_autoptr (GByteArray) value = NULL;
  gconstpointer data;
  gsize size;

  check (gnutls_pubkey_init (&key));
  check (gnutls_pubkey_import_x509 (key, certificate, 0));
  check (gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &spki));
  value = signed_key (how, spki.data, spki.size, id);
  data = how->extension != NULL ? (gconstpointer) how->extension : value->data;
  size = how->extension != NULL ? how->extension_size : value->len;
  if (!how->no_extension)
    check (gnutls_x509_crt_set_extension_by_oid (certificate, MH_TLS_EXTENSION_OID, data, size,
                                                 how->is_critical));
  /* setting it again would replace the first; the last arc is put right in the DER */
  if (how->two_extensions)
    check (
        gnutls_x509_crt_set_extension_by_oid (certificate, "1.3.6.1.4.1.53594.1.2", data, size, 0));
  gnutls_free (spki.data);
  gnutls_pubkey_deinit (key);
}

static gnutls_x509_privkey_t
make_key (gnutls_pk_algorithm_t algorithm, guint bits)
{
  gnutls_x509_privkey_t key;

  if (algorithm == GNUTLS_PK_UNKNOWN)
    {
      algorithm = GNUTLS_PK_ECDSA;
      bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1);
    }
  check (gnutls_x509_privkey_init (&key));
  check (gnutls_x509_privkey_generate (key, algorithm, bits, 0));

  return key;
}

static gnutls_digest_algorithm_t
digest_of (const MhtForgery *how)
{
  if (how->algorithm == GNUTLS_PK_EDDSA_ED25519)
    return GNUTLS_DIG_SHA512;
  if (how->bits == GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1))
    return GNUTLS_DIG_SHA384;

  return GNUTLS_DIG_SHA256;
}

void
mht_forge (const MhtForgery *how, gnutls_x509_crt_t *out, gnutls_x509_privkey_t *key, MhPeerId *id)
{
  gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
  gnutls_x509_crt_t self;
  gnutls_x509_privkey_t other = make_key (GNUTLS_PK_UNKNOWN, 0);

  *key = make_key (how->algorithm, how->bits);
  check (gnutls_x509_crt_init (&self));
  check (gnutls_x509_crt_set_version (self, 3));
  check (gnutls_x509_crt_set_serial (self, "\x01\x02", 2));
  check (gnutls_x509_crt_set_activation_time (self, how->from_s != 0 ? how->from_s : now_s - HOUR));
  check (
      gnutls_x509_crt_set_expiration_time (self, how->until_s != 0 ? how->until_s : now_s + HOUR));
  check (gnutls_x509_crt_set_key (self, *key));
  put_others (how, self);
  put_extension (how, self, id);
  check (gnutls_x509_crt_sign2 (self, self, how->foreign ? other : *key, digest_of (how), 0));
  gnutls_x509_privkey_deinit (other);
  *out = self;
}

/* Changes the last byte of the last @old in @der. */
static void
patch (gnutls_datum_t *der, const guint8 *old, gsize size, guint8 byte)
{
  gsize at = der->size - size;

  while (at > 0 && memcmp (der->data + at, old, size) != 0)
    at--;
  g_assert_cmpuint (at, >, 0);
  der->data[at + size - 1] = byte;
}

GBytes *
mht_forge_der (const MhtForgery *how, MhPeerId *id)
{
  static const guint8 second[] = {
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xa2, 0x5a, 1, 2
  };
  static const guint8 serial[] = { 0x02, 0x02, 0x01, 0x02 };
  gnutls_x509_crt_t certificate;
  gnutls_x509_privkey_t key;
  gnutls_datum_t der;
  GBytes *bytes;

  mht_forge (how, &certificate, &key, id);
  check (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_DER, &der));
  if (how->two_extensions)
    patch (&der, second, sizeof second, 1);
  if (how->changed)
    patch (&der, serial, sizeof serial, 3);
  bytes = g_bytes_new (der.data, der.size);
  gnutls_free (der.data);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);

  return bytes;
}

static gssize
pull (gnutls_transport_ptr_t data, void *to, gsize size)
{
  MhtStranger *self = data;

  size = MIN (size, mh_buf_size (&self->in));
  if (size == 0)
    {
      gnutls_transport_set_errno (self->session, EAGAIN);
      return -1;
    }
  memcpy (to, mh_buf_peek (&self->in), size);
  mh_buf_consume (&self->in, size);

  return (gssize) size;
}

static gssize
push (gnutls_transport_ptr_t data, const void *from, gsize size)
{
  MhtStranger *self = data;

  mh_buf_append (&self->out, from, size);

  return (gssize) size;
}

static int
pull_timeout (gnutls_transport_ptr_t data, guint timeout_ms)
{
  MhtStranger *self = data;

  return mh_buf_size (&self->in) > 0;
}

/* Unlike gnutls_certificate_set_x509_key() this leaves a chain that makes no sense alone. */
static void
set_chain (MhtStranger *self, const MhtManner *manner)
{
  guint count = manner->two_certificates ? 2 : 1;
  gnutls_pcert_st chain[2];
  gnutls_privkey_t key = NULL;

  for (guint i = count; i-- > 0;)
    {
      gnutls_x509_crt_t certificate;
      gnutls_x509_privkey_t own;

      mht_forge (&manner->certificate, &certificate, &own, &self->id);
      check (gnutls_pcert_import_x509 (&chain[i], certificate, 0));
      gnutls_x509_crt_deinit (certificate);
      if (i == 0)
        {
          check (gnutls_privkey_init (&key));
          check (gnutls_privkey_import_x509 (key, own, GNUTLS_PRIVKEY_IMPORT_COPY));
        }
      gnutls_x509_privkey_deinit (own);
    }
  check (gnutls_certificate_set_key (self->credentials, NULL, 0, chain, (int) count, key));
}

static void
set_certificate (MhtStranger *self, const MhtManner *manner)
{
  check (gnutls_certificate_allocate_credentials (&self->credentials));
  if (!manner->no_certificate)
    set_chain (self, manner);
  check (gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE, self->credentials));
}

static void
set_alpn (MhtStranger *self, const char *const *names)
{
  gnutls_datum_t data[8];
  guint count = 0;

  for (; names != NULL && names[count] != NULL; count++)
    data[count] = (gnutls_datum_t){ (guint8 *) names[count], (guint) strlen (names[count]) };
  if (count > 0)
    check (gnutls_alpn_set_protocols (self->session, data, count, 0));
}

MhtStranger *
mht_stranger_new (const MhtManner *manner, gboolean is_client)
{
  MhtStranger *self = g_new0 (MhtStranger, 1);
  const char *priority =
      manner->priority != NULL ? manner->priority : "NORMAL:-VERS-ALL:+VERS-TLS1.3";
  guint flags = GNUTLS_NONBLOCK | GNUTLS_FORCE_CLIENT_CERT
                | (manner->has_tickets ? 0 : GNUTLS_NO_TICKETS)
                | (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER);

  check (gnutls_init (&self->session, flags));
  check (gnutls_priority_set_direct (self->session, priority, NULL));
  if (manner->has_tickets && !is_client)
    {
      gnutls_datum_t key;

      check (gnutls_session_ticket_key_generate (&key));
      check (gnutls_session_ticket_enable_server (self->session, &key));
      gnutls_free (key.data);
    }
  set_certificate (self, manner);
  set_alpn (self, manner->alpn);
  gnutls_certificate_server_set_request (self->session, GNUTLS_CERT_REQUIRE);
  gnutls_transport_set_ptr (self->session, self);
  gnutls_transport_set_pull_function (self->session, pull);
  gnutls_transport_set_pull_timeout_function (self->session, pull_timeout);
  gnutls_transport_set_push_function (self->session, push);
  self->status = GNUTLS_E_AGAIN;

  return self;
}

void
mht_stranger_free (MhtStranger *self)
{
  gnutls_deinit (self->session);
  gnutls_certificate_free_credentials (self->credentials);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->out);
  g_free (self);
}

void
mht_stranger_step (MhtStranger *self)
{
  if (self->is_open || (self->status < 0 && gnutls_error_is_fatal (self->status)))
    return;

  self->status = gnutls_handshake (self->session);
  self->is_open = self->status == 0;
  if (self->status < 0)
    (void) gnutls_alert_send_appropriate (self->session, self->status);
}

void
mht_stranger_meet (MhtStranger *self, MhtEnd *end)
{
  do
    {
      mht_stranger_step (self);
      mh_buf_append (&end->in, mh_buf_peek (&self->out), mh_buf_size (&self->out));
      mh_buf_consume (&self->out, mh_buf_size (&self->out));
      mht_end_feed (end);
      mh_buf_append (&self->in, mh_buf_peek (&end->wire), mh_buf_size (&end->wire));
      mh_buf_consume (&end->wire, mh_buf_size (&end->wire));
      mht_stranger_step (self);
    }
  while (mh_buf_size (&self->out) > 0);
}
