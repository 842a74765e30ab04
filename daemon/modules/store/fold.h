/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * How names are compared when somebody searches: without case, and without the marks that Latin,
 * Greek and Cyrillic letters may bear.
 */

/* Returns: (transfer full): @text, UTF-8, as it is compared. Thread: any. */
char *mh_fold (const char *text) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_fold_terms:
 * @folded: what mh_fold() gave
 *
 * Turns everything between words into one space, and puts one before, between and behind. A sign
 * that is a word by itself, as in Chinese and Japanese writing or an emoji, is one.
 *
 * Thread: any.
 * Returns: (transfer full): the terms, " " without any
 */
char *mh_fold_terms (const char *folded) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
