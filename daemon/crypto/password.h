/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "secret.h"

G_BEGIN_DECLS

/**
 * mh_password_hash:
 * @password: the password
 *
 * Argon2id with 64 MiB, 3 passes and 1 lane, a fresh salt each time. Takes about 0.2 s.
 *
 * Thread: any worker, never a loop.
 * Returns: (transfer full) (nullable): the hash with its parameters, or %NULL without 64 MiB left
 */
char *mh_password_hash (const char *password) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_password_verify:
 * @hash: what mh_password_hash() gave
 * @password: a password
 *
 * Thread: any worker, never a loop.
 * Returns: whether @password is the one of @hash
 */
gboolean mh_password_verify (const char *hash, const char *password) G_GNUC_WARN_UNUSED_RESULT;

#define MH_PASSWORD_SALT_SIZE 16

/**
 * mh_password_derive:
 * @password: the password
 * @salt: random bytes, kept beside what is sealed with the key
 *
 * Argon2id as mh_password_hash(), for a key instead of a hash.
 *
 * Thread: any worker, never a loop.
 * Returns: (transfer full) (nullable): 32 bytes, or %NULL without 64 MiB left
 */
MhSecret *mh_password_derive (const char *password,
                              const guint8 salt[MH_PASSWORD_SALT_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
