/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "auth-store.h"
#include "auth.h"
#include "base/limiter.h"
#include "crypto/hash.h"
#include "modules/audit/audit.h"

G_BEGIN_DECLS

struct _MhAuth
{
  MhClock *clock;         /* (unowned) */
  MhDbPool *db;           /* (unowned) */
  const MhSecret *master; /* (unowned) */
  MhAudit *audit;         /* (unowned) */
  MhLimiter *limiter;     /* (owned) */
  MhSecret *jwt_key;      /* (owned) */
  char *admin_token;      /* (owned) */
  char *admin_path;       /* (owned) */
  GMutex hashing;         /* one Argon2id at a time: 64 MiB each */
  GMutex lock;
  GHashTable *sessions;  /* (owned) (element-type utf8 MhSession) (locked-by lock) by id */
  GArray *tickets;       /* (owned) (locked-by lock) oldest first */
  gboolean has_password; /* (locked-by lock) */
  GHashTable *verifiers; /* (owned) (element-type MhTokenKind MhVerifier) set while starting */
};

/* Returns: (transfer full): the id of the session that @token opens */
char *mh_auth_hash_token (const char *token) G_GNUC_WARN_UNUSED_RESULT;

/* auth-jwt.c */
gboolean mh_auth_jwt_load (MhAuth *self, MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): the session id of a JWT that is ours and has not expired */
char *mh_auth_jwt_session (MhAuth *self, const char *token) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
