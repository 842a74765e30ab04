/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bench.h"

G_BEGIN_DECLS

/* Machines that hold one vault, and give each other versions and blocks. */

/* Returns: (transfer full): a machine with the key of another one's vault */
Bench *pair_other (Bench *bench);

/* Gives @to what @from has since @mark. Returns: how many were new */
guint pair_pull (Bench *to, Bench *from, MhSyncMark *mark);

/* Gives @to every block that it misses. Returns: how many */
guint pair_pull_blocks (Bench *to, Bench *from);

void pair_assert_same_heads (Bench *one, Bench *two);

G_END_DECLS
