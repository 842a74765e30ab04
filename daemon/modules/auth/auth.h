/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/limiter.h"
#include "core/module.h"

G_BEGIN_DECLS

/* Accounts, credentials and sessions of all five surfaces. */
typedef struct _MhAuth MhAuth;

extern const MhModule mh_auth_module;

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

/* Ends one session. An unknown one is no error. Thread: any. Blocks on disk. */
void mh_auth_close_session (MhAuth *self, const char *session_id);

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
 * mh_auth_check_password:
 * @self: the service
 * @user_id: whose
 * @realm: for which realm
 * @password: what was given
 * @error: return location
 *
 * Thread: a worker. One hash is computed at a time, which bounds the memory an attack can take.
 * Errors: %MH_ERROR_UNAVAILABLE when no password was ever set, %MH_ERROR_UNAUTHENTICATED
 */
gboolean mh_auth_check_password (MhAuth *self, const char *user_id, MhRealms realm,
                                 const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

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

/* Who knows the tokens, for the server. */
MhAuthenticator mh_auth_authenticator (MhAuth *self);

/* The failures of login, bootstrap-exchange and vault unlock share one budget by address. */
MhLimiter *mh_auth_limiter (MhAuth *self);

G_END_DECLS
