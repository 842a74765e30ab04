/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_crypto_init:
 * @error: return location
 *
 * Starts the libraries under this folder. To be called once, before anything else here and before
 * other threads run; further calls do nothing.
 *
 * Thread: the main thread, at start.
 * Errors: %MH_ERROR_FAILED
 * Returns: %FALSE with @error set when the libraries refuse to start
 */
gboolean mh_crypto_init (GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
