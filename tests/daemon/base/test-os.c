/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/os.h"

typedef struct
{
  char *top;    /* (owned) */
  char *folder; /* (owned): two levels below it */
} Place;

static void
place_init (Place *self)
{
  g_autoptr (GError) error = NULL;

  self->top = g_dir_make_tmp ("mh-os-XXXXXX", &error);
  g_assert_no_error (error);
  self->folder = g_build_filename (self->top, "one", "two", NULL);
  g_assert_true (mh_os_make_folder (self->folder, &error));
  g_assert_no_error (error);
}

static void
place_clear (Place *self)
{
  g_autofree char *above = g_path_get_dirname (self->folder);

  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_assert_cmpint (g_rmdir (above), ==, 0);
  g_assert_cmpint (g_rmdir (self->top), ==, 0);
  g_free (self->folder);
  g_free (self->top);
}

static char *
path_in (const Place *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
put (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;
  MhPiece pieces[] = { { (const guint8 *) text, strlen (text) }, { (const guint8 *) "!", 1 } };
  int fd = mh_os_open (path, TRUE, TRUE, &error);

  g_assert_no_error (error);
  g_assert_true (mh_os_write (fd, 0, pieces, G_N_ELEMENTS (pieces)));
  g_assert_true (mh_os_sync (fd));
  mh_os_close (fd);
}

static void
test_folders (void)
{
  Place place;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *missing = NULL;
  g_auto (GStrv) names = NULL;
  struct stat info;

  g_test_summary ("folders are made with those above them, once, for the owner alone");
  place_init (&place);
  g_assert_true (mh_os_make_folder (place.folder, &error));
  g_assert_cmpint (g_stat (place.folder, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  names = mh_os_list (place.folder, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (names), ==, 0);

  missing = path_in (&place, "missing");
  g_assert_null (mh_os_list (missing, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  g_clear_error (&error);

  path = path_in (&place, "file");
  put (path, "x");
  g_assert_false (mh_os_make_folder (path, &error));
  g_assert_error (error, MH_ERROR, MH_ERROR_FAILED);
  g_assert_true (mh_os_remove (path, &error));
  place_clear (&place);
}

static void
test_names (void)
{
  Place place;
  g_autoptr (GError) error = NULL;
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  g_auto (GStrv) names = NULL;
  guint8 data[16];
  int fd;

  g_test_summary ("a file is made once, renamed over another, and removed");
  place_init (&place);
  a = path_in (&place, "a");
  b = path_in (&place, "b");
  put (a, "first");
  put (b, "second");
  g_assert_cmpint (mh_os_open (a, TRUE, TRUE, &error), ==, -1);
  g_assert_error (error, MH_ERROR, MH_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_true (mh_os_rename (a, b));
  names = mh_os_list (place.folder, &error);
  g_assert_cmpuint (g_strv_length (names), ==, 1);
  g_assert_cmpstr (names[0], ==, "b");

  fd = mh_os_open (b, FALSE, FALSE, &error);
  g_assert_cmpint (mh_os_read (fd, 0, data, sizeof data), ==, 6);
  g_assert_cmpint (memcmp (data, "first!", 6), ==, 0);
  mh_os_close (fd);

  g_assert_false (mh_os_rename (a, b));
  g_assert_cmpint (errno, ==, ENOENT);
  g_assert_true (mh_os_remove (b, &error));
  g_assert_true (mh_os_remove (b, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mh_os_open (b, FALSE, FALSE, &error), ==, -1);
  g_assert_error (error, MH_ERROR, MH_ERROR_NOT_FOUND);
  place_clear (&place);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/os/folders", test_folders);
  g_test_add_func ("/base/os/names", test_names);

  return g_test_run ();
}
