/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "modules/store/segment.h"
#include "modules/store/version.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) record = g_bytes_new (data, size);
  g_autoptr (MhVersion) version = mh_version_decode (record, NULL);
  guint8 header[MH_RECORD_HEADER_SIZE] = { 0 };
  MhRecord decoded = { 0 };

  memcpy (header, data, MIN (size, sizeof header));
  if (mh_record_decode (&decoded, header))
    {
      guint8 again[MH_RECORD_HEADER_SIZE] = { 0 };

      mh_record_encode (&decoded, again);
      if (memcmp (header, again, sizeof again) != 0)
        __builtin_trap ();
    }
  if (version != NULL)
    (void) !mh_version_verify (version, record);

  return 0;
}
