/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The content hash of bytes that are not in the store. Part of store.h. */

/**
 * MhFingerprint:
 *
 * Finds out what the content hash of a file would be. Used by one thread at a time.
 */
typedef struct _MhFingerprint MhFingerprint;

/* Returns: (transfer full): of no bytes yet. Thread: any. */
MhFingerprint *mh_fingerprint_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the next @size bytes of the file. Thread: the one that uses @self. */
void mh_fingerprint_add (MhFingerprint *self, const guint8 *data, gsize size);

/* Returns: (transfer full): the content hash as MhFile has it; @self can then only be freed */
char *mh_fingerprint_finish (MhFingerprint *self) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it, finished or not. Thread: any. */
void mh_fingerprint_free (MhFingerprint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhFingerprint, mh_fingerprint_free)
