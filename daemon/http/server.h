/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "request.h"

G_BEGIN_DECLS

/* The one HTTP listener. Lives on the thread-default main context of the thread that makes it. */
typedef struct _MhServer MhServer;

typedef struct
{
  const MhRoute *routes;
  guint n_routes;
  const char *page_prefix;          /* (nullable) resource path of static files, ends in a slash */
  const char *const *allowed_hosts; /* (nullable) Host names beside the loopback ones */
  guint max_connections;
  guint idle_timeout_s;
  gsize max_header_bytes;
  guint64 max_upload_bytes;
} MhServerOptions;

/* What happened since the last call of mh_server_take_stats(). */
typedef struct
{
  guint64 requests;
  guint64 bytes_in;  /* of request bodies */
  guint64 bytes_out; /* of response bodies */
  double p95_ms;     /* 95th percentile of the time to the answer; 0 without requests */
} MhServerStats;

MhServer *mh_server_new (const MhServerOptions *options) G_GNUC_WARN_UNUSED_RESULT;
void mh_server_free (MhServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhServer, mh_server_free)

/* Both before mh_server_listen(). @service is (transfer none) and outlives the server. */
void mh_server_set_service (MhServer *self, const char *module, gpointer service);
void mh_server_set_authenticator (MhServer *self, const MhAuthenticator *authenticator);

/**
 * mh_server_listen:
 * @self: the server
 * @address: HOST:PORT with a numeric host or "localhost"; port 0 picks one
 * @error: return location
 *
 * Thread: the loop.
 * Errors: %MH_ERROR_INVALID for a bad @address, %MH_ERROR_FAILED when it cannot be bound
 */
gboolean
mh_server_listen (MhServer *self, const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none) (nullable): http://HOST:PORT/ after mh_server_listen() */
const char *mh_server_url (MhServer *self);

/**
 * mh_server_stop:
 * @self: the server
 *
 * Stops listening, ends streams, and waits until no worker runs a request.
 *
 * Thread: the loop.
 */
void mh_server_stop (MhServer *self);

/* Thread: any. */
void mh_server_take_stats (MhServer *self, MhServerStats *stats);

G_END_DECLS
