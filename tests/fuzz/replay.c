/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* Feeds every file of the folders named to the target, so that ./dev test runs the corpora too. */
static int
replay (const char *folder, int number)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = NULL;
  int count = 0;

  if (dir == NULL)
    {
      printf ("not ok %d - no folder %s\n", number, folder);
      return EXIT_FAILURE;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *data = NULL;
      gsize size = 0;

      if (!g_file_get_contents (path, &data, &size, NULL))
        continue;

      LLVMFuzzerTestOneInput ((const guint8 *) data, size);
      count++;
    }

  printf ("%s %d - %d inputs\n", count > 0 ? "ok" : "not ok", number, count);

  return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  int status = EXIT_SUCCESS;

  printf ("1..%d\n", argc - 1);
  for (int i = 1; i < argc; i++)
    if (replay (argv[i], i) != EXIT_SUCCESS)
      status = EXIT_FAILURE;

  return status;
}
