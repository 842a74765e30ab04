/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where a page of a list ended, as text that means nothing to others. */
typedef struct
{
  char kind;
  gint64 ref;
  char *text; /* (owned) (nullable) */
} MhCursor;

/* Returns: (transfer full): URL-safe */
char *mh_cursor_encode (char kind, gint64 ref, const char *text) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cursor_decode:
 * @encoded: what mh_cursor_encode() gave, or somebody made up
 * @kinds: the kinds that are allowed
 * @cursor: (out caller-allocates): what is in it; its text is the caller's
 * @error: return location
 *
 * Errors: %MH_ERROR_INVALID
 * Returns: %FALSE with @error set
 */
gboolean mh_cursor_decode (const char *encoded, const char *kinds, MhCursor *cursor,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
