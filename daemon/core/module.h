/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core.h"
#include "db/migrate.h"

G_BEGIN_DECLS

/* One feature. Its routes are in its contract; this is how it comes to life. */
typedef struct
{
  const char *name;
  const char *const *requires;   /* (nullable) modules whose public header it includes */
  const MhMigration *migrations; /* (nullable) of its tables in meshhold.db */
  gpointer (*start) (MhCore *core, GError **error); /* returns the service, owned by the core */
  void (*stop) (gpointer service);
} MhModule;

/**
 * mh_core_start_modules:
 * @core: the core
 * @modules: (array zero-terminated=1): every module, each after the ones it requires
 * @error: return location
 *
 * Migrates the tables of each module and starts it. On failure the ones that run are stopped.
 *
 * Errors: what the module says, with its name before it
 */
gboolean mh_core_start_modules (MhCore *core, const MhModule *const *modules,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops the modules in reverse order. */
void mh_core_stop_modules (MhCore *core);

G_END_DECLS
