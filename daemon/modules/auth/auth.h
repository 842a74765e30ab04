/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/limiter.h"
#include "core/module.h"

G_BEGIN_DECLS

/* Accounts, credentials and sessions of all five surfaces. */
typedef struct _MhAuth MhAuth;

extern const MhModule mh_auth_module;

#define MH_AUTH_OWNER "owner" /* id of the user who has every realm */

/* How long sessions live, in milliseconds. The first is documented, the others are ours. */
#define MH_AUTH_BEARER_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)
#define MH_AUTH_ACCESS_MS (G_GINT64_CONSTANT (15) * 60 * 1000)
#define MH_AUTH_REFRESH_MS (G_GINT64_CONSTANT (7) * 24 * 3600 * 1000)
#define MH_AUTH_FLEET_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)
#define MH_AUTH_TORRENTS_MS (G_GINT64_CONSTANT (12) * 3600 * 1000)
#define MH_AUTH_TEMPORARY_MS (G_GINT64_CONSTANT (5) * 60 * 1000)

/* Kind of a session whose token is a refresh token; only JWTs that name it open anything. */
#define MH_AUTH_KIND_REFRESH "refresh"

/* A token that was just made; it is never stored, only its hash. */
typedef struct
{
  char *token; /* 64 hexadecimal digits */
  char *csrf;
  gint64 expires_ms; /* Unix milliseconds */
} MhAuthGrant;

void mh_auth_grant_free (MhAuthGrant *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhAuthGrant, mh_auth_grant_free)

/* What a session is opened for. Strings are borrowed. */
typedef struct
{
  const char *user_id; /* whose */
  const char *kind;    /* how it came about: `password`, `ticket`, `cli`, … */
  const char *address; /* of the client */
  MhRealms realms;     /* at most these, and at most those of the user */
  gint64 lifetime_ms;  /* milliseconds until it ends by itself */
} MhAuthTerms;

/**
 * mh_auth_open_session:
 * @self: the service
 * @terms: what for
 * @error: return location
 *
 * Thread: a worker, or the loop for the owner's local socket. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND for an unknown user; %MH_ERROR_UNAVAILABLE when too many are open
 * Returns: (transfer full): the token
 */
MhAuthGrant *mh_auth_open_session (MhAuth *self, const MhAuthTerms *terms,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_close_session:
 * @self: the service
 * @session_id: a session; an unknown one is no error
 * @error: return location
 *
 * Thread: a worker. Blocks on disk.
 * Errors: when it could not be written down: the session has ended, but would live again after a
 * restart
 */
gboolean mh_auth_close_session (MhAuth *self, const char *session_id,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_new_ticket:
 * @self: the service
 * @expires_ms: (out): Unix milliseconds
 *
 * A ticket for mh-0002: works once, for 60 seconds; at most 8 are outstanding, the oldest goes.
 *
 * Thread: any.
 * Returns: (transfer full): 64 hexadecimal digits
 */
char *mh_auth_new_ticket (MhAuth *self, gint64 *expires_ms) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether the ticket was good; it is not any more. Thread: any. */
gboolean mh_auth_use_ticket (MhAuth *self, const char *ticket);

/* Returns: whether the owner has a password. Thread: any. */
gboolean mh_auth_has_password (MhAuth *self);

/**
 * mh_auth_set_password:
 * @self: the service
 * @password: the owner's new password
 * @error: return location
 *
 * Ends every session of the owner.
 *
 * Thread: a worker. Hashes for a tenth of a second and blocks on disk.
 */
gboolean
mh_auth_set_password (MhAuth *self, const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_set_first_password:
 * @self: the service
 * @password: the owner's password
 * @error: return location
 *
 * As mh_auth_set_password(), but only while there is none, so that it ends no session.
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_CONFLICT when the owner has a password
 */
gboolean mh_auth_set_first_password (MhAuth *self, const char *password,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_set_credential:
 * @self: the service
 * @user_id: whose
 * @realm: one realm
 * @password: the new password for that realm
 * @error: return location
 *
 * Ends the sessions of that user which open no other realm; for the mesh every session.
 *
 * Thread: a worker. Hashes for a tenth of a second and blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND for an unknown user
 */
gboolean mh_auth_set_credential (MhAuth *self, const char *user_id, MhRealms realm,
                                 const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_add_user:
 * @self: the service
 * @name: login name, not used yet
 * @role: what the user may do
 * @realms: where; never %MH_REALM_MESH for somebody who registered alone
 * @error: return location
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_CONFLICT when the name is taken
 * Returns: (transfer full): the id of the user
 */
char *mh_auth_add_user (MhAuth *self, const char *name, MhRole role, MhRealms realms,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One attempt at a password. Strings are borrowed. */
typedef struct
{
  const char *user_id;  /* whose */
  MhRealms realm;       /* for which realm */
  const char *password; /* what was given */
  const char *address;  /* of the client: who is locked out after too many failures */
  guint left;           /* (out) attempts left after a failure */
} MhAuthAttempt;

/**
 * mh_auth_check_password:
 * @self: the service
 * @attempt: (inout): who tries what
 * @error: return location
 *
 * A realm without a credential of its own accepts the owner's. A failure counts against the
 * address before the next attempt is looked at, so that attempts at once get no more tries.
 *
 * Thread: a worker. One hash is computed at a time, which bounds the memory an attack can take.
 * Errors: %MH_ERROR_UNAVAILABLE when the owner has no password; %MH_ERROR_RATE_LIMITED, without
 * hashing, while the address is locked out; %MH_ERROR_UNAUTHENTICATED, after the same time, for a
 * wrong password and for a user who does not exist
 */
gboolean mh_auth_check_password (MhAuth *self, MhAuthAttempt *attempt,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_jwt_new:
 * @self: the service
 * @session_id: a session
 * @expires_ms: Unix milliseconds
 *
 * HS256; carries only the id of the session row, which decides.
 *
 * Returns: (transfer full): the token
 */
char *
mh_auth_jwt_new (MhAuth *self, const char *session_id, gint64 expires_ms) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_auth_use_refresh:
 * @self: the service
 * @token: a refresh token, which is the token of a session of kind %MH_AUTH_KIND_REFRESH
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): the id of its session, for mh_auth_jwt_new()
 */
char *mh_auth_use_refresh (MhAuth *self, const char *token) G_GNUC_WARN_UNUSED_RESULT;

/* Knows the keys of one kind. Runs on the loop and answers from memory; the principal is
 * (transfer full) (nullable). */
typedef struct
{
  MhPrincipal *(*verify) (gpointer self, const char *token);
  gpointer self;
} MhVerifier;

/* The module that makes keys of @kind says who they are, once, while it starts. Sessions and JWTs
 * are known here. */
void mh_auth_add_verifier (MhAuth *self, MhTokenKind kind, const MhVerifier *verifier);

/* Who knows the tokens, for the server. */
MhAuthenticator mh_auth_authenticator (MhAuth *self);

/* The failures of login, bootstrap-exchange and vault unlock share one budget by address. */
MhLimiter *mh_auth_limiter (MhAuth *self);

G_END_DECLS
