/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "igd-private.h"

static const char *const types[] = {
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
};

/* A service as the description has it. */
typedef struct
{
  const char *type; /* (unowned) (nullable) */
  char *url;        /* (owned) (nullable) */
} Found;

typedef struct
{
  GArray *found; /* (owned) (element-type Found): complete ones */
  Found current; /* the one that is being read */
  char *base;    /* (owned) (nullable) */
} Description;

static void
found_clear (gpointer data)
{
  Found *self = data;

  self->type = NULL;
  g_clear_pointer (&self->url, g_free);
}

static void
service_clear (gpointer data)
{
  MhIgdService *self = data;

  g_uri_unref (self->control);
}

MhIgdService *
mh_igd_service_ref (MhIgdService *self)
{
  return g_rc_box_acquire (self);
}

void
mh_igd_service_unref (MhIgdService *self)
{
  g_rc_box_release_full (self, service_clear);
}

gboolean
mh_igd_service_equal (const MhIgdService *a, const MhIgdService *b)
{
  g_autofree char *at_a = g_uri_to_string (a->control);
  g_autofree char *at_b = g_uri_to_string (b->control);

  return g_str_equal (a->type, b->type) && g_str_equal (at_a, at_b);
}

static const char *
known_type (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i], type))
      return types[i];

  return NULL;
}

static void
on_begin (const char *name, const char *text, gpointer data)
{
  Description *self = data;

  if (g_str_equal (name, "service"))
    found_clear (&self->current);
}

static void
end_service (Description *self)
{
  if (self->current.type != NULL && self->current.url != NULL
      && self->found->len < MH_IGD_MOST_SERVICES)
    {
      g_array_append_val (self->found, self->current);
      self->current = (Found){ NULL };
    }
  found_clear (&self->current);
}

static void
on_end (const char *name, const char *text, gpointer data)
{
  Description *self = data;

  if (g_str_equal (name, "service"))
    {
      end_service (self);
    }
  else if (text != NULL && g_str_equal (name, "serviceType"))
    {
      self->current.type = known_type (text);
    }
  else if (text != NULL && g_str_equal (name, "controlURL"))
    {
      g_free (self->current.url);
      self->current.url = g_strdup (text);
    }
  else if (text != NULL && text[0] != '\0' && g_str_equal (name, "URLBase"))
    {
      g_free (self->base);
      self->base = g_strdup (text);
    }
}

static void
add_service (GPtrArray *out, const Found *found, GUri *base, GUri *location)
{
  g_autoptr (GUri) control = mh_igd_uri (base, found->url);
  MhIgdService *service;

  if (control == NULL || !g_str_equal (g_uri_get_host (control), g_uri_get_host (location)))
    return;

  service = g_rc_box_new0 (MhIgdService);
  service->type = found->type;
  service->control = g_steal_pointer (&control);
  g_ptr_array_add (out, service);
}

GPtrArray *
mh_igd_services (const guint8 *data, gsize size, GUri *location, GError **error)
{
  g_autoptr (GPtrArray) out = NULL;
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Found));
  Description description = { .found = found };
  g_autoptr (GUri) base = NULL;
  gboolean is_good;

  g_array_set_clear_func (found, found_clear);
  is_good = mh_igd_xml (data, size, on_begin, on_end, &description, error);
  found_clear (&description.current);
  base = description.base != NULL ? mh_igd_uri (location, description.base) : NULL;
  g_free (description.base);
  if (!is_good)
    return NULL;

  out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_igd_service_unref);
  for (guint i = 0; i < found->len; i++)
    add_service (out, &g_array_index (found, Found, i), base != NULL ? base : location, location);
  if (out->len > 0)
    return g_steal_pointer (&out);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       "it has no service that forwards ports");

  return NULL;
}
