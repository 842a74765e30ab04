/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-hold.h"

#include <string.h>

#include "base/error.h"
#include "sync-askers.h"

/* Blocks that are written together: so many, or so many bytes. */
#define BLOCKS_AT_ONCE 512
#define BYTES_AT_ONCE (8 * 1024 * 1024)

/* Blocks that one machine may ask to be kept; their ids are in memory for a while. */
#define MOST_LISTED (2 * 1024 * 1024)

typedef struct
{
  const MhSyncHold *in;
  const MhPeerId *peer; /* (unowned): who is asked now */
  GPtrArray *lists;     /* (owned) (element-type GByteArray): ids by machine, each in order */
  GPtrArray *blocks;    /* (owned) (element-type GBytes): that came, and are not written */
  GByteArray *ids;      /* (owned): of them */
  gsize size;           /* of them, in bytes */
  GError *full;         /* (owned) (nullable): why some was left out */
  gboolean has_no_room; /* no more may be kept: only lists are asked for */
  gint64 room;          /* what the machine that is asked may have kept, in bytes */
  guint taken;
} Hold;

static gboolean
write_blocks (Hold *self, GError **error)
{
  guint taken = 0;
  gboolean done = self->blocks->len == 0
                  || (mh_sync_askers_add (self->in->core, self->peer, (gint64) self->size, error)
                      && mh_store_hold_blocks (self->in->store, self->in->vault_id, self->blocks,
                                               self->ids->data, &taken, error));

  self->taken += taken;
  g_ptr_array_set_size (self->blocks, 0);
  g_byte_array_set_size (self->ids, 0);
  self->size = 0;

  return done;
}

static gboolean
on_block (const guint8 *id, GBytes *block, gpointer data, GError **error)
{
  Hold *self = data;

  if (!mh_sync_rate_take (self->in->rate, g_bytes_get_size (block), FALSE, self->in->cancellable))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_UNAVAILABLE, "the network is being left");
      return FALSE;
    }
  if (self->room < (gint64) g_bytes_get_size (block))
    {
      self->room = 0;
      if (write_blocks (self, error))
        g_set_error_literal (error, MH_ERROR, MH_ERROR_NO_SPACE,
                             "machines that are new here had the half of what is kept for others "
                             "that is theirs in their first week");
      return FALSE;
    }
  self->room -= (gint64) g_bytes_get_size (block);
  g_ptr_array_add (self->blocks, g_bytes_ref (block));
  g_byte_array_append (self->ids, id, MH_SYNC_HASH_SIZE);
  self->size += g_bytes_get_size (block);

  return (self->blocks->len < BLOCKS_AT_ONCE && self->size < BYTES_AT_ONCE)
         || write_blocks (self, error);
}

/* Returns: (transfer full): those of @ids, in order, that are not here */
static GBytes *
missing_of (Hold *self, GBytes *ids)
{
  g_autoptr (GBytes) known =
      mh_store_known_blocks (self->in->store, self->in->vault_id, ids, NULL); /* not of any yet */
  GByteArray *out = g_byte_array_new ();
  gsize known_size = 0;
  const guint8 *here = known != NULL ? g_bytes_get_data (known, &known_size) : NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (ids, &size);

  for (gsize at = 0, i = 0; at < size; at += MH_SYNC_HASH_SIZE)
    if (i < known_size && memcmp (here + i, data + at, MH_SYNC_HASH_SIZE) == 0)
      i += MH_SYNC_HASH_SIZE;
    else
      g_byte_array_append (out, data + at, MH_SYNC_HASH_SIZE);

  return g_byte_array_free_to_bytes (out);
}

/* Whether a page of a list goes on from @list, in order, and is not too much. */
static gboolean
check_page (GByteArray *list, GBytes *page, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (page, &size);
  const guint8 *last = list->len > 0 ? list->data + list->len - MH_SYNC_HASH_SIZE : NULL;

  for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
    {
      if (last != NULL && memcmp (data + at, last, MH_SYNC_HASH_SIZE) <= 0)
        {
          g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT,
                               "its list of blocks is not in order");
          return FALSE;
        }
      last = data + at;
    }
  if (list->len + size <= (gsize) MOST_LISTED * MH_SYNC_HASH_SIZE)
    return TRUE;
  g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT, "its list of blocks has no end");

  return FALSE;
}

/* Takes those of @ids that are not here. */
static gboolean
take_missing (Hold *self, MhSyncSession *session, GBytes *ids, GError **error)
{
  g_autoptr (GBytes) missing = missing_of (self, ids);

  return mh_sync_session_each_block (session, missing, on_block, self, error)
         && write_blocks (self, error);
}

/* Whether there is little room left for what that machine wants to be kept: then it finds others.
 */
static gboolean
is_full (const Hold *self)
{
  return self->has_no_room || self->room < MH_HOLD_LITTLE;
}

/* Takes all that one machine wants to be kept, and adds it to @list. */
static gboolean
take_from (Hold *self, MhSyncSession *session, GByteArray *list, GError **error)
{
  while (TRUE)
    {
      g_auto (MhSyncMessage) question = { .op = MH_SYNC_LIST, .is_full = is_full (self) };
      g_auto (MhSyncMessage) answer = { 0 };
      gsize size;
      const guint8 *data;

      if (list->len > 0)
        question.hashes =
            g_bytes_new (list->data + list->len - MH_SYNC_HASH_SIZE, MH_SYNC_HASH_SIZE);
      if (!mh_sync_session_ask (session, &question, &answer, error))
        return FALSE;
      if (answer.hashes == NULL || g_bytes_get_size (answer.hashes) == 0)
        return TRUE;
      if (!check_page (list, answer.hashes, error))
        return FALSE;
      data = g_bytes_get_data (answer.hashes, &size);
      g_byte_array_append (list, data, (guint) size);
      if (!self->has_no_room && self->room > 0
          && !take_missing (self, session, answer.hashes, error))
        return FALSE;
    }
}

/* Whether it is this machine that cannot. */
static gboolean
is_ours (const GError *error)
{
  return g_error_matches (error, MH_ERROR, MH_ERROR_NO_SPACE)
         || g_error_matches (error, MH_ERROR, MH_ERROR_FAILED);
}

/* Asks one machine. Returns: %FALSE with @error set when this machine cannot go on */
static gboolean
ask_one (Hold *self, GError **error)
{
  const MhSyncHold *in = self->in;
  const MhPeerId *peer = self->peer;
  g_autoptr (GByteArray) list = g_byte_array_new ();
  g_autoptr (GError) local = NULL;
  gint64 now_ms = g_get_monotonic_time () / G_TIME_SPAN_MILLISECOND;
  g_autoptr (MhSyncSession) session =
      mh_sync_blame_is_out (in->blame, peer, now_ms)
          ? NULL
          : mh_sync_session_open_hold (in->host, peer, in->vault_id, in->cancellable, NULL);

  if (session == NULL) /* gone, or not to be trusted */
    return TRUE;
  if (take_from (self, session, list, &local))
    {
      g_ptr_array_add (self->lists, g_steal_pointer (&list));
      return TRUE;
    }

  g_ptr_array_set_size (self->blocks, 0);
  g_byte_array_set_size (self->ids, 0);
  self->size = 0;
  if (g_error_matches (local, MH_ERROR, MH_ERROR_NO_SPACE))
    {
      /* what is not wanted any more makes room in the end, so that the list is needed all the same;
       * answers that are on their way are for the old conversation */
      self->has_no_room |= self->room > 0;
      if (self->full == NULL)
        self->full = g_steal_pointer (&local);
      g_clear_pointer (&session, mh_sync_session_free);
      return ask_one (self, error);
    }
  if (is_ours (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (g_error_matches (local, MH_ERROR, MH_ERROR_CORRUPT))
    (void) mh_sync_blame_add (in->blame, peer, local->message, now_ms);

  return TRUE;
}

static gboolean
is_listed (Hold *self, const guint8 *id)
{
  for (guint i = 0; i < self->lists->len; i++)
    {
      const GByteArray *list = g_ptr_array_index (self->lists, i);

      if (mh_sync_find_id (list->data, list->len, id))
        return TRUE;
    }

  return FALSE;
}

static gboolean
mark (Hold *self, GByteArray *ids, gboolean is_wanted, GError **error)
{
  g_autoptr (GBytes) all = g_bytes_new (ids->data, ids->len);

  return ids->len == 0
         || mh_store_mark_held (self->in->store, self->in->vault_id, all, is_wanted, error);
}

/* Notes of all that is kept whether somebody asks for it. */
static gboolean
mark_all (Hold *self, GError **error)
{
  guint8 last[MH_SYNC_HASH_SIZE] = { 0 };

  while (TRUE)
    {
      g_autoptr (GBytes) held = mh_store_list_held (self->in->store, self->in->vault_id, last,
                                                    MH_SYNC_MOST_HASHES, error);
      g_autoptr (GByteArray) wanted = g_byte_array_new ();
      g_autoptr (GByteArray) unwanted = g_byte_array_new ();
      const guint8 *data;
      gsize size;

      if (held == NULL)
        return FALSE;
      data = g_bytes_get_data (held, &size);
      if (size == 0)
        return TRUE;
      for (gsize at = 0; at < size; at += MH_SYNC_HASH_SIZE)
        g_byte_array_append (is_listed (self, data + at) ? wanted : unwanted, data + at,
                             MH_SYNC_HASH_SIZE);
      if (!mark (self, wanted, TRUE, error) || !mark (self, unwanted, FALSE, error))
        return FALSE;
      memcpy (last, data + size - MH_SYNC_HASH_SIZE, sizeof last);
    }
}

static void
free_list (gpointer list)
{
  g_byte_array_unref (list);
}

gboolean
mh_sync_hold (const MhSyncHold *in, guint *taken, GError **error)
{
  g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func (free_list);
  g_autoptr (GPtrArray) blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  Hold self = { .in = in, .lists = lists, .blocks = blocks, .ids = ids };
  gboolean done = TRUE;
  gint64 held;

  for (guint i = 0; done && i < in->peers->len; i++)
    {
      self.peer = &g_array_index (in->peers, MhPeerId, i);
      done = mh_store_held_bytes (in->store, &held, error)
             && mh_sync_askers_room (in->core, self.peer, held, &self.room, error)
             && ask_one (&self, error);
    }
  *taken = self.taken;
  done = done && (lists->len == 0 || mark_all (&self, error));
  if (done && self.full != NULL)
    {
      g_propagate_error (error, self.full);
      return FALSE;
    }
  g_clear_error (&self.full);

  return done;
}

/* -- less -- */

/* Returns: (transfer full) (nullable): which of @ids one machine can spare; %NULL when it does not
 * say
 */
static GBytes *
ask_spare (const MhSyncHold *in, const MhPeerId *peer, GBytes *ids)
{
  g_autoptr (MhSyncSession) session =
      mh_sync_session_open_hold (in->host, peer, in->vault_id, in->cancellable, NULL);
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_SPARE, .hashes = g_bytes_ref (ids) };
  g_auto (MhSyncMessage) answer = { 0 };

  if (session == NULL || !mh_sync_session_ask (session, &question, &answer, NULL)
      || answer.hashes == NULL)
    return NULL;

  return g_bytes_ref (answer.hashes);
}

/* Returns: (transfer full): those of @ids, in order, that are in @other, too */
static GBytes *
both_of (GBytes *ids, GBytes *other)
{
  GByteArray *out = g_byte_array_new ();
  gsize size;
  gsize other_size;
  const guint8 *data = g_bytes_get_data (ids, &size);
  const guint8 *had = g_bytes_get_data (other, &other_size);

  for (gsize at = 0, i = 0; at < size && i < other_size; at += MH_SYNC_HASH_SIZE)
    if (memcmp (data + at, had + i, MH_SYNC_HASH_SIZE) == 0)
      {
        g_byte_array_append (out, data + at, MH_SYNC_HASH_SIZE);
        i += MH_SYNC_HASH_SIZE;
      }

  return g_byte_array_free_to_bytes (out);
}

/* Returns: (transfer full) (nullable): those of @ids that can go */
static GBytes *
agree_on (const MhSyncHold *in, GBytes *ids)
{
  g_autoptr (GBytes) left = NULL;

  for (guint i = 0; i < in->peers->len; i++)
    {
      g_autoptr (GBytes) spare = ask_spare (in, &g_array_index (in->peers, MhPeerId, i), ids);
      GBytes *both;

      if (spare == NULL)
        continue;
      both = both_of (left != NULL ? left : ids, spare);
      g_clear_pointer (&left, g_bytes_unref);
      left = both;
    }

  return g_steal_pointer (&left);
}

gboolean
mh_sync_hold_less (const MhSyncHold *in, gint64 before_ms, GError **error)
{
  guint8 last[MH_SYNC_HASH_SIZE] = { 0 };

  while (TRUE)
    {
      g_autoptr (GBytes) ids = mh_store_list_unwanted (in->store, in->vault_id, before_ms, last,
                                                       MH_SYNC_MOST_HASHES, error);
      g_autoptr (GBytes) spare = NULL;
      const guint8 *data;
      gsize size;

      if (ids == NULL)
        return FALSE;
      data = g_bytes_get_data (ids, &size);
      if (size == 0)
        return TRUE;
      memcpy (last, data + size - MH_SYNC_HASH_SIZE, sizeof last);
      spare = agree_on (in, ids);
      if (spare != NULL && g_bytes_get_size (spare) > 0
          && !mh_store_drop_these (in->store, in->vault_id, spare, error))
        return FALSE;
    }
}
