/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gnutls/x509.h>

#include "secure-pair.h"

/* Somebody who speaks TLS by GnuTLS alone, with certificates that may be wrong in many ways. */

/* What is special about a certificate. All zeros is one that is right. */
typedef struct
{
  const char *name;
  gboolean is_bad;                 /* it has to be refused */
  gnutls_pk_algorithm_t algorithm; /* of its key; 0 is ECDSA P-256 */
  guint bits;
  gboolean no_extension;   /* of libp2p */
  gboolean two_extensions; /* of libp2p */
  gboolean is_critical;    /* that of libp2p is */
  gboolean bad_type;       /* the key of the peer is not Ed25519 */
  gboolean bad_proof;      /* the key is not the one that signed */
  gboolean bad_subject;    /* another key was signed */
  gboolean foreign;        /* it is signed with another key than its own */
  gboolean changed;        /* a byte is not the one that was signed */
  const char *other;       /* (nullable): OID of an extension before it */
  gboolean is_other_critical;
  guint others;          /* more extensions */
  gsize other_size;      /* bytes of each */
  gint64 from_s;         /* Unix time; 0 for an hour ago */
  gint64 until_s;        /* 0 for in an hour */
  const char *extension; /* (nullable): what is in that of libp2p */
  gsize extension_size;
} MhtForgery;

/* What a stranger does besides. */
typedef struct
{
  const char *name;
  int code;           /* of our error, or -1 */
  gboolean is_mutual; /* there is nothing in common, and whoever listens refuses */
  MhtForgery certificate;
  gboolean no_certificate;
  gboolean two_certificates;
  const char *priority;    /* (nullable) */
  const char *const *alpn; /* (nullable) */
  const char *muxer;       /* (nullable): that we agree on */
  gboolean has_tickets;
} MhtManner;

typedef struct
{
  gnutls_session_t session;
  gnutls_certificate_credentials_t credentials;
  MhBuf in;
  MhBuf out;
  gboolean is_open;
  int status; /* of the handshake */
  MhPeerId id;
} MhtStranger;

/* Makes a certificate and its key, and tells whose it claims to be. */
void mht_forge (const MhtForgery *how, gnutls_x509_crt_t *certificate, gnutls_x509_privkey_t *key,
                MhPeerId *id);

/* Returns: the DER of such a certificate */
GBytes *mht_forge_der (const MhtForgery *how, MhPeerId *id);

MhtStranger *mht_stranger_new (const MhtManner *manner, gboolean is_client);
void mht_stranger_free (MhtStranger *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhtStranger, mht_stranger_free)

/* Goes on with the handshake as far as @in allows. */
void mht_stranger_step (MhtStranger *self);

/* Lets both talk until both have nothing more to say. */
void mht_stranger_meet (MhtStranger *self, MhtEnd *end);
