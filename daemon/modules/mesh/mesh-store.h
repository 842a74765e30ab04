/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/secret.h"
#include "db/stmt.h"

G_BEGIN_DECLS

typedef enum
{
  MH_USE_SAVED,   /* not in use */
  MH_USE_OFFLINE, /* the active one, but it is not to be connected to */
  MH_USE_ACTIVE,
} MhNetworkUse;

/* A network that this machine knows: a row. */
typedef struct
{
  char *id;           /* (owned) */
  char *name;         /* (owned) */
  GBytes *sealed_key; /* (owned) */
  char **bootstrap;   /* (owned): multiaddresses */
  gint64 created_ms;
  MhNetworkUse use;
  gint64 rotated_ms; /* when its key was changed last, or 0 */
  char *rotated_by;  /* (owned) (nullable): the node that did it */
  char **absent;     /* (owned): nodes that did not get the new key */
} MhNetwork;

/* Frees it. */
void mh_network_free (MhNetwork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhNetwork, mh_network_free)

/* Returns: (transfer full) (element-type MhNetwork): by name, or %NULL with @error set */
GPtrArray *mh_mesh_store_networks (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Errors: %MH_ERROR_NOT_FOUND. Returns: (transfer full): one, or %NULL with @error set */
MhNetwork *
mh_mesh_store_network (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a row, new or not. Returns: %FALSE with @error set */
gboolean mh_mesh_store_put_network (MhDb *db, const MhNetwork *network,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets a network and everybody in it. Returns: %FALSE with @error set */
gboolean
mh_mesh_store_remove_network (MhDb *db, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts @network in place of the one that was @old_id, with everybody in it. Inside a transaction.
 */
gboolean mh_mesh_store_replace_network (MhDb *db, const char *old_id, const MhNetwork *network,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes @id the active one in @use, and all others saved ones. Inside a transaction. */
gboolean mh_mesh_store_use_network (MhDb *db, const char *id, MhNetworkUse use,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is known of a node. */
typedef struct
{
  char *peer_id;  /* (owned) */
  GBytes *record; /* (owned) */
  gint64 heard_ms;
} MhNodeRow;

/* Frees it. */
void mh_node_row_free (MhNodeRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhNodeRow, mh_node_row_free)

/* Returns: (transfer full) (element-type MhNodeRow): all of a network, or %NULL with @error set */
GPtrArray *
mh_mesh_store_nodes (MhDb *db, const char *network_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes one, new or not. Returns: %FALSE with @error set */
gboolean mh_mesh_store_put_node (MhDb *db, const char *network_id, const MhNodeRow *node,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets who was heard before @before_ms. Returns: %FALSE with @error set */
gboolean mh_mesh_store_forget_nodes (MhDb *db, const char *network_id, gint64 before_ms,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Results of speed tests that are kept of one node. */
#define MH_SPEEDTESTS_KEPT 50

typedef struct
{
  gint64 ts_ms;
  gint64 rtt_us;    /* median */
  gint64 jitter_us; /* mean distance of one round trip from the one before */
  gint64 up;        /* bytes a second */
  gint64 down;      /* bytes a second */
  gboolean is_relayed;
} MhSpeedtest;

/* Writes one and forgets the oldest. Returns: %FALSE with @error set */
gboolean mh_mesh_store_add_speedtest (MhDb *db, const char *peer_id, const MhSpeedtest *result,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (element-type MhSpeedtest): newest first, or %NULL with @error set */
GArray *
mh_mesh_store_speedtests (MhDb *db, const char *peer_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Who may be in a network with us. */
typedef enum
{
  MH_ACL_OPEN,  /* everybody who has the key */
  MH_ACL_ALLOW, /* only those that are named */
  MH_ACL_DENY,  /* all but those that are named */
} MhAclMode;

typedef struct
{
  MhAclMode mode;
  char **peers; /* (owned): peer ids, sorted */
} MhAcl;

/* Frees it. */
void mh_acl_free (MhAcl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhAcl, mh_acl_free)

/* Returns: (transfer full): it, or %NULL with @error set */
MhAcl *mh_mesh_store_acl (MhDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes all of it. Inside a transaction. Returns: %FALSE with @error set */
gboolean
mh_mesh_store_set_acl (MhDb *db, const MhAcl *acl, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
