/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/error.h"
#include "utf8-locale.h"

/* Files of a folder that are looked up together. */
#define PAGE 1000

/* Bytes of a file that are packed together. */
#define PIECE (256 * 1024)

struct _MhPack
{
  MhStore *store;     /* (unowned) */
  MhPackPlan *plan;   /* (owned) */
  MhUtf8Locale *utf8; /* (owned) */
  struct archive *writer;
  GByteArray *packed; /* (owned): made and not read yet */
  gsize given;        /* bytes of it that were read */
  guint root;         /* the one that is next, or under way */
  MhFileList *page;   /* (owned) (nullable): of a folder */
  guint in_page;      /* the file that is next */
  MhReader *reader;   /* (owned) (nullable): the file under way */
  guint64 offset;     /* in it */
  gboolean at_end;
  gboolean abandoned; /* nothing is packed any more */
};

static la_ssize_t
write_cb (struct archive *writer, void *data, const void *buffer, size_t size)
{
  MhPack *self = data;

  /* closing a tar file fills up the file under way, closing a zip file frees what packs it */
  if (self->abandoned)
    return self->plan->format == MH_PACK_ZIP ? (la_ssize_t) size : -1;

  g_byte_array_append (self->packed, buffer, (guint) size);

  return (la_ssize_t) size;
}

static gboolean
fail (MhPack *self, GError **error)
{
  const char *text = archive_error_string (self->writer);

  g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "packing: %s", text != NULL ? text : "unknown");

  return FALSE;
}

/* Nothing is padded, and nothing waits in libarchive for a whole block. */
static gboolean
open_writer (MhPack *self)
{
  struct archive *writer = self->writer;
  int done = ARCHIVE_OK;

  if (self->plan->format == MH_PACK_ZIP)
    done |= archive_write_set_format_zip (writer);
  else
    done |= archive_write_set_format_pax_restricted (writer);
  if (self->plan->format == MH_PACK_TAR_ZST)
    done |= archive_write_add_filter_zstd (writer);

  done |= archive_write_set_bytes_per_block (writer, PIECE);
  done |= archive_write_set_bytes_in_last_block (writer, 1);
  done |= archive_write_set_options (writer, self->plan->format == MH_PACK_ZIP
                                                 ? "zip:compression-level=1,zip:hdrcharset=UTF-8"
                                                 : "pax:hdrcharset=UTF-8");

  return done == ARCHIVE_OK
         && archive_write_open (writer, self, NULL, write_cb, NULL) == ARCHIVE_OK;
}

MhPack *
mh_pack_new (MhStore *store, MhPackPlan *plan, GError **error)
{
  g_autoptr (MhPack) self = g_new0 (MhPack, 1);
  gboolean opened;

  self->store = store;
  self->plan = plan;
  self->packed = g_byte_array_new ();
  self->writer = archive_write_new ();
  self->utf8 = mh_utf8_locale_new ();
  if (self->utf8 == NULL)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_FAILED, "packing: the system has no UTF-8 locale");
      return NULL;
    }

  mh_utf8_locale_enter (self->utf8);
  opened = open_writer (self);
  mh_utf8_locale_leave (self->utf8);
  if (opened)
    return g_steal_pointer (&self);

  (void) fail (self, error);

  return NULL;
}

void
mh_pack_free (MhPack *self)
{
  if (self == NULL)
    return;

  /* Only what is closed is freed whole. What that writes goes nowhere. */
  self->abandoned = TRUE;
  archive_write_free (self->writer);
  mh_pack_plan_free (self->plan);
  mh_utf8_locale_free (self->utf8);
  g_byte_array_unref (self->packed);
  mh_file_list_free (self->page);
  mh_reader_free (self->reader);
  g_free (self);
}

/* Whether trying to shrink it is a waste of time. */
static gboolean
is_packed (const char *mime)
{
  static const char *const loose[] = { "image/svg",   "image/bmp", "image/x-ms-bmp", "image/tiff",
                                       "audio/x-wav", "audio/wav", "audio/vnd.wave" };
  static const char *const dense[] = { "image/",
                                       "video/",
                                       "audio/",
                                       "application/zip",
                                       "application/gzip",
                                       "application/x-gzip",
                                       "application/zstd",
                                       "application/x-xz",
                                       "application/x-bzip",
                                       "application/x-7z-compressed",
                                       "application/vnd.rar",
                                       "application/x-rar",
                                       "application/java-archive",
                                       "application/epub+zip",
                                       "application/vnd.openxmlformats-officedocument",
                                       "application/vnd.oasis.opendocument",
                                       "application/vnd.debian.binary-package",
                                       "application/x-compressed-tar",
                                       "application/x-xz-compressed-tar",
                                       "application/x-zstd-compressed-tar" };

  for (gsize i = 0; i < G_N_ELEMENTS (loose); i++)
    {
      if (g_str_has_prefix (mime, loose[i]))
        return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (dense); i++)
    {
      if (g_str_has_prefix (mime, dense[i]))
        return TRUE;
    }

  return FALSE;
}

static void
describe (struct archive_entry *entry, const MhFile *file, const char *name)
{
  gint64 mtime_ms = MAX (file->mtime_ms, 0);

  archive_entry_set_pathname_utf8 (entry, name);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0644);
  archive_entry_set_size (entry, file->size);
  archive_entry_set_mtime (entry, (time_t) (mtime_ms / 1000), (long) (mtime_ms % 1000) * 1000000);
}

static gboolean
write_header (MhPack *self, const char *name, GError **error)
{
  const MhFile *file = mh_reader_file (self->reader);
  struct archive_entry *entry = archive_entry_new2 (self->writer);
  int done = ARCHIVE_OK;

  describe (entry, file, name);
  if (self->plan->format == MH_PACK_ZIP)
    done = is_packed (file->mime) ? archive_write_zip_set_compression_store (self->writer)
                                  : archive_write_zip_set_compression_deflate (self->writer);
  if (done == ARCHIVE_OK)
    done = archive_write_header (self->writer, entry);
  archive_entry_free (entry);
  self->offset = 0;

  return done == ARCHIVE_OK || fail (self, error);
}

/* Begins a file. One that has gone from its folder is left out. */
static gboolean
begin_file (MhPack *self, const char *path, const char *name, gboolean in_folder, GError **error)
{
  g_autoptr (GError) local = NULL;

  self->reader = mh_reader_new (self->store, self->plan->vault_id, path, NULL, &local);
  if (self->reader != NULL)
    return write_header (self, name, error);

  if (in_folder && g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

/* Looks up some more files of a folder. */
static gboolean
turn_page (MhPack *self, const MhPackRoot *root, GError **error)
{
  MhListQuery query = { self->plan->vault_id, root->path, FALSE, FALSE, PAGE };
  MhFileList *page;

  if (self->page != NULL)
    query.cursor = self->page->cursor;
  page = mh_store_list (self->store, &query, error);
  if (page == NULL)
    return FALSE;

  mh_file_list_free (self->page);
  self->page = page;
  self->in_page = 0;

  return TRUE;
}

/* Begins the next file of a folder, or goes on to the next root. */
static gboolean
next_in_folder (MhPack *self, const MhPackRoot *root, GError **error)
{
  g_autofree char *name = NULL;
  const MhFile *file;
  gsize above = g_str_equal (root->path, "/") ? 0 : strlen (root->path);

  if (self->page == NULL || (self->in_page == self->page->files->len && self->page->cursor != NULL))
    return turn_page (self, root, error);

  if (self->in_page == self->page->files->len)
    {
      g_clear_pointer (&self->page, mh_file_list_free);
      self->root++;
      return TRUE;
    }

  file = g_ptr_array_index (self->page->files, self->in_page++);
  name = g_strconcat (root->name, file->path + above + (*root->name == '\0' ? 1 : 0), NULL);

  return begin_file (self, file->path, name, TRUE, error);
}

static gboolean
next_file (MhPack *self, GError **error)
{
  const MhPackRoot *root;

  if (self->root == self->plan->roots->len)
    {
      self->at_end = TRUE;
      return archive_write_close (self->writer) == ARCHIVE_OK || fail (self, error);
    }

  root = g_ptr_array_index (self->plan->roots, self->root);
  if (root->is_folder)
    return next_in_folder (self, root, error);

  self->root++;

  return begin_file (self, root->path, root->name, FALSE, error);
}

/* Packs some bytes of the file under way. */
static gboolean
pack_some (MhPack *self, GError **error)
{
  guint64 size = (guint64) mh_reader_file (self->reader)->size;
  g_autoptr (GBytes) bytes = NULL;

  if (self->offset == size)
    {
      g_clear_pointer (&self->reader, mh_reader_free);
      return archive_write_finish_entry (self->writer) == ARCHIVE_OK || fail (self, error);
    }

  bytes = mh_reader_read (self->reader, self->offset, PIECE, NULL, error);
  if (bytes == NULL)
    return FALSE;

  self->offset += g_bytes_get_size (bytes);

  return archive_write_data (self->writer, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes))
             == (la_ssize_t) g_bytes_get_size (bytes)
         || fail (self, error);
}

static gboolean
make_some (MhPack *self, GError **error)
{
  gboolean done = TRUE;

  mh_utf8_locale_enter (self->utf8);
  while (done && self->packed->len == 0 && !self->at_end)
    done = self->reader != NULL ? pack_some (self, error) : next_file (self, error);
  mh_utf8_locale_leave (self->utf8);

  return done;
}

GBytes *
mh_pack_read (MhPack *self, gsize max, GError **error)
{
  GBytes *bytes;
  gsize size;

  if (self->given == self->packed->len)
    {
      g_byte_array_set_size (self->packed, 0);
      self->given = 0;
      if (!make_some (self, error))
        return NULL;
    }

  size = MIN (max, self->packed->len - self->given);
  bytes = g_bytes_new (self->packed->data + self->given, size);
  self->given += size;

  return bytes;
}
