/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "content.h"

#include <string.h>

void
mh_content_free (MhContent *self)
{
  if (self == NULL)
    return;

  if (self->destroy != NULL)
    self->destroy (self->source);
  g_free (self->mime);
  g_free (self->etag);
  g_free (self->filename);
  g_free (self);
}

gboolean
mh_etag_matches (const char *header, const char *etag, MhEtagComparison comparison)
{
  g_auto (GStrv) tags = NULL;

  if (g_str_equal (header, "*"))
    return TRUE;
  if (etag == NULL)
    return FALSE;

  tags = g_strsplit (header, ",", 64);
  for (guint i = 0; tags[i] != NULL; i++)
    {
      char *tag = g_strstrip (tags[i]);
      gsize length = strlen (tag);

      if (g_str_has_prefix (tag, "W/") && comparison == MH_ETAG_WEAK)
        {
          tag += 2;
          length -= 2;
        }
      if (length == strlen (etag) + 2 && tag[0] == '"' && tag[length - 1] == '"'
          && strncmp (tag + 1, etag, length - 2) == 0)
        return TRUE;
    }

  return FALSE;
}

/* RFC 9110 §14.1.1 has no largest position: one that is too large for us is past every end. */
static gboolean
parse_position (const char *digits, guint64 *position)
{
  if (digits[0] == '\0' || digits[strspn (digits, G_CSET_DIGITS)] != '\0')
    return FALSE;

  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64 - 1, position, NULL))
    *position = G_MAXUINT64 - 1;

  return TRUE;
}

/* Returns: whether @text is one byte-range-spec; @last is G_MAXUINT64 when open */
static gboolean
parse_range (const char *text, guint64 *first, guint64 *last, gboolean *is_suffix)
{
  g_autofree char *value = NULL;
  char *dash = NULL;

  if (g_ascii_strncasecmp (text, "bytes=", 6) != 0 || strchr (text, ',') != NULL)
    return FALSE;

  value = g_strstrip (g_strdup (text + 6));
  dash = strchr (value, '-');
  if (dash == NULL)
    return FALSE;

  *dash = '\0';
  *is_suffix = value[0] == '\0';
  *first = 0;
  *last = G_MAXUINT64;
  if (!*is_suffix && !parse_position (value, first))
    return FALSE;
  if (dash[1] == '\0')
    return !*is_suffix;

  return parse_position (dash + 1, last) && (*is_suffix || *last >= *first);
}

static void
apply_range (const MhContent *content, const char *range, MhSelection *selection)
{
  guint64 first = 0;
  guint64 last = 0;
  gboolean is_suffix = FALSE;

  if (!parse_range (range, &first, &last, &is_suffix))
    return; /* RFC 9110 §14.2: an invalid Range is ignored */

  if (is_suffix)
    {
      first = last < content->size ? content->size - last : 0;
      if (last == 0)
        first = content->size;
      last = content->size - 1;
    }

  if (content->size == 0 || first >= content->size)
    {
      selection->status = 416;
      selection->start = selection->end = 0;
      return;
    }

  selection->status = 206;
  selection->start = first;
  selection->end = MIN (last, content->size - 1) + 1;
}

static gboolean
range_still_applies (const MhContent *content, const char *if_range)
{
  if (if_range == NULL)
    return TRUE;

  /* A date is never a strong validator here: two versions may be stored in one second. */
  return if_range[0] == '"' && mh_etag_matches (if_range, content->etag, MH_ETAG_STRONG);
}

MhSelection
mh_content_select (const MhContent *content, const MhConditions *conditions)
{
  MhSelection selection = { 200, 0, content->size };

  if (conditions->if_match != NULL
      && !mh_etag_matches (conditions->if_match, content->etag, MH_ETAG_STRONG))
    {
      selection.status = 412;
      selection.end = 0;
    }
  else if (conditions->if_none_match != NULL
           && mh_etag_matches (conditions->if_none_match, content->etag, MH_ETAG_WEAK))
    {
      selection.status = 304;
      selection.end = 0;
    }
  else if (conditions->range != NULL && content->size != MH_CONTENT_UNKNOWN_SIZE
           && range_still_applies (content, conditions->if_range))
    {
      apply_range (content, conditions->range, &selection);
    }

  return selection;
}

char *
mh_content_disposition (gboolean attachment, const char *filename)
{
  const char *kind = attachment ? "attachment" : "inline";
  g_autofree char *encoded = NULL;
  g_autofree char *ascii = NULL;

  if (filename == NULL)
    return g_strdup (kind);

  encoded = g_uri_escape_string (filename, NULL, FALSE);
  ascii = g_strdup (filename);
  for (char *p = ascii; *p != '\0'; p++)
    if ((guchar) *p < 0x20 || (guchar) *p > 0x7e || *p == '"' || *p == '\\' || *p == '%')
      *p = '_';

  return g_strdup_printf ("%s; filename=\"%s\"; filename*=UTF-8''%s", kind, ascii, encoded);
}
