/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MH_JSON_MAX_DEPTH 64

/**
 * mh_json_check:
 * @text: @length bytes of valid UTF-8
 * @length: number of bytes
 * @error: return location
 *
 * Accepts RFC 8259 to the letter, up to %MH_JSON_MAX_DEPTH levels deep and without an escaped NUL.
 * json-glib takes more (comments, quotes of another kind, "var x ="), recurses once a level and
 * cuts strings at a NUL; what reads quotes in another way than this cannot count its levels.
 *
 * Thread: any.
 * Errors: %MH_ERROR_INVALID
 */
gboolean mh_json_check (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
