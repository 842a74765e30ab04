/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-pull.h"

#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "crypto/hash.h"

/* Blocks that are written together: so many, or so many bytes. */
#define BLOCKS_AT_ONCE 512
#define BYTES_AT_ONCE (8 * 1024 * 1024)

/* Blocks that may be asked for once more in a pull. */
#define MOST_WRONG 1024

/* Rounds of asking for parents; a history is not deeper than what is kept of it. */
#define MOST_ROUNDS 100000

void
mh_sync_pull_clear (MhSyncPull *self)
{
  g_clear_pointer (&self->paths, g_ptr_array_unref);
}

static gboolean
is_empty (GBytes *hashes)
{
  return hashes == NULL || g_bytes_get_size (hashes) == 0;
}

/* -- versions -- */

/* Returns: (transfer full): the first of @hashes that fit into a question */
static GBytes *
first_of (GBytes *hashes)
{
  gsize most = (gsize) MH_SYNC_MOST_HASHES * MH_SYNC_HASH_SIZE;

  return g_bytes_new_from_bytes (hashes, 0, MIN (g_bytes_get_size (hashes), most));
}

static void
note (MhSyncPull *self, const MhSyncTaken *taken)
{
  self->versions += taken->taken;
  self->refused += taken->refused;
  if (self->paths == NULL)
    self->paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; taken->taken > 0 && i < taken->paths->len; i++)
    g_ptr_array_add (self->paths, g_strdup (g_ptr_array_index (taken->paths, i)));
}

/*
 * Takes the records of @hashes, and of what comes before them. Records that the peer does not give
 * are left out: it may have forgotten them meanwhile.
 */
static gboolean
take_hashes (MhSyncPull *self, MhSyncSession *session, GBytes *hashes, GError **error)
{
  g_autoptr (GByteArray) left = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (hashes, &size);

  g_byte_array_append (left, data, (guint) size);
  for (guint round = 0; left->len > 0 && round < MOST_ROUNDS; round++)
    {
      g_autoptr (GBytes) all = g_bytes_new (left->data, left->len);
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_RECORDS, .hashes = first_of (all) };
      g_auto (MhSyncMessage) answer = { 0 };
      g_autoptr (MhSyncTaken) taken = NULL;
      g_autoptr (GBytes) parents = NULL;
      guint asked = (guint) (g_bytes_get_size (question.hashes) / MH_SYNC_HASH_SIZE);
      guint given;

      if (!mh_sync_session_ask (session, &question, &answer, error))
        return FALSE;
      given = answer.records != NULL ? answer.records->len : 0;
      if (given == 0)
        {
          g_byte_array_remove_range (left, 0, asked * MH_SYNC_HASH_SIZE);
          continue;
        }
      taken = mh_store_take_versions (self->store, self->vault_id, answer.records, error);
      if (taken == NULL)
        return FALSE;
      note (self, taken);
      g_byte_array_remove_range (left, 0, MIN (given, asked) * MH_SYNC_HASH_SIZE);
      parents = g_steal_pointer (&taken->parents);
      data = g_bytes_get_data (parents, &size);
      if (size > 0)
        g_byte_array_append (left, data, (guint) size);
      if (left->len > 0)
        {
          g_autoptr (GBytes) wanted = g_bytes_new (left->data, left->len);
          g_autoptr (GBytes) unknown =
              mh_store_unknown_versions (self->store, self->vault_id, wanted, error);

          if (unknown == NULL)
            return FALSE;
          g_byte_array_set_size (left, 0);
          data = g_bytes_get_data (unknown, &size);
          if (size > 0)
            g_byte_array_append (left, data, (guint) size);
        }
    }

  return TRUE;
}

/* Whether both have the same heads; then the mark is set to where the peer is. */
static gboolean
compare_roots (MhSyncPull *self, MhSyncSession *session, gboolean *same, GError **error)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_ROOT };
  g_auto (MhSyncMessage) answer = { 0 };
  g_autoptr (GBytes) heads = mh_store_heads (self->store, self->vault_id, error);
  guint8 root[MH_SHA256_SIZE];
  gsize size;
  const guint8 *data;

  *same = FALSE;
  if (heads == NULL || !mh_sync_session_ask (session, &question, &answer, error))
    return FALSE;
  data = g_bytes_get_data (heads, &size);
  mh_sha256 (data, size, root);
  if (answer.hashes == NULL || g_bytes_get_size (answer.hashes) != sizeof root
      || memcmp (g_bytes_get_data (answer.hashes, NULL), root, sizeof root) != 0)
    return TRUE;

  *same = TRUE;
  self->mark = answer.mark;
  self->mark.gone = 0;

  return TRUE;
}

/* Takes those of @hashes that are not here. @all tells whether all were given: what was given and
 * refused would be refused again. */
static gboolean
take_unknown (MhSyncPull *self, MhSyncSession *session, GBytes *hashes, gboolean *all,
              GError **error)
{
  g_autoptr (GBytes) unknown =
      mh_store_unknown_versions (self->store, self->vault_id, hashes, error);
  g_autoptr (GBytes) left = NULL;
  guint refused = self->refused;

  *all = unknown != NULL && is_empty (unknown);
  if (unknown == NULL || *all)
    return unknown != NULL;
  if (!take_hashes (self, session, unknown, error))
    return FALSE;
  left = mh_store_unknown_versions (self->store, self->vault_id, unknown, error);
  *all = left != NULL
         && g_bytes_get_size (left) <= (gsize) (self->refused - refused) * MH_SYNC_HASH_SIZE;

  return left != NULL;
}

/* What the peer names and does not give now, as its disk may fail for a while, is asked for again:
 * the mark stays before it. */
static gboolean
pull_versions (MhSyncPull *self, MhSyncSession *session, GError **error)
{
  gboolean same = FALSE;
  gboolean all = TRUE;
  MhSyncMark at;

  if (self->mark.epoch == 0 && !compare_roots (self, session, &same, error))
    return FALSE;
  at = self->mark;
  while (!same)
    {
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_SINCE, .mark = at };
      g_auto (MhSyncMessage) answer = { 0 };
      gboolean these = TRUE;

      if (!mh_sync_session_ask (session, &question, &answer, error)
          || (!is_empty (answer.hashes)
              && !take_unknown (self, session, answer.hashes, &these, error)))
        return FALSE;
      all = all && these;
      if (all)
        self->mark = answer.mark;
      if (is_empty (answer.hashes))
        return TRUE;
      if (answer.mark.epoch == at.epoch && answer.mark.after <= at.after)
        {
          g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                               "the other machine goes round in circles");
          return FALSE;
        }
      at = answer.mark;
    }

  return TRUE;
}

/* Takes one page of what the peer has removed. */
static gboolean
take_gone (MhSyncPull *self, const MhSyncMessage *answer, gboolean *left, GError **error)
{
  MhSyncGone gone = { answer->hashes, NULL };

  if (answer->records == NULL || answer->records->len != 1)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                           "the other machine says nonsense about removed versions");
      return FALSE;
    }
  gone.purged = g_ptr_array_index (answer->records, 0);
  if (self->paths == NULL)
    self->paths = g_ptr_array_new_with_free_func (g_free);

  return mh_store_take_gone (self->store, self->vault_id, &gone, self->paths, left, error);
}

/* Learns what the peer has removed. What has to be said again is asked for again the next time. */
static gboolean
pull_gone (MhSyncPull *self, MhSyncSession *session, GError **error)
{
  MhSyncMark at = self->mark;
  gboolean all = TRUE;

  while (TRUE)
    {
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_GONE, .mark = at };
      g_auto (MhSyncMessage) answer = { 0 };
      gboolean left = FALSE;

      if (!mh_sync_session_ask (session, &question, &answer, error))
        return FALSE;
      if (is_empty (answer.hashes))
        return TRUE;
      if (!take_gone (self, &answer, &left, error))
        return FALSE;
      if (answer.mark.epoch != at.epoch)
        return TRUE; /* its index is another now: from the beginning, the next time */
      if (answer.mark.gone <= at.gone)
        {
          g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                               "the other machine goes round in circles");
          return FALSE;
        }
      at.gone = answer.mark.gone;
      all = all && !left;
      if (all)
        self->mark.gone = at.gone;
    }
}

gboolean
mh_sync_pull_catalog (MhSyncPull *self, MhSyncSession *session, GError **error)
{
  return pull_versions (self, session, error) && pull_gone (self, session, error);
}

/* -- blocks -- */

/* Returns: (transfer full): those of @missing that are wanted, as a question has them */
static GBytes *
wanted_of (GArray *missing, MhSyncWants wants, gpointer data)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < missing->len; i++)
    {
      const MhSyncBlock *block = &g_array_index (missing, MhSyncBlock, i);

      if (wants (block->id, data))
        g_byte_array_append (out, block->id, sizeof block->id);
    }

  return g_byte_array_free_to_bytes (out);
}

/* Blocks that came: some are gathered while those before them are written. */
typedef struct
{
  MhSyncPull *pull;   /* (unowned): its counts are of the thread that writes until that has ended */
  GPtrArray *blocks;  /* (owned) (element-type GBytes): gathered */
  GByteArray *ids;    /* (owned): of them, 32 bytes each */
  gsize size;         /* bytes of them */
  MhPool *pool;       /* (owned) (nullable): one thread that writes */
  GPtrArray *written; /* (owned) (nullable) (element-type GBytes): what it has (locked-by lock) */
  GByteArray *written_ids; /* (owned) (nullable): of @written */
  GByteArray *wrong; /* (owned): of what was other bytes, and had not been looked at by the peer */
  gboolean is_unchecked; /* the peer does not look at them */
  GError *error;         /* (owned) (nullable): why it could not (locked-by lock) */
  GMutex lock;
  GCond idle;
} Gathered;

static GPtrArray *
blocks_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

static void
write_blocks (gpointer data)
{
  Gathered *self = data;
  MhSyncPull *pull = self->pull;
  GError *error = NULL;
  guint taken;

  if (mh_store_take_blocks (pull->store, pull->vault_id, self->written, self->written_ids->data,
                            &taken, &error))
    {
      pull->blocks += taken;
      for (guint i = 0; i < self->written->len; i++)
        pull->bytes += (gint64) g_bytes_get_size (g_ptr_array_index (self->written, i));
    }
  else if (self->is_unchecked && g_error_matches (error, MH_ERROR, MH_ERROR_CORRUPT)
           && self->wrong->len < MOST_WRONG * MH_SYNC_HASH_SIZE)
    { /* its disk may be damaged without its knowing */
      g_clear_error (&error);
      g_byte_array_append (self->wrong, self->written_ids->data, self->written_ids->len);
    }
  g_mutex_lock (&self->lock);
  self->error = error;
  g_clear_pointer (&self->written, g_ptr_array_unref);
  g_clear_pointer (&self->written_ids, g_byte_array_unref);
  g_cond_signal (&self->idle);
  g_mutex_unlock (&self->lock);
}

/* Waits until what was handed over is written. Returns: %FALSE with @error set when it is not */
static gboolean
wait_until_written (Gathered *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_mutex_lock (&self->lock);
  while (self->written != NULL)
    g_cond_wait (&self->idle, &self->lock);
  local = g_steal_pointer (&self->error);
  g_mutex_unlock (&self->lock);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

static gboolean
hand_over (Gathered *self, GError **error)
{
  if (!wait_until_written (self, error))
    return FALSE;
  if (self->pool == NULL)
    self->pool = mh_pool_new ("sync-write", 1, 1);
  self->written = g_steal_pointer (&self->blocks);
  self->written_ids = g_steal_pointer (&self->ids);
  self->ids = g_byte_array_new ();
  self->blocks = blocks_new ();
  self->size = 0;
  if (!mh_pool_push (self->pool, write_blocks, self))
    write_blocks (self); /* the thread is not back from the last ones yet */

  return TRUE;
}

static gboolean
on_block (const guint8 *id, GBytes *block, gpointer data, GError **error)
{
  Gathered *self = data;

  if (!mh_sync_rate_take (self->pull->rate, g_bytes_get_size (block), FALSE,
                          self->pull->cancellable))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "the network is being left");
      return FALSE;
    }
  g_byte_array_append (self->ids, id, MH_SYNC_HASH_SIZE);
  g_ptr_array_add (self->blocks, g_bytes_ref (block));
  self->size += g_bytes_get_size (block);

  return (self->blocks->len < BLOCKS_AT_ONCE && self->size < BYTES_AT_ONCE)
         || hand_over (self, error);
}

/* Takes all that comes of @ids. Returns: %FALSE with @error set */
static gboolean
gather (Gathered *self, MhSyncSession *session, GBytes *ids, GError **error)
{
  gboolean good;

  mh_sync_session_set_unchecked (session, self->is_unchecked);
  good = mh_sync_session_each_block (session, ids, on_block, self, error);
  if (self->blocks->len > 0) /* also what came before something went wrong */
    good = hand_over (self, good ? error : NULL) && good;

  return wait_until_written (self, good ? error : NULL) && good;
}

/* Asks once more for what was wrong: now whoever gives other bytes has seen that they are. */
static gboolean
gather_again (Gathered *self, MhSyncSession *session, GError **error)
{
  g_autoptr (GBytes) ids = g_bytes_new (self->wrong->data, self->wrong->len);

  mh_sync_blame_doubt (self->pull->blame, self->pull->peer);
  self->is_unchecked = FALSE;

  return gather (self, session, ids, error);
}

static gboolean
pull_each (MhSyncPull *self, MhSyncSession *session, GBytes *ids, GError **error)
{
  Gathered gathered = { self, blocks_new (), g_byte_array_new (), .wrong = g_byte_array_new () };
  gboolean good;

  g_mutex_init (&gathered.lock);
  g_cond_init (&gathered.idle);
  /* Hashing is a good part of what a block costs: once is enough, here. */
  gathered.is_unchecked =
      self->blame != NULL && !mh_sync_blame_is_doubted (self->blame, self->peer);
  good = gather (&gathered, session, ids, error);
  if (good && gathered.wrong->len > 0)
    good = gather_again (&gathered, session, error);
  g_clear_pointer (&gathered.pool, mh_pool_free);
  g_byte_array_unref (gathered.wrong);
  g_ptr_array_unref (gathered.blocks);
  g_byte_array_unref (gathered.ids);
  g_mutex_clear (&gathered.lock);
  g_cond_clear (&gathered.idle);

  return good;
}

gboolean
mh_sync_pull_these (MhSyncPull *self, MhSyncSession *session, GBytes *ids, GError **error)
{
  g_autoptr (GBytes) ours = NULL;
  gboolean good;

  if (self->claims == NULL)
    return pull_each (self, session, ids, error);

  ours = mh_sync_claims_take (self->claims, ids);
  good = is_empty (ours) || pull_each (self, session, ours, error);
  mh_sync_claims_give (self->claims, ours);

  return good;
}

gboolean
mh_sync_pull_blocks (MhSyncPull *self, MhSyncSession *session, MhSyncWants wants, gpointer data,
                     GError **error)
{
  MhSyncBlock last = { 0 };
  g_autoptr (GArray) missing =
      mh_store_missing_blocks (self->store, self->vault_id, NULL, MH_SYNC_MOST_HASHES, error);

  while (missing != NULL && missing->len > 0)
    {
      g_auto (MhSyncMessage)
          question = { .op = MH_SYNC_HAVE, .hashes = wanted_of (missing, wants, data) };
      g_auto (MhSyncMessage) answer = { 0 };

      last = g_array_index (missing, MhSyncBlock, missing->len - 1);
      if (!is_empty (question.hashes)
          && (!mh_sync_session_ask (session, &question, &answer, error)
              || (!is_empty (answer.hashes)
                  && !mh_sync_pull_these (self, session, answer.hashes, error))))
        return FALSE;
      g_array_unref (missing);
      missing = mh_store_missing_blocks (self->store, self->vault_id, last.id, MH_SYNC_MOST_HASHES,
                                         error);
    }

  return missing != NULL;
}
