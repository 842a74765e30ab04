/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalog-space.h"
#include "writer.h"

G_BEGIN_DECLS

/*
 * Which blocks are in use, and the sums that follow from it. For commits, on the writer's thread.
 * A version counts once for each block that it names, however often it does.
 */

/**
 * mh_usage_add_block:
 * @writer: the writer
 * @vault: its vault
 * @id: a block that one version names
 * @location: where it was written
 * @error: return location
 *
 * Makes a block known. One that is known but damaged, or missing, gets the new place.
 *
 * Returns: %FALSE with @error set
 */
gboolean mh_usage_add_block (MhWriter *writer, const MhVaultRow *vault, const guint8 *id,
                             const MhLocation *location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_usage_share_block:
 * @writer: the writer
 * @vault: its vault
 * @id: a block that is known, and named by one version more
 * @error: return location
 *
 * Errors: %MH_ERROR_UNAVAILABLE when it was found damaged meanwhile
 * Returns: %FALSE with @error set
 */
gboolean mh_usage_share_block (MhWriter *writer, const MhVaultRow *vault, const guint8 *id,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A block that versions name, but which is missing or damaged, was written to @location. */
gboolean mh_usage_fill_block (MhWriter *writer, const guint8 *id, const MhBlockRow *old,
                              const MhLocation *location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The bytes of a block at @old, which versions name, are given up: it is elsewhere from now on. */
gboolean mh_usage_evict_block (MhWriter *writer, const guint8 *id, const MhBlockRow *old,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The version that was put last names each of @ids, also those that are not there: those are in
 * @state. */
gboolean mh_usage_add_version (MhWriter *writer, const MhVaultRow *vault, GBytes *ids,
                               MhBlockState state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One version less names each of @ids; adds to @unused the bytes that nothing needs any more. */
gboolean mh_usage_remove_version (MhWriter *writer, GBytes *ids, gint64 *unused,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Notes that the record at @location is no longer in use. */
gboolean mh_usage_free_record (MhWriter *writer, const MhLocation *location, MhHoleKind kind,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: bytes of the vault's blocks, with what the open transaction has added */
gint64 mh_usage_stored (MhWriter *writer, const MhVaultRow *vault);

G_END_DECLS
