/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "audit-service.h"

#include "base/encoding.h"
#include "base/error.h"

#include <string.h>

#define BATCH 500

char *
mh_audit_line (const MhAuditEvent *event)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *prev = mh_hex_encode (event->prev, sizeof event->prev);

  mh_json_begin_object (json, NULL);
  mh_json_int (json, "seq", event->seq);
  mh_json_int (json, "ts_ms", event->ts_ms);
  mh_json_string (json, "type", event->type);
  mh_json_string (json, "actor", event->actor);
  mh_json_string (json, "ip", event->ip);
  mh_json_string (json, "target", event->target);
  mh_json_string (json, "detail", event->detail);
  mh_json_string (json, "prev", prev);
  mh_json_end_object (json);

  return mh_json_steal (json);
}

static void
compute_hash (const MhAuditEvent *event, guint8 hash[MH_SHA256_SIZE])
{
  g_autofree char *line = mh_audit_line (event);
  g_autoptr (MhSha256) sha = mh_sha256_new ();

  mh_sha256_update (sha, event->prev, sizeof event->prev);
  mh_sha256_update (sha, (const guint8 *) line, strlen (line));
  mh_sha256_finish (sha, hash);
}

static gboolean
append (MhAudit *self, MhAuditEvent *event, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (MhDbTxn) txn = NULL;
  g_autoptr (MhAuditEvent) last = NULL;
  MhDb *db = NULL;

  if (lease == NULL)
    return FALSE;

  db = mh_db_lease_db (lease);
  txn = mh_db_txn_begin (db, error);
  if (txn == NULL)
    return FALSE;

  last = mh_audit_store_last (db, error);
  if (last == NULL)
    return FALSE;

  event->seq = last->seq + 1;
  memcpy (event->prev, last->hash, sizeof event->prev);
  compute_hash (event, event->hash);

  return mh_audit_store_insert (db, event, error)
         && mh_audit_store_prune (db, event->seq - MH_AUDIT_KEPT, error)
         && mh_db_txn_commit (txn, error);
}

static void
publish (MhAudit *self, const MhAuditEvent *event)
{
  MhJson *json = mh_json_new ();

  mh_json_int (json, "audit_seq", event->seq);
  mh_json_string (json, "audit_type", event->type);
  mh_bus_publish (mh_core_bus (self->core), "audit", json);
}

void
mh_audit_record (MhAudit *self, MhRequest *request, const char *type, const char *target,
                 const char *detail)
{
  g_autoptr (MhAuditEvent) event = g_new0 (MhAuditEvent, 1);
  MhPrincipal *principal = request != NULL ? mh_request_principal (request) : NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok = FALSE;

  event->ts_ms = mh_clock_now_ms (mh_core_clock (self->core));
  event->type = g_strdup (type);
  event->actor = g_strdup (principal != NULL ? principal->user_id : "");
  event->ip = g_strdup (request != NULL ? mh_request_address (request) : "local");
  event->target = g_utf8_make_valid (target != NULL ? target : "", -1);
  event->detail = g_utf8_make_valid (detail != NULL ? detail : "", -1);

  g_mutex_lock (&self->lock);
  ok = append (self, event, &error);
  g_mutex_unlock (&self->lock);

  if (ok)
    publish (self, event);
  else
    g_warning ("writing the audit record %s: %s", type, error->message);
}

static gboolean
type_matches (const char *const *types, const char *type)
{
  for (guint i = 0; types[i] != NULL; i++)
    {
      gsize length = strlen (types[i]);

      if (length > 0 && types[i][length - 1] == '*' ? strncmp (types[i], type, length - 1) == 0
                                                    : g_str_equal (types[i], type))
        return TRUE;
    }

  return FALSE;
}

GPtrArray *
mh_audit_page (MhAudit *self, gint64 before, gint64 since_ms, const char *types, guint limit,
               GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  g_autoptr (GPtrArray) found =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_audit_event_free);
  g_auto (GStrv) wanted = types != NULL && types[0] != '\0' ? g_strsplit (types, ",", 64) : NULL;

  if (lease == NULL)
    return NULL;

  while (found->len < limit)
    {
      g_autoptr (GPtrArray) page =
          mh_audit_store_page (mh_db_lease_db (lease), before, since_ms, BATCH, error);

      if (page == NULL)
        return NULL;
      if (page->len == 0)
        break;

      before = ((MhAuditEvent *) g_ptr_array_index (page, page->len - 1))->seq;
      while (page->len > 0 && found->len < limit)
        {
          g_autoptr (MhAuditEvent) event = g_ptr_array_steal_index (page, 0);

          if (wanted == NULL || type_matches ((const char *const *) wanted, event->type))
            g_ptr_array_add (found, g_steal_pointer (&event));
        }
    }

  return g_steal_pointer (&found);
}

gboolean
mh_audit_verify (MhAudit *self, gboolean *intact, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (self->core), error);
  guint8 expected[MH_SHA256_SIZE] = { 0 };
  gint64 last = 0;

  *intact = TRUE;
  if (lease == NULL)
    return FALSE;

  while (TRUE)
    {
      g_autoptr (GPtrArray) page =
          mh_audit_store_after (mh_db_lease_db (lease), last, BATCH, error);

      if (page == NULL)
        return FALSE;
      if (page->len == 0)
        return TRUE;

      for (guint i = 0; i < page->len; i++)
        {
          const MhAuditEvent *event = g_ptr_array_index (page, i);
          guint8 hash[MH_SHA256_SIZE];

          compute_hash (event, hash);
          /* The oldest record held may follow one that was pruned. */
          if (memcmp (hash, event->hash, sizeof hash) != 0
              || (last > 0
                  && (event->seq != last + 1
                      || memcmp (expected, event->prev, sizeof expected) != 0)))
            *intact = FALSE;
          memcpy (expected, event->hash, sizeof expected);
          last = event->seq;
        }
    }
}

static gpointer
start (MhCore *core, GError **error)
{
  MhAudit *self = g_new0 (MhAudit, 1);

  self->core = core;
  g_mutex_init (&self->lock);

  return self;
}

static void
stop (gpointer service)
{
  MhAudit *self = service;

  g_mutex_clear (&self->lock);
  g_free (self);
}

extern const MhMigration mh_audit_migrations[];

const MhModule mh_audit_module = {
  .name = "audit",
  .migrations = mh_audit_migrations,
  .start = start,
  .stop = stop,
};
