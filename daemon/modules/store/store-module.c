/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-module.h"

static void
on_fault (const char *sentence, gpointer data)
{
  mh_core_set_fault (data, sentence);
}

static void
on_space (const char *sentence, gpointer data)
{
  mh_core_set_shortage (data, sentence);
}

static gpointer
start (MhCore *core, GError **error)
{
  g_autofree char *index = g_build_filename (mh_core_metadata_dir (core), "index.db", NULL);
  MhStoreConfig config = {
    .blocks_path = mh_core_blocks_dir (core),
    .index_path = index,
    .signer = mh_core_signer (core),
    .clock = mh_core_clock (core),
    .on_fault = on_fault,
    .on_fault_data = core,
    .min_free = mh_core_config (core)->min_free,
    .on_space = on_space,
    .on_space_data = core,
  };
  MhStore *store = mh_store_open (&config, error);

  if (store != NULL)
    mh_store_start_upkeep (store);

  return store;
}

static void
stop (gpointer service)
{
  mh_store_close (service);
}

/* No migrations: index.db is the store's own, see mh_store_open(). */
const MhModule mh_store_module = {
  .name = "store",
  .start = start,
  .stop = stop,
};
