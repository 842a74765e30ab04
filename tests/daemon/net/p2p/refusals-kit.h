/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "host-kit.h"

/*
 * What a host must refuse, over sockets, while an echo of a friend goes on: it is counted, it ends
 * what it came by only, and it leaves nothing.
 */

#define TOPIC "town"
#define MOST_STREAMS 20
#define MOST_HALF_OPEN 8
#define MOST_OF_PEER 2

/* The host that is tried, its friend, and the friend's echo. */
typedef struct
{
  MhSecret *key;
  MhtNode *one;
  MhtNode *friend;
  GThread *thread;
  gint is_over; /* (atomic) */
  gint rounds;  /* (atomic) */
  guint descriptors;
  MhHostRefusals before;
} Place;

/* All begins; @handshake_ms: how long a handshake may take, 0 for as long as ever. */
void place_init_hasty (Place *self, guint handshake_ms);
void place_init (Place *self);

/* The echo still goes on, and nothing is left of what was refused. */
void place_clear (Place *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* For mht_wait_until(): whether as much was counted as @data, MhHostRefusals, or more. */
gboolean place_has_counted (MhHost *host, gpointer data);

/* What was counted since the beginning is this, once it is there. */
void place_assert_counted (Place *self, MhHostRefusals more);

/* Waits until as many descriptors are open as at the beginning. */
void place_assert_nothing_left (Place *self);
