/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "crypto/secret.h"

G_BEGIN_DECLS

/**
 * MhKeys:
 *
 * What the key of a vault gives. Immutable, shared by reference.
 */
typedef struct
{
  int references;
  char *vault_id;    /* (owned) */
  MhSecret *blocks;  /* (owned): convergence key, HKDF label "mh1/conv" */
  MhSecret *records; /* (owned): manifest key, HKDF label "mh1/meta" */
  MhSecret *proof;   /* (owned): shows others that the key is here, HKDF label "mh1/proof" */
} MhKeys;

/* Returns: (transfer full): what follows from @key, 32 bytes. Thread: any. */
MhKeys *mh_keys_new (const char *vault_id, const MhSecret *key) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): another reference. Thread: any. */
MhKeys *mh_keys_ref (MhKeys *self);

/* Gives a reference back. Thread: any. */
void mh_keys_unref (MhKeys *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhKeys, mh_keys_unref)

G_END_DECLS
