/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "process.h"

#include <string.h>
#include <sys/resource.h>

static gint64
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  gint64 count = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    count++;

  return count;
}

/* A line such as "VmRSS:     1234 kB" of /proc/self/status, proc(5) */
static gint64
status_value (const char *status, const char *name)
{
  const char *line = strstr (status, name);

  return line != NULL ? g_ascii_strtoll (line + strlen (name), NULL, 10) : 0;
}

void
mh_process_read (MhProcess *process)
{
  struct rusage usage = { 0 };
  g_autofree char *status = NULL;

  memset (process, 0, sizeof *process);
  if (getrusage (RUSAGE_SELF, &usage) == 0)
    process->cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC
                      + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  if (g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    {
      process->rss_bytes = status_value (status, "VmRSS:") * 1024;
      process->threads = status_value (status, "\nThreads:");
    }
  process->fds = count_entries ("/proc/self/fd");
}
