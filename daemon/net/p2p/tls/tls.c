/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tls.h"

#include <errno.h>
#include <string.h>

#include "certificate.h"
#include "net/p2p/secure/proof.h"

/* tls.md, "ALPN" */
static const char no_muxer[] = "libp2p";

/* RFC 8446 §5.1: type, version, length; types go from change_cipher_spec to application_data, which
 * is the only one once all is sealed (§5.2) */
#define HEADER 5
#define FIRST_TYPE 20
#define LAST_TYPE 23
#define MAJOR_VERSION 3
/* §5.2: header, type of what is inside, tag */
#define RECORD_OVERHEAD (HEADER + 1 + 16)

typedef struct
{
  MhSecure base;
  MhTlsIdentity *identity;   /* (owned) */
  gnutls_session_t session;  /* (owned) */
  const char *const *muxers; /* (unowned) (nullable) */
  MhBuf *in;                 /* (unowned) (nullable): during a call */
  MhBuf *out;                /* (unowned) (nullable): during a call */
  gsize left;                /* bytes of a whole record in @in that GnuTLS did not take yet */
  gboolean is_starved;       /* GnuTLS asked for more than there is */
  const char *complaint;     /* (nullable): why what there is goes no further */
  gsize control;             /* bytes that came for TLS itself */
  gboolean is_proved;        /* the certificate of the other side was verified */
  gboolean is_closed;
  GError *refusal; /* (owned) (nullable): why the certificate was refused */
} MhTls;

/* Returns: bytes of the record at the front of @in, 0 while it is not whole */
static gsize
whole_record (MhTls *self)
{
  const guint8 *data;
  guint8 least = self->base.is_open ? LAST_TYPE : FIRST_TYPE;
  gsize size = self->in != NULL ? mh_buf_size (self->in) : 0;
  gsize length;

  if (size < HEADER)
    return 0;

  data = mh_buf_peek (self->in);
  length = (gsize) data[3] << 8 | data[4];
  if (data[0] < least || data[0] > LAST_TYPE || data[1] != MAJOR_VERSION
      || length > MH_TLS_MAX_RECORD)
    self->complaint = "the peer does not speak TLS";

  return size - HEADER >= length ? HEADER + length : 0;
}

/* GnuTLS would let a message of the handshake grow to 16 MiB before it asks whether it may. */
static void
count_control (MhTls *self, gsize size)
{
  self->control += size;
  if (self->control > MH_TLS_MAX_CONTROL)
    self->complaint = "the peer does not come to an end with TLS itself";
}

/*
 * GnuTLS gets records only when they are whole: for every piece of one it would keep memory for all
 * of it, which somebody who sends byte after byte could make use of.
 */
static gssize
pull (gnutls_transport_ptr_t data, void *to, gsize size)
{
  MhTls *self = data;

  if (self->left == 0)
    {
      self->left = whole_record (self);
      if (!self->base.is_open)
        count_control (self, self->left);
    }
  if (self->complaint != NULL)
    {
      gnutls_transport_set_errno (self->session, EBADMSG);
      return -1;
    }
  if (self->left == 0)
    {
      self->is_starved = TRUE;
      gnutls_transport_set_errno (self->session, EAGAIN);
      return -1;
    }

  size = MIN (size, self->left);
  memcpy (to, mh_buf_peek (self->in), size);
  mh_buf_consume (self->in, size);
  self->left -= size;

  return (gssize) size;
}

/* Returns: bytes that pull() would give at best */
static gsize
available (MhTls *self)
{
  return self->left > 0 ? self->left : whole_record (self);
}

/* Never waits: what is to be read is there when we are called. */
static int
pull_timeout (gnutls_transport_ptr_t data, guint timeout_ms)
{
  return available (data) > 0;
}

static gssize
push (gnutls_transport_ptr_t data, const void *from, gsize size)
{
  MhTls *self = data;

  mh_buf_append (self->out, from, size);

  return (gssize) size;
}

/* Called by GnuTLS in the middle of the handshake. Returns: 0, or anything else to refuse */
static int
verify (gnutls_session_t session)
{
  MhTls *self = gnutls_session_get_ptr (session);
  gint64 now_s = g_get_real_time () / G_USEC_PER_SEC;
  guint count = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &count);
  MhPeerId peer;

  if (chain == NULL || count != 1)
    g_set_error (&self->refusal, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 "the peer shows %u certificates instead of one", count);
  else
    self->is_proved =
        mh_tls_certificate_verify (chain[0].data, chain[0].size, now_s, &peer, &self->refusal)
        && mh_proof_accept (&self->base, &peer, &self->refusal);

  return self->is_proved ? 0 : -1;
}

static gboolean
fail (MhTls *self, int status, GError **error)
{
  switch (status)
    {
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "the peer ended TLS: %s",
                   gnutls_alert_get_name (gnutls_alert_get (self->session)));
      return FALSE;

    case GNUTLS_E_PULL_ERROR:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s", self->complaint);
      (void) gnutls_alert_send (self->session, GNUTLS_AL_FATAL, GNUTLS_A_UNEXPECTED_MESSAGE);
      return FALSE;

    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_CERTIFICATE_REQUIRED:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "the peer shows no certificate");
      break;

    default:
      if (self->refusal != NULL)
        g_propagate_error (error, g_steal_pointer (&self->refusal));
      else
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "TLS: %s",
                     gnutls_strerror_name (status));
      break;
    }
  (void) gnutls_alert_send_appropriate (self->session, status);

  return FALSE;
}

static const char *
chosen_muxer (MhTls *self)
{
  gnutls_datum_t name;

  if (gnutls_alpn_get_selected_protocol (self->session, &name) < 0)
    return NULL;
  for (guint i = 0; self->muxers != NULL && self->muxers[i] != NULL; i++)
    if (strlen (self->muxers[i]) == name.size
        && memcmp (self->muxers[i], name.data, name.size) == 0)
      return self->muxers[i];

  return NULL;
}

/* As far as it goes with what is there. */
static gboolean
shake_hands (MhTls *self, GError **error)
{
  int status;

  do
    {
      self->is_starved = FALSE;
      status = gnutls_handshake (self->session);
    }
  while (status < 0 && !gnutls_error_is_fatal (status) && !self->is_starved);

  if (status < 0)
    return gnutls_error_is_fatal (status) ? fail (self, status, error) : TRUE;
  if (!self->is_proved)
    return fail (self, GNUTLS_E_NO_CERTIFICATE_FOUND, error);
  self->base.muxer = chosen_muxer (self);
  self->base.is_open = TRUE;

  return TRUE;
}

/* Takes one record of @size bytes. Returns: 0 or what GnuTLS fails with */
static int
open_record (MhTls *self, gsize size, MhBuf *plain)
{
  gsize before = mh_buf_size (self->in);
  gsize most = MIN (size, MH_SECURE_PIECE); /* there is less plain text in it */
  gssize got = gnutls_record_recv (self->session, mh_buf_reserve (plain, most), most);

  if (got > 0)
    mh_buf_commit (plain, (gsize) got);
  else if (got == 0)
    self->base.is_ended = TRUE;
  else if (gnutls_error_is_fatal ((int) got))
    return (int) got;
  else /* counted, too, when GnuTLS had it already, so that this comes to an end */
    count_control (self, MAX (1, before - mh_buf_size (self->in)));

  return 0;
}

static gboolean
open_records (MhTls *self, MhBuf *plain, GError **error)
{
  gsize size = available (self);
  int status = 0;

  if (size > 0) /* room for all at once: growing step by step would copy */
    (void) mh_buf_reserve (plain, mh_buf_size (self->in));
  for (; size > 0 && status == 0 && !self->base.is_ended; size = available (self))
    status = open_record (self, size, plain);
  if (status == 0 && self->base.is_ended) /* nothing counts after the end */
    mh_buf_consume (self->in, mh_buf_size (self->in));
  else if (status == 0 && self->complaint != NULL)
    status = GNUTLS_E_PULL_ERROR;

  return status == 0 || fail (self, status, error);
}

static gboolean
tls_start (MhSecure *base, MhBuf *out, GError **error)
{
  MhTls *self = (MhTls *) base;
  gboolean ok;

  self->out = out;
  ok = shake_hands (self, error);
  self->out = NULL;

  return ok;
}

static gboolean
tls_feed (MhSecure *base, MhBuf *in, MhBuf *plain, MhBuf *out, GError **error)
{
  MhTls *self = (MhTls *) base;
  gboolean ok = TRUE;

  self->in = in;
  self->out = out;
  if (!base->is_open)
    ok = shake_hands (self, error);
  if (ok && base->is_open)
    ok = open_records (self, plain, error);
  self->in = NULL;
  self->out = NULL;

  return ok;
}

static gboolean
tls_seal (MhSecure *base, const guint8 *plain, gsize size, MhBuf *out, GError **error)
{
  MhTls *self = (MhTls *) base;
  gssize taken = 0;

  if (self->is_closed)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the channel was closed");
      return FALSE;
    }

  self->out = out;
  (void) mh_buf_reserve (out, size + (size / MH_SECURE_PIECE + 1) * RECORD_OVERHEAD);
  while (size > 0 && taken >= 0)
    {
      taken = gnutls_record_send (self->session, plain, MIN (size, MH_SECURE_PIECE));
      if (taken < 0)
        break;
      plain += taken;
      size -= (gsize) taken;
    }
  self->out = NULL;
  if (taken < 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "TLS: %s",
                 gnutls_strerror_name ((int) taken));

  return taken >= 0;
}

static void
tls_close (MhSecure *base, MhBuf *out)
{
  MhTls *self = (MhTls *) base;

  if (!base->is_open || self->is_closed)
    return;

  self->is_closed = TRUE;
  self->out = out;
  (void) gnutls_bye (self->session, GNUTLS_SHUT_WR); /* there is nothing to do when it fails */
  self->out = NULL;
}

static void
tls_free (MhSecure *base)
{
  MhTls *self = (MhTls *) base;

  gnutls_deinit (self->session);
  mh_tls_identity_unref (self->identity);
  g_clear_error (&self->refusal);
  g_free (self);
}

static const MhSecureFuncs funcs = {
  .start = tls_start,
  .feed = tls_feed,
  .seal = tls_seal,
  .close = tls_close,
  .free = tls_free,
};

static void
offer_muxers (MhTls *self, gboolean is_client)
{
  gnutls_datum_t names[MH_TLS_MAX_MUXERS + 1];
  guint count = 0;
  int status;

  while (self->muxers != NULL && self->muxers[count] != NULL && count < MH_TLS_MAX_MUXERS)
    {
      const char *name = self->muxers[count];

      names[count++] = (gnutls_datum_t){ (guint8 *) name, (guint) strlen (name) };
    }
  names[count++] = (gnutls_datum_t){ (guint8 *) no_muxer, sizeof no_muxer - 1 };

  /* who offers names has to have one of ours; who offers none agrees later */
  status = gnutls_alpn_set_protocols (self->session, names, count,
                                      is_client ? 0 : GNUTLS_ALPN_MANDATORY);
  g_assert (status == 0);
}

static void
set_up (MhTls *self, gboolean is_client)
{
  guint flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS | GNUTLS_FORCE_CLIENT_CERT
                | (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER);
  int status = gnutls_init (&self->session, flags);

  g_assert (status == 0);
  status = gnutls_priority_set (self->session, mh_tls_identity_priority (self->identity));
  g_assert (status == 0);
  status = gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE,
                                   mh_tls_identity_credentials (self->identity));
  g_assert (status == 0);

  gnutls_session_set_ptr (self->session, self);
  gnutls_session_set_verify_function (self->session, verify);
  gnutls_certificate_server_set_request (self->session, GNUTLS_CERT_REQUIRE);
  gnutls_transport_set_ptr (self->session, self);
  gnutls_transport_set_pull_function (self->session, pull);
  gnutls_transport_set_pull_timeout_function (self->session, pull_timeout);
  gnutls_transport_set_push_function (self->session, push);
}

MhSecure *
mh_tls_new (MhTlsIdentity *identity, gboolean is_client, const MhPeerId *expected,
            const char *const *muxers)
{
  MhTls *self = g_new0 (MhTls, 1);

  self->base.funcs = &funcs;
  self->base.has_expected = expected != NULL;
  if (expected != NULL)
    self->base.expected = *expected;
  self->identity = mh_tls_identity_ref (identity);
  self->muxers = muxers;
  set_up (self, is_client);
  offer_muxers (self, is_client);

  return &self->base;
}
