/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "utf8-locale.h"

#include <locale.h>

struct _MhUtf8Locale
{
  locale_t ours;
  locale_t before; /* between enter and leave */
};

MhUtf8Locale *
mh_utf8_locale_new (void)
{
  locale_t ours = newlocale (LC_CTYPE_MASK, "C.UTF-8", NULL);
  MhUtf8Locale *self = NULL;

  if (ours == NULL)
    return NULL;

  self = g_new0 (MhUtf8Locale, 1);
  self->ours = ours;

  return self;
}

void
mh_utf8_locale_free (MhUtf8Locale *self)
{
  if (self == NULL)
    return;

  freelocale (self->ours);
  g_free (self);
}

void
mh_utf8_locale_enter (MhUtf8Locale *self)
{
  self->before = uselocale (self->ours);
}

void
mh_utf8_locale_leave (MhUtf8Locale *self)
{
  uselocale (self->before);
}
