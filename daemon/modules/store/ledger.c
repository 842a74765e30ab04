/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger.h"

#include "catalog-space.h"

typedef struct
{
  MhLedgerSum sum;
  guint64 key;
  gint64 delta;
} Entry;

struct _MhLedger
{
  GArray *entries; /* (owned) (element-type Entry): in the order they came */
  GArray *totals;  /* (owned) (element-type Entry): one of each sum, few */
};

MhLedger *
mh_ledger_new (void)
{
  MhLedger *self = g_new0 (MhLedger, 1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->totals = g_array_new (FALSE, FALSE, sizeof (Entry));

  return self;
}

void
mh_ledger_free (MhLedger *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->entries);
  g_array_unref (self->totals);
  g_free (self);
}

/* Returns: (nullable): the total of a sum */
static Entry *
find (MhLedger *self, MhLedgerSum sum, guint64 key)
{
  for (guint i = 0; i < self->totals->len; i++)
    {
      Entry *total = &g_array_index (self->totals, Entry, i);

      if (total->sum == sum && total->key == key)
        return total;
    }

  return NULL;
}

void
mh_ledger_add (MhLedger *self, MhLedgerSum sum, guint64 key, gint64 delta)
{
  Entry entry = { sum, key, delta };
  Entry *total = find (self, sum, key);

  g_array_append_val (self->entries, entry);
  if (total != NULL)
    total->delta += delta;
  else
    g_array_append_val (self->totals, entry);
}

gint64
mh_ledger_get (MhLedger *self, MhLedgerSum sum, guint64 key)
{
  const Entry *total = find (self, sum, key);

  return total != NULL ? total->delta : 0;
}

guint
mh_ledger_mark (MhLedger *self)
{
  return self->entries->len;
}

void
mh_ledger_undo (MhLedger *self, guint mark)
{
  for (guint i = mark; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      Entry *total = find (self, entry->sum, entry->key);

      if (total != NULL) /* there is one of each */
        total->delta -= entry->delta;
    }
  g_array_set_size (self->entries, mark);
  if (mark == 0)
    g_array_set_size (self->totals, 0);
}

gboolean
mh_ledger_flush (MhLedger *self, MhDb *db, GError **error)
{
  for (guint i = 0; i < self->totals->len; i++)
    {
      const Entry *total = &g_array_index (self->totals, Entry, i);
      gboolean done;

      if (total->delta == 0)
        continue;
      if (total->sum == MH_LEDGER_LIVE)
        done = mh_catalog_add_live (db, total->key, total->delta, error);
      else
        done = mh_catalog_add_stored (db, (gint64) total->key, total->delta, error);
      if (!done)
        return FALSE;
    }

  return TRUE;
}
