/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "crypto/sign.h"
#include "keys.h"
#include "seal.h"
#include "store.h"

G_BEGIN_DECLS

#define MH_FILE_ID_SIZE 16
#define MH_VERSION_HASH_SIZE 32

/**
 * MhVersion:
 *
 * One step in the life of a file, as a signed record. What is not sealed lets a machine without the
 * key keep and pass on what belongs together: the ids of the blocks are the ciphertext's hashes.
 *
 * The record is a GVariant of type (ysayayayxxyayayay) in little-endian normal form, holding format
 * 1, vault id, file id, parents, author, lamport, time, op, block ids, meta and chunks, followed by
 * the author's Ed25519 signature of SHA-256 ("mh1/version" followed by the GVariant). The hash of
 * the version is the SHA-256 of all that.
 */
typedef struct
{
  guint8 hash[MH_VERSION_HASH_SIZE];
  char *vault_id; /* (owned) */
  guint8 file_id[MH_FILE_ID_SIZE];
  GBytes *parents; /* (owned): version hashes, one after the other */
  guint8 author[MH_SIGN_PUBLIC_SIZE];
  gint64 lamport;
  gint64 ts_ms;
  MhFileOp op;
  GBytes *blocks; /* (owned): block ids, one after the other, in the order of the file */
  GBytes *meta;   /* (owned): sealed MhMeta */
  GBytes *chunks; /* (owned): sealed h and size of each block */
} MhVersion;

/**
 * MhMeta:
 *
 * What only key holders know about a version. A deletion has that of the version before it. Sealed
 * is a GVariant of type (sxxsay): path, size, time, type and content hash; where the permission
 * bits are known, they follow the hash as two more bytes, little endian.
 */
typedef struct
{
  char *path; /* (owned) */
  gint64 size;
  gint64 mtime_ms;
  char *mime; /* (owned) */
  guint8 content_hash[32];
  guint mode; /* permission bits, 0 when they are not known */
} MhMeta;

void mh_version_free (MhVersion *self);
void mh_meta_free (MhMeta *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhVersion, mh_version_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhMeta, mh_meta_free)

/**
 * mh_version_encode:
 * @self: a version; its author and hash are set
 * @signer: the author
 *
 * Thread: any.
 * Returns: (transfer full): the record
 */
GBytes *mh_version_encode (MhVersion *self, const MhSigner *signer) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_version_decode:
 * @record: a record
 * @error: return location
 *
 * Checks form and limits, not the signature.
 *
 * Thread: any.
 * Errors: %MH_ERROR_CORRUPT
 * Returns: (transfer full): the version, or %NULL with @error set
 */
MhVersion *mh_version_decode (GBytes *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether the author signed @record, which mh_version_decode() has accepted as @self */
gboolean mh_version_verify (const MhVersion *self, GBytes *record) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_meta_seal:
 * @self: what to seal
 * @keys: the vault
 * @file_id: the file it is bound to
 *
 * Thread: any.
 * Returns: (transfer full): the box
 */
GBytes *
mh_meta_seal (const MhMeta *self, MhKeys *keys, const guint8 *file_id) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_meta_open:
 * @version: a version
 * @keys: the vault
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_CORRUPT, also when the key is another
 * Returns: (transfer full): the meta data, or %NULL with @error set
 */
MhMeta *
mh_meta_open (const MhVersion *version, MhKeys *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_chunks_seal:
 * @chunks: (element-type MhChunk): the blocks of a file, in order
 * @keys: the vault
 * @file_id: the file it is bound to
 *
 * Thread: any.
 * Returns: (transfer full): the box
 */
GBytes *
mh_chunks_seal (GArray *chunks, MhKeys *keys, const guint8 *file_id) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_chunks_open:
 * @version: a version
 * @keys: the vault
 * @error: return location
 *
 * Thread: any.
 * Errors: %MH_ERROR_CORRUPT
 * Returns: (transfer full) (element-type MhChunk): the blocks in order, or %NULL with @error set
 */
GArray *
mh_chunks_open (const MhVersion *version, MhKeys *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the ids of @chunks, one after the other */
GBytes *mh_chunks_ids (GArray *chunks) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
