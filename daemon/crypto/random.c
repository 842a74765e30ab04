/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "random.h"

#include <sodium.h>

void
mh_random_bytes (guint8 *out, gsize size)
{
  randombytes_buf (out, size);
}
