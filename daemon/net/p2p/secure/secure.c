/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "secure.h"

gboolean
mh_secure_start (MhSecure *self, MhBuf *out, GError **error)
{
  return self->funcs->start (self, out, error);
}

gboolean
mh_secure_feed (MhSecure *self, MhBuf *in, MhBuf *plain, MhBuf *out, GError **error)
{
  return self->funcs->feed (self, in, plain, out, error);
}

gboolean
mh_secure_seal (MhSecure *self, const guint8 *plain, gsize size, MhBuf *out, GError **error)
{
  g_return_val_if_fail (self->is_open, FALSE);

  return self->funcs->seal (self, plain, size, out, error);
}

void
mh_secure_close (MhSecure *self, MhBuf *out)
{
  self->funcs->close (self, out);
}

void
mh_secure_free (MhSecure *self)
{
  if (self != NULL)
    self->funcs->free (self);
}
