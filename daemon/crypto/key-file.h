/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "secret.h"

G_BEGIN_DECLS

/**
 * mh_key_file_read:
 * @path: a file
 * @size: bytes it must hold
 * @error: return location
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FORBIDDEN when others may read it, %MH_ERROR_CORRUPT when
 *   the size is another, %MH_ERROR_FAILED
 * Returns: (transfer full): its content, or %NULL with @error set
 */
MhSecret *mh_key_file_read (const char *path, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_key_file_create:
 * @path: a file that must not exist yet
 * @secret: its content
 * @error: return location
 *
 * Writes a file that only its owner can read. It is durable when this returns, and never half
 * there.
 *
 * Thread: any. Blocks on disk.
 * Errors: %MH_ERROR_CONFLICT when @path exists, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED
 * Returns: %FALSE with @error set
 */
gboolean mh_key_file_create (const char *path, const MhSecret *secret,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
