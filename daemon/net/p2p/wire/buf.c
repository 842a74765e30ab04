/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "buf.h"

#include <string.h>

#define LEAST_CAPACITY 512
/* An empty buffer keeps no more than this, so that ten thousand idle ones cost little, unless it is
 * told to: getting memory again costs a page fault for each page, half of the speed of a transfer.
 */
#define MOST_KEPT_EMPTY (64 * 1024)

void
mh_buf_clear (MhBuf *self)
{
  g_free (self->data);
  *self = (MhBuf){ .keeps = self->keeps };
}

gsize
mh_buf_size (const MhBuf *self)
{
  return self->end - self->start;
}

guint8 *
mh_buf_peek (const MhBuf *self)
{
  return self->data != NULL ? self->data + self->start : NULL;
}

guint8 *
mh_buf_reserve (MhBuf *self, gsize size)
{
  gsize used = self->end - self->start;

  if (self->data != NULL && self->capacity - self->end >= size)
    return self->data + self->end;

  /* moving pays when it frees at least as much as it copies */
  if (self->data != NULL && self->capacity >= used + size && self->start >= used)
    {
      memmove (self->data, self->data + self->start, used);
    }
  else
    {
      gsize capacity = MAX (LEAST_CAPACITY, MAX (used + size, self->capacity * 2));
      guint8 *data = g_malloc (capacity);

      if (used > 0)
        memcpy (data, self->data + self->start, used);
      g_free (self->data);
      self->data = data;
      self->capacity = capacity;
    }
  self->start = 0;
  self->end = used;

  return self->data + self->end;
}

void
mh_buf_commit (MhBuf *self, gsize size)
{
  g_return_if_fail (size <= self->capacity - self->end);

  self->end += size;
}

void
mh_buf_append (MhBuf *self, gconstpointer data, gsize size)
{
  if (size == 0)
    return;
  memcpy (mh_buf_reserve (self, size), data, size);
  self->end += size;
}

void
mh_buf_consume (MhBuf *self, gsize size)
{
  g_return_if_fail (size <= self->end - self->start);

  self->start += size;
  if (self->start < self->end)
    return;
  if (self->capacity > MOST_KEPT_EMPTY && !self->keeps)
    mh_buf_clear (self);
  else
    self->start = self->end = 0;
}

void
mh_buf_trim (MhBuf *self)
{
  if (self->start == self->end)
    mh_buf_clear (self);
}
