/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "audit-contract.h"
#include "audit-service.h"

#include "base/encoding.h"

#include <string.h>

static void
event_to_json (MhJson *out, const MhAuditEvent *event)
{
  g_autofree char *prev = mh_hex_encode (event->prev, sizeof event->prev);
  g_autofree char *hash = mh_hex_encode (event->hash, sizeof event->hash);

  mh_json_begin_object (out, NULL);
  mh_json_int (out, "seq", event->seq);
  mh_json_int (out, "ts_ms", event->ts_ms);
  mh_json_string (out, "type", event->type);
  mh_json_string (out, "actor", event->actor);
  mh_json_string (out, "ip", event->ip);
  mh_json_string (out, "target", event->target);
  mh_json_string (out, "detail", event->detail);
  mh_json_string (out, "prev", prev);
  mh_json_string (out, "hash", hash);
  mh_json_end_object (out);
}

gboolean
audit_list (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhAudit *audit = mh_request_service (request, "audit");
  const MhAuditListQuery *query = mh_request_query (request);
  g_autoptr (GPtrArray) events = NULL;
  gboolean intact = FALSE;

  events = mh_audit_page (audit, query->has_before ? query->before : G_MAXINT64,
                          query->has_since ? query->since : 0, query->types, (guint) query->limit,
                          error);
  if (events == NULL || !mh_audit_verify (audit, &intact, error))
    return FALSE;

  mh_json_begin_object (out, NULL);
  mh_json_begin_array (out, "events");
  for (guint i = 0; i < events->len; i++)
    event_to_json (out, g_ptr_array_index (events, i));
  mh_json_end_array (out);
  mh_json_bool (out, "verified", intact);
  if (events->len == query->limit)
    mh_json_int (out, "next_before",
                 ((MhAuditEvent *) g_ptr_array_index (events, events->len - 1))->seq);
  else
    mh_json_null (out, "next_before");
  mh_json_end_object (out);

  return TRUE;
}

/* The export on its way: pages of lines, read as the client takes them. */
typedef struct
{
  MhAudit *audit; /* (unowned) */
  gint64 last;    /* seq of the last line given */
  GBytes *left;   /* (owned) (nullable) what did not fit */
} Export;

static void
export_free (gpointer data)
{
  Export *self = data;

  g_clear_pointer (&self->left, g_bytes_unref);
  g_free (self);
}

static GBytes *
next_lines (Export *self, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->audit->core), error);
  g_autoptr (GPtrArray) events = NULL;
  GString *lines = NULL;

  if (lease == NULL)
    return NULL;

  events = mh_audit_store_after (mh_db_lease_db (lease), self->last, 500, error);
  if (events == NULL)
    return NULL;

  lines = g_string_new (NULL);
  for (guint i = 0; i < events->len; i++)
    {
      const MhAuditEvent *event = g_ptr_array_index (events, i);
      g_autoptr (MhJson) json = mh_json_new ();
      g_autofree char *line = NULL;

      event_to_json (json, event);
      line = mh_json_steal (json);
      g_string_append_printf (lines, "%s\n", line);
      self->last = event->seq;
    }

  return g_string_free_to_bytes (lines);
}

static GBytes *
export_read (gpointer source, guint64 offset, gsize max, GError **error)
{
  Export *self = source;
  g_autoptr (GBytes) lines =
      self->left != NULL ? g_steal_pointer (&self->left) : next_lines (self, error);
  gsize size = 0;

  if (lines == NULL)
    return NULL;

  size = g_bytes_get_size (lines);
  if (size <= max)
    return g_steal_pointer (&lines);

  self->left = g_bytes_new_from_bytes (lines, max, size - max);

  return g_bytes_new_from_bytes (lines, 0, max);
}

gboolean
audit_export (MhRequest *request, gconstpointer body, MhJson *out, GError **error)
{
  MhContent *content = g_new0 (MhContent, 1);
  Export *self = g_new0 (Export, 1);

  self->audit = mh_request_service (request, "audit");
  content->size = MH_CONTENT_UNKNOWN_SIZE;
  content->mime = g_strdup ("application/x-ndjson");
  content->filename = g_strdup ("meshhold-audit.jsonl");
  content->attachment = TRUE;
  content->read = export_read;
  content->source = self;
  content->destroy = export_free;
  mh_request_take_content (request, content);

  return TRUE;
}
