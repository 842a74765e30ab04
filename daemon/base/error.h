/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define MH_ERROR (mh_error_quark ())

/*
 * The domain carries details, so that the domain of an existing error must never be changed into
 * it: make a new one with mh_error_move().
 */

/**
 * MhError:
 *
 * The one error domain that reaches a client. mh_error_status() gives the HTTP status of each code;
 * handlers never choose one. Lower domains are turned into these once, in a service.
 */
typedef enum
{
  MH_ERROR_INVALID,            /* 400: the request breaks a rule; the message names the field */
  MH_ERROR_UNAUTHENTICATED,    /* 401: no credential, or an unknown or expired one */
  MH_ERROR_FORBIDDEN,          /* 403: right credential without the right, or a locked vault */
  MH_ERROR_NOT_FOUND,          /* 404 */
  MH_ERROR_METHOD_NOT_ALLOWED, /* 405 */
  MH_ERROR_TIMEOUT,            /* 408: the client sent nothing for too long */
  MH_ERROR_CONFLICT,           /* 409: a name clash, or a change made meanwhile */
  MH_ERROR_PRECONDITION,       /* 412 */
  MH_ERROR_TOO_LARGE,          /* 413 */
  MH_ERROR_RANGE,              /* 416 */
  MH_ERROR_MISDIRECTED,        /* 421: a Host header that is not ours (RFC 9110 §15.5.20) */
  MH_ERROR_RATE_LIMITED,       /* 429 */
  MH_ERROR_HEADERS_TOO_LARGE,  /* 431 */
  MH_ERROR_FAILED,             /* 500 */
  MH_ERROR_CORRUPT,            /* 500: stored data fails its check; the message names the file */
  MH_ERROR_NOT_SUPPORTED,      /* 501 */
  MH_ERROR_UNAVAILABLE,        /* 503 */
  MH_ERROR_NO_SPACE,           /* 507: disk full or a quota reached */
} MhError;

GQuark mh_error_quark (void);

/**
 * mh_error_move:
 * @error: (inout): a set error of a lower domain
 * @code: what it is to the client
 *
 * Makes it one of %MH_ERROR with the same message.
 */
void mh_error_move (GError **error, MhError code);

/**
 * mh_error_status:
 * @error: an error of any domain
 *
 * Returns: the HTTP status for @error; 500 for a domain that is not ours
 */
guint mh_error_status (const GError *error);

/**
 * mh_error_name:
 * @error: an error of any domain
 *
 * Returns: (transfer none): the stable machine-readable name, for example `not_found`
 */
const char *mh_error_name (const GError *error);

/**
 * mh_error_add_int:
 * @error: an error of %MH_ERROR
 * @name: name of a member that the client gets beside the message
 * @value: its value
 *
 * Copies of @error have it, too.
 */
void mh_error_add_int (GError *error, const char *name, gint64 value);

/* As mh_error_add_int(), for text. */
void mh_error_add_string (GError *error, const char *name, const char *value);

/**
 * mh_error_details:
 * @error: an error of any domain
 *
 * Returns: (transfer none) (nullable): a dictionary (a{sv}) of what was added
 */
GVariant *mh_error_details (const GError *error);

/**
 * mh_error_set_errno:
 * @error: return location
 * @errnum: an errno value
 * @attempt: what was tried, for example "writing segment 12"
 *
 * Sets `ENOSPC` and `EDQUOT` as %MH_ERROR_NO_SPACE, everything else as %MH_ERROR_FAILED, with the
 * message "@attempt: text of errno".
 */
void mh_error_set_errno (GError **error, int errnum, const char *attempt);

G_END_DECLS
