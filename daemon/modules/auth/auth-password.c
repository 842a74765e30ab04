/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth-service.h"

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/password.h"
#include "crypto/random.h"

typedef struct
{
  const char *user_id;
  MhRealms realm;
  gboolean is_first; /* nobody can have come in by an older one */
} Scope;

gboolean
mh_auth_has_password (MhAuth *self)
{
  gboolean has = FALSE;

  g_mutex_lock (&self->lock);
  has = self->has_password;
  g_mutex_unlock (&self->lock);

  return has;
}

char *
mh_auth_add_user (MhAuth *self, const char *name, MhRole role, MhRealms realms, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);
  g_autoptr (GError) local = NULL;
  g_autofree char *id = NULL;
  MhUser user = { NULL, name, role, realms };
  guint8 bytes[16];

  if (lease == NULL)
    return NULL;

  mh_random_bytes (bytes, sizeof bytes);
  user.id = id = mh_hex_encode (bytes, sizeof bytes);
  if (mh_auth_store_add_user (mh_db_lease_db (lease), &user, mh_clock_now_ms (self->clock), &local))
    return g_steal_pointer (&id);

  if (g_error_matches (local, MH_DB_ERROR, MH_DB_ERROR_CONSTRAINT))
    g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT, "a user is called %s already", name);
  else
    g_propagate_error (error, g_steal_pointer (&local));

  return NULL;
}

static gboolean
is_in_scope (gpointer key, gpointer value, gpointer user_data)
{
  const MhSession *session = value;
  const Scope *scope = user_data;

  return g_str_equal (session->user_id, scope->user_id)
         && (scope->realm == MH_REALM_MESH || (session->realms & ~scope->realm) == 0);
}

static gboolean
save (MhAuth *self, const Scope *scope, const char *hash, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);
  g_autoptr (MhDbTxn) txn = NULL;
  g_autoptr (MhSession) user = g_new0 (MhSession, 1);
  MhDb *db = NULL;

  if (lease == NULL)
    return FALSE;

  db = mh_db_lease_db (lease);
  txn = mh_db_txn_begin (db, error);
  user->user_id = g_strdup (scope->user_id);

  return txn != NULL && mh_auth_store_get_user (db, user, error)
         && mh_auth_store_set_hash (db, scope->user_id, scope->realm, hash,
                                    mh_clock_now_ms (self->clock), error)
         && (scope->is_first
             || mh_auth_store_delete_sessions_of (db, scope->user_id, scope->realm, error))
         && mh_db_txn_commit (txn, error);
}

static gboolean
set (MhAuth *self, const Scope *scope, const char *password, GError **error)
{
  g_autofree char *hash = mh_password_hash (password);

  if (hash == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FAILED, "no memory for hashing the password");
      return FALSE;
    }

  if (!save (self, scope, hash, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  if (scope->realm == MH_REALM_MESH && g_str_equal (scope->user_id, MH_AUTH_OWNER))
    self->has_password = TRUE;
  if (!scope->is_first)
    g_hash_table_foreach_remove (self->sessions, is_in_scope, (gpointer) scope);
  g_mutex_unlock (&self->lock);

  return TRUE;
}

gboolean
mh_auth_set_credential (MhAuth *self, const char *user_id, MhRealms realm, const char *password,
                        GError **error)
{
  Scope scope = { user_id, realm, FALSE };
  gboolean ok = FALSE;

  g_mutex_lock (&self->hashing);
  ok = set (self, &scope, password, error);
  g_mutex_unlock (&self->hashing);

  return ok;
}

gboolean
mh_auth_set_password (MhAuth *self, const char *password, GError **error)
{
  return mh_auth_set_credential (self, MH_AUTH_OWNER, MH_REALM_MESH, password, error);
}

gboolean
mh_auth_set_first_password (MhAuth *self, const char *password, GError **error)
{
  Scope scope = { MH_AUTH_OWNER, MH_REALM_MESH, TRUE };
  gboolean ok = FALSE;

  g_mutex_lock (&self->hashing);
  if (mh_auth_has_password (self))
    g_set_error_literal (error, MH_ERROR, MH_ERROR_CONFLICT, "a password is already set");
  else
    ok = set (self, &scope, password, error);
  g_mutex_unlock (&self->hashing);

  return ok;
}

/* Sets @hash to %NULL when there is none that counts. */
static gboolean
find_hash (MhAuth *self, const Scope *scope, char **hash, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);
  MhDb *db = NULL;

  if (lease == NULL)
    return FALSE;

  db = mh_db_lease_db (lease);
  if (!mh_auth_store_get_hash (db, scope->user_id, scope->realm, hash, error))
    return FALSE;

  /* A realm without a credential of its own accepts the owner's. */
  if (*hash == NULL && scope->realm != MH_REALM_MESH && g_str_equal (scope->user_id, MH_AUTH_OWNER))
    return mh_auth_store_get_hash (db, scope->user_id, MH_REALM_MESH, hash, error);

  return TRUE;
}

/* Under the lock of hashing. */
static gboolean
try_once (MhAuth *self, MhAuthAttempt *attempt, const char *hash, GError **error)
{
  g_autofree char *spent = NULL;

  if (mh_limiter_wait_ms (self->limiter, attempt->address) > 0)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_RATE_LIMITED,
                           "too many failed logins from this address");
      return FALSE;
    }

  if (hash != NULL && mh_password_verify (hash, attempt->password))
    return TRUE;

  if (hash == NULL) /* a name that nobody has takes as long as one that somebody has */
    spent = mh_password_hash (attempt->password);
  attempt->left = mh_limiter_fail (self->limiter, attempt->address);
  g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED, "wrong password");

  return FALSE;
}

gboolean
mh_auth_check_password (MhAuth *self, MhAuthAttempt *attempt, GError **error)
{
  Scope scope = { attempt->user_id, attempt->realm, FALSE };
  g_autofree char *hash = NULL;
  gboolean good = FALSE;

  if (!find_hash (self, &scope, &hash, error))
    return FALSE;

  if (hash == NULL && g_str_equal (attempt->user_id, MH_AUTH_OWNER))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE,
                           "no password has been set; run: meshhold passwd");
      return FALSE;
    }

  g_mutex_lock (&self->hashing);
  good = try_once (self, attempt, hash, error);
  g_mutex_unlock (&self->hashing);

  return good;
}
