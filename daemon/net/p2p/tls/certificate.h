/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "crypto/sign.h"
#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/*
 * The certificates of libp2p (specs tls/tls.md, "Peer Authentication"): self-signed with a key of
 * their own, which the key of the peer signs in an extension.
 */

#define MH_TLS_EXTENSION_OID "1.3.6.1.4.1.53594.1.1"

/* What is put before the key of the certificate when the peer signs it. */
#define MH_TLS_PURPOSE "libp2p-tls-handshake:"

/* Bytes of a certificate that is looked at. One with an RSA key for both takes about 1700. */
#define MH_TLS_MAX_CERTIFICATE 4096

/* Extensions of it that are looked at. */
#define MH_TLS_MAX_EXTENSIONS 32

/**
 * mh_tls_certificate_make:
 * @signer: the key of this peer
 * @key: the key of the certificate
 * @error: return location
 *
 * Thread: any.
 * Errors: %G_IO_ERROR_FAILED
 * Returns: (transfer full): a certificate for gnutls_x509_crt_deinit(), or %NULL with @error set.
 * It is valid from 1975 to 4096, so that no clock can be wrong about it.
 */
gnutls_x509_crt_t mh_tls_certificate_make (const MhSigner *signer, gnutls_x509_privkey_t key,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_tls_certificate_verify:
 * @der: a certificate
 * @size: its bytes
 * @now_s: Unix time, seconds
 * @peer: (out): whose it is, when it is right
 * @error: return location
 *
 * Thread: any.
 * Errors: %G_IO_ERROR_PERMISSION_DENIED, whatever is wrong with it
 * Returns: %FALSE with @error set
 */
gboolean mh_tls_certificate_verify (const guint8 *der, gsize size, gint64 now_s, MhPeerId *peer,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
