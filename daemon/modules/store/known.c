/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "known.h"

#include <string.h>

#include "crypto/hash.h"
#include "db/stmt.h"

static const char sql_find[] = "SELECT id, h FROM known WHERE tag = ?1";

static const char sql_add[] = "INSERT OR REPLACE INTO known (tag, id, h) VALUES (?1, ?2, ?3)";

/* Tags are random, so each addition looks at another part of the table. */
static const char sql_sweep[] =
    "DELETE FROM known WHERE tag IN (SELECT tag FROM known WHERE tag > ?1 ORDER BY tag LIMIT 4)"
    " AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.id = known.id)";

void
mh_known_tag (MhKeys *keys, const guint8 content[32], guint8 tag[MH_KNOWN_TAG_SIZE])
{
  static const char label[] = "mh1/known"; /* or the tag would be the key of the block */
  guint8 message[sizeof label + MH_SHA256_SIZE];
  guint8 digest[MH_SHA256_SIZE];

  memcpy (message, label, sizeof label);
  memcpy (message + sizeof label, content, MH_SHA256_SIZE);
  mh_hmac_sha256 (mh_secret_peek (keys->blocks), mh_secret_size (keys->blocks), message,
                  sizeof message, digest);
  memcpy (tag, digest, MH_KNOWN_TAG_SIZE);
}

gboolean
mh_known_find (MhStore *store, const guint8 tag[MH_KNOWN_TAG_SIZE], MhChunk *chunk)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (store->readers, NULL);
  g_autoptr (MhStmt) stmt = NULL;

  if (lease != NULL)
    stmt = mh_db_prepare (mh_db_lease_db (lease), sql_find, NULL);
  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, tag, MH_KNOWN_TAG_SIZE);

  return mh_stmt_step (stmt, NULL) && mh_stmt_copy_blob (stmt, 0, chunk->id, sizeof chunk->id)
         && mh_stmt_copy_blob (stmt, 1, chunk->h, sizeof chunk->h);
}

static gboolean
sweep (MhDb *db, const guint8 *tag, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_sweep, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, tag, MH_KNOWN_TAG_SIZE);

  return mh_stmt_run (stmt, error);
}

gboolean
mh_known_add (MhDb *db, const MhKnown *known, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_blob (stmt, 1, known->tag, sizeof known->tag);
  mh_stmt_bind_blob (stmt, 2, known->chunk.id, sizeof known->chunk.id);
  mh_stmt_bind_blob (stmt, 3, known->chunk.h, sizeof known->chunk.h);

  return mh_stmt_run (stmt, error) && sweep (db, known->tag, error);
}
