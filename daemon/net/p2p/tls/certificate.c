/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "certificate.h"

#include <string.h>

#include "crypto/random.h"
#include "net/p2p/secure/proof.h"
#include "net/p2p/wire/public-key.h"

/* X.690: the tags that are met here */
#define TAG_OCTETS 0x04
#define TAG_SEQUENCE 0x30

/* RFC 5280 §4.2.1.9 and §4.2.1.3: mean nothing for a chain of one, and seen to by GnuTLS */
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_KEY_USAGE "2.5.29.15"

#define SERIAL_SIZE 8
/* The certificates of libp2p's test vectors have the same validity: 1975 to 4096. */
#define NOT_BEFORE G_GINT64_CONSTANT (157813200)
#define NOT_AFTER G_GINT64_CONSTANT (67090165200)

static void
clear_datum (gnutls_datum_t *datum)
{
  gnutls_free (datum->data);
}

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_crt_t, gnutls_x509_crt_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_pubkey_t, gnutls_pubkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (gnutls_datum_t, clear_datum)

/* Bytes inside others. */
typedef struct
{
  const guint8 *data;
  gsize size;
} Slice;

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "certificate refused: %s", why);

  return FALSE;
}

static void
put_der (GByteArray *out, guint8 tag, const guint8 *data, gsize size)
{
  guint8 head[4] = { tag };
  guint used = 1;

  /* two bytes of length do for everything that we write */
  if (size > 0xff)
    {
      head[used++] = 0x82;
      head[used++] = (guint8) (size >> 8);
    }
  else if (size > 0x7f)
    head[used++] = 0x81;
  head[used++] = (guint8) size;
  g_byte_array_append (out, head, used);
  g_byte_array_append (out, data, (guint) size);
}

/* Takes the length from the front of @from. */
static gboolean
take_length (Slice *from, gsize *length)
{
  guint more;

  if (from->size == 0)
    return FALSE;
  *length = *from->data++;
  from->size--;
  if (*length < 0x80)
    return TRUE;

  more = *length & 0x7f;
  if (more == 0 || more > 2 || more > from->size)
    return FALSE;
  *length = more == 1 ? from->data[0] : (gsize) from->data[0] << 8 | from->data[1];
  from->data += more;
  from->size -= more;

  return *length >= (more == 1 ? 0x80 : 0x100);
}

/* Takes a whole element from the front of @from. */
static gboolean
take_der (Slice *from, guint8 tag, Slice *content)
{
  if (from->size == 0 || from->data[0] != tag)
    return FALSE;
  from->data++;
  from->size--;
  if (!take_length (from, &content->size) || content->size > from->size)
    return FALSE;
  content->data = from->data;
  from->data += content->size;
  from->size -= content->size;

  return TRUE;
}

/* The part of a certificate that its signature covers; GnuTLS does not give it. */
static gboolean
slice_signed (const guint8 *der, gsize size, gnutls_datum_t *out)
{
  Slice whole = { der, size };
  Slice parts;
  Slice content;
  const guint8 *start;

  if (!take_der (&whole, TAG_SEQUENCE, &parts) || whole.size > 0)
    return FALSE;
  start = parts.data;
  if (!take_der (&parts, TAG_SEQUENCE, &content))
    return FALSE;
  *out = (gnutls_datum_t){ (guint8 *) start, (guint) (parts.data - start) };

  return TRUE;
}

static gboolean
is_known_algorithm (gnutls_sign_algorithm_t algorithm)
{
  return algorithm == GNUTLS_SIGN_ECDSA_SHA256 || algorithm == GNUTLS_SIGN_ECDSA_SHA384
         || algorithm == GNUTLS_SIGN_EDDSA_ED25519;
}

/* Its own signature: GnuTLS takes it for granted in a certificate that is trusted. */
static gboolean
check_own_signature (gnutls_x509_crt_t certificate, gnutls_pubkey_t key, const gnutls_datum_t *tbs,
                     GError **error)
{
  int algorithm = gnutls_x509_crt_get_signature_algorithm (certificate);
  guint8 bytes[256];
  gsize size = sizeof bytes;
  gnutls_datum_t signature = { bytes, 0 };

  if (algorithm < 0 || !is_known_algorithm ((gnutls_sign_algorithm_t) algorithm))
    return refuse (error, "its signature algorithm is not one of libp2p");
  if (gnutls_x509_crt_get_signature (certificate, (char *) bytes, &size) < 0)
    return refuse (error, "its signature cannot be read");
  signature.size = (guint) size;
  if (gnutls_pubkey_verify_data2 (key, (gnutls_sign_algorithm_t) algorithm, 0, tbs, &signature) < 0)
    return refuse (error, "it is not signed with its own key");

  return TRUE;
}

static gboolean
check_time (gnutls_x509_crt_t certificate, gint64 now_s, GError **error)
{
  time_t from = gnutls_x509_crt_get_activation_time (certificate);
  time_t until = gnutls_x509_crt_get_expiration_time (certificate);

  if (from == (time_t) -1 || until == (time_t) -1)
    return refuse (error, "its validity cannot be read");
  if (now_s < from)
    return refuse (error, "it is not yet valid");
  if (now_s > until)
    return refuse (error, "it has expired");

  return TRUE;
}

/* Finds the extension of libp2p. Others may be there, but none that we have to understand. */
static gboolean
find_extension (gnutls_x509_crt_t certificate, gnutls_datum_t *out, GError **error)
{
  int found = -1;

  for (guint i = 0; i <= MH_TLS_MAX_EXTENSIONS; i++)
    {
      char oid[256];
      gsize size = sizeof oid;
      guint is_critical = 0;
      int status = gnutls_x509_crt_get_extension_info (certificate, i, oid, &size, &is_critical);

      if (status == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        break;
      if (status < 0 || i == MH_TLS_MAX_EXTENSIONS)
        return refuse (error, "its extensions cannot be read");
      if (strcmp (oid, MH_TLS_EXTENSION_OID) == 0)
        {
          if (found >= 0)
            return refuse (error, "it has two extensions of libp2p");
          found = (int) i;
        }
      else if (is_critical && strcmp (oid, OID_BASIC_CONSTRAINTS) != 0
               && strcmp (oid, OID_KEY_USAGE) != 0)
        return refuse (error, "it has a critical extension that is not known");
    }
  if (found < 0)
    return refuse (error, "it has no extension of libp2p");
  if (gnutls_x509_crt_get_extension_data2 (certificate, (guint) found, out) < 0)
    return refuse (error, "its extension of libp2p cannot be read");

  return TRUE;
}

/* SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING } */
static gboolean
parse_signed_key (const gnutls_datum_t *extension, MhProof *proof)
{
  Slice whole = { extension->data, extension->size };
  Slice parts;
  Slice key;
  Slice signature;

  if (!take_der (&whole, TAG_SEQUENCE, &parts) || whole.size > 0
      || !take_der (&parts, TAG_OCTETS, &key) || !take_der (&parts, TAG_OCTETS, &signature)
      || parts.size > 0)
    return FALSE;
  *proof = (MhProof){ .key = key.data,
                      .key_size = key.size,
                      .signature = signature.data,
                      .signature_size = signature.size };

  return TRUE;
}

static gboolean
check_extension (gnutls_x509_crt_t certificate, gnutls_pubkey_t key, MhPeerId *peer, GError **error)
{
  g_auto (gnutls_datum_t) extension = { 0 };
  g_auto (gnutls_datum_t) spki = { 0 };
  MhProof proof;

  if (!find_extension (certificate, &extension, error))
    return FALSE;
  if (!parse_signed_key (&extension, &proof))
    return refuse (error, "its extension of libp2p is malformed");
  if (gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &spki) < 0)
    return refuse (error, "its key cannot be read");
  if (!mh_proof_check (&proof, MH_TLS_PURPOSE, spki.data, spki.size, peer, error))
    {
      g_prefix_error (error, "certificate refused: ");
      return FALSE;
    }

  return TRUE;
}

gboolean
mh_tls_certificate_verify (const guint8 *der, gsize size, gint64 now_s, MhPeerId *peer,
                           GError **error)
{
  gnutls_datum_t datum = { (guint8 *) der, (guint) size };
  gnutls_datum_t tbs;
  g_auto (gnutls_x509_crt_t) certificate = NULL;
  g_auto (gnutls_pubkey_t) key = NULL;

  if (size > MH_TLS_MAX_CERTIFICATE)
    return refuse (error, "it is too large");
  if (!slice_signed (der, size, &tbs) || gnutls_x509_crt_init (&certificate) < 0
      || gnutls_x509_crt_import (certificate, &datum, GNUTLS_X509_FMT_DER) < 0)
    return refuse (error, "it is malformed");
  if (gnutls_pubkey_init (&key) < 0 || gnutls_pubkey_import_x509 (key, certificate, 0) < 0)
    return refuse (error, "its key cannot be read");

  return check_time (certificate, now_s, error) && check_extension (certificate, key, peer, error)
         && check_own_signature (certificate, key, &tbs, error);
}

static GByteArray *
make_signed_key (const MhSigner *signer, const gnutls_datum_t *spki)
{
  guint8 signature[MH_SIGNATURE_SIZE];
  g_autoptr (GBytes) message = mh_public_key_message (mh_signer_public_key (signer));
  g_autoptr (GByteArray) parts = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  mh_proof_make (signer, MH_TLS_PURPOSE, spki->data, spki->size, signature);
  put_der (parts, TAG_OCTETS, g_bytes_get_data (message, NULL), g_bytes_get_size (message));
  put_der (parts, TAG_OCTETS, signature, sizeof signature);
  put_der (out, TAG_SEQUENCE, parts->data, parts->len);

  return out;
}

/* Returns: 0 or what GnuTLS failed with */
static int
fill (gnutls_x509_crt_t certificate, const MhSigner *signer, gnutls_x509_privkey_t key)
{
  static const char name[] = "libp2p.io";
  g_auto (gnutls_pubkey_t) public_key = NULL;
  g_auto (gnutls_datum_t) spki = { 0 };
  g_autoptr (GByteArray) extension = NULL;
  guint8 serial[SERIAL_SIZE];
  int status;

  mh_random_bytes (serial, sizeof serial);
  serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and as long as it says */

  if ((status = gnutls_x509_crt_set_version (certificate, 3)) < 0
      || (status = gnutls_x509_crt_set_serial (certificate, serial, sizeof serial)) < 0
      || (status = gnutls_x509_crt_set_activation_time (certificate, (time_t) NOT_BEFORE)) < 0
      || (status = gnutls_x509_crt_set_expiration_time (certificate, (time_t) NOT_AFTER)) < 0
      || (status = gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_ORGANIZATION_NAME, 0,
                                                  name, sizeof name - 1))
             < 0
      || (status = gnutls_x509_crt_set_key (certificate, key)) < 0
      || (status = gnutls_pubkey_init (&public_key)) < 0
      || (status = gnutls_pubkey_import_x509 (public_key, certificate, 0)) < 0
      || (status = gnutls_pubkey_export2 (public_key, GNUTLS_X509_FMT_DER, &spki)) < 0)
    return status;

  /* has to stay the first extension: js-libp2p looks nowhere else */
  extension = make_signed_key (signer, &spki);
  status = gnutls_x509_crt_set_extension_by_oid (certificate, MH_TLS_EXTENSION_OID, extension->data,
                                                 extension->len, 0);
  if (status < 0)
    return status;

  return gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
}

gnutls_x509_crt_t
mh_tls_certificate_make (const MhSigner *signer, gnutls_x509_privkey_t key, GError **error)
{
  gnutls_x509_crt_t certificate = NULL;
  int status = gnutls_x509_crt_init (&certificate);

  if (status == 0)
    status = fill (certificate, signer, key);
  if (status < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make a certificate: %s",
                   gnutls_strerror_name (status));
      g_clear_pointer (&certificate, gnutls_x509_crt_deinit);
    }

  return certificate;
}
