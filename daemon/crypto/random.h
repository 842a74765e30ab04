/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_random_bytes:
 * @out: (out caller-allocates): room for @size bytes
 * @size: number of bytes
 *
 * Unpredictable bytes from the operating system, fit for keys and tokens.
 *
 * Thread: any.
 */
void mh_random_bytes (guint8 *out, gsize size);

G_END_DECLS
