/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tickets.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#define TICKET_SIZE 32
#define MOST_TICKETS 1000

typedef struct
{
  char *key;        /* (owned): hash of the ticket, so that looking it up tells nothing */
  MhPackPlan *plan; /* (owned) (nullable) */
  gint64 expires_ms;
} Ticket;

struct _MhTickets
{
  MhClock *clock; /* (unowned) */
  GMutex lock;
  GHashTable *tickets; /* (owned) (element-type utf8 Ticket) (locked-by lock) */
  GQueue order;        /* (unowned items) (element-type Ticket) (locked-by lock): oldest first */
};

static void
ticket_free (gpointer data)
{
  Ticket *ticket = data;

  g_free (ticket->key);
  mh_pack_plan_free (ticket->plan);
  g_free (ticket);
}

MhTickets *
mh_tickets_new (MhClock *clock)
{
  MhTickets *self = g_new0 (MhTickets, 1);

  self->clock = clock;
  g_mutex_init (&self->lock);
  self->tickets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, ticket_free);
  g_queue_init (&self->order);

  return self;
}

void
mh_tickets_free (MhTickets *self)
{
  g_queue_clear (&self->order);
  g_hash_table_unref (self->tickets);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static char *
key_of (const char *ticket)
{
  guint8 digest[MH_SHA256_SIZE];

  mh_sha256 ((const guint8 *) ticket, strlen (ticket), digest);

  return mh_hex_encode (digest, sizeof digest);
}

/* Removes what has ended, and what is too much. Call with the lock held. */
static void
sweep (MhTickets *self, gint64 now_ms)
{
  Ticket *oldest;

  while ((oldest = g_queue_peek_head (&self->order)) != NULL
         && (oldest->expires_ms <= now_ms || g_queue_get_length (&self->order) > MOST_TICKETS))
    {
      g_queue_pop_head (&self->order);
      g_hash_table_remove (self->tickets, oldest->key);
    }
}

char *
mh_tickets_issue (MhTickets *self, MhPackPlan *plan, gint64 *expires_ms)
{
  guint8 secret[TICKET_SIZE];
  Ticket *ticket = g_new0 (Ticket, 1);
  gint64 now_ms = mh_clock_now_ms (self->clock);
  char *text;

  mh_random_bytes (secret, sizeof secret);
  text = mh_hex_encode (secret, sizeof secret);
  ticket->key = key_of (text);
  ticket->plan = plan;
  ticket->expires_ms = now_ms + MH_TICKET_LIFETIME_MS;
  *expires_ms = ticket->expires_ms;
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->order, ticket);
  g_hash_table_insert (self->tickets, ticket->key, ticket);
  sweep (self, now_ms);
  g_mutex_unlock (&self->lock);

  return text;
}

MhPackPlan *
mh_tickets_redeem (MhTickets *self, const char *ticket, GError **error)
{
  g_autofree char *key = key_of (ticket);
  MhPackPlan *plan = NULL;
  Ticket *found;

  g_mutex_lock (&self->lock);
  sweep (self, mh_clock_now_ms (self->clock));
  found = g_hash_table_lookup (self->tickets, key);
  if (found != NULL)
    {
      plan = g_steal_pointer (&found->plan);
      g_queue_remove (&self->order, found);
      g_hash_table_remove (self->tickets, key);
    }
  g_mutex_unlock (&self->lock);
  if (plan == NULL)
    g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND,
                 "no such archive: its address works once, within a minute");

  return plan;
}
