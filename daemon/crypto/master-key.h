/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "secret.h"

G_BEGIN_DECLS

#define MH_MASTER_KEY_SIZE 32

/**
 * mh_master_key_load:
 * @path: the key file
 * @error: return location
 *
 * Reads the key that seals every other secret of this home. Makes a random one when there is no
 * such file: it appears complete and durable, or not at all.
 *
 * Thread: the main thread, at start.
 * Errors: %MH_ERROR_FORBIDDEN when others than the owner may read the file; %MH_ERROR_CORRUPT when
 *   it does not hold exactly 32 bytes; %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED from the system
 * Returns: (transfer full): the key, or %NULL with @error set
 */
MhSecret *mh_master_key_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
