/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vaults-service.h"

G_BEGIN_DECLS

/*
 * What gives another machine a vault: `meshhold://vault/` and JSON in base64url. Members: `v` 1,
 * `id` and `n` of the vault, `k` its key, `rf` its wanted copies, `t` its kind, `net` the network
 * it is in, `b` addresses. With `pw` the key is in the box of its password, of which `s` is the
 * salt: who has the URL then needs the password, too.
 */

#define MH_VAULT_URL_PREFIX "meshhold://vault/"
#define MH_VAULT_URL_MAX 4096

/**
 * mh_vaults_share:
 * @self: the service
 * @id: a vault
 * @error: return location
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED
 * Returns: (transfer full): the URL; whoever has it can read the vault
 */
char *mh_vaults_share (MhVaults *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_join:
 * @self: the service
 * @url: of a vault
 * @name: (nullable): what it is to be called here
 * @error: return location
 *
 * A vault with a password is locked until somebody gives it.
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_INVALID, which says what is wrong with the URL; %MH_ERROR_CONFLICT when the
 * vault is here already, its name is taken, or it is of another network than this machine Returns:
 * (transfer full): the vault, or %NULL with @error set
 */
MhVault *mh_vaults_join (MhVaults *self, const char *url, const char *name,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
