/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../store/bench.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "db/stmt.h"
#include "modules/sync/sync-walk.h"

/* Prints what a walk costs between two machines of so many versions of which so many differ. */

static const char sql_insert[] =
    "INSERT INTO versions (hash, vault, file_id, parents, author, lamport, ts_ms, op, segment,"
    " position, size, path, file_size, mtime_ms, mime, content_hash)"
    " VALUES (?1, 1, ?2, x'', zeroblob (32), ?3, 1700000000000, 1, 1, ?3, 500,"
    " '/some/folder/file-' || ?3, 1000, 1700000000000, 'image/jpeg', zeroblob (32))";

/* Rows of an index as many versions would make them; every @left_out-th is missing. */
static void
fill (Bench *bench, guint count, guint left_out)
{
  g_autofree char *path = bench_path (bench, "metadata/index.db");
  g_autoptr (MhDb) db = NULL;
  g_autoptr (MhStmt) stmt = NULL;
  g_autoptr (GError) error = NULL;

  bench_put_random (bench, "/first", 1, 100);
  bench_close (bench);
  db = mh_db_open (path, MH_DB_NORMAL, &error);
  g_assert_no_error (error);
  g_assert_true (mh_db_exec (db, "BEGIN", &error));
  stmt = mh_db_prepare (db, sql_insert, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < count; i++)
    {
      guint8 hash[MH_SHA256_SIZE];
      guint64 id[2] = { GUINT64_TO_BE (i), 77 };

      if (left_out > 0 && i % left_out == left_out / 2)
        continue;
      mh_sha256 ((const guint8 *) &i, sizeof i, hash);
      mh_stmt_bind_blob (stmt, 1, hash, sizeof hash);
      mh_stmt_bind_blob (stmt, 2, (const guint8 *) id, sizeof id);
      mh_stmt_bind_int64 (stmt, 3, i);
      g_assert_true (mh_stmt_run (stmt, &error));
    }
  g_clear_pointer (&stmt, mh_stmt_free);
  g_assert_true (mh_db_exec (db, "COMMIT", &error));
  g_clear_pointer (&db, mh_db_close);
  g_assert_true (bench_open (bench, &error));
}

typedef struct
{
  MhVersionTree *ours;   /* (owned) */
  MhVersionTree *theirs; /* (owned) */
  MhSyncMark mark;       /* of @theirs */
  guint64 bytes;
  guint named;
  double theirs_s; /* time that the other side took */
} Walk;

static double
seconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND;
}

static void
answer_sums (Walk *self, const MhTreePart *part, MhSyncMessage *answer, GByteArray *digests)
{
  MhTreeSum sums[MH_VERSION_TREE_CHILDREN];

  g_assert_true (mh_version_tree_sums (self->theirs, part, sums, NULL));
  for (guint i = 0; i < MH_VERSION_TREE_CHILDREN; i++)
    {
      g_array_append_val (answer->counts, sums[i].count);
      if (sums[i].count > 0)
        g_byte_array_append (digests, sums[i].digest, MH_SYNC_HASH_SIZE);
    }
}

/* As sync-serve.c, without a stream. */
static gboolean
on_ask (const MhSyncMessage *question, MhSyncMessage *answer, gpointer data, GError **error)
{
  Walk *self = data;
  g_autoptr (GBytes) asked = mh_sync_message_encode (question);
  g_autoptr (GBytes) said = NULL;
  g_auto (MhTreeEntries) entries = { 0 };
  gint64 start = g_get_monotonic_time ();

  mh_tree_entries_init (&entries);
  answer->mark = self->mark;
  if (question->op == MH_SYNC_SUMS)
    answer->counts = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < question->parts->len; i++)
    {
      const MhTreePart *part = &g_array_index (question->parts, MhTreePart, i);

      if (question->op == MH_SYNC_SUMS)
        answer_sums (self, part, answer, entries.hashes);
      else
        g_assert_true (mh_version_tree_list (
            self->theirs, part,
            question->hashes != NULL ? g_bytes_get_data (question->hashes, NULL) : NULL,
            MH_SYNC_MOST_HASHES, &entries, NULL));
    }
  answer->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&entries.hashes));
  answer->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (answer->records, g_byte_array_free_to_bytes (g_steal_pointer (&entries.states)));
  said = mh_sync_message_encode (answer);
  self->bytes += g_bytes_get_size (asked) + g_bytes_get_size (said);
  self->theirs_s += seconds_since (start);

  return TRUE;
}

static gboolean
on_sums (const MhTreePart *part, MhTreeSum sums[MH_VERSION_TREE_CHILDREN], gpointer data,
         GError **error)
{
  Walk *self = data;

  return mh_version_tree_sums (self->ours, part, sums, error);
}

static gboolean
on_take (GBytes *hashes, GBytes *states, MhSyncWalkTaken *taken, gpointer data, GError **error)
{
  Walk *self = data;

  self->named += (guint) g_bytes_get_size (states);
  taken->gained = 1;

  return TRUE;
}

static gboolean
on_has_moved (gpointer data)
{
  return FALSE;
}

/* Most that the program had in memory at once since begin_peak(), in KiB. */
static glong
peak_kib (void)
{
  g_autofree char *status = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, "VmHWM:");

  return line != NULL ? strtol (line + 6, NULL, 10) : 0;
}

static glong
begin_peak (void)
{
  FILE *file = fopen ("/proc/self/clear_refs", "w");

  malloc_trim (0);
  if (file != NULL)
    {
      (void) fputs ("5", file);
      (void) fclose (file);
    }

  return peak_kib ();
}

static void
measure (Bench *one, Bench *two, guint count, const char *what)
{
  Walk walk = { 0 };
  MhSyncWalkFuncs funcs = { on_ask, on_sums, on_take, on_has_moved, &walk };
  MhSyncMark ours = { 0 };
  MhSyncWalked walked;
  g_autoptr (GError) error = NULL;
  glong before = begin_peak ();
  gint64 start = g_get_monotonic_time ();
  double opened;

  walk.ours = mh_version_tree_new (one->store, "vault", &ours, &error);
  walk.theirs = mh_version_tree_new (two->store, "vault", &walk.mark, &error);
  g_assert_no_error (error);
  opened = seconds_since (start);
  if (!mh_sync_walk (&funcs, &walked, &error))
    g_error ("%s", error->message);
  printf ("%s of %u differ: %.2f s (both trees opened: %.2f s, other side: %.2f s), %u questions,"
          " %.1f KiB, %u named, memory +%ld KiB\n",
          what, count, seconds_since (start), opened, walk.theirs_s, walked.questions,
          (double) walk.bytes / 1024, walk.named, peak_kib () - before);
  mh_version_tree_free (walk.ours);
  mh_version_tree_free (walk.theirs);
}

int
main (int argc, char **argv)
{
  guint count = argc > 1 ? (guint) atoi (argv[1]) : 1000000;
  static const guint left_out[] = { 0, 100 };
  g_autoptr (Bench) two = NULL;

  g_assert_true (mh_crypto_init (NULL));
  two = bench_new (0);
  fill (two, count, 0);
  for (guint i = 0; i < G_N_ELEMENTS (left_out); i++)
    {
      g_autoptr (Bench) one = bench_new (0);
      g_autofree char *what =
          left_out[i] == 0 ? g_strdup ("1") : g_strdup_printf ("1 in %u", left_out[i]);

      fill (one, count, left_out[i]);
      measure (one, two, count, what); /* the first reads what is in no cache */
      measure (one, two, count, what);
    }

  return 0;
}
