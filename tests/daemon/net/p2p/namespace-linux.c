/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "namespace.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static gboolean
raise_loopback (void)
{
  struct ifreq request = { 0 };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean is_good;

  if (fd < 0)
    return FALSE;
  g_strlcpy (request.ifr_name, "lo", sizeof request.ifr_name);
  request.ifr_flags = IFF_UP;
  is_good = ioctl (fd, SIOCSIFFLAGS, &request) == 0;
  close (fd);

  return is_good;
}

gboolean
mht_namespace_add_address (const char *address)
{
  struct ifreq request = { 0 };
  struct sockaddr_in *in = (void *) &request.ifr_addr;
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean is_good;

  if (fd < 0)
    return FALSE;
  g_strlcpy (request.ifr_name, "lo:1", sizeof request.ifr_name);
  in->sin_family = AF_INET;
  is_good =
      inet_pton (AF_INET, address, &in->sin_addr) == 1 && ioctl (fd, SIOCSIFADDR, &request) == 0;
  close (fd);

  return is_good;
}

const char *
mht_namespace_enter (gboolean has_loopback)
{
  /* without rights of our own, those of a user namespace are enough */
  if (unshare (CLONE_NEWNET) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNET) != 0)
    return "the system gives no network namespace";
  if (has_loopback && !raise_loopback ())
    return "the loopback of the namespace does not come up";

  return NULL;
}
