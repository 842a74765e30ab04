/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the program may have: whoever is on the network decides how much a router sends. */
#define MH_SYSTEM_MEMORY (64 * 1024 * 1024)
#define MH_SYSTEM_FILES 128
#define MH_SYSTEM_CPU_S 2

/* Takes from this program, and what it becomes, what it does not need: more memory than
 * %MH_SYSTEM_MEMORY, other rights, files to write. */
void mh_system_confine (void);

/* Has the system end this program @wall_s seconds from now, or when it has used %MH_SYSTEM_CPU_S of
 * a processor; the next call, and becoming the program again, begin anew. */
void mh_system_expect_end (guint wall_s);

/* Becomes the program that was started, with @argv and what is open for it. Comes back if that
 * fails. */
void mh_system_again (char **argv);

/* Returns: whether @address, of the network's bytes, is one of the network that our @local is in */
gboolean mh_system_is_near (guint32 local, guint32 address);

G_END_DECLS
