/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "files-private.h"

#include "modules/vaults/vaults.h"

static MhPackFormat
parse_format (const char *text)
{
  if (g_str_equal (text, "tar"))
    return MH_PACK_TAR;
  if (g_str_equal (text, "tar.zst"))
    return MH_PACK_TAR_ZST;

  return MH_PACK_ZIP;
}

/* Names the archive as it was asked for, or after what is in it. */
static void
name_archive (MhPackPlan *plan, const MhFilesArchive *body)
{
  const char *base = body->name != NULL ? body->name : plan->filename;
  char *full = g_strdup_printf ("%s.%s", base, body->format);

  g_free (plan->filename);
  plan->filename = g_strdelimit (full, "/", '_');
}

gboolean
files_archive (MhRequest *request, const MhFilesArchive *body, MhJson *out, GError **error)
{
  MhFiles *files = mh_request_service (request, "files");
  const char *vault_id;
  MhStore *store = mh_files_open_vault (request, &vault_id, error);
  g_autofree char *ticket = NULL;
  g_autofree char *url = NULL;
  MhPackPlan *plan;
  gint64 expires_ms;

  if (store == NULL)
    return FALSE;

  plan = mh_pack_plan_new (store, vault_id, body->paths, error);
  if (plan == NULL)
    return FALSE;

  plan->format = parse_format (body->format);
  name_archive (plan, body);
  ticket = mh_tickets_issue (files->tickets, plan, &expires_ms);
  url = g_strconcat ("/api/v1/archives/", ticket, NULL);
  mh_json_begin_object (out, NULL);
  mh_json_string (out, "url", url);
  mh_json_int (out, "expires_at_ms", expires_ms);
  mh_json_end_object (out);

  return TRUE;
}

static GBytes *
read_archive (gpointer source, guint64 offset, gsize max, GError **error)
{
  return mh_pack_read (source, max, error);
}

gboolean
files_get_archive (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhFiles *files = mh_request_service (request, "files");
  g_autoptr (MhPackPlan) plan = NULL;
  g_autoptr (MhContent) content = g_new0 (MhContent, 1);

  plan = mh_tickets_redeem (files->tickets, mh_request_param (request, "ticket"), error);
  if (plan == NULL
      || !mh_vaults_require (mh_request_service (request, "vaults"), plan->vault_id, error))
    return FALSE;

  content->size = MH_CONTENT_UNKNOWN_SIZE;
  content->mime = g_strdup (mh_pack_mime (plan->format));
  content->filename = g_strdup (plan->filename);
  content->attachment = TRUE;
  content->read = read_archive;
  content->source =
      mh_pack_new (mh_request_service (request, "store"), g_steal_pointer (&plan), error);
  content->destroy = (GDestroyNotify) mh_pack_free;
  if (content->source == NULL)
    return FALSE;

  mh_request_take_content (request, g_steal_pointer (&content));

  return TRUE;
}
