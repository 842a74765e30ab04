/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "buffers.h"

#include <zstd.h>

#include "chunker.h"

/* Anything up to SMALL comes from the heap; anything larger has room for the largest block. */
#define SMALL (128 * 1024)
#define LARGE (MH_CHUNK_MAX + 4096)
#define IDLE_BUFFERS 8
#define IDLE_CONTEXTS 4

/* The fastest level that has a ratio of note, with a table of 32 KiB: it stays in the first cache.
 */
#define LEVEL 1
#define HASH_LOG 13

struct _MhBuffers
{
  int references;
  GMutex lock;
  GPtrArray *idle;          /* (owned) (element-type MhBuffer) (locked-by lock) */
  GPtrArray *compressors;   /* (owned) (element-type ZSTD_CCtx) (locked-by lock) */
  GPtrArray *decompressors; /* (owned) (element-type ZSTD_DCtx) (locked-by lock) */
};

typedef struct
{
  MhBuffers *buffers; /* (owned) */
  MhBuffer *buffer;   /* (owned) */
} Loan;

static void
buffer_free (gpointer data)
{
  MhBuffer *buffer = data;

  g_free (buffer->data);
  g_free (buffer);
}

static void
compressor_free (gpointer data)
{
  ZSTD_freeCCtx (data);
}

static void
decompressor_free (gpointer data)
{
  ZSTD_freeDCtx (data);
}

MhBuffers *
mh_buffers_new (void)
{
  MhBuffers *self = g_new0 (MhBuffers, 1);

  self->references = 1;
  g_mutex_init (&self->lock);
  self->idle = g_ptr_array_new_with_free_func (buffer_free);
  self->compressors = g_ptr_array_new_with_free_func (compressor_free);
  self->decompressors = g_ptr_array_new_with_free_func (decompressor_free);

  return self;
}

MhBuffers *
mh_buffers_ref (MhBuffers *self)
{
  g_atomic_int_inc (&self->references);

  return self;
}

void
mh_buffers_unref (MhBuffers *self)
{
  if (!g_atomic_int_dec_and_test (&self->references))
    return;

  g_ptr_array_unref (self->idle);
  g_ptr_array_unref (self->compressors);
  g_ptr_array_unref (self->decompressors);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Returns: (transfer full) (nullable): the element of @list that was used last */
static gpointer
pop (MhBuffers *self, GPtrArray *list)
{
  gpointer element = NULL;

  g_mutex_lock (&self->lock);
  if (list->len > 0)
    element = g_ptr_array_steal_index_fast (list, list->len - 1);
  g_mutex_unlock (&self->lock);

  return element;
}

/* Returns: whether @list took @element */
static gboolean
push (MhBuffers *self, GPtrArray *list, gpointer element, guint most)
{
  gboolean room;

  g_mutex_lock (&self->lock);
  room = list->len < most;
  if (room)
    g_ptr_array_add (list, element);
  g_mutex_unlock (&self->lock);

  return room;
}

MhBuffer *
mh_buffers_take (MhBuffers *self, gsize size)
{
  MhBuffer *buffer = NULL;

  if (size > SMALL && size <= LARGE)
    buffer = pop (self, self->idle);
  if (buffer != NULL)
    return buffer;

  buffer = g_new0 (MhBuffer, 1);
  buffer->capacity = size > SMALL ? MAX (size, LARGE) : size;
  buffer->data = g_malloc (MAX (buffer->capacity, 1));

  return buffer;
}

void
mh_buffers_give (MhBuffers *self, MhBuffer *buffer)
{
  if (buffer == NULL)
    return;

  if (buffer->capacity != LARGE || !push (self, self->idle, buffer, IDLE_BUFFERS))
    buffer_free (buffer);
}

static void
loan_free (gpointer data)
{
  Loan *loan = data;

  mh_buffers_give (loan->buffers, loan->buffer);
  mh_buffers_unref (loan->buffers);
  g_free (loan);
}

GBytes *
mh_buffers_to_bytes (MhBuffers *self, MhBuffer *buffer, gsize offset, gsize size)
{
  Loan *loan = g_new0 (Loan, 1);

  loan->buffers = mh_buffers_ref (self);
  loan->buffer = buffer;

  return g_bytes_new_with_free_func (buffer->data + offset, size, loan_free, loan);
}

static ZSTD_CCtx *
compressor_new (void)
{
  ZSTD_CCtx *context = ZSTD_createCCtx ();

  g_assert (context != NULL);
  (void) ZSTD_CCtx_setParameter (context, ZSTD_c_compressionLevel, LEVEL);
  (void) ZSTD_CCtx_setParameter (context, ZSTD_c_hashLog, HASH_LOG);

  return context;
}

gsize
mh_buffers_compress (MhBuffers *self, guint8 *out, gsize out_size, const guint8 *data, gsize size)
{
  ZSTD_CCtx *context = pop (self, self->compressors);
  gsize result;

  if (context == NULL)
    context = compressor_new ();
  result = ZSTD_compress2 (context, out, out_size, data, size);
  if (!push (self, self->compressors, context, IDLE_CONTEXTS))
    ZSTD_freeCCtx (context);

  return ZSTD_isError (result) ? 0 : result;
}

gboolean
mh_buffers_decompress (MhBuffers *self, guint8 *out, gsize out_size, const guint8 *data, gsize size)
{
  ZSTD_DCtx *context = pop (self, self->decompressors);
  gsize result;

  if (context == NULL)
    context = ZSTD_createDCtx ();
  g_assert (context != NULL);
  result = ZSTD_decompressDCtx (context, out, out_size, data, size);
  if (!push (self, self->decompressors, context, IDLE_CONTEXTS))
    ZSTD_freeDCtx (context);

  return !ZSTD_isError (result) && result == out_size;
}
