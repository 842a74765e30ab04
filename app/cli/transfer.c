/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transfer.h"

#include <glib/gi18n.h>

#include "base/pool.h"
#include "cli/rate.h"
#include "cli/tty.h"

#define DRAW_INTERVAL_US (200 * 1000)

struct _MhCliTransfer
{
  MhCli *cli;       /* (unowned) */
  GPtrArray *items; /* (unowned) */
  MhCliTransferFunc func;
  guint64 total;  /* bytes in all; 0 when unknown */
  guint columns;  /* of the terminal; 0 for none */
  MhCliRate rate; /* the main thread's */
  GMutex lock;
  GCond changed;
  guint64 done;        /* (locked-by lock) bytes */
  guint next;          /* (locked-by lock) index of the next item */
  guint running;       /* (locked-by lock) workers */
  guint failed;        /* (locked-by lock) items */
  const char *current; /* (locked-by lock) (nullable): the latest item's name */
  GError *first_error; /* (locked-by lock) (owned) (nullable) */
  GPtrArray *messages; /* (locked-by lock) (owned): to print when the line is free */
};

void
mh_cli_item_free (MhCliItem *self)
{
  g_free (self->local);
  g_free (self->route);
  g_free (self);
}

void
mh_cli_transfer_progress (MhCliTransfer *self, gsize bytes)
{
  g_mutex_lock (&self->lock);
  self->done += bytes;
  g_mutex_unlock (&self->lock);
}

void
mh_cli_transfer_answer (MhCliTransfer *self, GInputStream *answer)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!self->cli->json || !json_parser_load_from_stream (parser, answer, NULL, NULL)
      || json_parser_get_root (parser) == NULL)
    return;

  g_mutex_lock (&self->lock);
  mh_cli_print_json (json_parser_get_root (parser));
  g_mutex_unlock (&self->lock);
}

static const MhCliItem *
take_item (MhCliTransfer *self)
{
  const MhCliItem *item = NULL;

  g_mutex_lock (&self->lock);
  if (self->next < self->items->len)
    {
      item = g_ptr_array_index (self->items, self->next++);
      self->current = item->local;
    }
  g_mutex_unlock (&self->lock);

  return item;
}

static void
note_failure (MhCliTransfer *self, const MhCliItem *item, GError *failure)
{
  g_autofree char *name = g_filename_display_name (item->local);

  g_mutex_lock (&self->lock);
  self->failed++;
  if (self->items->len > 1)
    g_ptr_array_add (self->messages, g_strdup_printf ("%s: %s", name, failure->message));
  if (self->first_error == NULL)
    self->first_error = g_error_copy (failure);
  g_mutex_unlock (&self->lock);
}

/* One worker: takes items until none is left. */
static void
work (gpointer data)
{
  MhCliTransfer *self = data;
  g_autoptr (MhCliApi) api = mh_cli_api_copy (self->cli->api);
  const MhCliItem *item;

  while ((item = take_item (self)) != NULL)
    {
      g_autoptr (GError) failure = NULL;

      if (!self->func (self, api, item, &failure))
        note_failure (self, item, failure);
    }

  g_mutex_lock (&self->lock);
  self->running--;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* Called with the lock held, which only keeps workers from counting on. */
static void
draw (MhCliTransfer *self)
{
  g_autofree char *display = NULL;
  g_autofree char *clean = NULL;
  g_autofree char *label = NULL;
  g_autofree char *line = NULL;

  if (self->columns == 0 && self->messages->len == 0)
    return;

  if (self->columns > 0)
    g_printerr ("\r\033[K");
  for (guint i = 0; i < self->messages->len; i++)
    g_printerr ("meshhold: %s\n", (const char *) g_ptr_array_index (self->messages, i));
  g_ptr_array_set_size (self->messages, 0);
  if (self->columns == 0)
    return;

  mh_cli_rate_update (&self->rate, self->done, g_get_monotonic_time () / 1000);
  display = g_filename_display_name (self->current != NULL ? self->current : "");
  clean = mh_cli_clean (display);
  label = self->items->len > 1 ? g_strdup_printf ("%u/%u  %s", self->next, self->items->len, clean)
                               : g_strdup (clean);
  line = mh_cli_rate_line (&self->rate, self->done, self->total, label, self->columns - 1);
  g_printerr ("%s", line);
}

static void
watch (MhCliTransfer *self)
{
  g_mutex_lock (&self->lock);
  while (self->running > 0)
    {
      draw (self);
      g_cond_wait_until (&self->changed, &self->lock, g_get_monotonic_time () + DRAW_INTERVAL_US);
    }
  draw (self);
  if (self->columns > 0)
    g_printerr ("\n");
  g_mutex_unlock (&self->lock);
}

static guint64
sum (GPtrArray *items)
{
  guint64 total = 0;

  for (guint i = 0; i < items->len; i++)
    {
      const MhCliItem *item = g_ptr_array_index (items, i);

      if (item->bytes < 0)
        return 0;
      total += (guint64) item->bytes;
    }

  return total;
}

static int
code_of (const GError *error)
{
  return error->domain == MH_CLIENT_ERROR ? error->code : MH_CLIENT_ERROR_FAILED;
}

gboolean
mh_cli_transfer_run (MhCli *cli, GPtrArray *items, guint parallel, MhCliTransferFunc func,
                     GError **error)
{
  guint threads = CLAMP (MIN (parallel, items->len), 1, 64);
  g_autoptr (MhPool) pool = mh_pool_new ("transfer", threads, 0);
  MhCliTransfer self = { cli, items, func };
  gboolean good;

  self.total = sum (items);
  self.columns = cli->json ? 0 : mh_cli_tty_columns ();
  self.messages = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&self.lock);
  g_cond_init (&self.changed);
  self.running = threads;
  for (guint i = 0; i < threads; i++)
    {
      if (!mh_pool_push (pool, work, &self))
        /* Has no thread to run in, so it runs in this one. */
        work (&self);
    }
  watch (&self);
  g_clear_pointer (&pool, mh_pool_free);

  good = self.failed == 0;
  if (!good && items->len == 1)
    g_propagate_error (error, g_steal_pointer (&self.first_error));
  else if (!good)
    g_set_error (error, MH_CLIENT_ERROR, code_of (self.first_error),
                 g_dngettext (GETTEXT_PACKAGE, "%u file failed", "%u files failed", self.failed),
                 self.failed);
  g_clear_error (&self.first_error);
  g_ptr_array_unref (self.messages);
  g_cond_clear (&self.changed);
  g_mutex_clear (&self.lock);

  return good;
}
