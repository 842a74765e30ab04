/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/error.h"
#include "cursor.h"
#include "fold.h"
#include "names.h"
#include "query.h"

/* Rows that are looked at: by the table of names, twice, and one by one behind its end. */
#define MOST_CANDIDATES 2000
#define MOST_TAIL 20000
#define MOST_RENAMED 1000

/* More words, or parts of them, are compared, but not looked up. */
#define MOST_PARTS 24

#define CURSOR_KIND 's'

static const char sql_match[] =
    "SELECT rowid FROM names WHERE names MATCH ?1 ORDER BY rowid DESC LIMIT ?2";

#define COLUMNS "ref, vault, live, name, path"

static const char sql_row[] = "SELECT " COLUMNS " FROM files WHERE ref = ?1";

static const char sql_tail[] =
    "SELECT " COLUMNS " FROM files WHERE ref > ?1 ORDER BY ref DESC LIMIT ?2";

static const char sql_renamed[] = "SELECT ref FROM renamed LIMIT ?1";

/* The best first. */
typedef enum
{
  RANK_SAME,
  RANK_BEGINS,
  RANK_WORDS,
  RANK_ANYWHERE,
} Rank;

typedef struct
{
  Rank rank;
  gint64 ref;
  char *path; /* (owned) */
} Hit;

/* A search under way. */
typedef struct
{
  MhDb *db; /* (unowned) */
  gint64 vault;
  char **words;       /* (owned): folded */
  char **short_words; /* (owned): as they have to be in the terms of a name */
  char *whole;        /* (owned): all of them */
  char *extension;    /* (owned) (nullable): folded, with its dot */
  char *match;        /* (owned) (nullable): of the table of names */
  char *begins;       /* (owned) (nullable): as @match, and a word begins with the first */
  GHashTable *seen;   /* (owned) (element-type gint64): rows that were looked at */
  GPtrArray *hits;    /* (owned) (element-type Hit) */
  gboolean complete;
} Search;

static void
hit_free (gpointer data)
{
  Hit *hit = data;

  g_free (hit->path);
  g_free (hit);
}

static void
search_clear (Search *self)
{
  g_strfreev (self->words);
  g_strfreev (self->short_words);
  g_free (self->whole);
  g_free (self->extension);
  g_free (self->match);
  g_free (self->begins);
  g_clear_pointer (&self->seen, g_hash_table_unref);
  g_clear_pointer (&self->hits, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

void
mh_found_free (MhFound *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->files);
  g_free (self->cursor);
  g_free (self);
}

/*
 * Returns: (transfer full) (nullable): " ab" or " x " for a word that is too short to be looked for
 * anywhere: of two letters, where a word begins with them, of one, where it stands alone
 */
static char *
short_word (const char *word)
{
  g_autofree char *terms = mh_fold_terms (word);
  glong length = g_utf8_strlen (terms, -1);

  return length == 3 || length == 4 ? g_utf8_substring (terms, 0, 3) : NULL;
}

/* Adds the parts of three signs that what has @word in it has in its terms. */
static void
add_parts (GPtrArray *parts, const char *word)
{
  g_autofree char *terms = mh_fold_terms (word);
  char *whole = short_word (word);
  const char *from = g_utf8_next_char (terms);

  if (whole != NULL)
    {
      g_ptr_array_add (parts, whole);
      return;
    }

  /* Without the spaces at both ends: the word may begin and end within another. */
  for (glong left = g_utf8_strlen (terms, -1) - 2; left >= 3 && parts->len < MOST_PARTS; left--)
    {
      g_ptr_array_add (parts, g_utf8_substring (from, 0, 3));
      from = g_utf8_next_char (from);
    }
}

/* Returns: (transfer full): an expression that is true where all of @parts are */
static char *
match_of_parts (const GPtrArray *parts)
{
  GString *match = g_string_new (NULL);

  /* There are only letters, digits and spaces in them. */
  for (guint i = 0; i < parts->len; i++)
    g_string_append_printf (match, "%s\"%s\"", i > 0 ? " AND " : "",
                            (const char *) g_ptr_array_index (parts, i));

  return g_string_free (match, FALSE);
}

/* Makes the expressions for the table of names. */
static gboolean
make_match (Search *self, GError **error)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; self->words[i] != NULL; i++)
    add_parts (parts, self->words[i]);
  if (self->extension != NULL)
    add_parts (parts, self->extension);
  if (parts->len == 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "q: no letter or digit to search for");
      return FALSE;
    }

  g_ptr_array_add (parts, mh_names_mark (self->vault));
  self->match = match_of_parts (parts);
  if (self->words[0] != NULL)
    {
      g_autofree char *terms = mh_fold_terms (self->words[0]);

      if (g_utf8_strlen (terms, -1) >= 4)
        {
          g_ptr_array_add (parts, g_utf8_substring (terms, 0, 3));
          self->begins = match_of_parts (parts);
        }
    }

  return TRUE;
}

static char **
short_words (char **words)
{
  g_autoptr (GStrvBuilder) found = g_strv_builder_new ();

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autofree char *whole = short_word (words[i]);

      if (whole != NULL)
        g_strv_builder_add (found, whole);
    }

  return g_strv_builder_end (found);
}

/* Takes the words apart. */
static gboolean
read_words (Search *self, const char *text, GError **error)
{
  g_autofree char *folded = mh_fold (text);
  g_auto (GStrv) all = g_strsplit_set (folded, " \t\n", -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (guint i = 0; all[i] != NULL; i++)
    {
      if (g_str_has_prefix (all[i], "ext:") && all[i][4] != '\0')
        {
          g_free (self->extension);
          self->extension = g_strconcat (".", all[i] + (all[i][4] == '.' ? 5 : 4), NULL);
        }
      else if (*all[i] != '\0')
        g_strv_builder_add (words, all[i]);
    }
  self->words = g_strv_builder_end (words);
  self->short_words = short_words (self->words);
  self->whole = g_strjoinv (" ", self->words);

  return make_match (self, error);
}

/* Whether a word begins at @place of @name. */
static gboolean
is_beginning (const char *name, const char *place)
{
  return place == name || !g_unichar_isalnum (g_utf8_get_char (g_utf8_prev_char (place)));
}

/* Whether @word is at the beginning of a word anywhere in @name. */
static gboolean
begins_a_word (const char *name, const char *word)
{
  for (const char *place = strstr (name, word); place != NULL; place = strstr (place + 1, word))
    {
      if (is_beginning (name, place))
        return TRUE;
    }

  return FALSE;
}

/* Whether the short words are where they have to be. */
static gboolean
has_short_words (const Search *self, const char *folded)
{
  g_autofree char *terms = NULL;

  if (self->short_words[0] == NULL)
    return TRUE;

  terms = mh_fold_terms (folded);
  for (guint i = 0; self->short_words[i] != NULL; i++)
    {
      if (strstr (terms, self->short_words[i]) == NULL)
        return FALSE;
    }

  return TRUE;
}

/* Compares a name with what is looked for. Returns: whether it is found, with its rank */
static gboolean
judge (const Search *self, const char *name, Rank *rank)
{
  g_autofree char *folded = mh_fold (name);
  gboolean at_words = TRUE;

  if ((self->extension != NULL && !g_str_has_suffix (folded, self->extension))
      || !has_short_words (self, folded))
    return FALSE;

  for (guint i = 0; self->words[i] != NULL; i++)
    {
      if (strstr (folded, self->words[i]) == NULL)
        return FALSE;
      at_words = at_words && begins_a_word (folded, self->words[i]);
    }

  if (g_str_equal (folded, self->whole))
    *rank = RANK_SAME;
  else if (self->words[0] != NULL && g_str_has_prefix (folded, self->words[0]))
    *rank = RANK_BEGINS;
  else
    *rank = at_words ? RANK_WORDS : RANK_ANYWHERE;

  return TRUE;
}

/* Looks at a row of COLUMNS, once. */
static void
look_at_row (Search *self, MhStmt *row)
{
  gint64 ref = mh_stmt_int64 (row, 0);
  Rank rank;
  Hit *hit;

  if (mh_stmt_int64 (row, 1) != self->vault || mh_stmt_int64 (row, 2) == 0
      || !judge (self, mh_stmt_text (row, 3), &rank))
    return;

  hit = g_new (Hit, 1);
  hit->rank = rank;
  hit->ref = ref;
  hit->path = mh_stmt_dup_text (row, 4);
  g_ptr_array_add (self->hits, hit);
}

/* Whether a row is looked at for the first time. */
static gboolean
is_first (Search *self, gint64 ref)
{
  return g_hash_table_add (self->seen, g_memdup2 (&ref, sizeof ref));
}

/* Collects the first column of all rows. */
static gboolean
collect_refs (MhStmt *stmt, GArray *refs, GError **error)
{
  GError *local = NULL;

  while (mh_stmt_step (stmt, &local))
    {
      gint64 ref = mh_stmt_int64 (stmt, 0);

      g_array_append_val (refs, ref);
    }

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
look_at_refs (Search *self, const GArray *refs, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, sql_row, error);
  GError *local = NULL;

  if (stmt == NULL)
    return FALSE;

  for (guint i = 0; i < refs->len; i++)
    {
      gint64 ref = g_array_index (refs, gint64, i);

      if (!is_first (self, ref))
        continue;
      mh_stmt_bind_int64 (stmt, 1, ref);
      if (mh_stmt_step (stmt, &local))
        look_at_row (self, stmt);
      mh_stmt_reset (stmt);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }

  return TRUE;
}

/* Looks at what the table of names has for @match. */
static gboolean
look_up (Search *self, const char *match, gboolean *all, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, sql_match, error);
  g_autoptr (GArray) refs = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_text (stmt, 1, match);
  mh_stmt_bind_int64 (stmt, 2, MOST_CANDIDATES);
  if (!collect_refs (stmt, refs, error))
    return FALSE;

  *all = refs->len < MOST_CANDIDATES;

  return look_at_refs (self, refs, error);
}

/* Looks at the files that are not in the table of names yet. */
static gboolean
look_at_tail (Search *self, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, sql_tail, error);
  GError *local = NULL;
  guint count = 0;
  gint64 named;

  if (stmt == NULL || !mh_catalog_get_state (self->db, "named", &named, error))
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, named);
  mh_stmt_bind_int64 (stmt, 2, MOST_TAIL);
  for (; mh_stmt_step (stmt, &local); count++)
    {
      if (is_first (self, mh_stmt_int64 (stmt, 0)))
        look_at_row (self, stmt);
    }
  self->complete = self->complete && count < MOST_TAIL;

  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

/* Looks at the files whose new names are not in the table yet. */
static gboolean
look_at_renamed (Search *self, GError **error)
{
  g_autoptr (MhStmt) stmt = mh_db_prepare (self->db, sql_renamed, error);
  g_autoptr (GArray) refs = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (stmt == NULL)
    return FALSE;

  mh_stmt_bind_int64 (stmt, 1, MOST_RENAMED);
  if (!collect_refs (stmt, refs, error))
    return FALSE;

  self->complete = self->complete && refs->len < MOST_RENAMED;

  return look_at_refs (self, refs, error);
}

static gboolean
run (Search *self, GError **error)
{
  gboolean ignored;

  return look_up (self, self->match, &self->complete, error)
         && (self->complete || self->begins == NULL
             || look_up (self, self->begins, &ignored, error))
         && look_at_tail (self, error) && look_at_renamed (self, error);
}

static gint
compare_with (const Hit *hit, Rank rank, const char *path, gint64 ref)
{
  gint by_path = strcmp (hit->path, path);

  if (hit->rank != rank)
    return hit->rank < rank ? -1 : 1;
  if (by_path != 0)
    return by_path;

  return (hit->ref > ref) - (hit->ref < ref);
}

static gint
compare_hits (gconstpointer a, gconstpointer b)
{
  const Hit *const *left = a;
  const Hit *const *right = b;

  return compare_with (*left, (*right)->rank, (*right)->path, (*right)->ref);
}

/* Finds the hit after the page before. */
static gboolean
find_start (const Search *self, const char *encoded, guint *start, GError **error)
{
  MhCursor cursor = { 0 };

  *start = 0;
  if (encoded == NULL)
    return TRUE;

  if (!mh_cursor_decode (encoded, "s", &cursor, error))
    return FALSE;

  /* Its text is the rank and the path. */
  if (*cursor.text != '\0')
    {
      while (*start < self->hits->len
             && compare_with (g_ptr_array_index (self->hits, *start), (Rank) (*cursor.text - '0'),
                              cursor.text + 1, cursor.ref)
                    <= 0)
        (*start)++;
    }
  g_free (cursor.text);

  return TRUE;
}

static char *
cursor_of (const Hit *hit)
{
  g_autofree char *text = g_strdup_printf ("%d%s", (int) hit->rank, hit->path);

  return mh_cursor_encode (CURSOR_KIND, hit->ref, text);
}

/* Gives one page of the hits. */
static MhFound *
take_page (Search *self, const MhSearchQuery *query, GError **error)
{
  g_autoptr (MhFound) found = g_new0 (MhFound, 1);
  guint start;

  found->files = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_file_free);
  found->complete = self->complete;
  g_ptr_array_sort (self->hits, compare_hits);
  if (!find_start (self, query->cursor, &start, error))
    return NULL;

  for (guint i = start; i < self->hits->len && found->files->len < query->limit; i++)
    {
      const Hit *hit = g_ptr_array_index (self->hits, i);
      MhFile *file = mh_query_file_of_ref (self->db, hit->ref, error);

      if (file == NULL)
        return NULL;
      g_ptr_array_add (found->files, file);
      if (found->files->len == query->limit && i + 1 < self->hits->len)
        found->cursor = cursor_of (hit);
    }

  return g_steal_pointer (&found);
}

static MhFound *
search (MhDb *db, const MhSearchQuery *query, GError **error)
{
  g_auto (Search) self = { db };
  g_autoptr (MhDbTxn) txn = NULL;
  MhVaultRow vault;

  if (!mh_catalog_get_vault (db, query->vault_id, &vault, error))
    return NULL;

  self.vault = vault.ref;
  self.seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self.hits = g_ptr_array_new_with_free_func (hit_free);
  txn = mh_db_txn_begin_read (db, error);
  if (txn == NULL || !read_words (&self, query->words, error) || !run (&self, error))
    return NULL;

  return take_page (&self, query, error);
}

MhFound *
mh_store_search (MhStore *self, const MhSearchQuery *query, GError **error)
{
  g_autoptr (MhKeys) keys = mh_store_keys (self, query->vault_id, error);
  g_autoptr (MhDbLease) lease = keys == NULL ? NULL : mh_db_pool_take (self->readers, error);
  MhFound *found = NULL;

  if (lease != NULL)
    found = search (mh_db_lease_db (lease), query, error);
  mh_store_lift (self, error);

  return found;
}
