/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* config.yaml, as it was read at the start. Strings are owned; a missing key has its default. It
 * never changes: where something is set while the daemon runs, another one takes its place. */
typedef struct
{
  char *swarm_key; /* (nullable) */
  char **bootstrap_peers;
  char *display_name;   /* (nullable) */
  char *metadata_dir;   /* (nullable) absolute */
  char *storage_path;   /* (nullable) absolute */
  gint64 min_free;      /* bytes of the disk that uploads leave, -1 for the usual part */
  gint64 scrub_rate;    /* bytes a second that the scrub reads, 0 for no limit */
  char *country;        /* (nullable) ISO 3166-1 alpha-2 */
  gboolean reliable;    /* counts for the replicas of a vault */
  gboolean metered;     /* the line costs by the byte */
  gint64 hold;          /* bytes to keep for vaults whose keys are not here */
  gint64 absent_ms;     /* a machine that hung up counts for replicas for so long */
  gint64 download_rate; /* bytes a second that come for vaults from other machines, 0: no limit */
  gint64 upload_rate;   /* and that go */
  gint64 surplus_ms;    /* blocks that others have go after so long */
  char **mesh_listen;   /* multiaddresses */
  char **mesh_announce; /* multiaddresses at which others reach us as well */
  gint64 max_peers;     /* connections to other nodes */
  gboolean mdns;
  gboolean upnp;
  gboolean relay_service; /* relays for others */
  char *listen_addr;
  char **allowed_hosts;
  gint64 max_conns;
  gint64 idle_timeout_ms;
  gint64 max_header_bytes;
  gint64 max_upload_bytes;
  gint64 login_max_attempts;
  gint64 login_window_ms;
  gint64 login_lockout_ms;
  char *log_level;
  char *log_format;
} MhConfig;

/**
 * mh_config_load:
 * @path: config.yaml; a missing file means defaults
 * @error: return location
 *
 * Errors: %MH_ERROR_INVALID naming the file, the line and the key
 * Returns: (transfer full): the configuration
 */
MhConfig *mh_config_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_config_free (MhConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhConfig, mh_config_free)

/**
 * mh_config_write_network:
 * @path: config.yaml
 * @swarm_key: (nullable): three lines of text, %NULL to have neither key
 * @bootstrap_peers: (nullable): multiaddrs
 * @error: return location
 *
 * Replaces the two keys and leaves every other line as it is. Atomic; the file gets mode 0600.
 *
 * Thread: a worker.
 */
gboolean mh_config_write_network (const char *path, const char *swarm_key,
                                  const char *const *bootstrap_peers,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another value of a key that holds a number of bytes or milliseconds, or 0 or 1 for a truth. */
typedef struct
{
  const char *key; /* such as "node.hold" */
  gint64 number;
} MhConfigValue;

/**
 * mh_config_change:
 * @path: config.yaml
 * @now: what is in effect
 * @values: what is to be another
 * @count: their number
 * @error: return location
 *
 * Changes these values in the file and leaves every other byte of it as it is. Atomic; the file
 * gets mode 0600, and is not touched when it has these values.
 *
 * Thread: a worker, one at a time.
 * Errors: %MH_ERROR_INVALID naming the key; %MH_ERROR_CONFLICT when the file has a fault or is
 * written in a way in which this cannot be done; %MH_ERROR_NO_SPACE; %MH_ERROR_FAILED
 * Returns: (transfer full): @now with these values
 */
MhConfig *mh_config_change (const char *path, const MhConfig *now, const MhConfigValue *values,
                            guint count, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether all values are the same. */
gboolean mh_config_equal (const MhConfig *a, const MhConfig *b);

/**
 * mh_config_check_swarm_key:
 * @text: the text of a swarm key
 * @error: return location
 *
 * Errors: %MH_ERROR_INVALID naming the line that is wrong
 */
gboolean mh_config_check_swarm_key (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
