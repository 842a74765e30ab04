/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "segments.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "crypto/hash.h"
#include "segment.h"

#define MOST_OPEN 64
#define MOST_BYTES (64 * 1024 * 1024) /* a version of 200 GiB in small blocks */

typedef struct
{
  guint64 id;
  int fd;
  guint users;    /* (locked-by lock) */
  gboolean stale; /* (locked-by lock): out of the list, closed by the last user */
} OpenFile;

struct _MhSegments
{
  char *path; /* (owned) */
  GMutex lock;
  GQueue files; /* (owned) (element-type OpenFile) (locked-by lock): used last first */
};

MhSegments *
mh_segments_new (const char *path)
{
  MhSegments *self = g_new0 (MhSegments, 1);

  self->path = g_strdup (path);
  g_mutex_init (&self->lock);
  g_queue_init (&self->files);

  return self;
}

static void
open_file_free (gpointer data)
{
  OpenFile *file = data;

  mh_os_close (file->fd);
  g_free (file);
}

void
mh_segments_free (MhSegments *self)
{
  if (self == NULL)
    return;

  g_queue_clear_full (&self->files, open_file_free);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

char *
mh_segments_path (MhSegments *self, guint64 id)
{
  return g_strdup_printf ("%s/%016" G_GINT64_MODIFIER "x.seg", self->path, id);
}

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  const guint64 *left = a;
  const guint64 *right = b;

  return (*left > *right) - (*left < *right);
}

/* Returns: whether @name is that of a segment, and then its id */
static gboolean
parse_name (const char *name, guint64 *id)
{
  char digits[17];

  if (strlen (name) != 20 || !g_str_has_suffix (name, ".seg"))
    return FALSE;

  g_strlcpy (digits, name, sizeof digits);

  return g_ascii_string_to_unsigned (digits, 16, 1, G_MAXUINT64, id, NULL);
}

GArray *
mh_segments_list (MhSegments *self, GError **error)
{
  g_auto (GStrv) names = mh_os_list (self->path, error);
  GArray *ids;

  if (names == NULL)
    return NULL;

  ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (gsize i = 0; names[i] != NULL; i++)
    {
      guint64 id;

      if (parse_name (names[i], &id))
        g_array_append_val (ids, id);
    }
  g_array_sort (ids, compare_ids);

  return ids;
}

/* Finds an open file and makes it the one used last. Call with the lock held. */
static OpenFile *
find (MhSegments *self, guint64 id)
{
  for (GList *link = self->files.head; link != NULL; link = link->next)
    {
      OpenFile *file = link->data;

      if (file->id != id)
        continue;
      g_queue_unlink (&self->files, link);
      g_queue_push_head_link (&self->files, link);
      file->users++;
      return file;
    }

  return NULL;
}

/* Forgets the files used longest ago. Call with the lock held. */
static void
trim (MhSegments *self)
{
  while (g_queue_get_length (&self->files) > MOST_OPEN)
    {
      OpenFile *file = g_queue_pop_tail (&self->files);

      file->stale = TRUE;
      if (file->users == 0)
        open_file_free (file);
    }
}

static OpenFile *
take (MhSegments *self, guint64 id, GError **error)
{
  g_autofree char *path = NULL;
  OpenFile *file;
  int fd;

  g_mutex_lock (&self->lock);
  file = find (self, id);
  g_mutex_unlock (&self->lock);
  if (file != NULL)
    return file;

  path = mh_segments_path (self, id);
  fd = mh_os_open (path, FALSE, FALSE, error);
  if (fd < 0)
    return NULL;

  /* Two threads may both open the same segment; the list then has it twice, which does no harm. */
  file = g_new0 (OpenFile, 1);
  file->id = id;
  file->fd = fd;
  file->users = 1;
  g_mutex_lock (&self->lock);
  g_queue_push_head (&self->files, file);
  trim (self);
  g_mutex_unlock (&self->lock);

  return file;
}

static void
give (MhSegments *self, OpenFile *file)
{
  g_mutex_lock (&self->lock);
  file->users--;
  if (file->stale && file->users == 0)
    open_file_free (file);
  g_mutex_unlock (&self->lock);
}

void
mh_segments_forget (MhSegments *self, guint64 id)
{
  GList *link;

  g_mutex_lock (&self->lock);
  link = self->files.head;
  while (link != NULL)
    {
      OpenFile *file = link->data;
      GList *next = link->next;

      if (file->id == id)
        {
          g_queue_delete_link (&self->files, link);
          file->stale = TRUE;
          if (file->users == 0)
            open_file_free (file);
        }
      link = next;
    }
  g_mutex_unlock (&self->lock);
}

gboolean
mh_segments_read (MhSegments *self, const MhLocation *location, guint8 *out, GError **error)
{
  OpenFile *file;
  GError *local = NULL;
  gssize got;
  int errnum;

  file = take (self, location->segment, &local);
  if (file == NULL)
    {
      gboolean missing = g_error_matches (local, MH_ERROR, MH_ERROR_NOT_FOUND);

      g_set_error (error, MH_ERROR, missing ? MH_ERROR_CORRUPT : MH_ERROR_FAILED, "%s",
                   local->message);
      g_error_free (local);
      return FALSE;
    }

  got = mh_os_read (file->fd, location->position + MH_RECORD_HEADER_SIZE, out, location->size);
  errnum = errno;
  give (self, file);
  if (got == (gssize) location->size)
    return TRUE;

  g_set_error (error, MH_ERROR, got < 0 ? MH_ERROR_FAILED : MH_ERROR_CORRUPT,
               "segment %016" G_GINT64_MODIFIER "x at %" G_GUINT64_FORMAT ": %s", location->segment,
               location->position, got < 0 ? g_strerror (errnum) : "cut short");

  return FALSE;
}

gint64
mh_segments_allocated (MhSegments *self, guint64 segment)
{
  OpenFile *file = take (self, segment, NULL);
  gint64 bytes;

  if (file == NULL)
    return 0;

  bytes = mh_os_allocated (file->fd);
  give (self, file);

  return MAX (bytes, 0);
}

gboolean
mh_segments_read_raw (MhSegments *self, guint64 segment, guint64 position, guint8 *out, gsize size)
{
  OpenFile *file = take (self, segment, NULL);
  gssize got;

  if (file == NULL)
    return FALSE;

  got = mh_os_read (file->fd, position, out, size);
  give (self, file);

  return got == (gssize) size;
}

/* A size that no record has comes from a damaged index: not to be trusted with memory. */
static gboolean
check_size (const MhLocation *location, GError **error)
{
  if (location->size <= MOST_BYTES)
    return TRUE;
  g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT, "a record of %u bytes", location->size);

  return FALSE;
}

GBytes *
mh_segments_read_unchecked (MhSegments *self, MhBuffers *buffers, const MhLocation *location,
                            GError **error)
{
  MhBuffer *buffer;

  if (!check_size (location, error))
    return NULL;
  buffer = mh_buffers_take (buffers, location->size);
  if (mh_segments_read (self, location, buffer->data, error))
    return mh_buffers_to_bytes (buffers, buffer, 0, location->size);
  mh_buffers_give (buffers, buffer);

  return NULL;
}

GBytes *
mh_segments_read_verified (MhSegments *self, const MhLocation *location, const guint8 *id,
                           GError **error)
{
  g_autofree guint8 *payload = NULL;
  guint8 digest[MH_SHA256_SIZE];

  if (!check_size (location, error))
    return NULL;
  payload = g_malloc (MAX (location->size, 1));
  if (!mh_segments_read (self, location, payload, error))
    return NULL;

  mh_sha256 (payload, location->size, digest);
  if (memcmp (digest, id, sizeof digest) != 0)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_CORRUPT,
                   "segment %016" G_GINT64_MODIFIER "x at %" G_GUINT64_FORMAT ": damaged",
                   location->segment, location->position);
      return NULL;
    }

  return g_bytes_new_take (g_steal_pointer (&payload), location->size);
}
