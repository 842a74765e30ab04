/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-serve.h"

#include <string.h>

#include "base/error.h"
#include "crypto/random.h"
#include "sync-session.h"

typedef struct
{
  const MhSyncServing *in;
  MhStore *store;      /* (unowned) */
  MhStream *stream;    /* (unowned) */
  char *vault_id;      /* (owned) (nullable) */
  MhVersionTree *tree; /* (owned) (nullable): that the last question was about */
  MhSyncMark tree_mark;
} Serving;

static gboolean
take_question (Serving *self, MhSyncMessage *question)
{
  g_autoptr (GBytes) bytes =
      mh_stream_read_message_wait (self->stream, MH_SYNC_MAX_QUESTION, MH_SYNC_TIMEOUT_MS, NULL);

  return bytes != NULL && mh_sync_message_decode (bytes, question);
}

static GBytes *
prove (Serving *self, const MhSyncProof *proof, gboolean is_client)
{
  g_autoptr (GBytes) text = mh_sync_proof_text (proof, is_client);
  guint8 out[MH_SYNC_HASH_SIZE];
  gsize size;
  const guint8 *data = g_bytes_get_data (text, &size);

  return mh_store_prove (self->store, proof->vault_id, data, size, out)
             ? g_bytes_new (out, sizeof out)
             : NULL;
}

/* Both show that they have the key. Without it here, the other learns only that it is so. */
static gboolean
greet (Serving *self)
{
  g_auto (MhSyncMessage) hello = { 0 };
  g_auto (MhSyncMessage) answer = { 0 };
  g_auto (MhSyncMessage) theirs = { 0 };
  MhSyncProof proof = { mh_stream_peer (self->stream), mh_host_id (self->in->host) };
  g_autoptr (GBytes) wanted = NULL;
  guint8 nonce[MH_SYNC_NONCE_SIZE];

  if (!take_question (self, &hello) || hello.op != MH_SYNC_HELLO || hello.nonce == NULL
      || hello.vault_id == NULL)
    return FALSE;
  mh_random_bytes (nonce, sizeof nonce);
  answer.nonce = g_bytes_new (nonce, sizeof nonce);
  proof.client_nonce = hello.nonce;
  proof.server_nonce = answer.nonce;
  proof.vault_id = hello.vault_id;
  answer.proof = prove (self, &proof, FALSE);
  if (answer.proof == NULL || !mh_sync_put (self->stream, &answer, NULL)
      || !take_question (self, &theirs) || theirs.op != MH_SYNC_PROVE || theirs.proof == NULL)
    return FALSE;
  wanted = prove (self, &proof, TRUE);
  if (wanted == NULL || !g_bytes_equal (wanted, theirs.proof))
    return FALSE;
  self->vault_id = g_steal_pointer (&hello.vault_id);

  return TRUE;
}

/* -- the tree of versions -- */

/* Whoever compares says to each question up to which rows, so that all answers fit together. */
static gboolean
open_tree (Serving *self, const MhSyncMark *mark)
{
  MhSyncMark top;

  if (!mh_store_sync_top (self->store, self->vault_id, &top, NULL))
    return FALSE;
  if (self->tree != NULL && top.epoch == self->tree_mark.epoch && mark->epoch == top.epoch
      && mark->after == self->tree_mark.after && mark->gone == self->tree_mark.gone)
    return TRUE;

  g_clear_pointer (&self->tree, mh_version_tree_free);
  self->tree_mark = *mark;
  self->tree = mh_version_tree_new (self->store, self->vault_id, &self->tree_mark, NULL);

  return self->tree != NULL;
}

/* What is removed meanwhile is missing from now on: the other side learns why it is. */
static gboolean
mark_answer (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  MhSyncMark top;

  if (!mh_store_sync_top (self->store, self->vault_id, &top, NULL))
    return FALSE;
  answer->mark = self->tree_mark;
  answer->mark.epoch = top.epoch;
  if (question->mark.epoch != 0)
    answer->mark.gone = top.gone;

  return TRUE;
}

static gboolean
answer_sums (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  g_autoptr (GByteArray) digests = g_byte_array_new ();

  if (question->parts == NULL || !open_tree (self, &question->mark))
    return FALSE;
  answer->counts = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < question->parts->len; i++)
    {
      const MhTreePart *part = &g_array_index (question->parts, MhTreePart, i);
      MhTreeSum sums[MH_VERSION_TREE_CHILDREN];

      if (part->depth >= MH_VERSION_TREE_DEEPEST
          || !mh_version_tree_sums (self->tree, part, sums, NULL))
        return FALSE;
      for (guint child = 0; child < MH_VERSION_TREE_CHILDREN; child++)
        {
          g_array_append_val (answer->counts, sums[child].count);
          if (sums[child].count > 0)
            g_byte_array_append (digests, sums[child].digest, sizeof sums[child].digest);
        }
    }
  answer->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&digests));

  return mark_answer (self, question, answer);
}

static gboolean
answer_entries (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  g_auto (MhTreeEntries) entries = { 0 };
  const guint8 *after = NULL;
  gsize size = 0;

  if (question->hashes != NULL)
    after = g_bytes_get_data (question->hashes, &size);
  if (question->parts == NULL || (size != 0 && size != MH_SYNC_HASH_SIZE)
      || !open_tree (self, &question->mark))
    return FALSE;
  mh_tree_entries_init (&entries);
  for (guint i = 0; i < question->parts->len && entries.states->len < MH_SYNC_MOST_HASHES; i++)
    if (!mh_version_tree_list (self->tree, &g_array_index (question->parts, MhTreePart, i),
                               size > 0 ? after : NULL, MH_SYNC_MOST_HASHES, &entries, NULL))
      return FALSE;
  answer->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&entries.hashes));
  answer->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (answer->records, g_byte_array_free_to_bytes (g_steal_pointer (&entries.states)));

  return mark_answer (self, question, answer);
}

/* -- rows, and blocks -- */

/* Whoever knows another index has to compare: the rows of this one say nothing to it. */
static gboolean
answer_since (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  answer->mark = question->mark;
  answer->hashes = mh_store_versions_since (self->store, self->vault_id, &answer->mark,
                                            MH_SYNC_MOST_HASHES, NULL);
  if (answer->hashes != NULL && answer->mark.epoch != question->mark.epoch)
    {
      answer->mark = (MhSyncMark){ .epoch = answer->mark.epoch };
      g_bytes_unref (answer->hashes);
      answer->hashes = g_bytes_new (NULL, 0);
    }

  return answer->hashes != NULL;
}

static gboolean
answer_have (Serving *self, GBytes *ids, MhSyncMessage *answer)
{
  answer->hashes = mh_store_known_blocks (self->store, self->vault_id, ids, NULL);

  return answer->hashes != NULL;
}

/* What is here and stays: not if versions are removed here sooner than there. */
static gboolean
answer_keep (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  g_autoptr (GBytes) known =
      mh_store_known_blocks (self->store, self->vault_id, question->hashes, NULL);
  MhKeep keep = { G_MAXINT64, G_MAXINT64 };

  if (known == NULL)
    return FALSE;
  if (self->in->keep != NULL && !self->in->keep (self->vault_id, &keep, self->in->data))
    return FALSE;
  if (keep.versions < question->mark.epoch || keep.days < question->mark.after)
    return TRUE;

  answer->hashes = mh_sync_promises_make (self->in->promises, known,
                                          g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND);

  return TRUE;
}

static gboolean
answer_gone (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  g_autoptr (MhSyncGone) gone = NULL;

  answer->mark = question->mark;
  gone =
      mh_store_gone_since (self->store, self->vault_id, &answer->mark, MH_SYNC_MOST_HASHES, NULL);
  if (gone == NULL)
    return FALSE;
  if (answer->mark.epoch != question->mark.epoch)
    return TRUE; /* as for versions */
  answer->hashes = g_bytes_ref (gone->hashes);
  answer->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (answer->records, g_bytes_ref (gone->purged));

  return TRUE;
}

static gboolean
answer_same (Serving *self, GBytes *range, MhSyncMessage *answer)
{
  const guint8 *ends;
  gsize size;
  g_autoptr (GBytes) due = NULL;
  guint8 digest[MH_SYNC_HASH_SIZE];

  ends = range != NULL ? g_bytes_get_data (range, &size) : NULL;
  if (ends == NULL || size != 2 * MH_SYNC_HASH_SIZE)
    return FALSE;
  if (self->in->due != NULL)
    due = self->in->due (self->vault_id, ends, ends + MH_SYNC_HASH_SIZE, self->in->data);
  if (due == NULL)
    return TRUE; /* the other has to ask one by one */

  ends = g_bytes_get_data (due, &size);
  mh_sync_digest (ends, size, digest);
  answer->proof = g_bytes_new (digest, sizeof digest);

  return TRUE;
}

/* Returns: %FALSE when the conversation is to end */
static gboolean
answer_block (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  GBytes *(*read) (MhStore *, const char *, const guint8 *, GError **);
  GBytes *id = question->hashes;
  GBytes *block;

  if (id == NULL || g_bytes_get_size (id) != MH_SYNC_HASH_SIZE)
    return FALSE;
  read = question->is_unchecked ? mh_store_read_unchecked : mh_store_read_sealed;
  block = read (self->store, self->vault_id, g_bytes_get_data (id, NULL), NULL);
  if (block == NULL)
    return TRUE; /* it is simply not given */
  answer->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (answer->records, block);
  mh_stream_set_priority (self->stream, question->is_urgent ? MH_YAMUX_NORMAL : MH_YAMUX_BULK);

  return mh_sync_rate_take (self->in->rate, g_bytes_get_size (block), question->is_urgent,
                            self->in->cancellable);
}

/* Only who has the bytes can tell the hash of them and of what was made up just now. */
static gboolean
answer_challenge (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  const MhSyncChallenge challenge = { mh_stream_peer (self->stream), mh_host_id (self->in->host),
                                      question->nonce };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const guint8 *ids;
  gsize size;

  if (question->nonce == NULL || question->hashes == NULL)
    return FALSE;
  ids = g_bytes_get_data (question->hashes, &size);
  if (size > MH_SYNC_MOST_CHALLENGED * MH_SYNC_HASH_SIZE)
    return FALSE;
  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    {
      g_autoptr (GBytes) block = mh_store_read_sealed (self->store, self->vault_id, ids + at, NULL);
      guint8 hash[MH_SYNC_HASH_SIZE] = { 0 };

      if (block != NULL)
        mh_sync_answer_hash (&challenge, block, hash);
      g_byte_array_append (out, hash, sizeof hash);
    }
  answer->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&out));

  return TRUE;
}

/* Returns: %FALSE when the conversation is to end */
static gboolean
answer_one (Serving *self, const MhSyncMessage *question)
{
  g_auto (MhSyncMessage) answer = { 0 };
  gboolean good = FALSE;

  switch (question->op)
    {
    case MH_SYNC_SUMS:
      good = answer_sums (self, question, &answer);
      break;
    case MH_SYNC_ENTRIES:
      good = answer_entries (self, question, &answer);
      break;
    case MH_SYNC_SINCE:
      good = answer_since (self, question, &answer);
      break;
    case MH_SYNC_RECORDS:
      if (question->hashes != NULL)
        answer.records = mh_store_version_records (self->store, self->vault_id, question->hashes,
                                                   MH_SYNC_RECORDS_BYTES, NULL);
      good = answer.records != NULL;
      break;
    case MH_SYNC_HAVE:
      good = question->hashes != NULL && answer_have (self, question->hashes, &answer);
      break;
    case MH_SYNC_BLOCK:
      good = answer_block (self, question, &answer);
      break;
    case MH_SYNC_GONE:
      good = answer_gone (self, question, &answer);
      break;
    case MH_SYNC_SAME:
      good = answer_same (self, question->hashes, &answer);
      break;
    case MH_SYNC_KEEP:
      good = question->hashes != NULL && answer_keep (self, question, &answer);
      break;
    case MH_SYNC_CHALLENGE:
      good = answer_challenge (self, question, &answer);
      break;
    case MH_SYNC_POLICY:
      good = self->in->policy != NULL
             && self->in->policy (self->vault_id, &answer.mark.after, &answer.mark.epoch,
                                  self->in->data);
      break;
    case MH_SYNC_HELLO:
    case MH_SYNC_PROVE:
    case MH_SYNC_LIST:
    case MH_SYNC_SPARE:
    default:
      break;
    }

  return good && mh_sync_put (self->stream, &answer, NULL);
}

void
mh_sync_serve (const MhSyncServing *in)
{
  Serving self = { .in = in, .store = in->store, .stream = in->stream };
  gboolean goes_on = greet (&self);

  if (goes_on && in->proved != NULL)
    in->proved (self.vault_id, mh_stream_peer (in->stream), in->data);
  while (goes_on)
    {
      g_auto (MhSyncMessage) question = { 0 };

      goes_on = take_question (&self, &question) && answer_one (&self, &question);
    }
  mh_stream_close_write (in->stream);
  mh_version_tree_free (self.tree);
  g_free (self.vault_id);
}

/* -- without the key -- */

static gboolean
answer_list (Serving *self, const MhSyncMessage *question, MhSyncMessage *answer)
{
  GBytes *after = question->hashes;
  gboolean has_after = after != NULL && g_bytes_get_size (after) == MH_SYNC_HASH_SIZE;

  if (self->in->room != NULL)
    self->in->room (mh_stream_peer (self->stream), question->is_full, self->in->data);
  if (self->in->list != NULL)
    answer->hashes =
        self->in->list (self->vault_id, mh_stream_peer (self->stream),
                        has_after ? g_bytes_get_data (after, NULL) : NULL, self->in->data);

  return answer->hashes != NULL;
}

static gboolean
answer_spare (Serving *self, GBytes *ids, MhSyncMessage *answer)
{
  if (ids == NULL)
    return FALSE;
  if (self->in->spare != NULL)
    answer->hashes =
        self->in->spare (self->vault_id, mh_stream_peer (self->stream), ids, self->in->data);

  return TRUE;
}

static gboolean
answer_hold (Serving *self, const MhSyncMessage *question)
{
  g_auto (MhSyncMessage) answer = { 0 };
  gboolean good = FALSE;

  switch ((int) question->op)
    {
    case MH_SYNC_SPARE:
      good = answer_spare (self, question->hashes, &answer);
      break;
    case MH_SYNC_LIST:
      good = answer_list (self, question, &answer);
      break;
    case MH_SYNC_HAVE:
      good = question->hashes != NULL;
      if (good && !answer_have (self, question->hashes, &answer))
        answer.hashes = g_bytes_new (NULL, 0); /* nothing of such a vault */
      break;
    case MH_SYNC_BLOCK:
      good = answer_block (self, question, &answer);
      break;
    case MH_SYNC_SAME:
      good = answer_same (self, question->hashes, &answer);
      break;
    case MH_SYNC_CHALLENGE:
      good = answer_challenge (self, question, &answer);
      break;
    default:
      break;
    }

  return good && mh_sync_put (self->stream, &answer, NULL);
}

void
mh_sync_serve_hold (const MhSyncServing *in)
{
  Serving self = { .in = in, .store = in->store, .stream = in->stream };
  g_auto (MhSyncMessage) hello = { 0 };
  gboolean goes_on =
      take_question (&self, &hello) && hello.op == MH_SYNC_HELLO && hello.vault_id != NULL;

  self.vault_id = hello.vault_id;
  while (goes_on)
    {
      g_auto (MhSyncMessage) question = { 0 };

      goes_on = take_question (&self, &question) && answer_hold (&self, &question);
    }
  mh_stream_close_write (in->stream);
}
