/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/error.h"
#include "db/migrate.h"
#include "db/pool.h"
#include "db/stmt.h"

static const MhMigration first_release[] = {
  { 1, "01-a.sql",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT UNIQUE, b BLOB, d REAL) STRICT" },
  { 0 },
};

static const MhMigration second_release[] = {
  { 1, "01-a.sql",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT UNIQUE, b BLOB, d REAL) STRICT" },
  { 2, "02-b.sql", "INSERT INTO a (t) VALUES ('from 02'); CREATE TABLE b (x INTEGER) STRICT" },
  { 0 },
};

static const MhMigration broken_release[] = {
  { 1, "01-a.sql",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT UNIQUE, b BLOB, d REAL) STRICT" },
  { 2, "02-b.sql", "INSERT INTO a (t) VALUES ('half'); CREATE TABLE nonsense" },
  { 0 },
};

typedef struct
{
  char *folder; /* (owned) */
  char *path;   /* (owned) */
  MhDb *db;     /* (owned) (nullable) */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("mh-db-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "test.db", NULL);
  self->db = mh_db_open (self->path, MH_DB_FULL, &error);
  g_assert_no_error (error);
  g_assert_true (mh_db_migrate (self->db, "test", first_release, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };

  mh_db_close (self->db);
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strconcat (self->path, suffixes[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self->path);
}

static gint64
count (MhDb *db)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, "SELECT count (*) FROM a", &error);

  g_assert_true (mh_stmt_one (stmt, "count", NULL, &error));

  return mh_stmt_int64 (stmt, 0);
}

static gboolean
insert (MhDb *db, const char *text, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, "INSERT INTO a (t) VALUES (?1)", error);

  g_assert_nonnull (stmt);
  mh_stmt_bind_text (stmt, 1, text);

  return mh_stmt_run (stmt, error);
}

static void
test_values (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStmt) put = NULL;
  g_autoptr (MhStmt) get = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  guint8 copy[3];

  g_test_summary ("values come back as they went in; NULL and empty differ");
  put = mh_db_prepare (self->db, "INSERT INTO a (id, t, b, d) VALUES (?1, ?2, ?3, ?4)", &error);
  mh_stmt_bind_int64 (put, 1, G_MAXINT64);
  mh_stmt_bind_text (put, 2, "\xc3\xa4 'quoted'");
  mh_stmt_bind_blob (put, 3, (const guint8 *) "a\0b", 3);
  mh_stmt_bind_double (put, 4, 0.25);
  g_assert_true (mh_stmt_run (put, &error));
  g_assert_cmpint (mh_db_changes (self->db), ==, 1);
  mh_stmt_bind_int64 (put, 1, 7);
  mh_stmt_bind_null (put, 2);
  mh_stmt_bind_blob (put, 3, NULL, 0);
  mh_stmt_bind_null (put, 4);
  g_assert_true (mh_stmt_run (put, &error));
  g_assert_cmpint (mh_db_last_rowid (self->db), ==, 7);

  get = mh_db_prepare (self->db, "SELECT id, t, b, d FROM a ORDER BY id", &error);
  g_assert_true (mh_stmt_step (get, &error));
  g_assert_true (mh_stmt_is_null (get, 1));
  g_assert_null (mh_stmt_text (get, 1));
  g_assert_false (mh_stmt_is_null (get, 2));
  g_assert_true (mh_stmt_is_null (get, 3));
  g_assert_true (mh_stmt_step (get, &error));
  g_assert_cmpint (mh_stmt_int64 (get, 0), ==, G_MAXINT64);
  text = mh_stmt_dup_text (get, 1);
  g_assert_cmpstr (text, ==, "\xc3\xa4 'quoted'");
  bytes = mh_stmt_dup_bytes (get, 2);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "a\0b", 3);
  g_assert_true (mh_stmt_copy_blob (get, 2, copy, 3));
  g_assert_false (mh_stmt_copy_blob (get, 2, copy, 2));
  g_assert_cmpfloat (mh_stmt_double (get, 3), ==, 0.25);
  g_assert_false (mh_stmt_step (get, &error));
  g_assert_no_error (error);
}

static void
test_one (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStmt) stmt = NULL;

  g_test_summary ("a row that has to be there and is not is an error with its name");
  stmt = mh_db_prepare (self->db, "SELECT id FROM a WHERE t = ?1", &error);
  mh_stmt_bind_text (stmt, 1, "x");
  g_assert_false (mh_stmt_one (stmt, "vault", "abc", &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "no vault abc");
}

static void
test_errors (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStmt) wrong = NULL;
  g_autoptr (MhStmt) beyond = NULL;
  g_autoptr (MhDb) missing = NULL;
  g_autofree char *none = g_build_filename (self->folder, "none.db", NULL);

  g_test_summary ("constraints, bad SQL, bad parameters and missing files have their codes");
  g_assert_true (insert (self->db, "x", &error));
  g_assert_false (insert (self->db, "x", &error));
  g_assert_error (error, MH_DB_ERROR, MH_DB_ERROR_CONSTRAINT);
  g_clear_error (&error);
  wrong = mh_db_prepare (self->db, "SELECT nothing FROM nowhere", &error);
  g_assert_error (error, MH_DB_ERROR, MH_DB_ERROR_FAILED);
  g_clear_error (&error);
  beyond = mh_db_prepare (self->db, "SELECT ?1", &error);
  mh_stmt_bind_int64 (beyond, 2, 1);
  g_assert_false (mh_stmt_step (beyond, &error));
  g_assert_error (error, MH_DB_ERROR, MH_DB_ERROR_FAILED);
  g_clear_error (&error);
  missing = mh_db_open (none, MH_DB_READ_ONLY, &error);
  g_assert_error (error, MH_DB_ERROR, MH_DB_ERROR_IO);
}

static void
test_not_a_database (void)
{
  g_autofree char *folder = g_dir_make_tmp ("mh-db-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.db", NULL);
  g_autofree char *noise = g_strnfill (8192, 'x');
  g_autoptr (MhDb) db = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("a file that is no database is said to be damaged");
  g_assert_true (g_file_set_contents (path, noise, 8192, &error));
  db = mh_db_open (path, MH_DB_FULL, &error);
  g_assert_error (error, MH_DB_ERROR, MH_DB_ERROR_CORRUPT);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_settings (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *pragma;
    const char *value;
  } wanted[] = {
    { "PRAGMA journal_mode", "wal" },
    { "PRAGMA synchronous", "2" },
    { "PRAGMA foreign_keys", "1" },
  };
  GStatBuf info;

  g_test_summary (
      "a database is private, has a write-ahead log, syncs fully and checks references");
  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, wanted[i].pragma, &error);

      g_assert_true (mh_stmt_step (stmt, &error));
      g_assert_cmpstr (mh_stmt_text (stmt, 0), ==, wanted[i].value);
    }
  g_assert_cmpint (g_stat (self->path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
}

static void
test_cache (Fixture *self, gconstpointer data)
{
  static const char sql[] = "SELECT ?1";
  g_autoptr (GError) error = NULL;
  MhStmt *first = mh_db_prepare (self->db, sql, &error);
  MhStmt *inner = mh_db_prepare (self->db, sql, &error);
  MhStmt *again;

  g_test_summary (
      "a statement is prepared once, comes back clean, and may be used twice at a time");
  g_assert_true (first != inner);
  mh_stmt_bind_int64 (first, 1, 1);
  mh_stmt_bind_int64 (inner, 1, 2);
  g_assert_true (mh_stmt_step (first, &error));
  g_assert_true (mh_stmt_step (inner, &error));
  g_assert_cmpint (mh_stmt_int64 (first, 0), ==, 1);
  g_assert_cmpint (mh_stmt_int64 (inner, 0), ==, 2);
  mh_stmt_free (inner);
  mh_stmt_free (first);
  again = mh_db_prepare (self->db, sql, &error);
  g_assert_true (again == first);
  g_assert_true (mh_stmt_step (again, &error));
  g_assert_true (mh_stmt_is_null (again, 0));
  mh_stmt_free (again);
}

static void
test_transactions (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_test_summary ("a transaction that is not committed leaves nothing");
  {
    g_autoptr (MhDbTxn) txn = mh_db_txn_begin (self->db, &error);

    g_assert_true (mh_db_in_transaction (self->db));
    g_assert_true (insert (self->db, "x", &error));
    g_assert_cmpint (count (self->db), ==, 1);
  }
  g_assert_false (mh_db_in_transaction (self->db));
  g_assert_cmpint (count (self->db), ==, 0);
  {
    g_autoptr (MhDbTxn) txn = mh_db_txn_begin (self->db, &error);

    g_assert_true (insert (self->db, "x", &error));
    g_assert_true (mh_db_txn_commit (txn, &error));
  }
  g_assert_cmpint (count (self->db), ==, 1);
}

static void
test_migrations (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_test_summary (
      "migrations run once each; a failed one changes nothing; a newer schema is refused");
  g_assert_true (insert (self->db, "kept", &error));
  g_assert_true (mh_db_migrate (self->db, "test", first_release, &error));
  g_assert_false (mh_db_migrate (self->db, "test", broken_release, &error));
  g_assert_nonnull (strstr (error->message, "02-b.sql"));
  g_clear_error (&error);
  g_assert_cmpint (count (self->db), ==, 1);
  g_assert_true (mh_db_migrate (self->db, "test", second_release, &error));
  g_assert_cmpint (count (self->db), ==, 2);
  g_assert_true (mh_db_migrate (self->db, "test", second_release, &error));
  g_assert_cmpint (count (self->db), ==, 2);
  g_assert_false (mh_db_migrate (self->db, "test", first_release, &error));
  g_assert_error (error, MH_DB_ERROR, MH_DB_ERROR_NEWER);
  g_assert_cmpint (count (self->db), ==, 2);
}

/* What a thread of test_pool() does. */
static gpointer
use_pool (gpointer data)
{
  MhDbPool *pool = data;

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MhDbLease) lease = mh_db_pool_take (pool, &error);
      g_autofree char *text = g_strdup_printf ("%p %u", (void *) g_thread_self (), i);

      g_assert_no_error (error);
      g_assert_true (insert (mh_db_lease_db (lease), text, &error));
    }

  return NULL;
}

static void
test_pool (Fixture *self, gconstpointer data)
{
  g_autoptr (MhDbPool) pool = mh_db_pool_new (self->path, MH_DB_NORMAL, 2);
  GThread *threads[6];

  g_test_summary ("six threads share two connections");
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_pool, pool);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (count (self->db), ==, 600);
}

/* Who reads again and again, and ends only while another one does. */
typedef struct
{
  MhDbPool *pool; /* (unowned) */
  int reading;    /* how many do */
  gboolean is_ended;
} Reads;

/* Returns: %FALSE for the last one */
static gboolean
leave (Reads *self)
{
  int reading = g_atomic_int_get (&self->reading);

  return reading >= 2 && g_atomic_int_compare_and_exchange (&self->reading, reading, reading - 1);
}

static gpointer
overlap (gpointer data)
{
  Reads *self = data;

  while (!g_atomic_int_get (&self->is_ended))
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MhDbLease) lease = mh_db_pool_take (self->pool, &error);
      g_autoptr (MhDbTxn) txn = mh_db_txn_begin_read (mh_db_lease_db (lease), &error);

      g_assert_cmpint (count (mh_db_lease_db (lease)), >=, 0);
      g_atomic_int_inc (&self->reading);
      g_usleep (1000); /* so that one that waits for another to read sees it */
      while (!leave (self) && !g_atomic_int_get (&self->is_ended))
        g_thread_yield ();
    }

  return NULL;
}

/* Returns: bytes that the log has after some 160 MB were written */
static goffset
write_much (Fixture *self)
{
  g_autofree char *log = g_strconcat (self->path, "-wal", NULL);
  g_autofree char *text = g_strnfill (200000, 'x');
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  g_assert_true (mh_db_exec (self->db, "PRAGMA synchronous = OFF", &error));
  for (guint i = 0; i < 400; i++)
    {
      g_assert_true (insert (self->db, text, &error));
      g_assert_true (mh_db_exec (self->db, "DELETE FROM a", &error));
    }
  g_assert_cmpint (g_stat (log, &info), ==, 0);

  return info.st_size;
}

static void
test_readers_that_overlap (Fixture *self, gconstpointer data)
{
  g_autoptr (MhDbPool) pool = mh_db_pool_new (self->path, MH_DB_READ_ONLY, 3);
  GThread *threads[3];
  Reads reads = { pool, 0, FALSE };

  g_test_summary ("the log does not grow for as long as somebody reads");
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("reader", overlap, &reads);
  g_assert_cmpint (write_much (self), <, 80 << 20);
  g_atomic_int_set (&reads.is_ended, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_one_long_reader (Fixture *self, gconstpointer data)
{
  g_autoptr (MhDbPool) pool = mh_db_pool_new (self->path, MH_DB_READ_ONLY, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDbLease) lease = mh_db_pool_take (pool, &error);
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin_read (mh_db_lease_db (lease), &error);

  g_test_summary (
      "one that reads for long keeps what it sees, and once it has ended the log is short again");
  g_assert_true (insert (self->db, "seen", &error));
  g_assert_cmpint (count (mh_db_lease_db (lease)), ==, 1);
  g_assert_cmpint (write_much (self), >, 100 << 20);
  g_assert_cmpint (count (mh_db_lease_db (lease)), ==, 1);
  g_clear_pointer (&txn, mh_db_txn_free);
  g_assert_cmpint (count (mh_db_lease_db (lease)), ==, 0);
  g_assert_cmpint (write_much (self), <, 80 << 20);
}

static void
test_page_limit (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (1000000, 'x');

  g_test_summary ("a database that must not grow says that the disk is full");
  g_assert_true (mh_db_exec (self->db, "PRAGMA max_page_count = 20", &error));
  g_assert_false (insert (self->db, text, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_assert_cmpint (count (self->db), ==, 0);
}

static void
test_full_disk (void)
{
  g_autofree char *folder = g_dir_make_tmp ("mh-db-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.db", NULL);
  g_autofree char *text = g_strnfill (4000000, 'x');
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDb) db = NULL;

  g_test_summary ("a full disk is an error of its own, and leaves the database usable");
  if (mount ("tmpfs", folder, "tmpfs", 0, "size=2m") != 0)
    {
      g_test_skip ("mounting a small file system needs root");
      g_assert_cmpint (g_rmdir (folder), ==, 0);
      return;
    }

  db = mh_db_open (path, MH_DB_FULL, &error);
  g_assert_true (mh_db_migrate (db, "test", first_release, &error));
  g_assert_false (insert (db, text, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NO_SPACE);
  g_clear_error (&error);
  g_assert_false (mh_db_in_transaction (db));
  g_assert_true (insert (db, "small", &error));
  g_assert_cmpint (count (db), ==, 1);
  g_clear_pointer (&db, mh_db_close);
  g_assert_cmpint (umount (folder), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/db/values", Fixture, NULL, set_up, test_values, tear_down);
  g_test_add ("/db/one", Fixture, NULL, set_up, test_one, tear_down);
  g_test_add ("/db/errors", Fixture, NULL, set_up, test_errors, tear_down);
  g_test_add ("/db/settings", Fixture, NULL, set_up, test_settings, tear_down);
  g_test_add ("/db/cache", Fixture, NULL, set_up, test_cache, tear_down);
  g_test_add ("/db/transactions", Fixture, NULL, set_up, test_transactions, tear_down);
  g_test_add ("/db/migrations", Fixture, NULL, set_up, test_migrations, tear_down);
  g_test_add ("/db/pool", Fixture, NULL, set_up, test_pool, tear_down);
  g_test_add ("/db/readers-that-overlap", Fixture, NULL, set_up, test_readers_that_overlap,
              tear_down);
  g_test_add ("/db/one-long-reader", Fixture, NULL, set_up, test_one_long_reader, tear_down);
  g_test_add ("/db/page-limit", Fixture, NULL, set_up, test_page_limit, tear_down);
  g_test_add_func ("/db/not-a-database", test_not_a_database);
  g_test_add_func ("/db/full-disk", test_full_disk);

  return g_test_run ();
}
