/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fsck.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "base/error.h"
#include "base/ipc-path.h"
#include "core/log.h"
#include "core/module.h"
#include "crypto/crypto.h"
#include "modules/modules.h"
#include "modules/storage/storage.h"

/* Moves the index out of the way, so that opening the store makes it anew. */
static gboolean
set_index_aside (MhCore *core, GError **error)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *name = g_strconcat ("index.db", suffixes[i], NULL);
      g_autofree char *from = g_build_filename (mh_core_metadata_dir (core), name, NULL);
      g_autofree char *old = g_strconcat ("index.db.old", suffixes[i], NULL);
      g_autofree char *to = g_build_filename (mh_core_metadata_dir (core), old, NULL);

      if (g_rename (from, to) != 0 && errno != ENOENT)
        {
          mh_error_set_errno (error, errno, from);
          return FALSE;
        }
    }

  return TRUE;
}

static MhCore *
open_core (const MhDaemonOptions *daemon, GError **error)
{
  g_autofree char *fallback = mh_ipc_default_home ();
  MhCoreOptions options = { daemon->home != NULL ? daemon->home : fallback, NULL };
  g_autofree char *path = g_build_filename (options.home, "config.yaml", NULL);
  MhConfig *config;

  if (!g_file_test (options.home, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, MH_ERROR, MH_ERROR_NOT_FOUND, "no folder %s", options.home);
      return NULL;
    }

  if (!mh_crypto_init (error))
    return NULL;

  config = mh_config_load (path, error);
  if (config == NULL)
    return NULL;

  mh_log_setup (daemon->log_level != NULL ? daemon->log_level : "warn",
                daemon->log_format != NULL ? daemon->log_format : config->log_format);

  return mh_core_new (&options, config, error);
}

static MhStorageVerdict *
check (MhCore *core, const MhFsckOptions *options, char **fault, GError **error)
{
  MhStorageVerdict *verdict = NULL;

  if (options->rebuild && !set_index_aside (core, error))
    return NULL;

  if (!mh_core_start_modules (core, mh_modules, error))
    return NULL;

  *fault = mh_core_dup_fault (core);
  verdict = mh_storage_check (mh_core_service (core, "storage"), options->quick, error);
  mh_core_stop_modules (core);

  return verdict;
}

static gboolean
is_clean (const MhStorageVerdict *verdict)
{
  return verdict->index_error == NULL && verdict->report.damaged_records == 0
         && verdict->damaged->len == 0;
}

static void
print_json (const MhStorageVerdict *verdict, const char *fault)
{
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;

  mh_json_begin_object (json, NULL);
  mh_json_bool (json, "clean", is_clean (verdict));
  mh_json_int (json, "records", verdict->report.records);
  mh_json_int (json, "bytes", verdict->report.bytes);
  mh_json_int (json, "damaged_records", verdict->report.damaged_records);
  mh_json_begin_array (json, "damaged");
  for (guint i = 0; i < verdict->damaged->len; i++)
    mh_json_string (json, NULL, g_ptr_array_index (verdict->damaged, i));
  mh_json_end_array (json);
  mh_json_string (json, "index_error", verdict->index_error);
  mh_json_string (json, "fault", fault);
  mh_json_end_object (json);
  text = mh_json_steal (json);
  printf ("%s\n", text);
}

static void
print_text (const MhStorageVerdict *verdict, const MhFsckOptions *options, const char *fault)
{
  g_autofree char *size = g_format_size ((guint64) verdict->report.bytes);

  if (fault != NULL)
    printf ("found at the start: %s\n", fault);
  if (options->rebuild)
    printf ("the index was made anew; the old one is index.db.old\n");
  if (verdict->index_error != NULL)
    printf ("%s; --rebuild makes it anew\n", verdict->index_error);
  for (guint i = 0; i < verdict->damaged->len; i++)
    printf ("damaged: %s\n", (const char *) g_ptr_array_index (verdict->damaged, i));
  if (!options->quick)
    printf ("%" G_GINT64_FORMAT " records, %s checked\n", verdict->report.records, size);
  if (is_clean (verdict))
    printf ("everything is whole\n");
  else
    printf ("%" G_GINT64_FORMAT " records are damaged, %u versions of files need them\n",
            verdict->report.damaged_records, verdict->damaged->len);
}

int
mh_fsck (const MhDaemonOptions *daemon, const MhFsckOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhCore) core = open_core (daemon, &error);
  g_autoptr (MhStorageVerdict) verdict = NULL;
  g_autofree char *fault = NULL;

  if (core != NULL)
    verdict = check (core, options, &fault, &error);
  if (verdict == NULL)
    {
      fprintf (stderr, "meshholdd: %s\n", error->message);
      return g_error_matches (error, MH_ERROR, MH_ERROR_CONFLICT) ? MH_FSCK_IN_USE : MH_FSCK_FAILED;
    }

  if (options->json)
    print_json (verdict, fault);
  else
    print_text (verdict, options, fault);

  return is_clean (verdict) ? MH_FSCK_CLEAN : MH_FSCK_DAMAGED;
}
