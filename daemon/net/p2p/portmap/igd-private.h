/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "igd.h"

G_BEGIN_DECLS

/* Bytes of the longest text of an element that we look at; it is cut there. */
#define MH_IGD_MAX_TEXT 1024

/* What to do where the document has an element without others inside that ends, and where any other
 * ends (@text is NULL). Names have no prefix. */
typedef void (*MhIgdElement) (const char *name, const char *text, gpointer data);

/* Goes through a document that anybody may have written. @begin: (nullable): told of elements that
 * begin, with NULL for the text. Errors: %G_IO_ERROR_INVALID_DATA */
gboolean mh_igd_xml (const guint8 *data, gsize size, MhIgdElement begin, MhIgdElement end,
                     gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): what @text leads to from @base (nullable), if that is by
 * HTTP at the IPv4 address of another machine */
GUri *mh_igd_uri (GUri *base, const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
