/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "names.h"

#include "base/error.h"
#include "catalog.h"
#include "fold.h"
#include "writer.h"

/* Names that one commit adds: some 5 ms. */
#define AT_ONCE 1000

/* Between two commits: twenty times what one takes. */
#define PAUSE (100 * G_TIME_SPAN_MILLISECOND)

/* Before the first, so that what comes soon after is in it, too. */
#define SETTLE (200 * G_TIME_SPAN_MILLISECOND)

/* Private use: no name that matters has them, and none is part of a word. */
#define MARK 0xe000
#define MARK_DIGIT 0xe001
#define MARK_BASE 6000

static const char sql_new[] =
    "SELECT ref, vault, name FROM files WHERE ref > ?1 ORDER BY ref LIMIT ?2";

static const char sql_renamed[] = "SELECT r.ref, f.vault, f.name FROM renamed AS r"
                                  " LEFT JOIN files AS f ON f.ref = r.ref LIMIT ?1";

static const char sql_add[] = "INSERT INTO names (rowid, text) VALUES (?1, ?2)";

static const char sql_done[] = "DELETE FROM renamed WHERE ref = ?1";

static const char sql_is_behind[] =
    "SELECT (SELECT coalesce (max (ref), 0) FROM files) > coalesce ((SELECT value FROM state"
    " WHERE key = 'named'), 0) OR EXISTS (SELECT 1 FROM renamed)";

struct _MhNames
{
  MhStore *store;  /* (unowned) */
  GThread *thread; /* (owned) (nullable) */
  GMutex lock;
  GCond woken;     /* something to do, or the end */
  GCond looked;    /* of any look */
  gboolean wanted; /* (locked-by lock) */
  gboolean ending; /* (locked-by lock) */
};

char *
mh_names_mark (gint64 vault)
{
  GString *mark = g_string_new (NULL);

  g_string_append_unichar (mark, MARK);
  g_string_append_unichar (mark, MARK_DIGIT + (gunichar) (vault / MARK_BASE % MARK_BASE));
  g_string_append_unichar (mark, MARK_DIGIT + (gunichar) (vault % MARK_BASE));

  return g_string_free (mark, FALSE);
}

/* Adds the file of a row that begins with ref, vault and name. */
static gboolean
add_name (MhDb *db, MhStmt *row, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_add, error);
  g_autofree char *folded = mh_fold (mh_stmt_text (row, 2));
  g_autofree char *terms = mh_fold_terms (folded);
  g_autofree char *mark = mh_names_mark (mh_stmt_int64 (row, 1));
  g_autofree char *text = g_strconcat (terms, mark, NULL);

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, mh_stmt_int64 (row, 0));
  mh_stmt_bind_text (stmt, 2, text);

  return mh_stmt_run (stmt, error);
}

static gboolean
add_new (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_new, error);
  GError *local = NULL;
  gint64 named;
  gint64 last;

  if (stmt == NULL || !mh_catalog_get_state (db, "named", &named, error))
    return FALSE;

  last = named;
  mh_stmt_bind_int64 (stmt, 1, named);
  mh_stmt_bind_int64 (stmt, 2, AT_ONCE);
  while (mh_stmt_step (stmt, &local))
    {
      last = mh_stmt_int64 (stmt, 0);
      if (!add_name (db, stmt, error))
        return FALSE;
    }

  if (local == NULL)
    return last == named || mh_catalog_set_state (db, "named", last, error);

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
forget_renamed (MhDb *db, const GArray *refs, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_done, error);

  if (stmt == NULL)
    return FALSE;

  for (guint i = 0; i < refs->len; i++)
    {
      mh_stmt_bind_int64 (stmt, 1, g_array_index (refs, gint64, i));
      if (!mh_stmt_run (stmt, error))
        return FALSE;
    }

  return TRUE;
}

/* Adds the new names of files; what was found by the old ones is found out when it is compared. */
static gboolean
add_renamed (MhDb *db, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (db, sql_renamed, error);
  g_autoptr (GArray) refs = g_array_new (FALSE, FALSE, sizeof (gint64));
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, AT_ONCE);
  while (mh_stmt_step (stmt, &local))
    {
      gint64 ref = mh_stmt_int64 (stmt, 0);

      g_array_append_val (refs, ref);
      if (!mh_stmt_is_null (stmt, 2) && !add_name (db, stmt, error))
        return FALSE;
    }

  if (local == NULL)
    return forget_renamed (db, refs, error);

  g_propagate_error (error, local);

  return FALSE;
}

/* Adds some names. */
static gboolean
commit_some (MhWriter *writer, gpointer data, GError **error)
{
  MhDb *db = mh_writer_db (writer);

  return add_new (db, error) && add_renamed (db, error);
}

/* A look at whether there is anything to do. */
typedef struct
{
  MhNames *names;  /* (unowned) */
  gboolean done;   /* (locked-by names) */
  gboolean behind; /* (locked-by names) */
  GError *error;   /* (owned) (nullable) (locked-by names) */
} Look;

static void
look_task (MhWriter *writer, gpointer data)
{
  Look *look = data;
  MhNames *names = look->names; /* @look is gone as soon as its owner has the lock */
  g_autoptr (GError) error = NULL;
  g_autoptr (MhStmt) stmt = mh_db_prepare (mh_writer_db (writer), sql_is_behind, &error);
  gboolean behind =
      stmt != NULL && mh_stmt_one (stmt, "row", NULL, &error) && mh_stmt_int64 (stmt, 0) != 0;

  g_mutex_lock (&names->lock);
  look->behind = behind;
  look->error = g_steal_pointer (&error);
  look->done = TRUE;
  g_cond_broadcast (&names->looked);
  g_mutex_unlock (&names->lock);
}

/* By the writer, which has a connection open already: this is too rare to keep one for it. */
static gboolean
is_behind (MhStore *store, gboolean *behind, GError **error)
{
  MhNames *names = store->names;
  Look look = { names };

  mh_writer_post (store->writer, look_task, &look);
  g_mutex_lock (&names->lock);
  while (!look.done)
    g_cond_wait (&names->looked, &names->lock);
  g_mutex_unlock (&names->lock);
  *behind = look.behind;
  if (look.error == NULL)
    return TRUE;

  g_propagate_error (error, look.error);

  return FALSE;
}

gboolean
mh_names_catch_up (MhStore *store, GCancellable *cancellable, GError **error)
{
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      gboolean behind;

      if (!is_behind (store, &behind, error))
        return FALSE;
      if (!behind)
        return TRUE;
      if (!mh_writer_commit (store->writer, commit_some, NULL, error))
        return FALSE;
    }

  return FALSE;
}

/* Waits until it is woken. Returns: %FALSE when it is to end */
static gboolean
wait_for_work (MhNames *self)
{
  gboolean ending;

  g_mutex_lock (&self->lock);
  while (!self->wanted && !self->ending)
    g_cond_wait (&self->woken, &self->lock);
  self->wanted = FALSE;
  ending = self->ending;
  g_mutex_unlock (&self->lock);

  return !ending;
}

/* Lets others work. Returns: %FALSE when it is to end */
static gboolean
rest (MhNames *self, gint64 duration_us)
{
  gint64 until = g_get_monotonic_time () + duration_us;
  gboolean ending;

  g_mutex_lock (&self->lock);
  while (!self->ending && g_cond_wait_until (&self->woken, &self->lock, until))
    ; /* woken for more to do, of which there is some already */
  ending = self->ending;
  g_mutex_unlock (&self->lock);

  return !ending;
}

/* Adds names until there are no more. */
static gboolean
work (MhNames *self, GError **error)
{
  gboolean behind = TRUE;

  while (behind)
    {
      if (!is_behind (self->store, &behind, error)
          || (behind && !mh_writer_commit (self->store->writer, commit_some, NULL, error)))
        return FALSE;
      if (behind && !rest (self, PAUSE))
        return TRUE;
    }

  return TRUE;
}

static gpointer
names_main (gpointer data)
{
  MhNames *self = data;

  while (wait_for_work (self) && rest (self, SETTLE))
    {
      g_autoptr (GError) error = NULL;

      /* The next commit wakes us again; until then the tail is searched row by row. */
      if (!work (self, &error))
        g_info ("names of files are not searchable yet: %s", error->message);
    }

  return NULL;
}

MhNames *
mh_names_new (MhStore *store)
{
  MhNames *self = g_new0 (MhNames, 1);

  self->store = store;
  g_mutex_init (&self->lock);
  g_cond_init (&self->woken);
  g_cond_init (&self->looked);
  self->wanted = TRUE;

  return self;
}

void
mh_names_free (MhNames *self)
{
  g_cond_clear (&self->woken);
  g_cond_clear (&self->looked);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mh_names_start (MhNames *self)
{
  g_return_if_fail (self->thread == NULL);

  /* Mostly rests: joined by mh_names_stop(). */
  self->thread = g_thread_new ("store-names", names_main, self);
}

void
mh_names_stop (MhNames *self)
{
  if (self->thread == NULL)
    return;

  g_mutex_lock (&self->lock);
  self->ending = TRUE;
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
  g_thread_join (g_steal_pointer (&self->thread));
}

void
mh_names_wake (MhNames *self)
{
  g_mutex_lock (&self->lock);
  self->wanted = TRUE;
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
}
