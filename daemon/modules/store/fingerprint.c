/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

#include <string.h>

#include "base/encoding.h"
#include "content.h"

struct _MhFingerprint
{
  MhGear gear; /* empty until a file is larger than the smallest block, which most are not */
  gboolean has_gear;
  MhChunker chunker;
  MhSha256 *sha;  /* (owned): of the blocks that are whole */
  guint8 *block;  /* (owned): the block that is not */
  gsize size;     /* bytes of it */
  gsize capacity; /* bytes of @block */
};

MhFingerprint *
mh_fingerprint_new (void)
{
  MhFingerprint *self = g_new0 (MhFingerprint, 1);

  self->sha = mh_content_begin ();

  return self;
}

/* Adds bytes to the block. */
static void
gather (MhFingerprint *self, const guint8 *data, gsize size)
{
  if (self->size + size > self->capacity)
    {
      self->capacity = MIN (MAX (2 * self->capacity, self->size + size), MH_CHUNK_MAX);
      self->block = g_realloc (self->block, self->capacity);
    }
  memcpy (self->block + self->size, data, size);
  self->size += size;
}

void
mh_fingerprint_add (MhFingerprint *self, const guint8 *data, gsize size)
{
  if (!self->has_gear && self->size + size > MH_CHUNK_MIN)
    {
      mh_gear_init (&self->gear);
      self->has_gear = TRUE;
    }
  while (size > 0)
    {
      gboolean cut;
      gsize taken = mh_chunker_scan (&self->chunker, &self->gear, data, size, &cut);

      gather (self, data, taken);
      if (cut)
        {
          mh_content_add_data (self->sha, self->block, self->size);
          self->size = 0;
        }
      data += taken;
      size -= taken;
    }
}

char *
mh_fingerprint_finish (MhFingerprint *self)
{
  guint8 hash[MH_SHA256_SIZE];

  if (self->size > 0)
    mh_content_add_data (self->sha, self->block, self->size);
  mh_sha256_finish (self->sha, hash);

  return mh_hex_encode (hash, sizeof hash);
}

void
mh_fingerprint_free (MhFingerprint *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->sha, mh_sha256_free);
  g_free (self->block);
  g_free (self);
}
