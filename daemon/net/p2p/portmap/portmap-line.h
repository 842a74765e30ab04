/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What `meshhold-portmap` says, as bytes and values; `daemon/portmap/main.c` has the words. */

/* Bytes of the longest line that is taken. */
#define MH_PORTMAP_MAX_LINE 1024

/* Lines that are taken in a period: one is said, and more where the router has another address. */
#define MH_PORTMAP_MAX_LINES 16

/* Bytes of the longest error text of a router that is kept. */
#define MH_PORTMAP_MAX_ERROR 200

typedef enum
{
  MH_PORTMAP_MORE,     /* there is no whole line yet */
  MH_PORTMAP_MAPPED,   /* a router forwards to us */
  MH_PORTMAP_FAILED,   /* none does */
  MH_PORTMAP_NONSENSE, /* nothing that it says */
} MhPortmapSaid;

/* A line. Plain data, to be cleared. */
typedef struct
{
  char *words;  /* (owned) (nullable): the address of the router, of IPv4; or why it failed: what a
                   router wrote, but printable */
  guint16 port; /* of the router */
} MhPortmapLine;

/* Returns: whether @text is an address of IPv4 that a router may have outside */
gboolean mh_portmap_line_is_address (const char *text);

/* Gives back what is in it. */
void mh_portmap_line_clear (MhPortmapLine *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhPortmapLine, mh_portmap_line_clear)

/**
 * mh_portmap_line_take:
 * @said: what was said; the line is taken from it
 * @out: holds nothing yet; filled where something was said
 *
 * Thread: any.
 * Returns: what the first line is
 */
MhPortmapSaid mh_portmap_line_take (GString *said, MhPortmapLine *out) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
