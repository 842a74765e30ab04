/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mesh.h"

#include <glib/gi18n.h>

#include "base/json.h"

/* Returns: (nullable): the member, if it is an object */
static JsonObject *
object_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* Returns: (nullable): the member, if it is an array */
static JsonArray *
array_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* Returns: the member; 0 when it is no count */
static guint64
count_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  gint64 value = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;

  return value > 0 ? (guint64) value : 0;
}

void
mh_tray_mesh_take_status (MhTrayMesh *self, JsonObject *status)
{
  JsonObject *network = object_member (status, "network");
  const char *state = network != NULL ? mh_json_member (network, "state") : NULL;

  self->machines = 1;
  if (g_strcmp0 (state, "online") == 0)
    {
      self->state = MH_TRAY_MESH_CONNECTED;
      self->machines += (guint) MIN (count_member (network, "peers"), G_MAXUINT - 1);
    }
  else if (g_strcmp0 (state, "starting") == 0)
    {
      self->state = MH_TRAY_MESH_CONNECTING;
    }
  else
    {
      self->state = MH_TRAY_MESH_NONE;
    }
}

static void
take_vault (MhTrayMesh *self, JsonObject *vault)
{
  JsonArray *peers = array_member (vault, "peers");
  JsonNode *running = json_object_get_member (vault, "running");
  guint64 missing = count_member (vault, "missing_blocks");

  if (peers == NULL || json_array_get_length (peers) == 0)
    return;

  self->shared++;
  if (mh_json_member (vault, "error") != NULL)
    self->faults++;
  /* What a machine does not keep stays elsewhere; only while it is asked for it is on its way. */
  if (running != NULL && JSON_NODE_HOLDS_VALUE (running) && json_node_get_boolean (running)
      && missing > 0)
    {
      self->busy = TRUE;
      self->blocks += (guint) MIN (missing, G_MAXUINT - self->blocks);
    }
}

void
mh_tray_mesh_take_sync (MhTrayMesh *self, JsonObject *sync)
{
  JsonArray *vaults = array_member (sync, "vaults");

  self->shared = 0;
  self->faults = 0;
  self->busy = FALSE;
  self->blocks = 0;
  for (guint i = 0; vaults != NULL && i < json_array_get_length (vaults); i++)
    {
      JsonNode *vault = json_array_get_element (vaults, i);

      if (JSON_NODE_HOLDS_OBJECT (vault))
        take_vault (self, json_node_get_object (vault));
    }
}

static char *
sync_text (const MhTrayMesh *self)
{
  if (self->faults > 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u vault is not in sync",
                                         "%u vaults are not in sync", self->faults),
                            self->faults);
  if (self->busy)
    return g_strdup_printf (
        g_dngettext (GETTEXT_PACKAGE, "syncing %u block", "syncing %u blocks", self->blocks),
        self->blocks);

  return g_strdup (_ ("in sync"));
}

char *
mh_tray_mesh_text (const MhTrayMesh *self)
{
  g_autofree char *machines = NULL;
  g_autofree char *sync = NULL;

  switch (self->state)
    {
    case MH_TRAY_MESH_UNKNOWN:
      return NULL;
    case MH_TRAY_MESH_NONE:
      return g_strdup (_ ("No network"));
    case MH_TRAY_MESH_CONNECTING:
      return g_strdup (_ ("Connecting to the network…"));
    case MH_TRAY_MESH_CONNECTED:
    default:
      break;
    }

  machines = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u machine online", "%u machines online", self->machines),
      self->machines);
  if (self->machines == 1 || self->shared == 0)
    return g_steal_pointer (&machines);
  sync = sync_text (self);

  return g_strdup_printf ("%s · %s", machines, sync);
}
