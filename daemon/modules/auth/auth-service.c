/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth-service.h"

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/random.h"

#include <glib/gstdio.h>
#include <string.h>

#define TICKET_MS 60000 /* documented */
#define MAX_TICKETS 8
#define MAX_SESSIONS 10000

typedef struct
{
  char *hash; /* hexadecimal SHA-256 */
  gint64 expires_ms;
} Ticket;

static void
ticket_clear (gpointer data)
{
  g_free (((Ticket *) data)->hash);
}

void
mh_auth_grant_free (MhAuthGrant *self)
{
  if (self == NULL)
    return;

  g_free (self->token);
  g_free (self->csrf);
  g_free (self);
}

static char *
random_token (void)
{
  guint8 bytes[32];
  char *text = NULL;

  mh_random_bytes (bytes, sizeof bytes);
  text = mh_hex_encode (bytes, sizeof bytes);
  mh_wipe (bytes, sizeof bytes);

  return text;
}

char *
mh_auth_hash_token (const char *token)
{
  guint8 hash[MH_SHA256_SIZE];

  mh_sha256 ((const guint8 *) token, strlen (token), hash);

  return mh_hex_encode (hash, sizeof hash);
}

char *
mh_auth_new_ticket (MhAuth *self, gint64 *expires_ms)
{
  char *token = random_token ();
  Ticket ticket = { mh_auth_hash_token (token), mh_clock_now_ms (self->clock) + TICKET_MS };

  g_mutex_lock (&self->lock);
  if (self->tickets->len >= MAX_TICKETS)
    g_array_remove_index (self->tickets, 0);
  g_array_append_val (self->tickets, ticket);
  g_mutex_unlock (&self->lock);
  *expires_ms = ticket.expires_ms;

  return token;
}

gboolean
mh_auth_use_ticket (MhAuth *self, const char *ticket)
{
  g_autofree char *hash = mh_auth_hash_token (ticket);
  gint64 now_ms = mh_clock_now_ms (self->clock);
  gboolean good = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->tickets->len && !good; i++)
    {
      const Ticket *known = &g_array_index (self->tickets, Ticket, i);

      if (mh_text_equal_secret (known->hash, hash))
        {
          good = known->expires_ms > now_ms;
          g_array_remove_index (self->tickets, i);
          break;
        }
    }
  g_mutex_unlock (&self->lock);

  return good;
}

static gboolean
has_expired (gpointer key, gpointer value, gpointer user_data)
{
  return ((MhSession *) value)->expires_ms <= *(gint64 *) user_data;
}

static gboolean
save_session (MhAuth *self, MhSession *session, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);
  g_autoptr (MhDbTxn) txn = NULL;
  MhDb *db = NULL;

  if (lease == NULL)
    return FALSE;

  db = mh_db_lease_db (lease);
  txn = mh_db_txn_begin (db, error);

  return txn != NULL && mh_auth_store_get_user (db, session, error)
         && mh_auth_store_delete_expired (db, session->created_ms, error)
         && mh_auth_store_add_session (db, session, error) && mh_db_txn_commit (txn, error);
}

MhAuthGrant *
mh_auth_open_session (MhAuth *self, const MhAuthTerms *terms, GError **error)
{
  g_autoptr (MhSession) session = g_new0 (MhSession, 1);
  g_autoptr (MhAuthGrant) grant = g_new0 (MhAuthGrant, 1);
  gint64 now_ms = mh_clock_now_ms (self->clock);
  gboolean full = FALSE;

  g_mutex_lock (&self->lock);
  g_hash_table_foreach_remove (self->sessions, has_expired, &now_ms);
  full = g_hash_table_size (self->sessions) >= MAX_SESSIONS;
  g_mutex_unlock (&self->lock);
  if (full)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "more than %d sessions are open",
                   MAX_SESSIONS);
      return NULL;
    }

  grant->token = random_token ();
  grant->csrf = random_token ();
  grant->expires_ms = now_ms + terms->lifetime_ms;
  session->id = mh_auth_hash_token (grant->token);
  session->user_id = g_strdup (terms->user_id);
  session->kind = g_strdup (terms->kind);
  session->csrf = g_strdup (grant->csrf);
  session->address = g_strdup (terms->address);
  session->realms = terms->realms;
  session->created_ms = now_ms;
  session->expires_ms = grant->expires_ms;
  if (!save_session (self, session, error))
    return NULL;

  g_mutex_lock (&self->lock);
  g_hash_table_insert (self->sessions, session->id, session);
  session = NULL; /* the table has it; not stolen above, as arguments have no order */
  g_mutex_unlock (&self->lock);

  return g_steal_pointer (&grant);
}

gboolean
mh_auth_close_session (MhAuth *self, const char *session_id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->sessions, session_id);
  g_mutex_unlock (&self->lock);

  return lease != NULL && mh_auth_store_delete_session (mh_db_lease_db (lease), session_id, error);
}

/* Returns: (transfer full) (nullable): whom a session speaks for. A refresh token is no bearer: it
 * only opens when @of_refresh says that it is not itself what was shown. */
static MhPrincipal *
principal_of (MhAuth *self, const char *session_id, gboolean of_refresh)
{
  MhPrincipal *principal = NULL;
  const MhSession *session = NULL;
  gint64 now_ms = mh_clock_now_ms (self->clock);

  g_mutex_lock (&self->lock);
  session = g_hash_table_lookup (self->sessions, session_id);
  if (session != NULL && session->expires_ms > now_ms
      && (of_refresh || !g_str_equal (session->kind, MH_AUTH_KIND_REFRESH)))
    {
      MhPrincipal like = {
        .user_id = session->user_id,
        .name = session->user_name,
        .session_id = session->id,
        .csrf = session->csrf,
        .realms = session->realms,
        .role = session->role,
      };

      principal = mh_principal_new (&like);
    }
  g_mutex_unlock (&self->lock);

  return principal;
}

char *
mh_auth_use_refresh (MhAuth *self, const char *token)
{
  g_autofree char *session_id = mh_auth_hash_token (token);
  const MhSession *session = NULL;
  gboolean good = FALSE;

  g_mutex_lock (&self->lock);
  session = g_hash_table_lookup (self->sessions, session_id);
  good = session != NULL && session->expires_ms > mh_clock_now_ms (self->clock)
         && g_str_equal (session->kind, MH_AUTH_KIND_REFRESH);
  g_mutex_unlock (&self->lock);

  return good ? g_steal_pointer (&session_id) : NULL;
}

void
mh_auth_add_verifier (MhAuth *self, MhTokenKind kind, const MhVerifier *verifier)
{
  g_return_if_fail (!g_hash_table_contains (self->verifiers, GUINT_TO_POINTER (kind)));

  g_hash_table_insert (self->verifiers, GUINT_TO_POINTER (kind),
                       g_memdup2 (verifier, sizeof *verifier));
}

static MhPrincipal *
authenticate (gpointer user_data, const char *token, GError **error)
{
  MhAuth *self = user_data;
  MhTokenKind kind = mh_token_kind (token);
  const MhVerifier *verifier = g_hash_table_lookup (self->verifiers, GUINT_TO_POINTER (kind));
  g_autofree char *session_id = NULL;
  MhPrincipal *principal = NULL;

  if (kind == MH_TOKEN_SESSION)
    session_id = mh_auth_hash_token (token);
  else if (kind == MH_TOKEN_JWT)
    session_id = mh_auth_jwt_session (self, token);

  if (session_id != NULL)
    principal = principal_of (self, session_id, kind == MH_TOKEN_JWT);
  else if (verifier != NULL)
    principal = verifier->verify (verifier->self, token);
  if (principal == NULL)
    g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED,
                         "the token is unknown or has expired");

  return principal;
}

static gboolean
is_alive (gpointer user_data, const char *session_id)
{
  g_autoptr (MhPrincipal) principal = principal_of (user_data, session_id, TRUE);

  return principal != NULL;
}

MhAuthenticator
mh_auth_authenticator (MhAuth *self)
{
  return (MhAuthenticator){ authenticate, is_alive, self };
}

MhLimiter *
mh_auth_limiter (MhAuth *self)
{
  return self->limiter;
}

static gboolean
load (MhAuth *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);
  g_autoptr (GPtrArray) sessions = NULL;
  g_autofree char *hash = NULL;
  MhUser owner = { MH_AUTH_OWNER, MH_AUTH_OWNER, MH_ROLE_OWNER, MH_REALMS_ALL };
  MhDb *db = NULL;

  if (lease == NULL)
    return FALSE;

  db = mh_db_lease_db (lease);
  if (!mh_auth_store_add_user (db, &owner, mh_clock_now_ms (self->clock), error)
      || !mh_auth_store_delete_expired (db, mh_clock_now_ms (self->clock), error)
      || !mh_auth_store_get_hash (db, MH_AUTH_OWNER, MH_REALM_MESH, &hash, error))
    return FALSE;

  self->has_password = hash != NULL;
  sessions = mh_auth_store_sessions (db, error);
  if (sessions == NULL)
    return FALSE;

  while (sessions->len > 0)
    {
      MhSession *session = g_ptr_array_steal_index_fast (sessions, 0);

      g_hash_table_insert (self->sessions, session->id, session);
    }

  return mh_auth_jwt_load (self, db, error);
}

static gboolean
write_admin_token (MhAuth *self, MhCore *core, GError **error)
{
  g_autoptr (GError) local = NULL;

  self->admin_token = random_token ();
  self->admin_path = g_build_filename (mh_core_metadata_dir (core), "cli-admin.token", NULL);
  if (g_file_set_contents_full (self->admin_path, self->admin_token, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "writing %s: %s", self->admin_path,
               local->message);

  return FALSE;
}

static void
stop (gpointer service)
{
  MhAuth *self = service;

  if (self->admin_path != NULL)
    g_unlink (self->admin_path);
  g_clear_pointer (&self->limiter, mh_limiter_free);
  g_clear_pointer (&self->jwt_key, mh_secret_free);
  g_hash_table_unref (self->sessions);
  g_array_unref (self->tickets);
  g_hash_table_unref (self->verifiers);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->hashing);
  g_free (self->admin_token);
  g_free (self->admin_path);
  g_free (self);
}

static gpointer
start (MhCore *core, GError **error)
{
  MhAuth *self = g_new0 (MhAuth, 1);
  const MhConfig *config = mh_core_config (core);

  self->clock = mh_core_clock (core);
  self->db = mh_core_db (core);
  self->master = mh_core_master_key (core);
  self->audit = mh_core_service (core, "audit");
  g_mutex_init (&self->lock);
  g_mutex_init (&self->hashing);
  self->sessions =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) mh_session_free);
  self->verifiers = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->tickets = g_array_new (FALSE, FALSE, sizeof (Ticket));
  g_array_set_clear_func (self->tickets, ticket_clear);
  self->limiter = mh_limiter_new (self->clock, (guint) config->login_max_attempts,
                                  config->login_window_ms, config->login_lockout_ms);
  if (!load (self, error) || !write_admin_token (self, core, error))
    {
      stop (self);
      return NULL;
    }

  return self;
}

extern const MhMigration mh_auth_migrations[];

static const char *const requires[] = { "audit", NULL };

const MhModule mh_auth_module = {
  .name = "auth",
  .requires = requires,
  .migrations = mh_auth_migrations,
  .start = start,
  .stop = stop,
};
