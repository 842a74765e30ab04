/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Puts the parts together: core, modules, server, local socket. */
typedef struct _MhDaemon MhDaemon;

typedef struct
{
  char *home;       /* (nullable) */
  char *listen;     /* (nullable) HOST:PORT */
  char *log_level;  /* (nullable) */
  char *log_format; /* (nullable) */
} MhDaemonOptions;

/**
 * mh_daemon_new:
 * @options: from the command line; what is missing comes from config.yaml
 * @loop: ends when the local socket is told to quit
 * @error: return location
 *
 * When it returns, the daemon serves.
 *
 * Thread: the main one.
 */
MhDaemon *mh_daemon_new (const MhDaemonOptions *options, GMainLoop *loop,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mh_daemon_free (MhDaemon *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhDaemon, mh_daemon_free)

/* Returns: (transfer none): where the page is */
const char *mh_daemon_url (MhDaemon *self);

G_END_DECLS
