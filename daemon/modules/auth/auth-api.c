/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth-contract.h"
#include "auth-service.h"

#include "base/error.h"
#include "core/log.h"

#define FAILURE_DELAY_MS 100 /* documented */

/* Before any hashing: an address that is locked out costs us nothing. */
static gboolean
check_budget (MhAuth *auth, MhRequest *request, GError **error)
{
  gint64 wait_ms = mh_limiter_wait_ms (auth->limiter, mh_request_address (request));
  g_autofree char *seconds = NULL;

  if (wait_ms == 0)
    return TRUE;

  seconds = g_strdup_printf ("%" G_GINT64_FORMAT, (wait_ms + 999) / 1000);
  mh_request_set_header (request, "Retry-After", seconds);
  g_set_error (error, MH_ERROR, MH_ERROR_RATE_LIMITED,
               "too many failed logins from this address; try again in %s seconds", seconds);

  return FALSE;
}

/* After a failure that has been counted. */
static void
tell_failure (MhAuth *auth, MhRequest *request, const char *path, guint left)
{
  const char *address = mh_request_address (request);
  g_autofree char *remaining = g_strdup_printf ("%u", left);

  mh_request_set_delay (request, FAILURE_DELAY_MS);
  mh_request_set_header (request, "X-Attempts-Left", remaining);
  mh_log_auth_failure (address, path, left);
  mh_audit_record (auth->audit, request, left == 0 ? "auth.lockout" : "auth.fail", path, NULL);
}

static void
note_failure (MhAuth *auth, MhRequest *request, const char *path)
{
  tell_failure (auth, request, path, mh_limiter_fail (auth->limiter, mh_request_address (request)));
}

static gboolean
answer_with_token (MhAuth *auth, MhRequest *request, const char *kind, MhJson *out, GError **error)
{
  const char *address = mh_request_address (request);
  MhAuthTerms terms = { MH_AUTH_OWNER, kind, address, MH_REALMS_ALL, MH_AUTH_BEARER_MS };
  g_autoptr (MhAuthGrant) grant = mh_auth_open_session (auth, &terms, error);

  if (grant == NULL)
    return FALSE;

  mh_limiter_succeed (auth->limiter, address);
  mh_audit_record (auth->audit, request, "auth.login", MH_AUTH_OWNER, kind);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "token", grant->token);
  mh_json_int (out, "expires_at_ms", grant->expires_ms);
  mh_json_end_object (out);

  return TRUE;
}

gboolean
auth_login (MhRequest *request, const MhAuthLogin *body, MhJson *out, GError **error)
{
  MhAuth *auth = mh_request_service (request, "auth");
  MhAuthAttempt attempt = { MH_AUTH_OWNER, MH_REALM_MESH, body->password,
                            mh_request_address (request), 0 };
  g_autoptr (GError) local = NULL;

  if (!check_budget (auth, request, error))
    return FALSE;

  if (mh_auth_check_password (auth, &attempt, &local))
    return answer_with_token (auth, request, "password", out, error);

  /* Others may have used up the budget while this one waited. */
  if (g_error_matches (local, MH_ERROR, MH_ERROR_RATE_LIMITED)
      && !check_budget (auth, request, error))
    return FALSE;

  if (g_error_matches (local, MH_ERROR, MH_ERROR_UNAUTHENTICATED))
    tell_failure (auth, request, "/api/v1/auth/login", attempt.left);
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

gboolean
auth_bootstrap_exchange (MhRequest *request, const MhAuthTicket *body, MhJson *out, GError **error)
{
  MhAuth *auth = mh_request_service (request, "auth");

  if (!check_budget (auth, request, error))
    return FALSE;

  if (mh_auth_use_ticket (auth, body->ticket))
    return answer_with_token (auth, request, "ticket", out, error);

  note_failure (auth, request, "/api/v1/auth/bootstrap-exchange");
  g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED,
                       "the ticket is unknown, used or older than 60 seconds");

  return FALSE;
}

gboolean
auth_admin_set_password (MhRequest *request, const MhAuthNewPassword *body, MhJson *out,
                         GError **error)
{
  MhAuth *auth = mh_request_service (request, "auth");

  if (!check_budget (auth, request, error))
    return FALSE;

  if (!mh_text_equal_secret (mh_request_header (request, "X-MeshHold-Admin-Token"),
                             auth->admin_token))
    {
      note_failure (auth, request, "/api/v1/auth/admin/set-password");
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAUTHENTICATED,
                           "the X-MeshHold-Admin-Token header is missing or wrong");
      return FALSE;
    }

  if (!mh_auth_set_password (auth, body->password, error))
    return FALSE;

  mh_audit_record (auth->audit, request, "auth.password_set", MH_AUTH_OWNER, NULL);

  return TRUE;
}

gboolean
auth_logout (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhAuth *auth = mh_request_service (request, "auth");
  MhPrincipal *principal = mh_request_principal (request);

  if (principal == NULL)
    return TRUE;

  if (!mh_auth_close_session (auth, principal->session_id, error))
    return FALSE;

  mh_audit_record (auth->audit, request, "auth.logout", principal->user_id, NULL);

  return TRUE;
}
