/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "db/db.h"
#include "seal.h"
#include "store-private.h"

G_BEGIN_DECLS

/*
 * Content that is stored already is found by a hash of it, before it is compressed and sealed.
 */

#define MH_KNOWN_TAG_SIZE 16

/* Content and the block that has it. */
typedef struct
{
  guint8 tag[MH_KNOWN_TAG_SIZE];
  MhChunk chunk;
} MhKnown;

/**
 * mh_known_tag:
 * @keys: the vault
 * @content: of mh_content_hash_block()
 * @tag: (out caller-allocates): the same for the same content of the same vault
 *
 * Thread: any worker.
 */
void mh_known_tag (MhKeys *keys, const guint8 content[32], guint8 tag[MH_KNOWN_TAG_SIZE]);

/**
 * mh_known_find:
 * @store: the store
 * @tag: of some content
 * @chunk: (inout): its block; only id and h are set
 *
 * A failure to look is as good as not finding anything.
 *
 * Thread: any worker. Blocks on disk, briefly.
 * Returns: whether it was found; the block may be gone all the same
 */
gboolean mh_known_find (MhStore *store, const guint8 tag[MH_KNOWN_TAG_SIZE], MhChunk *chunk);

/* Remembers which block has some content, and forgets a few that are gone. Thread: the writer. */
gboolean mh_known_add (MhDb *db, const MhKnown *known, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
