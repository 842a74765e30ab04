/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define MH_CONTENT_UNKNOWN_SIZE G_MAXUINT64

/**
 * MhContentRead:
 * @source: the source
 * @offset: where to read
 * @max: most bytes
 * @error: return location
 *
 * Called by one worker at a time, with growing offsets but for the first. Returns at least one byte
 * before the end; an empty #GBytes ends a content of unknown size.
 */
typedef GBytes *(*MhContentRead) (gpointer source, guint64 offset, gsize max, GError **error);

/* A body that is streamed to the client. All strings are owned. */
typedef struct
{
  guint64 size; /* bytes, or MH_CONTENT_UNKNOWN_SIZE */
  char *mime;
  char *etag;          /* (nullable) without quotes; a strong validator */
  gint64 mtime_ms;     /* 0 for none */
  char *filename;      /* (nullable) UTF-8, for Content-Disposition */
  gboolean attachment; /* saved rather than shown */
  MhContentRead read;
  gpointer source;        /* (owned) */
  GDestroyNotify destroy; /* of source */
} MhContent;

void mh_content_free (MhContent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhContent, mh_content_free)

/* What a conditional or ranged request asks for. Strings are borrowed and nullable. */
typedef struct
{
  const char *range;
  const char *if_range;
  const char *if_match;
  const char *if_none_match;
} MhConditions;

typedef struct
{
  guint status;  /* 200, 206, 304, 412 or 416 */
  guint64 start; /* first byte to send */
  guint64 end;   /* one after the last byte to send */
} MhSelection;

/**
 * mh_content_select:
 * @content: the content
 * @conditions: what the request asks for
 *
 * RFC 9110 §13 and §14. More than one range is answered with the whole, as §14.2 allows.
 *
 * Returns: what to answer
 */
MhSelection mh_content_select (const MhContent *content, const MhConditions *conditions);

/* How two entity tags are compared, RFC 9110 §8.8.3.2. */
typedef enum
{
  MH_ETAG_WEAK,   /* a mark of weakness is overlooked: If-None-Match */
  MH_ETAG_STRONG, /* a weak tag equals nothing: If-Match, If-Range */
} MhEtagComparison;

/* Returns: whether @header, an If-Match or If-None-Match value, names @etag or is "*" */
gboolean mh_etag_matches (const char *header, const char *etag, MhEtagComparison comparison);

/**
 * mh_content_disposition:
 * @attachment: whether to save
 * @filename: (nullable): UTF-8 name
 *
 * Returns: (transfer full): the header value, with an ASCII fallback (RFC 6266)
 */
char *mh_content_disposition (gboolean attachment, const char *filename);

G_END_DECLS
