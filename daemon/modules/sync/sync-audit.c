/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-audit.h"

#include <string.h>

#include "base/error.h"
#include "crypto/random.h"
#include "sync-pull.h"

/* Blocks that are waiting to be given up, of one vault; each takes about 100 bytes. */
#define MOST_SURPLUS 100000

/* Blocks of one vault for which machines are too full, 32 bytes each: about a terabyte. */
#define MOST_SPILLED (1024 * 1024)

/* Machines that a block can be taken from: a bit of a number each. */
#define MOST_SOURCES 64

/* Blocks of a batch that a machine without the key is asked to prove. */
#define SAMPLES 4

/* What is known of a block. */
typedef struct
{
  guint copies;   /* on reliable machines, those that hung up lately included */
  guint shown;    /* on reliable machines with the key that said so just now */
  guint64 source; /* bits: the first MOST_SOURCES machines that have it */
} Count;

typedef struct
{
  const MhSyncAudit *in;
  GPtrArray *sessions; /* (owned) (element-type MhSyncSession): by machine; %NULL: not to be had */
  gboolean *tried;     /* (owned): by machine */
  guint machines;      /* keepers of the placement, then others */
  GArray *blocks;      /* (owned) (nullable) (element-type MhNamedBlock): the batch */
  guint8 after[MH_SYNC_HASH_SIZE]; /* the last id of the batch before */
  Count *counts;                   /* (owned) (nullable): by block */
  GByteArray *leaving;             /* (owned): ids that were surplus for long enough */
  GHashTable *seen;                /* (owned): as @surplus of the audit: what is surplus now */
  MhSyncHealth *health;
} Audit;

GHashTable *
mh_sync_surplus_new (void)
{
  return g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                g_free);
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
}

/* -- the machines -- */

/* Returns: (nullable): how a machine takes part, %NULL for one that does not count */
static const MhSyncKeeper *
keeper_of (Audit *self, guint machine)
{
  GArray *keepers = self->in->placement->keepers;

  return machine < keepers->len ? &g_array_index (keepers, MhSyncKeeper, machine) : NULL;
}

static const MhSyncKeeper *
machine_at (Audit *self, guint machine)
{
  const MhSyncKeeper *keeper = keeper_of (self, machine);

  return keeper != NULL ? keeper
                        : &g_array_index (self->in->others, MhSyncKeeper,
                                          machine - self->in->placement->keepers->len);
}

static const MhPeerId *
peer_of (Audit *self, guint machine)
{
  return &machine_at (self, machine)->peer;
}

static void
blame (Audit *self, guint machine, const char *why)
{
  g_autofree char *peer_id = mh_peer_id_to_text (peer_of (self, machine));

  g_message ("vault %s: %s: %s", self->in->vault_id, peer_id, why);
  if (mh_sync_blame_add (self->in->blame, peer_of (self, machine), why, now_ms ()))
    g_message ("%s is left out for a while", peer_id);
}

/* Returns: (nullable): the conversation with a machine, begun when it is needed first */
static MhSyncSession *
session_of (Audit *self, guint machine)
{
  const MhSyncAudit *in = self->in;
  const MhSyncKeeper *other = machine_at (self, machine);
  const MhPeerId *peer = &other->peer;

  if (self->tried[machine])
    return g_ptr_array_index (self->sessions, machine);

  self->tried[machine] = TRUE;
  if (!other->is_here || mh_sync_blame_is_out (in->blame, peer, now_ms ()))
    return NULL;
  if (other->has_key)
    g_ptr_array_index (self->sessions, machine) = mh_sync_session_open (
        in->host, in->store, peer, in->vault_id, in->cancellable, NULL); /* it may be gone */
  else
    g_ptr_array_index (self->sessions, machine) =
        mh_sync_session_open_hold (in->host, peer, in->vault_id, in->cancellable, NULL);

  return g_ptr_array_index (self->sessions, machine);
}

/* It does not answer, or nonsense: nobody waits for it again in this audit. */
static void
give_up (Audit *self, guint machine, const GError *error)
{
  if (g_error_matches (error, MH_ERROR, MH_ERROR_CORRUPT))
    blame (self, machine, error->message);
  g_clear_pointer (&g_ptr_array_index (self->sessions, machine), mh_sync_session_free);
}

/* -- who has what -- */

static const guint8 *
id_of (Audit *self, guint block)
{
  return g_array_index (self->blocks, MhNamedBlock, block).id;
}

/* Returns: a number below @limit that nobody foresees */
static guint
any_below (guint limit)
{
  guint8 bytes[sizeof (guint64)];
  guint64 number;

  mh_random_bytes (bytes, sizeof bytes);
  memcpy (&number, bytes, sizeof number);

  return (guint) (number % limit);
}

/* Returns: a challenge for a machine. @nonce: (out) (transfer full): of it */
static MhSyncChallenge
challenge_for (Audit *self, guint machine, GBytes **nonce)
{
  guint8 bytes[MH_SYNC_NONCE_SIZE];

  mh_random_bytes (bytes, sizeof bytes);
  *nonce = g_bytes_new (bytes, sizeof bytes);

  return (MhSyncChallenge){ mh_host_id (self->in->host), peer_of (self, machine), *nonce };
}

/* Asks a machine for some of its blocks what only who has them knows. Returns: whether it knew */
static gboolean
is_proved (Audit *self, guint machine, MhSyncSession *session, GArray *had)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_CHALLENGE };
  g_auto (MhSyncMessage) answer = { 0 };
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  g_autoptr (GByteArray) wanted = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  const MhSyncChallenge challenge = challenge_for (self, machine, &question.nonce);

  for (guint i = 0; i < had->len && ids->len < SAMPLES * MH_SYNC_HASH_SIZE; i++)
    {
      const guint8 *id = id_of (self, g_array_index (had, guint, any_below (had->len)));
      g_autoptr (GBytes) block =
          mh_store_read_sealed (self->in->store, self->in->vault_id, id, NULL);
      guint8 hash[MH_SYNC_HASH_SIZE];

      if (block == NULL) /* it is not here: nobody can tell */
        continue;
      mh_sync_answer_hash (&challenge, block, hash);
      g_byte_array_append (ids, id, MH_SYNC_HASH_SIZE);
      g_byte_array_append (wanted, hash, sizeof hash);
    }
  if (ids->len == 0)
    return TRUE;

  question.hashes = g_bytes_new (ids->data, ids->len);
  if (!mh_sync_session_ask (session, &question, &answer, &error))
    {
      give_up (self, machine, error);
      return FALSE;
    }
  if (answer.hashes != NULL && g_bytes_get_size (answer.hashes) == wanted->len
      && memcmp (g_bytes_get_data (answer.hashes, NULL), wanted->data, wanted->len) == 0)
    return TRUE;

  blame (self, machine, "it says that it has blocks that it does not have");

  return FALSE;
}

/* Notes that a machine has some blocks. */
static void
count (Audit *self, guint machine, GArray *had)
{
  const MhSyncKeeper *keeper = keeper_of (self, machine);

  for (guint i = 0; i < had->len; i++)
    {
      Count *found = &self->counts[g_array_index (had, guint, i)];

      found->copies += keeper != NULL ? 1 : 0;
      found->shown += keeper != NULL && keeper->has_key ? 1 : 0;
      if (machine < MOST_SOURCES)
        found->source |= G_GUINT64_CONSTANT (1) << machine;
    }
}

/* Asks a machine whether it has just what it should. A small answer, where all is well. Returns:
 * whether it has all of @ids, which are what it should have of the batch */
static gboolean
has_its_own (MhSyncSession *session, Audit *self, GByteArray *ids)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_SAME };
  g_auto (MhSyncMessage) answer = { 0 };
  g_autoptr (GByteArray) range = g_byte_array_new ();
  guint8 digest[MH_SYNC_HASH_SIZE];

  g_byte_array_append (range, self->after, sizeof self->after);
  g_byte_array_append (range, id_of (self, self->blocks->len - 1), MH_SYNC_HASH_SIZE);
  question.hashes = g_bytes_new (range->data, range->len);
  mh_sync_digest (ids->data, ids->len, digest);

  return mh_sync_session_ask (session, &question, &answer, NULL) && answer.proof != NULL
         && memcmp (g_bytes_get_data (answer.proof, NULL), digest, sizeof digest) == 0;
}

/* Asks a machine which of @ids it has; adds those of @blocks to @had. Returns: %FALSE when it gave
 * up
 */
static gboolean
ask_each (Audit *self, guint machine, MhSyncSession *session, GByteArray *ids, GArray *blocks,
          GArray *had)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_HAVE };
  g_auto (MhSyncMessage) answer = { 0 };
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  const guint8 *data;

  question.hashes = g_bytes_new (ids->data, ids->len);
  if (!mh_sync_session_ask (session, &question, &answer, &error))
    {
      give_up (self, machine, error);
      return FALSE;
    }

  /* in the order of the question */
  data = answer.hashes != NULL ? g_bytes_get_data (answer.hashes, &size) : NULL;
  for (guint i = 0, at = 0; i < blocks->len && at < size; i++)
    if (memcmp (ids->data + i * MH_SYNC_HASH_SIZE, data + at, MH_SYNC_HASH_SIZE) == 0)
      {
        g_array_append_val (had, g_array_index (blocks, guint, i));
        at += MH_SYNC_HASH_SIZE;
      }

  return TRUE;
}

/* Asks a machine about blocks, (element-type guint) of the batch; @own: all that it should have. */
static void
ask (Audit *self, guint machine, GArray *blocks, gboolean own)
{
  MhSyncSession *session = blocks->len > 0 ? session_of (self, machine) : NULL;
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  g_autoptr (GArray) had = g_array_new (FALSE, FALSE, sizeof (guint));

  if (session == NULL)
    return;
  for (guint i = 0; i < blocks->len; i++)
    g_byte_array_append (ids, id_of (self, g_array_index (blocks, guint, i)), MH_SYNC_HASH_SIZE);
  if (own && has_its_own (session, self, ids))
    g_array_append_vals (had, blocks->data, blocks->len);
  else if (!ask_each (self, machine, session, ids, blocks, had))
    return;
  if (machine_at (self, machine)->has_key || is_proved (self, machine, session, had))
    count (self, machine, had);
}

/* Returns: whether a machine is one that should have the block, so that it is asked first */
static gboolean
should_have (Audit *self, guint machine, guint block)
{
  return keeper_of (self, machine) != NULL
         && mh_sync_placement_is_for (self->in->placement, machine, id_of (self, block));
}

/* One that hung up a moment ago counts as if it had what it should. */
static void
trust_absent (Audit *self, guint machine, GArray *blocks)
{
  const MhSyncKeeper *keeper = keeper_of (self, machine);

  for (guint i = 0; !keeper->is_here && i < blocks->len; i++)
    self->counts[g_array_index (blocks, guint, i)].copies++;
}

static void
ask_all (Audit *self)
{
  gint64 wanted = self->in->placement->copies;

  for (guint machine = 0; machine < self->machines; machine++)
    {
      g_autoptr (GArray) blocks = g_array_new (FALSE, FALSE, sizeof (guint));

      for (guint i = 0; i < self->blocks->len; i++)
        if (should_have (self, machine, i))
          g_array_append_val (blocks, i);
      if (keeper_of (self, machine) != NULL)
        trust_absent (self, machine, blocks);
      ask (self, machine, blocks, TRUE);
    }

  /* what is not where it should be may be somewhere else */
  for (guint machine = 0; machine < self->machines; machine++)
    {
      g_autoptr (GArray) blocks = g_array_new (FALSE, FALSE, sizeof (guint));

      for (guint i = 0; i < self->blocks->len; i++)
        if (self->counts[i].copies < wanted && !should_have (self, machine, i))
          g_array_append_val (blocks, i);
      ask (self, machine, blocks, FALSE);
    }
}

/* -- what follows -- */

static void
note_health (Audit *self)
{
  gint64 wanted = self->in->placement->copies;
  MhSyncHealth *health = self->health;

  for (guint i = 0; i < self->blocks->len; i++)
    {
      gboolean is_here = g_array_index (self->blocks, MhNamedBlock, i).is_here;
      gint64 copies = self->counts[i].copies;

      if (copies == 0 && self->counts[i].source == 0 && !is_here)
        health->lost++;
      else if (copies < wanted)
        health->under++;
      else if (copies > wanted)
        health->over++;
      else
        health->ok++;
    }
}

static gboolean
is_needed_here (Audit *self, guint block)
{
  const MhSyncPlacement *placement = self->in->placement;
  const guint8 *id = id_of (self, block);

  return !g_array_index (self->blocks, MhNamedBlock, block).is_here
         && (mh_sync_placement_wants (id, (gpointer) placement)
             || (self->counts[block].copies < placement->copies
                 && mh_sync_placement_wants_instead (placement, id)));
}

/* Takes blocks that are needed here from one machine. */
static gboolean
repair_from (Audit *self, guint machine, GError **error)
{
  const MhSyncAudit *in = self->in;
  MhSyncPull pull = { .host = in->host,
                      .store = in->store,
                      .vault_id = in->vault_id,
                      .claims = in->claims,
                      .rate = in->rate,
                      .cancellable = in->cancellable };
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  g_autoptr (GBytes) wanted = NULL;
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < self->blocks->len; i++)
    if ((self->counts[i].source & G_GUINT64_CONSTANT (1) << machine) != 0
        && is_needed_here (self, i))
      g_byte_array_append (ids, id_of (self, i), MH_SYNC_HASH_SIZE);
  if (ids->len == 0 || !mh_store_has_room (in->store, in->vault_id, NULL)
      || session_of (self, machine) == NULL)
    return TRUE;

  wanted = g_byte_array_free_to_bytes (g_steal_pointer (&ids));
  if (!mh_sync_pull_these (&pull, session_of (self, machine), wanted, &local))
    {
      if (g_error_matches (local, MH_ERROR, MH_ERROR_FAILED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (!g_error_matches (local, MH_ERROR,
                            MH_ERROR_NO_SPACE)) /* how the rest stands counts, too */
        give_up (self, machine, local);
    }
  self->health->repaired += pull.blocks;
  for (guint i = 0; i < self->blocks->len; i++) /* not from the next one, too */
    if ((self->counts[i].source & G_GUINT64_CONSTANT (1) << machine) != 0)
      {
        MhNamedBlock *block = &g_array_index (self->blocks, MhNamedBlock, i);
        g_autoptr (GBytes) id = g_bytes_new (block->id, MH_SYNC_HASH_SIZE);
        g_autoptr (GBytes) known = NULL;

        if (block->is_here || !is_needed_here (self, i))
          continue;
        known = mh_store_known_blocks (in->store, in->vault_id, id, NULL);
        block->is_here = known != NULL && g_bytes_get_size (known) > 0;
      }

  return TRUE;
}

/* Whether a machine without the key could have been asked for a block that it should have, and
 * neither has it nor room for it. */
static gboolean
has_no_room_for (Audit *self, guint machine, guint block)
{
  const MhSyncKeeper *keeper = keeper_of (self, machine);

  return keeper != NULL && !keeper->has_key && keeper->is_full
         && g_ptr_array_index (self->sessions, machine) != NULL
         && (self->counts[block].source & G_GUINT64_CONSTANT (1) << machine) == 0
         && should_have (self, machine, block);
}

static void
note_spilled (Audit *self)
{
  guint keepers = MIN (self->in->placement->keepers->len, MOST_SOURCES);

  for (guint i = 0; i < self->blocks->len; i++)
    for (guint machine = 0; machine < keepers; machine++)
      if (has_no_room_for (self, machine, i)
          && self->in->spilled->len < MOST_SPILLED * MH_SYNC_HASH_SIZE)
        {
          g_byte_array_append (self->in->spilled, id_of (self, i), MH_SYNC_HASH_SIZE);
          break;
        }
}

/* Notes a block that enough others have, and finds out whether it was so for long enough. */
static void
note_surplus (Audit *self, guint block)
{
  const MhSyncAudit *in = self->in;
  g_autoptr (GBytes) id = g_bytes_new (id_of (self, block), MH_SYNC_HASH_SIZE);
  const gint64 *since = g_hash_table_lookup (in->surplus, id);
  gint64 now = now_ms ();

  if (g_hash_table_size (self->seen) >= MOST_SURPLUS)
    return;
  if (since != NULL && now - *since >= in->surplus_ms
      && !mh_sync_promises_has (in->promises, id_of (self, block), now))
    g_byte_array_append (self->leaving, id_of (self, block), MH_SYNC_HASH_SIZE);
  g_hash_table_insert (self->seen, g_bytes_ref (id),
                       g_memdup2 (since != NULL ? since : &now, sizeof now));
}

/* Whether a machine can show some blocks, at most MH_SYNC_MOST_CHALLENGED, which are here, too. */
static gboolean
shows (Audit *self, guint machine, MhSyncSession *session, const guint8 *ids, gsize size)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_CHALLENGE };
  g_auto (MhSyncMessage) answer = { 0 };
  g_autoptr (GByteArray) wanted = g_byte_array_new ();
  const MhSyncChallenge challenge = challenge_for (self, machine, &question.nonce);

  question.hashes = g_bytes_new (ids, size);
  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    {
      g_autoptr (GBytes) block =
          mh_store_read_sealed (self->in->store, self->in->vault_id, ids + at, NULL);
      guint8 hash[MH_SYNC_HASH_SIZE];

      if (block == NULL) /* then it is not given up either */
        return FALSE;
      mh_sync_answer_hash (&challenge, block, hash);
      g_byte_array_append (wanted, hash, sizeof hash);
    }

  return mh_sync_session_ask (session, &question, &answer, NULL) && answer.hashes != NULL
         && g_bytes_get_size (answer.hashes) == wanted->len
         && memcmp (g_bytes_get_data (answer.hashes, NULL), wanted->data, wanted->len) == 0;
}

/* Returns: (transfer full): those of @kept, a machine's promises, that it can show: its index may
 * say more than its disk has */
static GBytes *
only_shown (Audit *self, guint machine, MhSyncSession *session, GBytes *kept)
{
  gsize most = MH_SYNC_MOST_CHALLENGED * MH_SYNC_HASH_SIZE;
  GByteArray *out = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (kept, &size);

  for (gsize at = 0; at < size; at += most)
    if (shows (self, machine, session, data + at, MIN (most, size - at)))
      g_byte_array_append (out, data + at, (guint) MIN (most, size - at));

  return g_byte_array_free_to_bytes (out);
}

/* Returns: (transfer full): those of @ids that are for a machine, in order */
static GBytes *
meant_for (Audit *self, guint machine, GBytes *ids)
{
  GByteArray *out = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    if (mh_sync_placement_is_for (self->in->placement, machine, data + at))
      g_byte_array_append (out, data + at, MH_SYNC_HASH_SIZE);

  return g_byte_array_free_to_bytes (out);
}

/* Counts for each of @ids how many machines promise to keep it, and show that they have it. */
static void
collect_promises (Audit *self, guint machine, GBytes *ids, guint *promised)
{
  MhSyncSession *session = session_of (self, machine);
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_KEEP };
  g_auto (MhSyncMessage) answer = { 0 };
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  gsize answered = 0;
  const guint8 *data = g_bytes_get_data (ids, &size);
  const guint8 *kept;

  if (session == NULL)
    return;
  /* what is removed there sooner than here is not kept for us */
  question.mark = (MhSyncMark){ self->in->keep_versions, self->in->keep_days, 0 };
  question.hashes = meant_for (self, machine, ids);
  if (g_bytes_get_size (question.hashes) == 0)
    return;
  if (!mh_sync_session_ask (session, &question, &answer, &error))
    {
      give_up (self, machine, error);
      return;
    }
  if (answer.hashes == NULL)
    return;
  shown = only_shown (self, machine, session, answer.hashes);
  kept = g_bytes_get_data (shown, &answered);
  for (gsize at = 0, i = 0; at < size && i < answered; at += MH_SYNC_HASH_SIZE)
    if (memcmp (data + at, kept + i, MH_SYNC_HASH_SIZE) == 0)
      {
        promised[at / MH_SYNC_HASH_SIZE]++;
        i += MH_SYNC_HASH_SIZE;
      }
}

/* Gives up what is surplus for long, as soon as enough others have promised to keep it. */
static gboolean
evict (Audit *self, GError **error)
{
  g_autoptr (GBytes) ids = g_bytes_new (self->leaving->data, self->leaving->len);
  gsize count_ids = self->leaving->len / MH_SYNC_HASH_SIZE;
  g_autofree guint *promised = g_new0 (guint, MAX (count_ids, 1));
  g_autoptr (GByteArray) gone = g_byte_array_new ();
  g_autoptr (GBytes) all = NULL;
  guint evicted;

  if (count_ids == 0)
    return TRUE;
  /* from now on nobody is promised them: two must not rely on each other */
  mh_sync_promises_leave (self->in->promises, ids, now_ms ());
  for (guint machine = 0; machine < self->machines; machine++)
    if (keeper_of (self, machine) != NULL && keeper_of (self, machine)->has_key)
      collect_promises (self, machine, ids, promised);
  for (gsize i = 0; i < count_ids; i++)
    if (promised[i] >= self->in->placement->copies
        && !mh_sync_promises_has (self->in->promises, self->leaving->data + i * MH_SYNC_HASH_SIZE,
                                  now_ms ()))
      g_byte_array_append (gone, self->leaving->data + i * MH_SYNC_HASH_SIZE, MH_SYNC_HASH_SIZE);
  if (gone->len == 0)
    return TRUE;

  all = g_byte_array_free_to_bytes (g_steal_pointer (&gone));
  if (!mh_store_evict_blocks (self->in->store, self->in->vault_id, all, &evicted, error))
    return FALSE;
  self->health->evicted += evicted;

  return TRUE;
}

static gboolean
follow (Audit *self, GError **error)
{
  const MhSyncPlacement *placement = self->in->placement;

  note_health (self);
  note_spilled (self);
  for (guint machine = 0; !self->in->no_blocks && machine < MIN (self->machines, MOST_SOURCES);
       machine++)
    if (!repair_from (self, machine, error))
      return FALSE;
  g_byte_array_set_size (self->leaving, 0);
  for (guint i = 0; i < self->blocks->len; i++)
    if (g_array_index (self->blocks, MhNamedBlock, i).is_here
        && self->counts[i].shown >= placement->copies
        && !mh_sync_placement_wants (id_of (self, i), (gpointer) placement))
      note_surplus (self, i);

  return evict (self, error);
}

/* -- all of it -- */

static gboolean
do_batch (Audit *self, GError **error)
{
  gboolean done;

  self->counts = g_new0 (Count, self->blocks->len);
  for (guint i = 0; i < self->blocks->len; i++)
    if (self->in->placement->is_reliable && g_array_index (self->blocks, MhNamedBlock, i).is_here)
      self->counts[i].copies = 1;
  ask_all (self);
  done = follow (self, error);
  g_clear_pointer (&self->counts, g_free);

  return done;
}

static gboolean
do_all (Audit *self, GError **error)
{
  const MhSyncAudit *in = self->in;

  while (!g_cancellable_is_cancelled (in->cancellable))
    {
      self->blocks =
          mh_store_named_blocks (in->store, in->vault_id, self->after, MH_SYNC_MOST_HASHES, error);
      if (self->blocks == NULL)
        return FALSE;
      if (self->blocks->len == 0)
        return TRUE;
      if (!do_batch (self, error))
        return FALSE;
      memcpy (self->after, id_of (self, self->blocks->len - 1), sizeof self->after);
      g_clear_pointer (&self->blocks, g_array_unref);
    }
  g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "the network is being left");

  return FALSE;
}

/* What is still surplus stays so since when it was. */
static gboolean
is_unseen (gpointer key, gpointer value, gpointer data)
{
  return !g_hash_table_contains (data, key);
}

static void
keep_seen (Audit *self)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_foreach_remove (self->in->surplus, is_unseen, self->seen);
  g_hash_table_iter_init (&iter, self->seen);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!g_hash_table_contains (self->in->surplus, key))
      g_hash_table_insert (self->in->surplus, g_bytes_ref (key),
                           g_memdup2 (value, sizeof (gint64)));
}

static void
free_session (gpointer session)
{
  mh_sync_session_free (session);
}

gboolean
mh_sync_audit (const MhSyncAudit *in, MhSyncHealth *health, GError **error)
{
  /* others count for nothing: however many there are, what cannot be taken from them is not asked
   */
  guint machines = MAX (in->placement->keepers->len,
                        MIN (in->placement->keepers->len + in->others->len, MOST_SOURCES));
  g_autoptr (GPtrArray) sessions = g_ptr_array_new_with_free_func (free_session);
  g_autofree gboolean *tried = g_new0 (gboolean, MAX (machines, 1));
  g_autoptr (GByteArray) leaving = g_byte_array_new ();
  g_autoptr (GHashTable) seen = mh_sync_surplus_new ();
  Audit self = { .in = in,
                 .sessions = sessions,
                 .tried = tried,
                 .machines = machines,
                 .leaving = leaving,
                 .seen = seen,
                 .health = health };
  gboolean done;

  g_ptr_array_set_size (sessions, (gint) machines);
  health->ok = health->under = health->over = health->lost = 0;
  done = do_all (&self, error);
  if (done)
    keep_seen (&self);
  g_clear_pointer (&self.blocks, g_array_unref);

  return done;
}
