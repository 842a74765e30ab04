/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mh_config_edit:
 * @text: a YAML document
 * @key: "section.name"
 * @value: a scalar that needs no quotes
 *
 * Puts a value in place of the one that is there, or else a line into its section, or else a
 * section at the end; every other byte stays. The document may be written in ways in which this
 * does not come out as meant: whoever calls reads the outcome again.
 *
 * Thread: any.
 * Returns: (transfer full) (nullable): the new text, %NULL when @text is no YAML in UTF-8
 */
char *
mh_config_edit (const char *text, const char *key, const char *value) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
