/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "modules/store/store.h"

G_BEGIN_DECLS

/* A store in a folder of its own, with one vault, "vault". */
typedef struct
{
  char *home; /* (owned) */
  guint64 segment_bytes;
  gint64 min_free;  /* for the next bench_open() */
  MhSigner *signer; /* (owned) */
  MhSecret *key;    /* (owned) */
  MhClock *clock;   /* (owned) */
  MhStore *store;   /* (owned) (nullable) */
} Bench;

/* Opens a store in a new folder; @segment_bytes 0 for the usual size. */
Bench *bench_new (guint64 segment_bytes);

/* As bench_new(), in the folder @home with keys made from it. */
Bench *bench_new_at (const char *home, guint64 segment_bytes);

/* Removes the folder, too. */
void bench_free (Bench *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bench, bench_free)

/* Closes the store and opens it again. */
void bench_reopen (Bench *self);

/* Opens a closed store; @error may be set. */
gboolean bench_open (Bench *self, GError **error);
void bench_close (Bench *self);

/* Path of something in the folder. */
char *bench_path (Bench *self, const char *name);

/* Removes the index of a closed store. */
void bench_remove_index (Bench *self);

/* Bytes of all segments. */
guint64 bench_segment_bytes (Bench *self);

/* @size bytes that look random and are the same for the same seed. */
GBytes *bench_random (guint64 seed, gsize size);

/* @size bytes that zstd shrinks well. */
GBytes *bench_text (guint64 seed, gsize size);

/* Uploads; fails the test on an error. */
MhFile *bench_put (Bench *self, const char *path, GBytes *content);

/* The same of what bench_random() gives for @seed. */
void bench_put_random (Bench *self, const char *path, guint64 seed, gsize size);

/* Uploads; @error may be set. */
MhFile *
bench_try_put (Bench *self, const char *vault, const char *path, GBytes *content, GError **error);

/* Reads a whole file; %NULL with @error set. */
GBytes *bench_read (Bench *self, const char *path, const char *content_hash, GError **error);

/* Returns: (transfer full): what the store has to say is the hash of @content */
char *bench_content_hash (GBytes *content);

/* Fails unless the file reads back as @content. */
void bench_assert_file (Bench *self, const char *path, GBytes *content);

/* The same of what bench_random() gives for @seed. */
void bench_assert_random (Bench *self, const char *path, guint64 seed, gsize size);

/* Fails unless there is no such file. */
void bench_assert_no_file (Bench *self, const char *path);

/* Bytes of the disk that all segments take, holes apart. */
guint64 bench_disk_bytes (Bench *self);

/* Sets what "vault" keeps and may hold; @quota 0 for no limit. */
void bench_limit (Bench *self, gint64 versions, gint64 days, gint64 quota);

/* Maintains the store to the end; fails the test on an error. */
MhUpkeep bench_maintain (Bench *self);

/* Bytes that the store counts for "vault". */
gint64 bench_stored (Bench *self);

/* What the index counts, as text: blocks with refs, versions, bytes in use of segments, sums. */
char *bench_usage (Bench *self);

/* Fails unless a store that makes its index anew counts the same. */
void bench_assert_recount (Bench *self);

G_END_DECLS
