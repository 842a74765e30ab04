/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

/* A file or folder in a vault, as `VAULT:PATH` names it. */
typedef struct
{
  char *vault_id; /* (owned) */
  char *path;     /* (owned): begins with a slash */
} MhCliPlace;

void mh_cli_place_free (MhCliPlace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhCliPlace, mh_cli_place_free)

/**
 * mh_cli_place_split:
 * @text: `VAULT`, `VAULT:` or `VAULT:PATH`
 * @vault: (out) (transfer full): name or id
 * @path: (out) (transfer full): the path, `/` when none is named
 *
 * The name ends at the first colon that a slash or the end follows, else at the first colon.
 */
void mh_cli_place_split (const char *text, char **vault, char **path);

/**
 * mh_cli_place_find_vault:
 * @cli: the options
 * @name: name or id of a vault
 * @error: return location
 *
 * Errors: %MH_CLIENT_ERROR_NOT_FOUND
 * Returns: (transfer full): its id
 */
char *
mh_cli_place_find_vault (MhCli *cli, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_place_new:
 * @cli: the options
 * @text: see mh_cli_place_split()
 * @error: return location
 *
 * Errors: %MH_CLIENT_ERROR_NOT_FOUND
 * Returns: (transfer full): the place
 */
MhCliPlace *
mh_cli_place_new (MhCli *cli, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_place_route:
 * @self: the place
 * @verb: for example `files` or `upload`
 *
 * Returns: (transfer full): path of the route that does @verb with the place
 */
char *mh_cli_place_route (const MhCliPlace *self, const char *verb) G_GNUC_WARN_UNUSED_RESULT;

/**
 * MhCliPlaceFunc:
 * @file: an object of the API
 * @is_folder: whether it is a folder
 * @user_data: the caller's
 *
 * Sees one entry of a list.
 */
typedef void (*MhCliPlaceFunc) (JsonObject *file, gboolean is_folder, gpointer user_data);

/* How to list, see the route. */
typedef enum
{
  MH_CLI_LIST_DEEP = 0,
  MH_CLI_LIST_SHALLOW = 1 << 0,
  MH_CLI_LIST_DELETED = 1 << 1,
} MhCliListFlags;

/**
 * mh_cli_place_list:
 * @self: a folder
 * @cli: the options
 * @flags: how
 * @func: sees every entry, page after page
 * @user_data: for @func
 * @error: return location
 *
 * Errors: those of the API
 */
gboolean mh_cli_place_list (const MhCliPlace *self, MhCli *cli, MhCliListFlags flags,
                            MhCliPlaceFunc func, gpointer user_data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cli_place_is_folder:
 * @self: a place
 * @cli: the options
 * @is_folder: (out): whether anything is below it
 * @error: return location
 *
 * Errors: those of the API
 */
gboolean mh_cli_place_is_folder (const MhCliPlace *self, MhCli *cli, gboolean *is_folder,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
