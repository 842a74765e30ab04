/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth.h"

#include "base/error.h"
#include "core/config-file.h"
#include "crypto/crypto.h"
#include "modules/audit/audit.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOON_MS G_GINT64_CONSTANT (1800000000000)

/* A home with the two modules that accounts are made of, under a clock that the test holds. */
typedef struct
{
  char *home;
  MhCore *core;
  MhAuth *auth;
  MhAuthenticator authenticator;
} World;

static void
world_start (World *self, gint64 now_ms)
{
  static const MhModule *const modules[] = { &mh_audit_module, &mh_auth_module, NULL };
  g_autofree char *config_path = g_build_filename (self->home, "config.yaml", NULL);
  g_autoptr (GError) error = NULL;
  MhCoreOptions options = { self->home, "127.0.0.1:0" };
  MhConfig *config = mh_config_load (config_path, &error);

  g_assert_no_error (error);
  self->core = mh_core_new (&options, config, &error);
  g_assert_no_error (error);
  mh_clock_set_ms (mh_core_clock (self->core), now_ms);
  g_assert_true (mh_core_start_modules (self->core, modules, &error));
  g_assert_no_error (error);
  self->auth = mh_core_service (self->core, "auth");
  self->authenticator = mh_auth_authenticator (self->auth);
}

static void
world_stop (World *self)
{
  mh_core_stop_modules (self->core);
  g_clear_pointer (&self->core, mh_core_free);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name = NULL;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
world_set_up (World *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mh_crypto_init (&error));
  self->home = g_dir_make_tmp ("mh-auth-XXXXXX", &error);
  g_assert_no_error (error);
  world_start (self, NOON_MS);
}

static void
world_tear_down (World *self, gconstpointer data)
{
  world_stop (self);
  remove_tree (self->home);
  g_free (self->home);
}

static void
set_clock (World *self, gint64 now_ms)
{
  mh_clock_set_ms (mh_core_clock (self->core), now_ms);
}

static MhAuthGrant *
open_session (World *self, const char *user_id, const char *kind, MhRealms realms,
              gint64 lifetime_ms)
{
  MhAuthTerms terms = { user_id, kind, "127.0.0.1", realms, lifetime_ms };
  g_autoptr (GError) error = NULL;
  MhAuthGrant *grant = mh_auth_open_session (self->auth, &terms, &error);

  g_assert_no_error (error);

  return grant;
}

static MhAuthGrant *
open_owner (World *self)
{
  return open_session (self, MH_AUTH_OWNER, "password", MH_REALMS_ALL, MH_AUTH_BEARER_MS);
}

/* Returns: (transfer full) (nullable): whom a token speaks for */
static MhPrincipal *
who (World *self, const char *token)
{
  g_autoptr (GError) error = NULL;
  MhPrincipal *principal =
      self->authenticator.authenticate (self->authenticator.self, token, &error);

  if (principal == NULL)
    g_assert_error (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED);
  else
    g_assert_no_error (error);

  return principal;
}

static gboolean
opens (World *self, const char *token)
{
  g_autoptr (MhPrincipal) principal = who (self, token);

  return principal != NULL;
}

static void
test_ticket (World *self, gconstpointer data)
{
  gint64 expires_ms = 0;
  g_autofree char *first = mh_auth_new_ticket (self->auth, &expires_ms);
  g_autofree char *second = mh_auth_new_ticket (self->auth, &expires_ms);

  g_test_summary ("a ticket works once and for 60 seconds");
  g_assert_cmpint (expires_ms, ==, NOON_MS + 60000);
  g_assert_cmpstr (first, !=, second);
  set_clock (self, NOON_MS + 59999);
  g_assert_true (mh_auth_use_ticket (self->auth, first));
  g_assert_false (mh_auth_use_ticket (self->auth, first));
  set_clock (self, NOON_MS + 60000);
  g_assert_false (mh_auth_use_ticket (self->auth, second));
  set_clock (self, NOON_MS);
  g_assert_false (mh_auth_use_ticket (self->auth, second)); /* tried too late is used up */
}

static void
test_bearer_lives_a_day (World *self, gconstpointer data)
{
  g_autoptr (MhAuthGrant) grant = open_owner (self);
  g_autoptr (MhPrincipal) principal = who (self, grant->token);

  g_test_summary ("a bearer ends after 24 hours, whether or not the daemon was restarted");
  g_assert_cmpint (grant->expires_ms, ==, NOON_MS + 24 * 3600 * 1000);
  g_assert_cmpstr (principal->user_id, ==, MH_AUTH_OWNER);
  g_assert_cmpint (principal->role, ==, MH_ROLE_OWNER);
  g_assert_cmpuint (principal->realms, ==, MH_REALMS_ALL);
  g_assert_cmpstr (principal->csrf, ==, grant->csrf);
  world_stop (self);
  world_start (self, NOON_MS + MH_AUTH_BEARER_MS - 1);
  g_assert_true (opens (self, grant->token));
  set_clock (self, NOON_MS + MH_AUTH_BEARER_MS);
  g_assert_false (opens (self, grant->token));
  g_assert_false (self->authenticator.is_alive (self->authenticator.self, principal->session_id));
}

static void
test_closed (World *self, gconstpointer data)
{
  g_autoptr (MhAuthGrant) grant = open_owner (self);
  g_autoptr (MhAuthGrant) other = open_owner (self);
  g_autoptr (MhPrincipal) principal = who (self, grant->token);

  g_assert_true (mh_auth_close_session (self->auth, principal->session_id, NULL));
  g_assert_false (opens (self, grant->token));
  g_assert_true (opens (self, other->token));
  world_stop (self);
  world_start (self, NOON_MS);
  g_assert_false (opens (self, grant->token));
  g_assert_true (opens (self, other->token));
}

/* A token whose @part, counted from 0, has another last character. */
static char *
forge (const char *token, guint part)
{
  g_auto (GStrv) parts = g_strsplit (token, ".", 3);
  char *last = parts[part] + strlen (parts[part]) - 2;

  *last = *last == 'A' ? 'B' : 'A';

  return g_strjoinv (".", parts);
}

static void
test_jwt (World *self, gconstpointer data)
{
  g_autoptr (MhAuthGrant) grant = open_owner (self);
  g_autoptr (MhPrincipal) principal = who (self, grant->token);
  g_autofree char *jwt =
      mh_auth_jwt_new (self->auth, principal->session_id, NOON_MS + MH_AUTH_ACCESS_MS);
  g_auto (GStrv) parts = g_strsplit (jwt, ".", -1);
  /* {"alg":"none"} */
  g_autofree char *none = g_strdup_printf ("eyJhbGciOiJub25lIn0.%s.", parts[1]);
  g_autofree char *signed_none = g_strdup_printf ("eyJhbGciOiJub25lIn0.%s.%s", parts[1], parts[2]);
  g_autofree char *unsigned_jwt = g_strdup_printf ("%s.%s.", parts[0], parts[1]);
  g_autoptr (MhPrincipal) same = who (self, jwt);

  g_test_summary ("a JWT opens what its session row opens, while both live, and cannot be forged");
  g_assert_cmpint (mh_token_kind (jwt), ==, MH_TOKEN_JWT);
  g_assert_cmpstr (same->session_id, ==, principal->session_id);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *forged = forge (jwt, i);

      g_assert_false (opens (self, forged));
    }
  g_assert_false (opens (self, none));
  g_assert_false (opens (self, signed_none));
  g_assert_false (opens (self, unsigned_jwt));
  g_assert_false (opens (self, ".."));

  world_stop (self);
  world_start (self, NOON_MS + MH_AUTH_ACCESS_MS - 1000);
  g_assert_true (opens (self, jwt));
  set_clock (self, NOON_MS + MH_AUTH_ACCESS_MS);
  g_assert_false (opens (self, jwt));
  set_clock (self, NOON_MS);
  g_assert_true (opens (self, jwt));
  g_assert_true (mh_auth_close_session (self->auth, principal->session_id, NULL));
  g_assert_false (opens (self, jwt));
}

static void
test_refresh (World *self, gconstpointer data)
{
  g_autoptr (MhAuthGrant) plain = open_owner (self);
  g_autoptr (MhAuthGrant) refresh =
      open_session (self, MH_AUTH_OWNER, MH_AUTH_KIND_REFRESH, MH_REALM_CLOUD, MH_AUTH_REFRESH_MS);
  g_autofree char *session_id = mh_auth_use_refresh (self->auth, refresh->token);
  g_autofree char *jwt = NULL;
  g_autoptr (MhPrincipal) principal = NULL;

  g_test_summary ("a refresh token is no bearer; it only makes JWTs of its session");
  g_assert_nonnull (session_id);
  g_assert_false (opens (self, refresh->token));
  g_assert_null (mh_auth_use_refresh (self->auth, plain->token));
  jwt = mh_auth_jwt_new (self->auth, session_id, NOON_MS + MH_AUTH_ACCESS_MS);
  principal = who (self, jwt);
  g_assert_cmpuint (principal->realms, ==, MH_REALM_CLOUD);
  g_assert_true (self->authenticator.is_alive (self->authenticator.self, session_id));
  set_clock (self, NOON_MS + MH_AUTH_REFRESH_MS);
  g_assert_null (mh_auth_use_refresh (self->auth, refresh->token));
}

static void
test_users_stay_in_their_realms (World *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *eve =
      mh_auth_add_user (self->auth, "eve", MH_ROLE_USER, MH_REALM_AGENTS, &error);
  g_autoptr (MhAuthGrant) grant = NULL;
  g_autoptr (MhPrincipal) principal = NULL;
  MhAuthTerms nobody = { "nobody", "password", "127.0.0.1", MH_REALMS_ALL, 1000 };

  g_test_summary ("who registered for the agents gets no other realm, whatever is asked for");
  g_assert_no_error (error);
  grant = open_session (self, eve, "password", MH_REALMS_ALL, MH_AUTH_BEARER_MS);
  principal = who (self, grant->token);
  g_assert_cmpuint (principal->realms, ==, MH_REALM_AGENTS);
  g_assert_cmpint (principal->role, ==, MH_ROLE_USER);
  g_assert_cmpstr (principal->name, ==, "eve");
  world_stop (self);
  world_start (self, NOON_MS);
  g_clear_pointer (&principal, mh_principal_unref);
  principal = who (self, grant->token);
  g_assert_cmpuint (principal->realms, ==, MH_REALM_AGENTS);
  g_assert_cmpint (principal->role, ==, MH_ROLE_USER);

  g_assert_null (mh_auth_add_user (self->auth, "eve", MH_ROLE_ADMIN, MH_REALMS_ALL, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_null (mh_auth_open_session (self->auth, &nobody, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

static int
try_password (World *self, const char *user_id, MhRealms realm, const char *password)
{
  MhAuthAttempt attempt = { user_id, realm, password, "192.0.2.1", 0 };
  g_autoptr (GError) error = NULL;

  if (mh_auth_check_password (self->auth, &attempt, &error))
    return -1;

  g_assert_cmpuint (error->domain, ==, MH_ERROR);

  return error->code;
}

static void
test_passwords (World *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *eve =
      mh_auth_add_user (self->auth, "eve", MH_ROLE_USER, MH_REALM_AGENTS, &error);

  g_test_summary ("a realm without a password of its own takes the owner's, and only the owner's");
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_MESH, "x"), ==,
                   MH_ERROR_UNAVAILABLE);
  g_assert_true (mh_auth_set_first_password (self->auth, "correct horse", &error));
  g_assert_no_error (error);
  g_assert_false (mh_auth_set_first_password (self->auth, "another", &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_MESH, "correct horse"), ==, -1);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_TORRENTS, "correct horse"), ==, -1);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_MESH, "another"), ==,
                   MH_ERROR_UNAUTHENTICATED);

  g_assert_true (
      mh_auth_set_credential (self->auth, MH_AUTH_OWNER, MH_REALM_TORRENTS, "torrents!", &error));
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_TORRENTS, "torrents!"), ==, -1);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_TORRENTS, "correct horse"), ==,
                   MH_ERROR_UNAUTHENTICATED);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_MESH, "torrents!"), ==,
                   MH_ERROR_UNAUTHENTICATED);

  /* neither a user without a password nor a name that nobody has is told apart */
  g_assert_cmpint (try_password (self, eve, MH_REALM_AGENTS, "correct horse"), ==,
                   MH_ERROR_UNAUTHENTICATED);
  g_assert_cmpint (try_password (self, "nobody", MH_REALM_AGENTS, "correct horse"), ==,
                   MH_ERROR_UNAUTHENTICATED);
  g_assert_false (
      mh_auth_set_credential (self->auth, "nobody", MH_REALM_AGENTS, "correct horse", &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
}

static void
test_new_password_ends_sessions (World *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *eve =
      mh_auth_add_user (self->auth, "eve", MH_ROLE_USER, MH_REALM_AGENTS, &error);
  g_autoptr (MhAuthGrant) owner = open_owner (self);
  g_autoptr (MhAuthGrant) torrents =
      open_session (self, MH_AUTH_OWNER, "password", MH_REALM_TORRENTS, MH_AUTH_TORRENTS_MS);
  g_autoptr (MhAuthGrant) others =
      open_session (self, eve, "password", MH_REALM_AGENTS, MH_AUTH_BEARER_MS);

  g_test_summary ("a new password ends the sessions of its realm; the owner's ends all of theirs");
  g_assert_true (
      mh_auth_set_credential (self->auth, MH_AUTH_OWNER, MH_REALM_TORRENTS, "torrents!", &error));
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (opens (self, torrents->token));
      g_assert_true (opens (self, owner->token));
      world_stop (self);
      world_start (self, NOON_MS);
    }

  g_assert_true (mh_auth_set_password (self->auth, "correct horse", &error));
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (opens (self, owner->token));
      g_assert_true (opens (self, others->token));
      world_stop (self);
      world_start (self, NOON_MS);
    }
  g_assert_true (mh_auth_has_password (self->auth));
}

static void
test_first_password_ends_none (World *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhAuthGrant) owner = open_owner (self);

  g_assert_true (mh_auth_set_first_password (self->auth, "correct horse", &error));
  g_assert_true (opens (self, owner->token));
  world_stop (self);
  world_start (self, NOON_MS);
  g_assert_true (opens (self, owner->token));
}

static gpointer
attempt_cb (gpointer data)
{
  return GINT_TO_POINTER (try_password (data, MH_AUTH_OWNER, MH_REALM_MESH, "wrong"));
}

static void
test_lockout_at_once (World *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GThread *threads[24];
  guint tried = 0;

  g_test_summary ("of many attempts at once only 15 get as far as the password");
  g_assert_true (mh_auth_set_password (self->auth, "correct horse", &error));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("attempt", attempt_cb, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      int code = GPOINTER_TO_INT (g_thread_join (threads[i]));

      g_assert_true (code == MH_ERROR_UNAUTHENTICATED || code == MH_ERROR_RATE_LIMITED);
      tried += code == MH_ERROR_UNAUTHENTICATED;
    }
  g_assert_cmpuint (tried, ==, 15);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_MESH, "correct horse"), ==,
                   MH_ERROR_RATE_LIMITED);
  set_clock (self, NOON_MS + 15 * 60 * 1000);
  g_assert_cmpint (try_password (self, MH_AUTH_OWNER, MH_REALM_MESH, "correct horse"), ==, -1);
}

static MhPrincipal *
verify_cb (gpointer user_data, const char *token)
{
  MhPrincipal like = { .user_id = (char *) MH_AUTH_OWNER, .realms = MH_REALM_CLOUD };

  return g_str_equal (token, user_data) ? mh_principal_new (&like) : NULL;
}

static void
test_verifier (World *self, gconstpointer data)
{
  MhVerifier verifier = { verify_cb, (gpointer) "quaz_right" };

  g_test_summary ("keys of another module are known by that module, each kind by its own");
  g_assert_false (opens (self, "quaz_right"));
  mh_auth_add_verifier (self->auth, MH_TOKEN_MCP_KEY, &verifier);
  g_assert_true (opens (self, "quaz_right"));
  g_assert_false (opens (self, "quaz_wrong"));
  g_assert_false (opens (self, "mhk_right"));
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (World *, gconstpointer);
  } tests[] = {
    { "/auth/ticket", test_ticket },
    { "/auth/bearer-lives-a-day", test_bearer_lives_a_day },
    { "/auth/closed", test_closed },
    { "/auth/jwt", test_jwt },
    { "/auth/refresh", test_refresh },
    { "/auth/users-stay-in-their-realms", test_users_stay_in_their_realms },
    { "/auth/passwords", test_passwords },
    { "/auth/new-password-ends-sessions", test_new_password_ends_sessions },
    { "/auth/first-password-ends-none", test_first_password_ends_none },
    { "/auth/lockout-at-once", test_lockout_at_once },
    { "/auth/verifier", test_verifier },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, World, NULL, world_set_up, tests[i].test, world_tear_down);

  return g_test_run ();
}
