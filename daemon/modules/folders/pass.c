/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pass.h"

#include <string.h>

#include "base/error.h"

#define PAGE 1000
#define PIECE (1024 * 1024)
#define MOST_FAILURES 100

/* A file that was written so lately may be written again at once, in nanoseconds. */
#define FRESH_NS (2 * G_GINT64_CONSTANT (1000000000))

/* Bytes of a name, as file systems have it. */
#define MOST_NAME 255

void
mh_pass_init (MhPass *self)
{
  memset (self, 0, sizeof *self);
  mh_walk_init (&self->walk);
  self->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) mh_entry_free);
  self->done = g_ptr_array_new ();
  self->again = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->failures = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_left_out_free);
}

void
mh_pass_clear (MhPass *self)
{
  mh_walk_clear (&self->walk);
  g_clear_pointer (&self->entries, g_hash_table_unref);
  g_clear_pointer (&self->done, g_ptr_array_unref);
  g_clear_pointer (&self->again, g_hash_table_unref);
  g_clear_pointer (&self->failures, g_ptr_array_unref);
  g_clear_pointer (&self->known, g_hash_table_unref);
}

char *
mh_pass_vault_path (const char *path)
{
  return g_strconcat ("/", path, NULL);
}

void
mh_vault_state_set (MhVaultState *state, const MhFile *file)
{
  state->exists = TRUE;
  g_strlcpy (state->file_id, file->file_id, sizeof state->file_id);
  g_strlcpy (state->content_hash, file->content_hash, sizeof state->content_hash);
  state->size = file->size;
  state->mtime_ms = file->mtime_ms;
  state->changed_ms = file->changed_ms;
  state->conflict = file->conflict;
}

void
mh_pass_tell (MhPass *self, const char *current)
{
  self->tell (&self->counts, current, self->data);
}

/* -- what there is -- */

static MhEntry *
get_entry (MhPass *self, const char *path)
{
  MhEntry *entry = g_hash_table_lookup (self->entries, path);

  if (entry != NULL)
    return entry;

  entry = mh_entry_new (path);
  g_hash_table_insert (self->entries, entry->path, entry);

  return entry;
}

static gboolean
list_page (MhPass *self, const MhListQuery *query, char **cursor, GError **error)
{
  g_autoptr (MhFileList) list = mh_store_list (self->store, query, error);

  if (list == NULL)
    return FALSE;

  for (guint i = 0; i < list->files->len; i++)
    {
      const MhFile *file = g_ptr_array_index (list->files, i);

      mh_vault_state_set (&get_entry (self, file->path + 1)->vault, file);
    }
  g_free (*cursor);
  *cursor = g_steal_pointer (&list->cursor);

  return TRUE;
}

/* Finds the files of a folder of the vault, if it is one. */
static gboolean
list_below (MhPass *self, const char *vault_path, GError **error)
{
  MhListQuery query = { self->row->vault_id, vault_path };
  g_autofree char *cursor = NULL;
  GError *local = NULL;

  query.limit = PAGE;
  do
    {
      query.cursor = cursor;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
    }
  while (list_page (self, &query, &cursor, &local) && cursor != NULL);

  if (local == NULL || g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_clear_error (&local);
      return TRUE;
    }

  g_propagate_error (error, local);

  return FALSE;
}

static gboolean
find_in_vault (MhPass *self, const char *path, GError **error)
{
  g_autofree char *vault_path = mh_pass_vault_path (path);
  g_autoptr (MhFile) file = NULL;
  g_autoptr (GError) local = NULL;

  if (*path == '\0')
    return list_below (self, vault_path, error);
  if (!mh_store_check_path (vault_path, NULL))
    return TRUE; /* the vault cannot have it */

  file = mh_store_get (self->store, self->row->vault_id, vault_path, FALSE, &local);
  if (file != NULL)
    mh_vault_state_set (&get_entry (self, path)->vault, file);
  else if (!g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  return file != NULL || list_below (self, vault_path, error);
}

static gboolean
find_agreed (MhPass *self, GPtrArray *paths, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);

  if (lease == NULL)
    return FALSE;

  for (guint i = 0; i < paths->len; i++)
    {
      if (!mh_folders_store_files (mh_db_lease_db (lease), self->row->id,
                                   g_ptr_array_index (paths, i), self->entries, error))
        return FALSE;
    }

  return TRUE;
}

/* Whether the folder's file is as it was agreed, so that it does not matter when it was written. */
static gboolean
is_as_agreed (const MhEntry *entry)
{
  return entry->agreed && entry->host.exists && entry->host.mtime_ns == entry->agreed_host.mtime_ns
         && entry->host.size == entry->agreed_host.size
         && entry->host.inode == entry->agreed_host.inode
         && entry->host.mode == entry->agreed_host.mode;
}

/* Joins what the walk found, and marks what nothing is to be done about. */
static void
join_walk (MhPass *self, GHashTable *busy)
{
  gint64 now_ns = g_get_real_time () * 1000;
  GHashTableIter iter;
  gpointer path;
  gpointer value;

  g_hash_table_iter_init (&iter, self->walk.files);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      MhEntry *entry = get_entry (self, path);
      const MhHostState *state = value;
      gint64 age_ns = now_ns - state->mtime_ns;

      entry->host = *state;
      if (!self->undoes && age_ns >= 0 && age_ns < FRESH_NS && !is_as_agreed (entry))
        {
          entry->unknown = TRUE;
          g_hash_table_add (self->again, g_strdup (path));
        }
    }
  self->counts.walked = g_hash_table_size (self->walk.files);

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      MhEntry *entry = value;

      if ((!self->undoes && g_hash_table_contains (busy, path) && !is_as_agreed (entry))
          || mh_walk_is_unknown (&self->walk, path)
          || (!entry->host.exists && mh_ignore_covers (self->ignore, path))
          || g_str_has_prefix (path, MH_DISK_OWN) || strstr (path, "/" MH_DISK_OWN) != NULL)
        entry->unknown = TRUE;
    }
}

/* Adds the path that a file of the vault had when it was agreed on, as nobody tells of that. */
static gboolean
find_former (MhPass *self, MhDb *db, const MhEntry *entry, GPtrArray *former, GError **error)
{
  GError *local = NULL;
  char *path;

  if (!entry->vault.exists
      || (entry->agreed && strcmp (entry->agreed_vault.file_id, entry->vault.file_id) == 0))
    return TRUE;
  if (entry->agreed)
    self->wants_all = TRUE; /* another file has the name: the one of before has a new one */

  path = mh_folders_store_find (db, self->row->id, entry->vault.file_id, &local);
  if (path != NULL && !g_hash_table_contains (self->entries, path))
    g_ptr_array_add (former, path);
  else
    g_free (path);
  if (local == NULL)
    return TRUE;

  g_propagate_error (error, local);

  return FALSE;
}

/* Adds to @paths where files were that the vault has moved. */
static gboolean
add_former (MhPass *self, GPtrArray *paths, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (self->db, error);
  g_autoptr (GPtrArray) former = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer entry;

  if (lease == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    {
      if (!find_former (self, mh_db_lease_db (lease), entry, former, error))
        return FALSE;
    }
  g_clear_pointer (&lease, mh_db_pool_give);
  if (former->len == 0)
    return TRUE;

  for (guint i = 0; i < former->len; i++)
    {
      if (!find_in_vault (self, g_ptr_array_index (former, i), error))
        return FALSE;
      g_ptr_array_add (paths, g_strdup (g_ptr_array_index (former, i)));
    }

  return find_agreed (self, former, error);
}

static gboolean
is_everything (GPtrArray *paths)
{
  return paths->len == 1 && *(const char *) g_ptr_array_index (paths, 0) == '\0';
}

gboolean
mh_pass_gather (MhPass *self, GPtrArray *paths, GHashTable *busy, GError **error)
{
  self->walk.disk = self->disk;
  self->walk.ignore = self->ignore;
  self->walk.cancellable = self->cancellable;
  if (!find_agreed (self, paths, error))
    return FALSE;

  /* The folder last: what is in neither of the others by then was made here. */
  for (guint i = 0; i < paths->len; i++)
    {
      if (!find_in_vault (self, g_ptr_array_index (paths, i), error))
        return FALSE;
    }
  if (!is_everything (paths) && !add_former (self, paths, error))
    return FALSE;
  for (guint i = 0; i < paths->len; i++)
    {
      if (!mh_walk_add (&self->walk, g_ptr_array_index (paths, i), error))
        return FALSE;
    }
  join_walk (self, busy);

  return TRUE;
}

/* Finds out the content of a file of the folder. */
static char *
hash_file (const MhEntry *entry, gpointer data)
{
  MhPass *self = data;
  g_autoptr (MhFingerprint) print = mh_fingerprint_new ();
  g_autofree guint8 *buffer = g_malloc (PIECE);
  g_autoptr (GError) error = NULL;
  MhHostState state;
  gssize got = -1;
  int fd = mh_disk_open_file (self->disk, entry->path, &state, &error);

  while (fd >= 0 && !g_cancellable_is_cancelled (self->cancellable)
         && (got = mh_disk_read (fd, buffer, PIECE, &error)) > 0)
    mh_fingerprint_add (print, buffer, (gsize) got);
  mh_pass_tell (self, entry->path);
  if (fd >= 0 && mh_disk_close_file (fd, &entry->host) && got == 0)
    return mh_fingerprint_finish (print);

  if (error != NULL)
    (void) !mh_pass_fail (self, entry->path, &error); /* the next one may be read */
  else
    g_hash_table_add (self->again, g_strdup (entry->path));

  return NULL;
}

GPtrArray *
mh_pass_compare (MhPass *self)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    g_ptr_array_add (entries, entry);

  return mh_compare (entries, hash_file, self);
}

/* -- what was done -- */

void
mh_pass_agree (MhPass *self, MhEntry *entry, const MhHostState *host)
{
  entry->host = *host;
  entry->agreed = TRUE;
  entry->agreed_host = *host;
  entry->agreed_vault = entry->vault;
  g_ptr_array_add (self->done, entry);
}

void
mh_pass_forget (MhPass *self, MhEntry *entry)
{
  entry->agreed = FALSE;
  g_ptr_array_add (self->done, entry);
}

static gboolean
write_agreed (MhPass *self, MhDb *db, GError **error)
{
  g_autoptr (MhDbTxn) txn = mh_db_txn_begin (db, error);

  if (txn == NULL)
    return FALSE;

  for (guint i = 0; i < self->done->len; i++)
    {
      if (!mh_folders_store_agree (db, self->row->id, g_ptr_array_index (self->done, i), error))
        return FALSE;
    }

  return mh_db_txn_commit (txn, error);
}

gboolean
mh_pass_commit (MhPass *self, GError **error)
{
  g_autoptr (MhDbLease) lease = NULL;

  if (self->done->len == 0)
    return TRUE;
  if (!mh_disk_settle (self->disk, error))
    return FALSE;

  lease = mh_db_pool_take (self->db, error);
  if (lease == NULL || !write_agreed (self, mh_db_lease_db (lease), error))
    return FALSE;

  g_ptr_array_set_size (self->done, 0);
  mh_pass_tell (self, NULL);

  return TRUE;
}

/* Whether the next file would fail for the same reason. */
static gboolean
concerns_all (const GError *error)
{
  return g_error_matches (error, MH_ERROR, MH_ERROR_NO_SPACE)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

gboolean
mh_pass_fail (MhPass *self, const char *path, GError **error)
{
  if (concerns_all (*error))
    return FALSE;

  if (g_error_matches (*error, MH_ERROR, MH_ERROR_PRECONDITION))
    g_hash_table_add (self->again, g_strdup (path));
  else
    {
      self->counts.errors++;
      if (self->failures->len < MOST_FAILURES)
        g_ptr_array_add (self->failures, mh_left_out_new (path, g_strdup ((*error)->message)));
    }
  g_clear_error (error);

  return TRUE;
}

gboolean
mh_pass_is_unsettled (MhPass *self)
{
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, self->again);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    {
      const MhEntry *entry = g_hash_table_lookup (self->entries, path);

      if (entry != NULL && entry->agreed && !is_as_agreed (entry))
        return TRUE;
    }

  return FALSE;
}

/* -- conflicts -- */

/* Returns: (transfer full): @text without what cannot be in a name, at most @most bytes of it */
static char *
clean (const char *text, gsize most)
{
  GString *out = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gsize size = (gsize) (g_utf8_next_char (at) - at);

      if (out->len + size > most)
        break;
      if (*at == '/' || g_ascii_iscntrl (*at))
        g_string_append_c (out, '-');
      else
        g_string_append_len (out, at, (gssize) size);
    }

  return g_string_free (out, FALSE);
}

char *
mh_pass_conflict_path (const char *path, const char *node, gint64 now_ms)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local (now_ms / 1000);
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d %H-%M-%S");
  g_autofree char *who = clean (node, 60);
  g_autofree char *mark = g_strdup_printf (" (conflict %s %s)", who, date);
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr (name, '.');
  const char *end = dot != NULL && dot != name && strlen (dot) <= 20 ? dot : name + strlen (name);
  g_autofree char *stem = g_strndup (name, (gsize) (end - name));
  g_autofree char *part = clean (stem, MOST_NAME - strlen (mark) - strlen (end));

  return g_strdup_printf ("%.*s%s%s%s", (int) (name - path), path, part, mark, end);
}

gboolean
mh_pass_set_aside (MhPass *self, MhEntry *entry, GError **error)
{
  g_autofree char *aside =
      mh_pass_conflict_path (entry->path, self->node, g_get_real_time () / 1000);

  if (!mh_disk_rename (self->disk, entry->path, aside, &entry->host, error))
    return FALSE;

  entry->host.exists = FALSE;
  g_hash_table_add (self->again, g_steal_pointer (&aside));

  return TRUE;
}
