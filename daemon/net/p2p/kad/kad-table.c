/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kad-table.h"

#include <string.h>

/* A peer of the table. */
typedef struct
{
  MhPeerId id;
  MhKadKey key;
  gint64 seen_ms; /* answered last */
  guint failures; /* since then */
} Row;

typedef struct
{
  GArray *rows; /* (owned) (nullable) (element-type Row) */
  gint64 looked_ms;
  gboolean was_looked_up;
} Bucket;

struct _MhKadTable
{
  MhPeerId own;
  MhKadKey key;
  guint size;
  gint64 own_ms; /* our own id was looked up last */
  gboolean was_own_looked_up;
  Bucket buckets[MH_KAD_BUCKETS];
};

/* -- keys -- */

MhKadKey
mh_kad_key (const guint8 *data, gsize size)
{
  MhKadKey key;

  mh_sha256 (data, size, key.bytes);

  return key;
}

MhKadKey
mh_kad_key_of_peer (const MhPeerId *id)
{
  return mh_kad_key (id->bytes, id->size);
}

guint
mh_kad_key_shared (const MhKadKey *a, const MhKadKey *b)
{
  for (guint i = 0; i < MH_SHA256_SIZE; i++)
    {
      guint differ = a->bytes[i] ^ b->bytes[i];

      if (differ != 0)
        return 8 * i + 8 - g_bit_storage (differ);
    }

  return MH_KAD_KEY_BITS;
}

int
mh_kad_key_compare (const MhKadKey *to, const MhKadKey *a, const MhKadKey *b)
{
  for (guint i = 0; i < MH_SHA256_SIZE; i++)
    {
      int left = a->bytes[i] ^ to->bytes[i];
      int right = b->bytes[i] ^ to->bytes[i];

      if (left != right)
        return left - right;
    }

  return 0;
}

/* -- peers -- */

MhKadTable *
mh_kad_table_new (const MhPeerId *own)
{
  MhKadTable *self = g_new0 (MhKadTable, 1);

  self->own = *own;
  self->key = mh_kad_key_of_peer (own);

  return self;
}

void
mh_kad_table_free (MhKadTable *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < MH_KAD_BUCKETS; i++)
    g_clear_pointer (&self->buckets[i].rows, g_array_unref);
  g_free (self);
}

/* Returns: (transfer none) (nullable): where @key belongs, %NULL when it is our own */
static Bucket *
bucket_of (MhKadTable *self, const MhKadKey *key)
{
  guint shared = mh_kad_key_shared (&self->key, key);

  return shared < MH_KAD_BUCKETS ? &self->buckets[shared] : NULL;
}

static Row *
find_row (const Bucket *bucket, const MhPeerId *id, guint *at)
{
  for (guint i = 0; bucket != NULL && bucket->rows != NULL && i < bucket->rows->len; i++)
    {
      Row *row = &g_array_index (bucket->rows, Row, i);

      *at = i;
      if (mh_peer_id_equal (&row->id, id))
        return row;
    }

  return NULL;
}

/* Returns: (transfer none): who failed, else who answered the longest ago */
static Row *
worst_row (const Bucket *bucket)
{
  Row *worst = &g_array_index (bucket->rows, Row, 0);

  for (guint i = 1; i < bucket->rows->len; i++)
    {
      Row *row = &g_array_index (bucket->rows, Row, i);

      if (row->failures > worst->failures
          || (row->failures == worst->failures && row->seen_ms < worst->seen_ms))
        worst = row;
    }

  return worst;
}

MhKadAdded
mh_kad_table_add (MhKadTable *self, const MhPeerId *id, gint64 now_ms, MhPeerId *oldest)
{
  Row fresh = { .id = *id, .key = mh_kad_key_of_peer (id), .seen_ms = now_ms };
  Bucket *bucket = bucket_of (self, &fresh.key);
  Row *row;
  guint at;

  if (bucket == NULL)
    return MH_KAD_OWN;
  row = find_row (bucket, id, &at);
  if (row != NULL)
    {
      row->seen_ms = now_ms;
      row->failures = 0;
      return MH_KAD_KNOWN;
    }

  if (bucket->rows == NULL)
    bucket->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  if (bucket->rows->len < MH_KAD_K)
    {
      g_array_append_val (bucket->rows, fresh);
      self->size++;
      return MH_KAD_ADDED;
    }

  row = worst_row (bucket);
  if (row->failures > 0)
    {
      *row = fresh;
      return MH_KAD_ADDED;
    }
  *oldest = row->id;

  return MH_KAD_FULL;
}

gboolean
mh_kad_table_remove (MhKadTable *self, const MhPeerId *id)
{
  MhKadKey key = mh_kad_key_of_peer (id);
  Bucket *bucket = bucket_of (self, &key);
  guint at;

  if (find_row (bucket, id, &at) == NULL)
    return FALSE;

  g_array_remove_index_fast (bucket->rows, at);
  self->size--;

  return TRUE;
}

gboolean
mh_kad_table_failed (MhKadTable *self, const MhPeerId *id)
{
  MhKadKey key = mh_kad_key_of_peer (id);
  guint at;
  Row *row = find_row (bucket_of (self, &key), id, &at);

  if (row == NULL)
    return FALSE;
  row->failures++;

  return row->failures >= MH_KAD_MOST_FAILURES && mh_kad_table_remove (self, id);
}

gboolean
mh_kad_table_has (const MhKadTable *self, const MhPeerId *id)
{
  MhKadKey key = mh_kad_key_of_peer (id);
  guint at;

  return find_row (bucket_of ((MhKadTable *) self, &key), id, &at) != NULL;
}

guint
mh_kad_table_size (const MhKadTable *self)
{
  return self->size;
}

/* -- the closest -- */

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer to)
{
  return mh_kad_key_compare (to, &((const Row *) a)->key, &((const Row *) b)->key);
}

/* Appends the rows of the buckets from @first to @last to @out, as far as they are wanted. */
static void
append_sorted (const MhKadTable *self, guint first, guint last, const MhKadKey *to, GArray *out)
{
  guint begin = out->len;

  for (guint i = first; i <= last && i < MH_KAD_BUCKETS; i++)
    if (self->buckets[i].rows != NULL)
      g_array_append_vals (out, self->buckets[i].rows->data, self->buckets[i].rows->len);
  if (out->len > begin)
    g_qsort_with_data (&g_array_index (out, Row, begin), (gint) (out->len - begin), sizeof (Row),
                       compare_rows, (gpointer) to);
}

GArray *
mh_kad_table_closest (const MhKadTable *self, const MhKadKey *to, guint most,
                      const MhPeerId *besides)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (MhPeerId));
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (Row));
  guint shared = mh_kad_key_shared (&self->key, to);

  /* Peers of the bucket that @to falls into share more with it than we do. Those of the buckets
   * above share as much as we do, and those of a bucket below only what its number says. */
  append_sorted (self, shared, shared, to, rows);
  if (rows->len <= most)
    append_sorted (self, shared + 1, MH_KAD_BUCKETS - 1, to, rows);
  for (guint i = MIN (shared, MH_KAD_BUCKETS); i > 0 && rows->len <= most; i--)
    append_sorted (self, i - 1, i - 1, to, rows);

  for (guint i = 0; i < rows->len && out->len < most; i++)
    {
      const Row *row = &g_array_index (rows, Row, i);

      if (besides == NULL || !mh_peer_id_equal (&row->id, besides))
        g_array_append_val (out, row->id);
    }

  return out;
}

/* -- keeping it fresh -- */

gboolean
mh_kad_table_stale (const MhKadTable *self, gint64 before_ms, MhPeerId *id)
{
  gint64 oldest_ms = before_ms;

  for (guint i = 0; i < MH_KAD_BUCKETS; i++)
    for (guint k = 0; self->buckets[i].rows != NULL && k < self->buckets[i].rows->len; k++)
      {
        const Row *row = &g_array_index (self->buckets[i].rows, Row, k);

        if (row->seen_ms < oldest_ms)
          {
            oldest_ms = row->seen_ms;
            *id = row->id;
          }
      }

  return oldest_ms < before_ms;
}

/* Finds an id that falls into @bucket, as a SHA-256 id (peer-ids, "Peer Ids"), from @random on. */
static gboolean
id_in_bucket (const MhKadTable *self, guint bucket, const guint8 random[MH_SHA256_SIZE],
              MhPeerId *out)
{
  guint32 tries = 32u << (bucket + 1); /* fails once in e^32 times */

  memset (out, 0, sizeof *out);
  out->bytes[0] = 0x12; /* multicodec: sha2-256 */
  out->bytes[1] = MH_SHA256_SIZE;
  out->size = 2 + MH_SHA256_SIZE;
  memcpy (out->bytes + 2, random, MH_SHA256_SIZE);
  for (guint32 i = 0; i < tries; i++)
    {
      MhKadKey key;

      memcpy (out->bytes + 2, &i, sizeof i);
      key = mh_kad_key_of_peer (out);
      if (mh_kad_key_shared (&self->key, &key) == bucket)
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_due (gboolean was_looked_up, gint64 looked_ms, gint64 now_ms, gint64 every_ms)
{
  return !was_looked_up || now_ms - looked_ms >= every_ms;
}

gboolean
mh_kad_table_refresh (MhKadTable *self, gint64 now_ms, gint64 every_ms,
                      const guint8 random[MH_SHA256_SIZE], MhPeerId *target)
{
  guint last = MH_KAD_REFRESH_BUCKETS;

  if (self->size == 0)
    return FALSE;
  if (is_due (self->was_own_looked_up, self->own_ms, now_ms, every_ms))
    {
      self->was_own_looked_up = TRUE;
      self->own_ms = now_ms;
      *target = self->own;
      return TRUE;
    }

  while (last > 0 && (self->buckets[last].rows == NULL || self->buckets[last].rows->len == 0))
    last--;
  for (guint i = 0; i <= last; i++)
    {
      Bucket *bucket = &self->buckets[i];

      if (!is_due (bucket->was_looked_up, bucket->looked_ms, now_ms, every_ms))
        continue;
      bucket->was_looked_up = TRUE;
      bucket->looked_ms = now_ms;
      if (id_in_bucket (self, i, random, target))
        return TRUE;
    }

  return FALSE;
}

void
mh_kad_table_looked_up (MhKadTable *self, const MhKadKey *key, gint64 now_ms)
{
  Bucket *bucket = bucket_of (self, key);

  if (bucket == NULL)
    return;
  bucket->was_looked_up = TRUE;
  bucket->looked_ms = now_ms;
}
