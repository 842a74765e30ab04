/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MH_CHUNK_MIN (256 * 1024)
#define MH_CHUNK_AVERAGE (1024 * 1024)
#define MH_CHUNK_MAX (4 * 1024 * 1024)

/**
 * MhGear:
 *
 * The table of the rolling hash: entry b is the first eight bytes, little endian, of the SHA-256 of
 * "mh1/gear" followed by the byte b. Other tables would cut elsewhere and share no blocks with us.
 */
typedef struct
{
  guint64 table[256];
} MhGear;

/**
 * MhChunker:
 *
 * Content-defined cutting after FastCDC (Xia et al., USENIX ATC 2016): normalised, with two masks
 * two bits either side of the average. Plain data; zero it before the first byte.
 */
typedef struct
{
  guint64 hash;
  gsize size; /* bytes of the current chunk so far */
} MhChunker;

/* Fills the table. Thread: any. */
void mh_gear_init (MhGear *gear);

/**
 * mh_chunker_scan:
 * @self: the state
 * @gear: the table
 * @data: @size bytes that follow those of the calls before
 * @size: number of bytes
 * @cut: (out): whether the chunk ends after the returned number of bytes
 *
 * Thread: the one that uses @self.
 * Returns: bytes of @data that belong to the current chunk
 */
gsize mh_chunker_scan (MhChunker *self, const MhGear *gear, const guint8 *data, gsize size,
                       gboolean *cut);

G_END_DECLS
