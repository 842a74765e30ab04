/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"
#include "http/access.h"

G_BEGIN_DECLS

typedef struct
{
  char *id; /* hexadecimal SHA-256 of the token */
  char *user_id;
  char *user_name;
  char *kind;
  char *csrf;
  char *address;
  MhRealms realms;
  MhRole role; /* of the user */
  gint64 created_ms;
  gint64 expires_ms;
} MhSession;

void mh_session_free (MhSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhSession, mh_session_free)

/* One row of users; strings are borrowed. */
typedef struct
{
  const char *id;
  const char *name; /* for people, and unique */
  MhRole role;
  MhRealms realms;
} MhUser;

/* Does nothing when the user exists. */
gboolean mh_auth_store_add_user (MhDb *db, const MhUser *user, gint64 now_ms,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fills in what a session has from its user. Errors: MH_ERROR_NOT_FOUND */
gboolean
mh_auth_store_get_user (MhDb *db, MhSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets @hash to %NULL when there is none for that realm. */
gboolean mh_auth_store_get_hash (MhDb *db, const char *user_id, MhRealms realm, char **hash,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mh_auth_store_set_hash (MhDb *db, const char *user_id, MhRealms realm, const char *hash,
                                 gint64 now_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One row a session; deleting one that is not there is no error. */
gboolean mh_auth_store_add_session (MhDb *db, const MhSession *session,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
mh_auth_store_delete_session (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The sessions of a user that open no other realm than @realm; all of them for the mesh. */
gboolean mh_auth_store_delete_sessions_of (MhDb *db, const char *user_id, MhRealms realm,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
mh_auth_store_delete_expired (MhDb *db, gint64 now_ms, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhSession) */
GPtrArray *mh_auth_store_sessions (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets @sealed to %NULL when there is none. */
gboolean mh_auth_store_get_key (MhDb *db, const char *name, GBytes **sealed,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mh_auth_store_set_key (MhDb *db, const char *name, GBytes *sealed,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
