/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modules/folders/disk.h"

#define TIME_MS 1700000000123

typedef struct
{
  char *root; /* (owned) */
  MhDisk *disk;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->root = g_dir_make_tmp ("mh-disk-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->disk = mh_disk_open (fixture->root, &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): the path of the only file in the folder */
static char *
only_file (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->root, 0, NULL);
  g_autofree char *name = g_strdup (g_dir_read_name (dir));

  g_assert_nonnull (name);
  g_assert_null (g_dir_read_name (dir));

  return g_build_filename (fixture->root, name, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = only_file (fixture);

  mh_disk_free (fixture->disk);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (fixture->root), ==, 0);
  g_free (fixture->root);
}

/* Returns: (transfer full): a finished file of some bytes */
static MhDiskOut *
finished (Fixture *fixture, const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDiskOut) out = mh_disk_out_new (fixture->disk, path, &error);

  g_assert_no_error (error);
  g_assert_true (mh_disk_out_write (out, (const guint8 *) text, strlen (text), &error));
  g_assert_true (mh_disk_out_finish (out, TIME_MS, 0755, &error));

  return g_steal_pointer (&out);
}

static void
test_state_of_what_was_finished (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDiskOut) out = finished (fixture, "script", "#!/bin/sh\n");
  g_autofree char *part = only_file (fixture);
  MhHostState nothing = { 0 };
  MhHostState placed = { 0 };
  MhHostState now = { 0 };
  int fd;

  g_test_summary ("a file that somebody changes in the moment that it gets its name has changed");
  g_assert_cmpint (g_chmod (part, 0700), ==, 0);
  g_assert_true (mh_disk_out_place (out, &nothing, &placed, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (placed.mode, ==, 0755);
  g_assert_cmpint (placed.size, ==, 10);
  g_assert_cmpint (placed.mtime_ns, ==, TIME_MS * G_GINT64_CONSTANT (1000000));

  fd = mh_disk_open_file (fixture->disk, "script", &now, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (now.mode, ==, 0700);
  g_assert_cmpuint (now.inode, ==, placed.inode);
  g_assert_cmpint (close (fd), ==, 0);
}

static void
test_adjust (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhDiskOut) out = finished (fixture, "script", "#!/bin/sh\n");
  MhHostState nothing = { 0 };
  MhHostState state = { 0 };
  MhHostState placed;
  g_autofree char *path = NULL;

  g_test_summary ("mode and time are set, and nothing of a file that has changed");
  g_assert_true (mh_disk_out_place (out, &nothing, &state, &error));
  placed = state;
  g_assert_true (mh_disk_adjust (fixture->disk, "script", &state, TIME_MS + 1000, 0600, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (state.mode, ==, 0600);
  g_assert_cmpint (state.mtime_ns, ==, (TIME_MS + 1000) * G_GINT64_CONSTANT (1000000));
  g_assert_cmpuint (state.inode, ==, placed.inode);

  path = only_file (fixture);
  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  g_assert_false (mh_disk_adjust (fixture->disk, "script", &state, TIME_MS, 0755, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (state.mode, ==, 0600);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/folders/disk/state-of-what-was-finished", Fixture, NULL, set_up,
              test_state_of_what_was_finished, tear_down);
  g_test_add ("/folders/disk/adjust", Fixture, NULL, set_up, test_adjust, tear_down);

  return g_test_run ();
}
