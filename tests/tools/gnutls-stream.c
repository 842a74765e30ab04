/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

/*
 * What a stream over GnuTLS alone does on this machine, to compare with: `gnutls-stream serve HOST
 * PORT` prints its port and takes one connection; `gnutls-stream send HOST PORT BYTES` prints how
 * many microseconds that many bytes took.
 */

#define PIECE 16384

static void
check (int status, const char *what)
{
  if (status >= 0)
    return;
  fprintf (stderr, "gnutls-stream: %s: %s\n", what, gnutls_strerror (status));
  exit (1);
}

static gnutls_certificate_credentials_t
make_credentials (void)
{
  gnutls_certificate_credentials_t credentials = NULL;
  gnutls_x509_privkey_t key = NULL;
  gnutls_x509_crt_t certificate = NULL;

  check (gnutls_certificate_allocate_credentials (&credentials), "credentials");
  check (gnutls_x509_privkey_init (&key), "key");
  check (gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
         "key");
  check (gnutls_x509_crt_init (&certificate), "certificate");
  check (gnutls_x509_crt_set_version (certificate, 3), "certificate");
  check (gnutls_x509_crt_set_key (certificate, key), "certificate");
  check (gnutls_x509_crt_set_serial (certificate, "1", 1), "certificate");
  check (gnutls_x509_crt_set_activation_time (certificate, time (NULL) - 60), "certificate");
  check (gnutls_x509_crt_set_expiration_time (certificate, time (NULL) + 3600), "certificate");
  check (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0), "signing");
  check (gnutls_certificate_set_x509_key (credentials, &certificate, 1, key), "credentials");
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);

  return credentials;
}

static gnutls_session_t
make_session (GSocket *socket, unsigned int flags, gnutls_certificate_credentials_t credentials)
{
  gnutls_session_t session = NULL;

  check (gnutls_init (&session, flags), "session");
  check (gnutls_priority_set_direct (session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL), "priority");
  check (gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials), "credentials");
  if (!g_unix_set_fd_nonblocking (g_socket_get_fd (socket), FALSE, NULL)) /* GSocket makes it so */
    exit (1);
  gnutls_transport_set_int (session, g_socket_get_fd (socket));
  check (gnutls_handshake (session), "handshake");

  return session;
}

static GSocket *
new_socket (void)
{
  return g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
}

/* Returns: (transfer full): a host and a port of the command line */
static GSocketAddress *
address_of (char **words)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (
      words[0], (guint) g_ascii_strtoull (words[1], NULL, 10));

  if (address == NULL)
    exit (2);

  return address;
}

static void
serve (GSocketAddress *address)
{
  g_autoptr (GSocket) socket = new_socket ();
  g_autoptr (GSocketAddress) own = NULL;
  g_autoptr (GSocket) taken = NULL;
  gnutls_certificate_credentials_t credentials = make_credentials ();
  gnutls_session_t session;
  static char buffer[PIECE];
  ssize_t got;

  if (!g_socket_bind (socket, address, TRUE, NULL) || !g_socket_listen (socket, NULL))
    exit (1);
  own = g_socket_get_local_address (socket, NULL);
  printf ("%u\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (own)));
  fflush (stdout);
  taken = g_socket_accept (socket, NULL, NULL);
  session = make_session (taken, GNUTLS_SERVER, credentials);
  while ((got = gnutls_record_recv (session, buffer, sizeof buffer)) > 0)
    ;
  check ((int) gnutls_record_send (session, "k", 1), "answering");
  gnutls_deinit (session);
  gnutls_certificate_free_credentials (credentials);
}

static void
send_all (GSocketAddress *address, guint64 bytes)
{
  g_autoptr (GSocket) socket = new_socket ();
  gnutls_certificate_credentials_t credentials = make_credentials ();
  gnutls_session_t session;
  static char buffer[PIECE];
  gint64 began_us;

  if (!g_socket_connect (socket, address, NULL, NULL))
    exit (1);
  session = make_session (socket, GNUTLS_CLIENT, credentials);
  began_us = g_get_monotonic_time ();
  for (guint64 sent = 0; sent < bytes; sent += PIECE)
    check ((int) gnutls_record_send (session, buffer, sizeof buffer), "sending");
  check (gnutls_bye (session, GNUTLS_SHUT_WR), "ending");
  check ((int) gnutls_record_recv (session, buffer, 1), "the answer");
  printf ("%" G_GINT64_FORMAT "\n", g_get_monotonic_time () - began_us);
  gnutls_deinit (session);
  gnutls_certificate_free_credentials (credentials);
}

int
main (int argc, char **argv)
{
  g_autoptr (GSocketAddress) address = argc >= 4 ? address_of (argv + 2) : NULL;

  if (argc == 4 && strcmp (argv[1], "serve") == 0)
    serve (address);
  else if (argc == 5 && strcmp (argv[1], "send") == 0)
    send_all (address, g_ascii_strtoull (argv[4], NULL, 10));
  else
    return 2;

  return 0;
}
