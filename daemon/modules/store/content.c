/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "content.h"

#include <string.h>

/* No other use of SHA-256 begins with this. */
static const char label[] = "mh1/content";

void
mh_content_hash_block (guint8 *data, gsize size, guint8 out[MH_SHA256_SIZE])
{
  data[0] = 0;
  mh_sha256 (data, 1 + size, out);
}

MhSha256Job
mh_content_hash_job (guint8 *data, gsize size, guint8 *out)
{
  data[0] = 0;

  return (MhSha256Job){ data, 1 + size, out };
}

MhSha256 *
mh_content_begin (void)
{
  MhSha256 *self = mh_sha256_new ();

  mh_sha256_update (self, (const guint8 *) label, sizeof label);

  return self;
}

void
mh_content_add (MhSha256 *self, const guint8 block[MH_SHA256_SIZE], guint32 size)
{
  guint8 bytes[MH_SHA256_SIZE + sizeof size];
  guint32 little = GUINT32_TO_LE (size);

  memcpy (bytes, block, MH_SHA256_SIZE);
  memcpy (bytes + MH_SHA256_SIZE, &little, sizeof little);
  mh_sha256_update (self, bytes, sizeof bytes);
}

void
mh_content_add_data (MhSha256 *self, const guint8 *data, gsize size)
{
  g_autoptr (MhSha256) sha = mh_sha256_new ();
  guint8 digest[MH_SHA256_SIZE];
  guint8 zero = 0;

  mh_sha256_update (sha, &zero, 1);
  mh_sha256_update (sha, data, size);
  mh_sha256_finish (sha, digest);
  mh_content_add (self, digest, (guint32) size);
}

void
mh_content_hash (const MhGear *gear, const guint8 *data, gsize size, guint8 out[MH_SHA256_SIZE])
{
  g_autoptr (MhSha256) sha = mh_content_begin ();
  MhChunker chunker = { 0 };
  gboolean cut;

  while (size > 0)
    {
      gsize taken = mh_chunker_scan (&chunker, gear, data, size, &cut);

      mh_content_add_data (sha, data, taken);
      data += taken;
      size -= taken;
    }
  mh_sha256_finish (sha, out);
}
