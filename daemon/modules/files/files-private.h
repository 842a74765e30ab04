/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the handlers of this folder share. */

#include "files-contract.h"

#include "core/core.h"
#include "modules/store/store.h"
#include "tickets.h"

G_BEGIN_DECLS

/* The service: what the handlers need. */
typedef struct
{
  MhCore *core;       /* (unowned) outlives us */
  MhTickets *tickets; /* (owned) */
} MhFiles;

/* Gives the store and the vault that the request names, or fails as the contract says. */
MhStore *mh_files_open_vault (MhRequest *request, const char **vault_id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells everybody that what is at a path has changed. */
void mh_files_publish (MhRequest *request, const char *vault_id, const char *path, const char *op);

/* As mh_files_publish() for many paths, which may come to one event for the whole vault. */
void mh_files_publish_all (MhRequest *request, const char *vault_id, char **paths, const char *op);

/* Writes down who did something to what is at a path. */
void mh_files_audit (MhRequest *request, const char *type, const char *vault_id, const char *path);

/* A file as the contract has it: one that was stored a moment ago, so that all of it is here, as an
 * object, which is a member if it has a name; one that mh_store_find_local() has looked at; and the
 * members alone. */
void mh_files_file_to_json (MhJson *out, const char *name, const MhFile *file);
void mh_files_found_to_json (MhJson *out, const MhFile *file);
void mh_files_members_to_json (MhJson *out, const MhFile *file, const char *local);

/* Returns: (transfer none): what the contract calls it when so many of so many blocks are missing
 */
const char *mh_files_local (guint blocks, guint missing);

/* Writes @file, of which another version was chosen, and how much of it is here. */
void mh_files_chosen_to_json (MhJson *out, MhStore *store, const char *vault_id, MhFile *file);

/* A version as the contract has it. */
void mh_files_version_to_json (MhJson *out, const MhFileVersion *version);

G_END_DECLS
