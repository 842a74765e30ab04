/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh-store.h"

#include <string.h>

#include "base/error.h"

#define NETWORK_COLUMNS                                                                            \
  "id, name, sealed_key, bootstrap, created_ms, state, rotated_ms, rotated_by,"                    \
  " absent"

static const char sql_networks[] =
    "SELECT " NETWORK_COLUMNS " FROM mesh_networks ORDER BY name, id";

static const char sql_network[] = "SELECT " NETWORK_COLUMNS " FROM mesh_networks WHERE id = ?1";

static const char sql_put_network[] =
    "INSERT INTO mesh_networks (" NETWORK_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    " ON CONFLICT (id) DO UPDATE SET name = ?2, sealed_key = ?3, bootstrap = ?4, state = ?6,"
    " rotated_ms = ?7, rotated_by = ?8, absent = ?9";

static const char sql_retire[] = "UPDATE mesh_networks SET state = 0 WHERE state > 0";

static const char sql_use[] = "UPDATE mesh_networks SET state = ?2 WHERE id = ?1";

static const char sql_nodes[] =
    "SELECT peer_id, record, heard_ms FROM mesh_nodes WHERE network_id = ?1";

static const char sql_put_node[] =
    "INSERT OR REPLACE INTO mesh_nodes (network_id, peer_id, record, heard_ms)"
    " VALUES (?1, ?2, ?3, ?4)";

static const char sql_move_nodes[] = "UPDATE mesh_nodes SET network_id = ?2 WHERE network_id = ?1";

static const char sql_forget_nodes[] =
    "DELETE FROM mesh_nodes WHERE network_id = ?1 AND heard_ms < ?2";

static const char sql_add_speedtest[] =
    "INSERT OR REPLACE INTO mesh_speedtests (peer_id, ts_ms, rtt_us, jitter_us, up, down, carrier)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

static const char sql_trim_speedtests[] =
    "DELETE FROM mesh_speedtests WHERE peer_id = ?1 AND ts_ms NOT IN"
    " (SELECT ts_ms FROM mesh_speedtests WHERE peer_id = ?1 ORDER BY ts_ms DESC LIMIT ?2)";

static const char sql_speedtests[] =
    "SELECT ts_ms, rtt_us, jitter_us, up, down, carrier FROM mesh_speedtests WHERE peer_id = ?1"
    " ORDER BY ts_ms DESC";

static const char sql_acl[] = "SELECT peer_id, mode FROM mesh_acl ORDER BY peer_id";

static const char sql_add_acl[] = "INSERT INTO mesh_acl (peer_id, mode) VALUES (?1, ?2)";

static const char *const acl_modes[] = { "open", "allow", "deny" };

/* Runs a statement with the id of a network, or of a peer, as its only value. */
static gboolean
run_with (MhDb *db, const char *sql, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);

  return mh_stmt_run (stmt, error);
}

/* -- networks -- */

void
mh_network_free (MhNetwork *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->name);
  g_clear_pointer (&self->sealed_key, g_bytes_unref);
  g_strfreev (self->bootstrap);
  g_free (self->rotated_by);
  g_strfreev (self->absent);
  g_free (self);
}

static char **
read_lines (MhStmt *stmt, int column)
{
  const char *text = mh_stmt_text (stmt, column);

  return text != NULL && text[0] != '\0' ? g_strsplit (text, "\n", -1) : g_new0 (char *, 1);
}

static MhNetwork *
read_network (MhStmt *stmt)
{
  MhNetwork *network = g_new0 (MhNetwork, 1);
  network->id = mh_stmt_dup_text (stmt, 0);
  network->name = mh_stmt_dup_text (stmt, 1);
  network->sealed_key = mh_stmt_dup_bytes (stmt, 2);
  network->bootstrap = read_lines (stmt, 3);
  network->created_ms = mh_stmt_int64 (stmt, 4);
  network->use = (MhNetworkUse) mh_stmt_int64 (stmt, 5);
  network->rotated_ms = mh_stmt_int64 (stmt, 6);
  network->rotated_by = mh_stmt_dup_text (stmt, 7);
  network->absent = read_lines (stmt, 8);

  return network;
}

GPtrArray *
mh_mesh_store_networks (MhDb *db, GError **error)
{
  g_autoptr (GPtrArray) networks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_network_free);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_networks, error);
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    g_ptr_array_add (networks, read_network (stmt));
  if (local == NULL)
    return g_steal_pointer (&networks);

  g_propagate_error (error, local);

  return NULL;
}

MhNetwork *
mh_mesh_store_network (MhDb *db, const char *id, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_network, error);

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_text (stmt, 1, id);
  if (!mh_stmt_one (stmt, "network", id, error))
    return NULL;

  return read_network (stmt);
}

gboolean
mh_mesh_store_put_network (MhDb *db, const MhNetwork *network, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_put_network, error);
  g_autofree char *bootstrap = g_strjoinv ("\n", network->bootstrap);
  g_autofree char *absent = network->absent != NULL ? g_strjoinv ("\n", network->absent) : NULL;
  gsize size;
  const guint8 *key = g_bytes_get_data (network->sealed_key, &size);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, network->id);
  mh_stmt_bind_text (stmt, 2, network->name);
  mh_stmt_bind_blob (stmt, 3, key, size);
  mh_stmt_bind_text (stmt, 4, bootstrap);
  mh_stmt_bind_int64 (stmt, 5, network->created_ms);
  mh_stmt_bind_int64 (stmt, 6, network->use);
  if (network->rotated_ms > 0)
    mh_stmt_bind_int64 (stmt, 7, network->rotated_ms);
  mh_stmt_bind_text (stmt, 8, network->rotated_by);
  mh_stmt_bind_text (stmt, 9, absent);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_mesh_store_remove_network (MhDb *db, const char *id, GError **error)
{
  return run_with (db, "DELETE FROM mesh_networks WHERE id = ?1", id, error)
         && run_with (db, "DELETE FROM mesh_nodes WHERE network_id = ?1", id, error);
}

gboolean
mh_mesh_store_replace_network (MhDb *db, const char *old_id, const MhNetwork *network,
                               GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_move_nodes, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, old_id);
  mh_stmt_bind_text (stmt, 2, network->id);

  return mh_stmt_run (stmt, error) && mh_mesh_store_remove_network (db, old_id, error)
         && mh_mesh_store_put_network (db, network, error);
}

gboolean
mh_mesh_store_use_network (MhDb *db, const char *id, MhNetworkUse use, GError **error)
{
  g_autoptr (MhStmt) stmt = NULL;

  if (!mh_db_exec (db, sql_retire, error))
    return FALSE;

  stmt = mh_db_prepare (db, sql_use, error);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, id);
  mh_stmt_bind_int64 (stmt, 2, use);
  if (!mh_stmt_run (stmt, error))
    return FALSE;
  if (mh_db_changes (db) > 0)
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no network %s", id);

  return FALSE;
}

/* -- nodes -- */

void
mh_node_row_free (MhNodeRow *self)
{
  if (self == NULL)
    return;

  g_free (self->peer_id);
  g_clear_pointer (&self->record, g_bytes_unref);
  g_free (self);
}

GPtrArray *
mh_mesh_store_nodes (MhDb *db, const char *network_id, GError **error)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_node_row_free);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_nodes, error);
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_text (stmt, 1, network_id);
  while (mh_stmt_step (stmt, &local))
    {
      MhNodeRow *node = g_new0 (MhNodeRow, 1);

      node->peer_id = mh_stmt_dup_text (stmt, 0);
      node->record = mh_stmt_dup_bytes (stmt, 1);
      node->heard_ms = mh_stmt_int64 (stmt, 2);
      g_ptr_array_add (nodes, node);
    }
  if (local == NULL)
    return g_steal_pointer (&nodes);

  g_propagate_error (error, local);

  return NULL;
}

gboolean
mh_mesh_store_put_node (MhDb *db, const char *network_id, const MhNodeRow *node, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_put_node, error);
  gsize size;
  const guint8 *record = g_bytes_get_data (node->record, &size);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, network_id);
  mh_stmt_bind_text (stmt, 2, node->peer_id);
  mh_stmt_bind_blob (stmt, 3, record, size);
  mh_stmt_bind_int64 (stmt, 4, node->heard_ms);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_mesh_store_forget_nodes (MhDb *db, const char *network_id, gint64 before_ms, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_forget_nodes, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, network_id);
  mh_stmt_bind_int64 (stmt, 2, before_ms);

  return mh_stmt_run (stmt, error);
}

/* -- speed tests -- */

gboolean
mh_mesh_store_add_speedtest (MhDb *db, const char *peer_id, const MhSpeedtest *result,
                             GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_speedtest, error);
  g_autoptr (MhStmt) trim = stmt == NULL ? NULL : mh_db_prepare (db, sql_trim_speedtests, error);

  if (trim == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, peer_id);
  mh_stmt_bind_int64 (stmt, 2, result->ts_ms);
  mh_stmt_bind_int64 (stmt, 3, result->rtt_us);
  mh_stmt_bind_int64 (stmt, 4, result->jitter_us);
  mh_stmt_bind_int64 (stmt, 5, result->up);
  mh_stmt_bind_int64 (stmt, 6, result->down);
  mh_stmt_bind_text (stmt, 7, result->is_relayed ? "relay" : "direct");
  mh_stmt_bind_text (trim, 1, peer_id);
  mh_stmt_bind_int64 (trim, 2, MH_SPEEDTESTS_KEPT);

  return mh_stmt_run (stmt, error) && mh_stmt_run (trim, error);
}

GArray *
mh_mesh_store_speedtests (MhDb *db, const char *peer_id, GError **error)
{
  g_autoptr (GArray) results = g_array_new (FALSE, FALSE, sizeof (MhSpeedtest));
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_speedtests, error);
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  mh_stmt_bind_text (stmt, 1, peer_id);
  while (mh_stmt_step (stmt, &local))
    {
      MhSpeedtest result = {
        mh_stmt_int64 (stmt, 0), mh_stmt_int64 (stmt, 1),
        mh_stmt_int64 (stmt, 2), mh_stmt_int64 (stmt, 3),
        mh_stmt_int64 (stmt, 4), strcmp (mh_stmt_text (stmt, 5), "relay") == 0
      };

      g_array_append_val (results, result);
    }
  if (local == NULL)
    return g_steal_pointer (&results);

  g_propagate_error (error, local);

  return NULL;
}

/* -- who may be here -- */

void
mh_acl_free (MhAcl *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->peers);
  g_free (self);
}

MhAcl *
mh_mesh_store_acl (MhDb *db, GError **error)
{
  g_autoptr (MhAcl) acl = g_new0 (MhAcl, 1);
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_acl, error);
  g_autoptr (GStrvBuilder) peers = g_strv_builder_new ();
  GError *local = NULL;

  if (stmt == NULL)
    return NULL;

  while (mh_stmt_step (stmt, &local))
    {
      const char *mode = mh_stmt_text (stmt, 1);

      if (mh_stmt_text (stmt, 0)[0] != '\0')
        g_strv_builder_add (peers, mh_stmt_text (stmt, 0));
      for (guint i = 0; mode != NULL && i < G_N_ELEMENTS (acl_modes); i++)
        if (g_str_equal (mode, acl_modes[i]))
          acl->mode = (MhAclMode) i;
    }
  acl->peers = g_strv_builder_end (peers);
  if (local == NULL)
    return g_steal_pointer (&acl);

  g_propagate_error (error, local);

  return NULL;
}

static gboolean
add_acl (MhDb *db, const char *peer_id, const char *mode, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add_acl, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, peer_id);
  mh_stmt_bind_text (stmt, 2, mode);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_mesh_store_set_acl (MhDb *db, const MhAcl *acl, GError **error)
{
  if (!mh_db_exec (db, "DELETE FROM mesh_acl", error)
      || !add_acl (db, "", acl_modes[acl->mode], error))
    return FALSE;

  for (guint i = 0; acl->peers[i] != NULL; i++)
    if (!add_acl (db, acl->peers[i], NULL, error))
      return FALSE;

  return TRUE;
}
