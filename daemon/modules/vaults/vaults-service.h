/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/store.h"
#include "vaults-store.h"

G_BEGIN_DECLS

/* Makes the service and hands the key of every vault without a password to the store. */
gpointer mh_vaults_start (MhCore *core, GError **error);

/* Ends the service. */
void mh_vaults_stop (gpointer service);

/* Returns: (transfer none): the core */
MhCore *mh_vaults_core (MhVaults *self);

/* Returns: (transfer none): the store */
MhStore *mh_vaults_blocks (MhVaults *self);

/* Returns: whether the store has the key of a vault. Thread: any. */
gboolean mh_vaults_is_open (MhVaults *self, const char *id);

/* Hands the key of a vault to the store. Returns: %FALSE with @error set */
gboolean mh_vaults_open_vault (MhVaults *self, const MhVaultRecord *record, const MhSecret *key,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes the key of a vault from the store. Thread: any worker. */
void mh_vaults_close_vault (MhVaults *self, const char *id);

/* Tells the store what a vault may use and what is kept of it. */
gboolean mh_vaults_set_limits (MhVaults *self, const MhVault *vault,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Of vaults-protect.c
 */

/* What a password did. */
typedef struct
{
  GPtrArray *ids; /* (owned) (element-type utf8): unlocked */
  guint tried;    /* vaults that were locked */
} MhVaultsUnlocked;

void mh_vaults_unlocked_free (MhVaultsUnlocked *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhVaultsUnlocked, mh_vaults_unlocked_free)

/**
 * mh_vaults_lock:
 * @self: the service
 * @id: a vault
 * @error: return location
 *
 * Thread: a worker.
 * Errors: %MH_ERROR_NOT_FOUND; %MH_ERROR_INVALID for a vault without a password
 * Returns: %FALSE with @error set
 */
gboolean mh_vaults_lock (MhVaults *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_unlock:
 * @self: the service
 * @password: tried on every locked vault
 * @error: return location
 *
 * Thread: a worker. Hashes for a tenth of a second a vault.
 * Errors: %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: (transfer full): what it opened, maybe nothing, or %NULL with @error set
 */
MhVaultsUnlocked *
mh_vaults_unlock (MhVaults *self, const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_set_password:
 * @self: the service
 * @id: a vault
 * @current: (nullable): its password, if it has one
 * @password: (nullable): its new password, %NULL for none
 * @error: return location
 *
 * The key stays the same: nothing is sealed anew.
 *
 * Thread: a worker. Hashes for a tenth of a second, twice.
 * Errors: %MH_ERROR_NOT_FOUND; %MH_ERROR_FORBIDDEN for a wrong @current
 * Returns: %FALSE with @error set
 */
gboolean mh_vaults_set_password (MhVaults *self, const char *id, const char *current,
                                 const char *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_set_alias:
 * @self: the service
 * @id: a vault
 * @alias: (nullable): name of a bucket, %NULL for none
 * @error: return location
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_INVALID, %MH_ERROR_CONFLICT when another vault has it
 * Returns: %FALSE with @error set
 */
gboolean mh_vaults_set_alias (MhVaults *self, const char *id, const char *alias,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Turns a set @error of the database into the public domain. */
void mh_vaults_lift (GError **error);

/*
 * Keeps a vault of another machine. @record: without a sealed key; @content: what that is to hold.
 * Errors: as mh_vaults_create(), %MH_ERROR_CONFLICT also when it is here already
 * Returns: (transfer full): the vault, or %NULL with @error set
 */
MhVault *mh_vaults_adopt (MhVaults *self, MhVaultRecord *record, GBytes *content,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fills @out with what is known of the copies on other machines. Returns: %FALSE when nothing is.
 * Thread: any. */
gboolean mh_vaults_copies (MhVaults *self, const char *id, MhVaultCopies *out);

/* Returns: (transfer full) (element-type MhVaultSeen): vaults in the network, by id, also those
 * that are here. Thread: any. */
GArray *mh_vaults_seen (MhVaults *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
