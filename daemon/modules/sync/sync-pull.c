/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-pull.h"

#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "sync-walk.h"

/* Blocks that are written together: so many, or so many bytes. */
#define BLOCKS_AT_ONCE 512
#define BYTES_AT_ONCE (8 * 1024 * 1024)

/* So many of them at a time: one is hashed while another one becomes durable. */
#define WRITERS 2

/* Blocks that may be asked for once more in a pull. */
#define MOST_WRONG 1024

/* Versions that are refused in a round before it ends: whoever has so many never had others. */
#define MOST_REFUSED 1000

/* Removed versions that are held until all others are there. */
#define MOST_GONE 100000

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
      if (self->refused > MOST_REFUSED)
        {
          g_set_error_literal (
              error, MH_ERROR, MH_ERROR_CORRUPT,
              "the other machine gives versions that nobody with the key has made");
          return FALSE;
        }
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

/* Takes those of @hashes that are not here. @left: how many were not given; what was given and
 * refused is none of them, as it would be refused again. */
static gboolean
take_unknown (MhSyncPull *self, MhSyncSession *session, GBytes *hashes, guint *left, GError **error)
{
  g_autoptr (GBytes) unknown =
      mh_store_unknown_versions (self->store, self->vault_id, hashes, error);
  g_autoptr (GBytes) after = NULL;
  guint refused = self->refused;
  guint count;

  *left = 0;
  if (unknown == NULL || is_empty (unknown))
    return unknown != NULL;
  if (!take_hashes (self, session, unknown, error))
    return FALSE;
  after = mh_store_unknown_versions (self->store, self->vault_id, unknown, error);
  if (after == NULL)
    return FALSE;
  count = (guint) (g_bytes_get_size (after) / MH_SYNC_HASH_SIZE);
  *left = count - MIN (count, self->refused - refused);

  return TRUE;
}

/* -- by row numbers -- */

static gboolean
refuse_circle (GError **error)
{
  g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                       "the other machine goes round in circles");

  return FALSE;
}

/* @again: set when the peer names what it does not give now, as its disk may fail for a while.
 * @is_other: set when its index is another one than that of the mark. */
static gboolean
pull_since (MhSyncPull *self, MhSyncSession *session, gboolean *again, gboolean *is_other,
            GError **error)
{
  while (TRUE)
    {
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_SINCE, .mark = self->mark };
      g_auto (MhSyncMessage) answer = { 0 };
      guint left;

      if (!mh_sync_session_ask (session, &question, &answer, error))
        return FALSE;
      *is_other = answer.mark.epoch != self->mark.epoch;
      if (*is_other || is_empty (answer.hashes))
        return TRUE;
      if (answer.mark.after <= self->mark.after)
        return refuse_circle (error);
      if (!take_unknown (self, session, answer.hashes, &left, error))
        return FALSE;
      *again = *again || left > 0;
      self->mark.after = answer.mark.after;
    }
}

/* Takes one page of what the peer has removed. */
static gboolean
take_gone (MhSyncPull *self, const MhSyncGone *gone, gboolean *again, GError **error)
{
  gboolean left = FALSE;

  if (self->paths == NULL)
    self->paths = g_ptr_array_new_with_free_func (g_free);
  if (!mh_store_take_gone (self->store, self->vault_id, gone, self->paths, &left, error))
    return FALSE;
  *again = *again || left;

  return TRUE;
}

/* Learns what the peer has removed. @again: as for pull_since() */
static gboolean
pull_gone (MhSyncPull *self, MhSyncSession *session, gboolean *again, GError **error)
{
  while (TRUE)
    {
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_GONE, .mark = self->mark };
      g_auto (MhSyncMessage) answer = { 0 };
      MhSyncGone gone = { 0 };

      if (!mh_sync_session_ask (session, &question, &answer, error))
        return FALSE;
      if (answer.mark.epoch != self->mark.epoch)
        {
          *again = TRUE; /* its index is another now */
          return TRUE;
        }
      if (is_empty (answer.hashes))
        return TRUE;
      if (answer.mark.gone <= self->mark.gone)
        return refuse_circle (error);
      if (answer.records == NULL || answer.records->len != 1)
        {
          g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                               "the other machine says nonsense about removed versions");
          return FALSE;
        }
      gone.hashes = answer.hashes;
      gone.purged = g_ptr_array_index (answer.records, 0);
      if (!take_gone (self, &gone, again, error))
        return FALSE;
      self->mark.gone = answer.mark.gone;
    }
}

/* -- by comparing -- */

typedef struct
{
  MhSyncPull *pull;       /* (unowned) */
  MhSyncSession *session; /* (unowned) */
  MhVersionTree *tree;    /* (unowned): what is here */
  MhSyncMark ours;        /* that it is of */
  MhTreeEntries gone;     /* what the peer has removed: taken when what replaced it is here */
  gboolean again;         /* something has to be said again, as what replaced it is not here */
  guint64 bytes;          /* of questions and answers that compare */
} Walk;

static gboolean
walk_ask (const MhSyncMessage *question, MhSyncMessage *answer, gpointer data, GError **error)
{
  Walk *self = data;
  guint64 before = mh_sync_session_bytes (self->session);
  gboolean done = mh_sync_session_ask (self->session, question, answer, error);

  self->bytes += mh_sync_session_bytes (self->session) - before;

  return done;
}

static gboolean
walk_sums (const MhTreePart *part, MhTreeSum sums[MH_VERSION_TREE_CHILDREN], gpointer data,
           GError **error)
{
  Walk *self = data;

  return mh_version_tree_sums (self->tree, part, sums, error);
}

static gboolean
walk_has_moved (gpointer data)
{
  const Walk *self = data;
  MhSyncMark top;

  return !mh_store_sync_top (self->pull->store, self->pull->vault_id, &top, NULL)
         || top.epoch != self->ours.epoch || top.gone != self->ours.gone;
}

/* Takes what the peer has removed, in pages. */
static gboolean
walk_take_gone (Walk *self, GError **error)
{
  guint count = self->gone.states->len;

  for (guint i = 0; i < count; i += MH_SYNC_MOST_HASHES)
    {
      guint page = MIN (count - i, MH_SYNC_MOST_HASHES);
      g_autoptr (GBytes) hashes =
          g_bytes_new (self->gone.hashes->data + (gsize) i * MH_SYNC_HASH_SIZE,
                       (gsize) page * MH_SYNC_HASH_SIZE);
      g_autoptr (GBytes) purged = g_bytes_new (self->gone.states->data + i, page);
      MhSyncGone gone = { hashes, purged };

      if (!take_gone (self->pull, &gone, &self->again, error))
        return FALSE;
    }
  g_byte_array_set_size (self->gone.hashes, 0);
  g_byte_array_set_size (self->gone.states, 0);

  return TRUE;
}

/* Keeps those of some removed versions that are news. */
static gboolean
walk_note_gone (Walk *self, const MhTreeEntries *entries, GError **error)
{
  MhSyncGone gone = { g_bytes_new_static (entries->hashes->data, entries->hashes->len),
                      g_bytes_new_static (entries->states->data, entries->states->len) };
  g_autoptr (MhSyncGone) news = mh_store_unknown_gone (self->pull->store, &gone, error);
  const guint8 *hashes;
  const guint8 *purged;
  gsize size;

  g_bytes_unref (gone.hashes);
  g_bytes_unref (gone.purged);
  if (news == NULL)
    return FALSE;
  hashes = g_bytes_get_data (news->hashes, NULL);
  purged = g_bytes_get_data (news->purged, &size);
  for (gsize i = 0; i < size; i++)
    mh_tree_entries_add (&self->gone, hashes + i * MH_SYNC_HASH_SIZE, purged[i]);

  return self->gone.states->len < MOST_GONE || walk_take_gone (self, error);
}

/* Takes versions that the peer has, if it gives them. */
static gboolean
walk_take_versions (Walk *self, GBytes *hashes, MhSyncWalkTaken *taken, GError **error)
{
  MhSyncPull *pull = self->pull;
  guint before = pull->versions;
  guint left;

  if (!take_unknown (pull, self->session, hashes, &left, error))
    return FALSE;
  taken->gained = pull->versions - before;
  taken->left = left;

  return TRUE;
}

static gboolean
walk_take (GBytes *hashes, GBytes *states, MhSyncWalkTaken *taken, gpointer data, GError **error)
{
  Walk *self = data;
  g_auto (MhTreeEntries) gone = { 0 };
  g_autoptr (GByteArray) there = g_byte_array_new ();
  g_autoptr (GBytes) versions = NULL;
  const guint8 *hash = g_bytes_get_data (hashes, NULL);
  gsize count;
  const guint8 *state = g_bytes_get_data (states, &count);

  mh_tree_entries_init (&gone);
  for (gsize i = 0; i < count; i++, hash += MH_SYNC_HASH_SIZE)
    if (state[i] == MH_ENTRY_THERE)
      g_byte_array_append (there, hash, MH_SYNC_HASH_SIZE);
    else
      mh_tree_entries_add (&gone, hash, state[i] == MH_ENTRY_PURGED ? 1 : 0);
  versions = g_byte_array_free_to_bytes (g_steal_pointer (&there));

  return (is_empty (versions) || walk_take_versions (self, versions, taken, error))
         && (gone.states->len == 0 || walk_note_gone (self, &gone, error));
}

static void
tell (const Walk *self, const MhSyncWalked *walked)
{
  const MhSyncPull *pull = self->pull;
  g_autofree char *peer_id = mh_peer_id_to_text (pull->peer);

  g_debug ("vault %s and %s: compared in %u questions, %" G_GUINT64_FORMAT
           " bytes: %u versions came%s",
           pull->vault_id, peer_id, walked->questions, self->bytes, pull->versions,
           pull->mark.epoch == 0 ? ", and something is left" : "");
}

/* Compares all that both know. Only when nothing is left over, row numbers will do from then on. */
static gboolean
pull_walk (MhSyncPull *self, MhSyncSession *session, GError **error)
{
  MhSyncMark ours = { 0 };
  g_autoptr (MhVersionTree) tree = mh_version_tree_new (self->store, self->vault_id, &ours, error);
  Walk walk = { .pull = self, .session = session, .tree = tree, .ours = ours };
  MhSyncWalkFuncs funcs = { walk_ask, walk_sums, walk_take, walk_has_moved, &walk };
  MhSyncWalked walked;
  gboolean done;

  self->mark = (MhSyncMark){ 0 };
  if (tree == NULL)
    return FALSE;
  mh_tree_entries_init (&walk.gone);
  done = mh_sync_walk (&funcs, &walked, error) && walk_take_gone (&walk, error);
  mh_tree_entries_clear (&walk.gone);
  self->questions += walked.questions;
  if (done && walked.whole && walked.left == 0 && !walk.again)
    self->mark = walked.mark;
  tell (&walk, &walked);

  return done;
}

gboolean
mh_sync_pull_catalog (MhSyncPull *self, MhSyncSession *session, GError **error)
{
  gboolean again = FALSE;
  gboolean is_other = self->mark.epoch == 0;

  if (!is_other && !pull_since (self, session, &again, &is_other, error))
    return FALSE;
  if (is_other)
    return pull_walk (self, session, error);
  if (!pull_gone (self, session, &again, error))
    return FALSE;
  if (again)
    self->mark = (MhSyncMark){ 0 };

  return TRUE;
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

/* Blocks that came: some are gathered while those before them are hashed, and written. */
typedef struct
{
  MhSyncPull *pull;      /* (unowned): its counts are locked-by lock */
  GPtrArray *blocks;     /* (owned) (element-type GBytes): gathered */
  GByteArray *ids;       /* (owned): of them, 32 bytes each */
  gsize size;            /* bytes of them */
  gboolean is_unchecked; /* the peer does not look at them */
  MhPool *pool;          /* (owned) (nullable) */
  GMutex lock;
  GCond done;
  guint writing;     /* batches on their way to the disk (locked-by lock) */
  GByteArray *wrong; /* (owned): of what was other bytes, and had not been looked at by the peer
                        (locked-by lock) */
  GError *error;     /* (owned) (nullable): why one could not be written (locked-by lock) */
} Gathered;

/* Some of them on their way to the disk. */
typedef struct
{
  Gathered *gathered; /* (unowned) */
  GPtrArray *blocks;  /* (owned) (element-type GBytes) */
  GByteArray *ids;    /* (owned) */
} Batch;

static GPtrArray *
blocks_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

/* Notes what became of a batch; takes @error. Call with the lock held. */
static void
note_written (Gathered *self, const Batch *batch, guint taken, GError *error)
{
  MhSyncPull *pull = self->pull;

  pull->blocks += taken;
  if (error == NULL)
    {
      for (guint i = 0; i < batch->blocks->len; i++)
        pull->bytes += (gint64) g_bytes_get_size (g_ptr_array_index (batch->blocks, i));
    }
  else if (self->is_unchecked && g_error_matches (error, MH_ERROR, MH_ERROR_CORRUPT))
    { /* its disk may be damaged without its knowing; what is too much now is asked for next time */
      if (self->wrong->len < MOST_WRONG * MH_SYNC_HASH_SIZE)
        g_byte_array_append (self->wrong, batch->ids->data, batch->ids->len);
      g_error_free (error);
    }
  else if (self->error == NULL)
    {
      self->error = error;
    }
  else
    {
      g_error_free (error);
    }
}

static void
write_batch (gpointer data)
{
  Batch *batch = data;
  Gathered *self = batch->gathered;
  MhSyncPull *pull = self->pull;
  GError *error = NULL;
  guint taken = 0;

  (void) !mh_store_take_blocks (pull->store, pull->vault_id, batch->blocks, batch->ids->data,
                                &taken, &error);
  g_mutex_lock (&self->lock);
  note_written (self, batch, taken, error);
  g_ptr_array_unref (batch->blocks);
  g_byte_array_unref (batch->ids);
  g_free (batch);
  self->writing--;
  g_cond_signal (&self->done);
  g_mutex_unlock (&self->lock);
}

/* Waits until at most @left batches are on their way. Returns: %FALSE with @error set when one
 * could not be written */
static gboolean
wait_for_writing (Gathered *self, guint left, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_mutex_lock (&self->lock);
  while (self->writing > left)
    g_cond_wait (&self->done, &self->lock);
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
  Batch *batch;

  if (!wait_for_writing (self, WRITERS - 1, error))
    return FALSE;
  if (self->pool == NULL)
    self->pool = mh_pool_new ("sync-write", WRITERS, WRITERS);
  batch = g_new (Batch, 1);
  *batch = (Batch){ self, g_steal_pointer (&self->blocks), g_steal_pointer (&self->ids) };
  self->ids = g_byte_array_new ();
  self->blocks = blocks_new ();
  self->size = 0;
  g_mutex_lock (&self->lock);
  self->writing++;
  g_mutex_unlock (&self->lock);
  if (!mh_pool_push (self->pool, write_batch, batch))
    write_batch (batch); /* no thread is back from the last ones yet */

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

  return wait_for_writing (self, 0, good ? error : NULL) && good;
}

/* Asks once more for what was wrong: now whoever gives other bytes has seen that they are. */
static gboolean
gather_again (Gathered *self, MhSyncSession *session, GError **error)
{
  g_autoptr (GBytes) ids = g_bytes_new (self->wrong->data, self->wrong->len);

  self->is_unchecked = FALSE;

  return gather (self, session, ids, error);
}

static gboolean
pull_each (MhSyncPull *self, MhSyncSession *session, GBytes *ids, GError **error)
{
  Gathered gathered = { self, blocks_new (), g_byte_array_new (), .wrong = g_byte_array_new () };
  gboolean good;

  g_mutex_init (&gathered.lock);
  g_cond_init (&gathered.done);
  /* Hashing is a good part of what a block costs: once is enough, here. */
  gathered.is_unchecked =
      self->blame != NULL && !mh_sync_blame_is_doubted (self->blame, self->peer);
  good = gather (&gathered, session, ids, error);
  if (gathered.wrong->len > 0)
    mh_sync_blame_doubt (self->blame, self->peer);
  if (good && gathered.wrong->len > 0)
    good = gather_again (&gathered, session, error);
  g_clear_pointer (&gathered.pool, mh_pool_free);
  g_byte_array_unref (gathered.wrong);
  g_ptr_array_unref (gathered.blocks);
  g_byte_array_unref (gathered.ids);
  g_mutex_clear (&gathered.lock);
  g_cond_clear (&gathered.done);

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

  if (missing != NULL && missing->len > 0
      && !mh_store_has_room (self->store, self->vault_id, error))
    return FALSE;
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
