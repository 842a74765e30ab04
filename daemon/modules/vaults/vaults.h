/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* The vaults of this machine: their names, and their keys, which it hands to the store. */
typedef struct _MhVaults MhVaults;

extern const MhModule mh_vaults_module;

/* What this machine does with a vault. */
typedef enum
{
  MH_VAULT_STORE = 1 << 0,     /* keeps its blocks */
  MH_VAULT_SCAN = 1 << 1,      /* takes in what changes in a folder that mirrors it */
  MH_VAULT_PIN = 1 << 2,       /* keeps all of its blocks, however many others do */
  MH_VAULT_READ_ONLY = 1 << 3, /* changes nothing of it */
} MhVaultRoles;

typedef struct
{
  char *id;
  char *name;
  gint64 copies;        /* wanted, the same on all machines that meet */
  gint64 copies_set_ms; /* when that was said, Unix milliseconds; 0: not known */
  gint64 hard_quota;    /* bytes, 0 for none */
  gint64 keep_versions;
  gint64 keep_days;
  MhVaultRoles roles;
  char *s3_alias; /* (nullable) */
  gint64 created_ms;
  gboolean is_protected; /* has a password */
  gboolean has_key;      /* the key could be read and opens what is stored */
  gint64 files;          /* that are not deleted */
  gint64 bytes;          /* of them, before compression */
  gint64 stored_bytes;   /* sealed blocks that its versions need */
  gint64 peers;          /* other machines that have its key */
} MhVault;

/* What is to be changed of a vault: %NULL, or -1, where it stays as it is. */
typedef struct
{
  const char *name;
  gint64 copies;
  gint64 hard_quota;
  gint64 keep_versions;
  gint64 keep_days;
  gint64 roles;
} MhVaultUpdate;

/* How large a vault was on a day. */
typedef struct
{
  gint64 ts_ms; /* Unix milliseconds */
  gint64 files;
  gint64 bytes;        /* before compression */
  gint64 stored_bytes; /* sealed */
} MhVaultDay;

void mh_vault_free (MhVault *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhVault, mh_vault_free)

/* Blocks of a vault by the number of machines that have them. */
typedef struct
{
  gint64 ok; /* as many as wanted */
  gint64 under;
  gint64 over;
  gint64 lost; /* none */
} MhVaultCopies;

/* A vault of which other machines say that they have something. */
typedef struct
{
  char id[32];  /* NUL-terminated, base32 */
  gint64 bytes; /* that the one with most of it stores */
  gint64 peers; /* that say so */
} MhVaultSeen;

/* Who knows of other machines. Thread: any. */
typedef struct
{
  /* How many have the key of a vault. */
  guint (*count_peers) (const char *vault_id, gpointer data);
  /* Fills @out. Returns: %FALSE when they were not asked yet */
  gboolean (*copies) (const char *vault_id, MhVaultCopies *out, gpointer data);
  /* Returns: (transfer full) (element-type MhVaultSeen): those that are seen, by id, also ours */
  GArray *(*seen) (gpointer data);
} MhVaultsMesh;

/* Sets who knows that, or %NULL for nobody; it is not asked any more when this returns. Thread:
 * any.
 */
void mh_vaults_set_mesh (MhVaults *self, const MhVaultsMesh *mesh, gpointer data);

/**
 * mh_vaults_list:
 * @self: the service
 * @error: return location
 *
 * Thread: a worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: (transfer full) (element-type MhVault): by name, or %NULL with @error set
 */
GPtrArray *mh_vaults_list (MhVaults *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_get:
 * @self: the service
 * @id: a vault
 * @error: return location
 *
 * Thread: a worker. Blocks on disk, briefly.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: (transfer full): the vault, or %NULL with @error set
 */
MhVault *mh_vaults_get (MhVaults *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_require:
 * @self: the service
 * @id: a vault
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_NOT_FOUND; %MH_ERROR_FORBIDDEN when its key is not to be had
 * Returns: %FALSE with @error set unless its files can be used
 */
gboolean
mh_vaults_require (MhVaults *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_create:
 * @self: the service
 * @name: UTF-8, 1 to 128 bytes
 * @copies: wanted replicas, 1 to 16
 * @password: (nullable): without which nobody opens it
 * @error: return location
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_INVALID, %MH_ERROR_CONFLICT when the name is taken, %MH_ERROR_NO_SPACE,
 *   %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: (transfer full): the vault, or %NULL with @error set
 */
MhVault *mh_vaults_create (MhVaults *self, const char *name, gint64 copies, const char *password,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_update:
 * @self: the service
 * @id: a vault
 * @update: what is to be changed
 * @error: return location
 *
 * Thread: a worker. Blocks on disk.
 * Errors: as mh_vaults_create(), and %MH_ERROR_NOT_FOUND
 * Returns: (transfer full): the vault as it is now, or %NULL with @error set
 */
MhVault *mh_vaults_update (MhVaults *self, const char *id, const MhVaultUpdate *update,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_agree:
 * @self: the service
 * @id: a vault
 * @copies: wanted replicas, as another machine with the key has it
 * @set_ms: when somebody said so, Unix milliseconds
 * @error: return location
 *
 * Takes it over if it was said later than what is here; of the same time, the larger number counts.
 * What is out of bounds, or was said more than a day from now, is passed over; what is here and was
 * said so gives way to anything else.
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: whether something has changed; %FALSE with @error set
 */
gboolean mh_vaults_agree (MhVaults *self, const char *id, gint64 copies, gint64 set_ms,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_vaults_delete:
 * @self: the service
 * @id: a vault
 * @error: return location
 *
 * Forgets the key: from then on nobody can read what is stored.
 *
 * Thread: a worker. Blocks on disk.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_NO_SPACE, %MH_ERROR_FAILED, %MH_ERROR_UNAVAILABLE
 * Returns: %FALSE with @error set
 */
gboolean
mh_vaults_delete (MhVaults *self, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
