/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "seal.h"
#include "store-private.h"

G_BEGIN_DECLS

/**
 * mh_load_block:
 * @store: the store
 * @keys: its vault
 * @chunk: what is known about it
 * @error: return location
 *
 * Reads a block and opens it. It may be given another place after it was looked up: only what fails
 * twice at one place is damaged.
 *
 * Thread: any worker without a connection of the index. Blocks on disk.
 * What other machines have is fetched from them: see mh_store_set_fetch().
 *
 * Errors: %MH_ERROR_CORRUPT when it is damaged; %MH_ERROR_UNAVAILABLE when it is elsewhere and
 * cannot be fetched; as mh_stmt_step() Returns: (transfer full): its bytes, or %NULL with @error
 * set
 */
GBytes *mh_load_block (MhStore *store, MhKeys *keys, const MhChunk *chunk,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
