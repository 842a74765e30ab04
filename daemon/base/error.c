/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "error.h"

#include <errno.h>

/* What GLib keeps beside an error of this domain. */
typedef struct
{
  GVariant *details; /* (owned) (nullable) */
} MhErrorPrivate;

static void
mh_error_private_init (MhErrorPrivate *self)
{
  g_return_if_fail (self != NULL);

  self->details = NULL;
}

static void
mh_error_private_copy (const MhErrorPrivate *from, MhErrorPrivate *to)
{
  g_return_if_fail (from != NULL && to != NULL);

  to->details = from->details != NULL ? g_variant_ref (from->details) : NULL;
}

static void
mh_error_private_clear (MhErrorPrivate *self)
{
  g_return_if_fail (self != NULL);

  g_clear_pointer (&self->details, g_variant_unref);
}

G_DEFINE_EXTENDED_ERROR (MhError, mh_error)

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

void
mh_error_move (GError **error, MhError code)
{
  GError *moved = g_error_new_literal (MH_ERROR, (gint) code, (*error)->message);

  g_error_free (*error);
  *error = moved;
}

static void
add (GError *error, const char *name, GVariant *value)
{
  MhErrorPrivate *self = mh_error_get_private (error);
  GVariantDict dict;

  g_return_if_fail (self != NULL);

  g_variant_dict_init (&dict, self->details);
  g_variant_dict_insert_value (&dict, name, value);
  g_clear_pointer (&self->details, g_variant_unref);
  self->details = g_variant_ref_sink (g_variant_dict_end (&dict));
}

void
mh_error_add_int (GError *error, const char *name, gint64 value)
{
  g_return_if_fail (error != NULL && error->domain == MH_ERROR);

  add (error, name, g_variant_new_int64 (value));
}

void
mh_error_add_string (GError *error, const char *name, const char *value)
{
  g_return_if_fail (error != NULL && error->domain == MH_ERROR);

  add (error, name, g_variant_new_string (value));
}

GVariant *
mh_error_details (const GError *error)
{
  const MhErrorPrivate *self = error->domain == MH_ERROR ? mh_error_get_private (error) : NULL;

  return self != NULL ? self->details : NULL;
}
