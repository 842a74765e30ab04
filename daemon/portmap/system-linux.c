/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "system.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define NO_FOLDER "/dev/null"

void
mh_system_confine (void)
{
  const struct rlimit none = { 0, 0 };
  const struct rlimit files = { MH_SYSTEM_FILES, MH_SYSTEM_FILES };

  /* no extensions of GIO: settings, proxies and TLS are not wanted here, and write to the disk */
  (void) g_setenv ("GIO_MODULE_DIR", NO_FOLDER, TRUE);
  g_unsetenv ("GIO_EXTRA_MODULES");

  (void) prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  (void) setrlimit (RLIMIT_CORE, &none);
  (void) setrlimit (RLIMIT_FSIZE, &none);
  (void) setrlimit (RLIMIT_NOFILE, &files);
#ifndef __SANITIZE_ADDRESS__ /* its shadow is memory, too */
  {
    const struct rlimit memory = { MH_SYSTEM_MEMORY, MH_SYSTEM_MEMORY };

    (void) setrlimit (RLIMIT_DATA, &memory);
  }
#endif
}

void
mh_system_expect_end (guint wall_s)
{
  const struct itimerval cpu = { .it_value.tv_sec = MH_SYSTEM_CPU_S };

  (void) setitimer (ITIMER_PROF, &cpu, NULL);
  (void) alarm (wall_s);
}

void
mh_system_again (char **argv)
{
  execv ("/proc/self/exe", argv);
}

gboolean
mh_system_is_near (guint32 local, guint32 address)
{
  struct ifaddrs *all = NULL;
  gboolean is_near = FALSE;

  if (getifaddrs (&all) != 0)
    return FALSE;
  for (const struct ifaddrs *at = all; at != NULL && !is_near; at = at->ifa_next)
    {
      const struct sockaddr_in *own = (const void *) at->ifa_addr;
      const struct sockaddr_in *mask = (const void *) at->ifa_netmask;

      if (own == NULL || mask == NULL || own->sin_family != AF_INET
          || own->sin_addr.s_addr != local)
        continue;
      is_near = ((local ^ address) & mask->sin_addr.s_addr) == 0 && address != local;
    }
  freeifaddrs (all);

  return is_near;
}
