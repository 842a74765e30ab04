/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/gnutls.h>

#include "crypto/sign.h"

G_BEGIN_DECLS

/**
 * MhTlsIdentity:
 *
 * What a host shows in all its TLS channels: a certificate and its key, which live in memory only.
 * Immutable and counted, so that threads may share it; a channel holds it as long as it needs it.
 */
typedef struct _MhTlsIdentity MhTlsIdentity;

/**
 * mh_tls_identity_new:
 * @signer: the key of this peer, needed during the call only
 * @error: return location
 *
 * Makes an ECDSA P-256 key and a certificate of it that @signer vouches for, which takes about a
 * millisecond.
 *
 * Thread: any.
 * Errors: %G_IO_ERROR_FAILED
 * Returns: (transfer full): an identity, or %NULL with @error set
 */
MhTlsIdentity *
mh_tls_identity_new (const MhSigner *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Holds it, and gives it back: key and certificate are freed with the last holder. Thread: any. */
MhTlsIdentity *mh_tls_identity_ref (MhTlsIdentity *self);
void mh_tls_identity_unref (MhTlsIdentity *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhTlsIdentity, mh_tls_identity_unref)

/* Returns: (transfer none): what GnuTLS shows to the other side */
gnutls_certificate_credentials_t mh_tls_identity_credentials (MhTlsIdentity *self);

/* Returns: (transfer none): which ciphers, groups and signatures are spoken */
gnutls_priority_t mh_tls_identity_priority (MhTlsIdentity *self);

G_END_DECLS
