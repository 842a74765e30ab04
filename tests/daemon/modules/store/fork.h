/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/store.h"

G_BEGIN_DECLS

/* A version as another machine would have made it. */
typedef struct
{
  const char *vault;
  const char *path; /* a file that is there, live or deleted */
  const char *like; /* (nullable): a file whose content it has; %NULL for a deletion */
  const char *to;   /* (nullable): its path, when that is another */
  guint lost;       /* so many of its blocks are replaced by some that nobody has */
  gboolean on_top;  /* it follows the shown version, instead of going beside it */
} Fork;

/* Makes the version. Returns: (transfer full): its record */
GBytes *fork_record (MhStore *store, const Fork *fork);

/* Makes the version and takes it over; fails the program on an error. */
void fork_version (MhStore *store, const Fork *fork);

G_END_DECLS
