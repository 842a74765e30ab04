/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/password.h"
#include "vaults-store.h"

G_BEGIN_DECLS

/*
 * The keys of vaults as they are kept: 32 bytes in a box under the master key, bound to the vault's
 * id. With a password there is a box in the box, under the Argon2id of the password: then who has
 * the disk needs the master key and the password.
 */

#define MH_VAULT_KEY_SIZE 32

/**
 * mh_vault_key_seal:
 * @record: a vault, of which the id is set; gets the key, and the salt or none
 * @master: the master key
 * @key: the key of the vault
 * @password: (nullable): its password
 * @error: return location
 *
 * Thread: a worker; takes a tenth of a second and 64 MiB with a password.
 * Errors: %MH_ERROR_UNAVAILABLE without memory
 * Returns: %FALSE with @error set and nothing changed
 */
gboolean mh_vault_key_seal (MhVaultRecord *record, const MhSecret *master, const MhSecret *key,
                            const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vault_key_open:
 * @record: a vault
 * @master: the master key
 * @password: (nullable): tried when the vault has one
 * @error: return location
 *
 * Thread: a worker; takes a tenth of a second and 64 MiB with a password.
 * Errors: %MH_ERROR_FORBIDDEN for a wrong or missing password; %MH_ERROR_CORRUPT;
 *   %MH_ERROR_UNAVAILABLE without memory
 * Returns: (transfer full): the key, or %NULL with @error set
 */
MhSecret *mh_vault_key_open (const MhVaultRecord *record, const MhSecret *master,
                             const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): what is in the outer box: the key, or the box of its password; or %NULL
 * with @error set */
GBytes *mh_vault_key_content (const MhVaultRecord *record, const MhSecret *master,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Seals such a content, of another machine, for this one. */
void mh_vault_key_seal_content (MhVaultRecord *record, const MhSecret *master, GBytes *content);

G_END_DECLS
