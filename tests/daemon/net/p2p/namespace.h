/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * mht_namespace_enter:
 * @has_loopback: whether its loopback is up
 *
 * Moves this thread, and those that it makes from now on, into a network of its own that has
 * nothing but a loopback. To be called before there are other threads, the first time.
 *
 * Returns: (transfer none) (nullable): why that cannot be had here, or %NULL
 */
const char *mht_namespace_enter (gboolean has_loopback);

/* Gives its loopback an IPv4 address more. Returns: whether it has it */
gboolean mht_namespace_add_address (const char *address);
