/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/json.h"
#include "tray/mesh.h"

#define ONLINE(peers) "{'network':{'state':'online','peers':" #peers "}}"
#define VAULT(running, missing, error)                                                             \
  "{'peers':['a'],'running':" #running ",'missing_blocks':" #missing ",'error':" error "}"
#define ALONE "{'peers':[],'running':false,'missing_blocks':0,'error':null}"

/* What the daemon says, with ' for ", and what is shown. */
typedef struct
{
  const char *name;
  const char *status;
  const char *sync;
  const char *text;
} Case;

static const Case cases[] = {
  { "none", "{'network':null}", NULL, "No network" },
  { "offline", "{'network':{'state':'offline','peers':0}}", NULL, "No network" },
  { "failed", "{'network':{'state':'failed','peers':0}}", NULL, "No network" },
  { "starting", "{'network':{'state':'starting','peers':0}}", NULL, "Connecting to the network…" },
  { "alone", ONLINE (0), "{'vaults':[" VAULT (false, 0, "null") "]}", "1 machine online" },
  { "nothing-shared", ONLINE (2), "{'vaults':[" ALONE "]}", "3 machines online" },
  { "in-sync", ONLINE (2), "{'vaults':[" VAULT (false, 0, "null") "," ALONE "]}",
    "3 machines online · in sync" },
  { "elsewhere", ONLINE (1), "{'vaults':[" VAULT (false, 70, "null") "]}",
    "2 machines online · in sync" },
  { "comparing", ONLINE (1), "{'vaults':[" VAULT (true, 0, "null") "]}",
    "2 machines online · in sync" },
  { "one-block", ONLINE (1), "{'vaults':[" VAULT (true, 1, "null") "]}",
    "2 machines online · syncing 1 block" },
  { "syncing", ONLINE (1),
    "{'vaults':[" VAULT (true, 100, "null") "," VAULT (true, 20, "null") "," VAULT (false, 7,
                                                                                    "null") "]}",
    "2 machines online · syncing 120 blocks" },
  { "fault", ONLINE (1), "{'vaults':[" VAULT (true, 9, "'the quota is full'") "]}",
    "2 machines online · 1 vault is not in sync" },
  { "faults", ONLINE (1), "{'vaults':[" VAULT (false, 0, "'x'") "," VAULT (false, 0, "'y'") "]}",
    "2 machines online · 2 vaults are not in sync" },
  { "nonsense", "{'network':{'state':'online','peers':'many'}}",
    "{'vaults':[1,{'peers':3},{'peers':['a'],'running':'yes','missing_blocks':-1}]}",
    "1 machine online" },
  { "other-nonsense", "{'network':[]}", "{'vaults':{}}", "No network" },
};

static JsonNode *
parse (const char *text)
{
  g_autofree char *json = g_strdelimit (g_strdup (text), "'", '"');
  g_autoptr (GError) error = NULL;
  JsonNode *node = mh_json_parse (json, -1, &error);

  g_assert_no_error (error);

  return node;
}

static void
take (MhTrayMesh *mesh, const Case *what)
{
  g_autoptr (JsonNode) status = parse (what->status);
  g_autoptr (JsonNode) sync = what->sync != NULL ? parse (what->sync) : NULL;

  mh_tray_mesh_take_status (mesh, json_node_get_object (status));
  if (sync != NULL)
    mh_tray_mesh_take_sync (mesh, json_node_get_object (sync));
}

static void
test_case (gconstpointer data)
{
  const Case *what = data;
  MhTrayMesh mesh = { MH_TRAY_MESH_UNKNOWN };
  g_autofree char *text = NULL;

  take (&mesh, what);
  text = mh_tray_mesh_text (&mesh);
  g_assert_cmpstr (text, ==, what->text);
}

/* What was said before does not linger. */
static void
test_in_a_row (void)
{
  MhTrayMesh mesh = { MH_TRAY_MESH_UNKNOWN };
  g_autofree char *nothing = mh_tray_mesh_text (&mesh);

  g_assert_null (nothing);
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        g_autofree char *text = NULL;

        take (&mesh, &cases[i]);
        text = mh_tray_mesh_text (&mesh);
        g_assert_cmpstr (text, ==, cases[i].text);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/tray/mesh/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/tray/mesh/in-a-row", test_in_a_row);

  return g_test_run ();
}
