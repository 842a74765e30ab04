/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "error.h"

#include <errno.h>

G_DEFINE_QUARK (mh - error - quark, mh_error)

static const struct
{
  guint status;
  const char *name;
} table[] = {
  [MH_ERROR_INVALID] = { 400, "invalid" },
  [MH_ERROR_UNAUTHENTICATED] = { 401, "unauthenticated" },
  [MH_ERROR_FORBIDDEN] = { 403, "forbidden" },
  [MH_ERROR_NOT_FOUND] = { 404, "not_found" },
  [MH_ERROR_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed" },
  [MH_ERROR_TIMEOUT] = { 408, "timeout" },
  [MH_ERROR_CONFLICT] = { 409, "conflict" },
  [MH_ERROR_PRECONDITION] = { 412, "precondition_failed" },
  [MH_ERROR_TOO_LARGE] = { 413, "too_large" },
  [MH_ERROR_RANGE] = { 416, "range_not_satisfiable" },
  [MH_ERROR_MISDIRECTED] = { 421, "misdirected" },
  [MH_ERROR_RATE_LIMITED] = { 429, "rate_limited" },
  [MH_ERROR_HEADERS_TOO_LARGE] = { 431, "headers_too_large" },
  [MH_ERROR_FAILED] = { 500, "failed" },
  [MH_ERROR_CORRUPT] = { 500, "corrupt" },
  [MH_ERROR_NOT_SUPPORTED] = { 501, "not_supported" },
  [MH_ERROR_UNAVAILABLE] = { 503, "unavailable" },
  [MH_ERROR_NO_SPACE] = { 507, "no_space" },
};

guint
mh_error_status (const GError *error)
{
  g_return_val_if_fail (error != NULL, 500);

  if (error->domain != MH_ERROR || error->code < 0 || (guint) error->code >= G_N_ELEMENTS (table))
    return 500;

  return table[error->code].status;
}

const char *
mh_error_name (const GError *error)
{
  g_return_val_if_fail (error != NULL, "failed");

  if (error->domain != MH_ERROR || error->code < 0 || (guint) error->code >= G_N_ELEMENTS (table))
    return "failed";

  return table[error->code].name;
}

void
mh_error_set_errno (GError **error, int errnum, const char *attempt)
{
  gboolean full = errnum == ENOSPC || errnum == EDQUOT;

  g_set_error (error, MH_ERROR, full ? MH_ERROR_NO_SPACE : MH_ERROR_FAILED, "%s: %s", attempt,
               full ? "the disk is full" : g_strerror (errnum));
}
