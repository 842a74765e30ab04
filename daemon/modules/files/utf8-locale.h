/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * MhUtf8Locale: libarchive takes names as the C library's locale has them, and that of a daemon may
 * be anything. Between enter and leave, those of this thread are UTF-8.
 */
typedef struct _MhUtf8Locale MhUtf8Locale;

/* Returns: (transfer full) (nullable): %NULL when the system has no such locale */
MhUtf8Locale *mh_utf8_locale_new (void);
void mh_utf8_locale_free (MhUtf8Locale *self);

/* Thread: any, but the same for both; not nested. */
void mh_utf8_locale_enter (MhUtf8Locale *self);
void mh_utf8_locale_leave (MhUtf8Locale *self);

G_END_DECLS
