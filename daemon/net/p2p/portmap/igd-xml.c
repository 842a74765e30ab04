/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "igd-private.h"

#include <string.h>

typedef struct
{
  MhIgdElement begin; /* (nullable) */
  MhIgdElement end;
  gpointer data;
  GString *text;    /* (owned): of the element that began last */
  gboolean is_leaf; /* no element has ended since one began */
} Walk;

static const char *
local_name (const char *name)
{
  const char *colon = strrchr (name, ':');

  return colon != NULL ? colon + 1 : name;
}

static void
on_begin (GMarkupParseContext *context, const char *name, const char **attribute_names,
          const char **attribute_values, gpointer data, GError **error)
{
  Walk *self = data;

  g_string_truncate (self->text, 0);
  self->is_leaf = TRUE;
  if (self->begin != NULL)
    self->begin (local_name (name), NULL, self->data);
}

static void
on_end (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  Walk *self = data;

  self->end (local_name (name), self->is_leaf ? g_strstrip (self->text->str) : NULL, self->data);
  self->is_leaf = FALSE;
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize size, gpointer data, GError **error)
{
  Walk *self = data;

  if (self->is_leaf)
    g_string_append_len (self->text, text, (gssize) MIN (size, MH_IGD_MAX_TEXT - self->text->len));
}

gboolean
mh_igd_xml (const guint8 *data, gsize size, MhIgdElement begin, MhIgdElement end,
            gpointer user_data, GError **error)
{
  static const GMarkupParser parser = { on_begin, on_end, on_text };
  g_autoptr (GString) text = g_string_new (NULL);
  Walk walk = { begin, end, user_data, text };
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &walk, NULL);
  g_autofree char *valid = NULL;
  g_autoptr (GError) why = NULL;

  if (size > MH_IGD_MAX_BODY)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it is longer than %d bytes",
                   MH_IGD_MAX_BODY);
      return FALSE;
    }

  /* some routers have names in another encoding in it, which we do not look at */
  valid = size > 0 ? g_utf8_make_valid ((const char *) data, (gssize) size) : g_strdup ("");
  if (g_markup_parse_context_parse (context, valid, -1, &why)
      && g_markup_parse_context_end_parse (context, &why))
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it is not well formed: %s",
               why->message);

  return FALSE;
}

static gboolean
is_machine (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4
         && !g_inet_address_get_is_any (address) && !g_inet_address_get_is_loopback (address)
         && !g_inet_address_get_is_multicast (address);
}

GUri *
mh_igd_uri (GUri *base, const char *text)
{
  GUriFlags flags = G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY
                    | G_URI_FLAGS_ENCODED_FRAGMENT | G_URI_FLAGS_SCHEME_NORMALIZE;
  g_autoptr (GUri) uri = g_uri_parse_relative (base, text, flags, NULL);

  if (uri == NULL || !g_str_equal (g_uri_get_scheme (uri), "http")
      || g_uri_get_userinfo (uri) != NULL || g_uri_get_port (uri) == 0
      || g_uri_get_host (uri) == NULL || !is_machine (g_uri_get_host (uri)))
    return NULL;

  return g_steal_pointer (&uri);
}
