/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "igd-finder.h"

#include "igd-fetch.h"
#include "ssdp-search.h"

/* The download of one description. */
typedef struct
{
  MhIgdFinder *finder; /* (unowned) */
  GUri *location;      /* (owned) */
  MhIgdFetch *fetch;   /* (unowned) */
} Download;

struct _MhIgdFinder
{
  SoupSession *session; /* (unowned) */
  MhIgdFound found;
  gpointer data;
  MhSsdpSearch *search; /* (owned) (nullable) */
  GPtrArray *downloads; /* (owned) (element-type Download): under way */
};

static void
download_free (gpointer data)
{
  Download *self = data;

  if (self->fetch != NULL)
    mh_igd_fetch_forget (self->fetch);
  g_uri_unref (self->location);
  g_free (self);
}

static void
tell_error (MhIgdFinder *self, GUri *location, const GError *error)
{
  g_autofree char *text = g_uri_to_string (location);
  g_autoptr (GError) whole = g_error_copy (error);

  g_prefix_error (&whole, "description %s: ", text);
  self->found (NULL, whole, self->data);
}

static void
on_description (GBytes *body, const GError *error, gpointer data)
{
  Download *download = data;
  MhIgdFinder *self = download->finder;
  g_autoptr (GUri) location = g_uri_ref (download->location);
  g_autoptr (GPtrArray) services = NULL;
  g_autoptr (GError) why = NULL;

  download->fetch = NULL;
  g_ptr_array_remove_fast (self->downloads, download);
  if (body != NULL)
    services =
        mh_igd_services (g_bytes_get_data (body, NULL), g_bytes_get_size (body), location, &why);
  if (services == NULL)
    tell_error (self, location, error != NULL ? error : why);
  for (guint i = 0; services != NULL && i < services->len; i++)
    self->found (services->pdata[i], NULL, self->data);
}

static void
on_location (GUri *location, gpointer data)
{
  MhIgdFinder *self = data;
  Download *download = g_new0 (Download, 1);

  download->finder = self;
  download->location = g_uri_ref (location);
  download->fetch = mh_igd_fetch (self->session, location, NULL, on_description, download);
  g_ptr_array_add (self->downloads, download);
}

MhIgdFinder *
mh_igd_finder_new (SoupSession *session, GInetAddress *local, MhIgdFound found, gpointer data,
                   GError **error)
{
  g_autoptr (MhIgdFinder) self = g_new0 (MhIgdFinder, 1);

  self->session = session;
  self->found = found;
  self->data = data;
  self->downloads = g_ptr_array_new_with_free_func (download_free);
  self->search = mh_ssdp_search_new (local, on_location, self, error);
  if (self->search == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

void
mh_igd_finder_free (MhIgdFinder *self)
{
  if (self == NULL)
    return;

  mh_ssdp_search_free (self->search);
  g_ptr_array_unref (self->downloads);
  g_free (self);
}
