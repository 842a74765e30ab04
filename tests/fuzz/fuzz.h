/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* One input; libFuzzer calls it, and so does the replay program for every file of a corpus. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
