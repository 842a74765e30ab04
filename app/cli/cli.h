/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "cli/api.h"

G_BEGIN_DECLS

typedef struct _MhCliCommand MhCliCommand;

/* What the options of every command say, and what follows from them. */
typedef struct
{
  char *home;       /* (owned) (nullable): --home */
  char *url;        /* (owned) (nullable): --api */
  gboolean json;    /* --json: for programs, not for people */
  gboolean version; /* --version */
  MhCliApi *api;    /* (owned) (nullable): see mh_cli_api() */
} MhCli;

/**
 * MhCliRun:
 * @cli: the options
 * @command: which command this is
 * @args: (inout): the words after the command; mh_cli_parse() takes the options out
 * @error: return location; an %MH_CLIENT_ERROR gives the exit code
 *
 * Does what a command is for.
 */
typedef gboolean (*MhCliRun) (MhCli *cli, const MhCliCommand *command, char ***args,
                              GError **error);

struct _MhCliCommand
{
  const char *name;      /* one or two words */
  const char *arguments; /* as the help shows them */
  const char *summary;   /* untranslated */
  guint args_min;
  guint args_max;
  MhCliRun run;
};

/**
 * mh_cli_parse:
 * @cli: gets the global options
 * @command: the command
 * @entries: (nullable): the command's own options
 * @args: (inout): replaced by what is no option
 * @error: return location
 *
 * `--help` prints and exits.
 *
 * Errors: %MH_CLIENT_ERROR_USAGE, also for too few or too many arguments
 */
gboolean mh_cli_parse (MhCli *cli, const MhCliCommand *command, const GOptionEntry *entries,
                       char ***args, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_usage:
 * @command: a command
 *
 * Returns: (transfer full): its name and its arguments
 */
char *mh_cli_usage (const MhCliCommand *command) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_options:
 * @cli: where the values go
 *
 * Returns: (transfer full) (array zero-terminated=1): the options of every command
 */
GOptionEntry *mh_cli_options (MhCli *cli) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_api:
 * @cli: the options
 * @error: return location
 *
 * Returns: (transfer none) (nullable): the API, reached at the first call
 */
MhCliApi *mh_cli_api (MhCli *cli, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_call:
 * @cli: the options
 * @method: for example `GET`
 * @path: (transfer full): path and query
 * @body: (transfer full) (nullable): JSON text
 * @error: return location
 *
 * Calls a route and prints the answer as it is with `--json`.
 *
 * Returns: (transfer full): the answer
 */
JsonNode *mh_cli_call (MhCli *cli, const char *method, char *path, char *body,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Prints to standard output. Unlike g_print() it never turns a file name into question marks. */
void mh_cli_print (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Prints an answer for programs: one line of JSON. */
void mh_cli_print_json (JsonNode *node);

/**
 * mh_cli_clean:
 * @text: text from elsewhere
 *
 * Returns: (transfer full): @text without control characters, which could take over a terminal
 */
char *mh_cli_clean (const char *text) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_time:
 * @ms: Unix milliseconds
 *
 * Returns: (transfer full): local date and time
 */
char *mh_cli_time (gint64 ms) G_GNUC_WARN_UNUSED_RESULT;

/* Members of an object of the API; "", 0, %FALSE and %NULL when the daemon is of another version.
 */
const char *mh_cli_str (JsonObject *object, const char *name);
gint64 mh_cli_int (JsonObject *object, const char *name);
gboolean mh_cli_bool (JsonObject *object, const char *name);
JsonArray *mh_cli_array (JsonNode *node, const char *name);

/* The commands, by the file they are in. */
gboolean mh_cli_access_login_url (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_access_token (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_access_passwd (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_daemon_status (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_daemon_quit (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_daemon_audit (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_raw_api (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_list (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_create (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_info (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_rename (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_rm (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_lock (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_unlock (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_passwd (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_set (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_list (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_create (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_join (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_connect (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_disconnect (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_rm (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_invite (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_key (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_rotate (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_network_bootstrap (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_node_list (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_node_speedtest (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_node_show (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_node_access (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_node_block (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_node_allow (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_nat (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_share (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_vault_join (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_settings (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_kept_list (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_kept_rm (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_sync (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_folder_list (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_folder_add (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_folder_status (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_folder_act (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_fsck (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_ls (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_rm (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_mv (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_cp (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_history (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_restore (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_where (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_fetch (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_file_resolve (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_copy_import (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_copy_export (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_search (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_put (MhCli *, const MhCliCommand *, char ***, GError **);
gboolean mh_cli_get (MhCli *, const MhCliCommand *, char ***, GError **);

G_END_DECLS
