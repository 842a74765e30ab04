/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Opens a file of the user to take its contents, without noting on it that it was read: the note is
 * of no use to anybody, and for many files costs as much as a write of each.
 *
 * @folder: a folder, or AT_FDCWD
 * @name: in it; no symbolic link, and nobody waits for the other end of a pipe
 *
 * Thread: any. Blocks on disk. Returns: a file descriptor, or -1 with errno set
 */
int mh_source_open (int folder, const char *name);

G_END_DECLS
