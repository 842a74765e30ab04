/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Which files of a folder are left alone. The rules are those of gitignore(5), for one file of
 * rules in the root of the folder: `.mhignore`. Before its rules come ours, of temporary files and
 * what systems leave behind; it may take them back with `!`.
 */

#define MH_IGNORE_NAME ".mhignore"

/* Rules. Does not change, so that any thread may use it. */
typedef struct _MhIgnore MhIgnore;

/**
 * mh_ignore_new:
 * @text: (nullable): rules, one a line
 * @with_defaults: whether ours come before them
 *
 * A line that is no rule is left out, as git does.
 *
 * Returns: (transfer full): rules
 */
MhIgnore *mh_ignore_new (const char *text, gboolean with_defaults) G_GNUC_WARN_UNUSED_RESULT;

/* Frees them. */
void mh_ignore_free (MhIgnore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIgnore, mh_ignore_free)

/* Returns: whether what is at @path, below the folder, is left alone. Whether a folder above it is,
 * is not looked at. */
gboolean mh_ignore_matches (const MhIgnore *self, const char *path, gboolean is_folder);

/* Returns: whether a file is left alone, be it for a folder above it. */
gboolean mh_ignore_covers (const MhIgnore *self, const char *path);

G_END_DECLS
