/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "hash.h"

void
mh_sha256_many (const MhSha256Job *jobs, gsize count)
{
  for (gsize i = 0; i < count; i++)
    mh_sha256 (jobs[i].data, jobs[i].size, jobs[i].out);
}
