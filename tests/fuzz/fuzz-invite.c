/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "crypto/crypto.h"
#include "modules/mesh/invite.h"

/* The text of a URL, and what is encoded in one. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autofree char *encoded = g_base64_encode (data, size);
  g_autofree char *url = NULL;
  g_autoptr (MhInvite) as_is = NULL;
  g_autoptr (MhInvite) inside = NULL;

  g_assert (mh_crypto_init (NULL)); /* the first call only */
  as_is = mh_invite_parse (text, NULL);
  g_strdelimit (encoded, "+", '-');
  g_strdelimit (encoded, "/", '_');
  if (strchr (encoded, '=') != NULL)
    *strchr (encoded, '=') = '\0';
  url = g_strconcat (MH_INVITE_PREFIX, encoded, NULL);
  inside = mh_invite_parse (url, NULL);
  if (inside != NULL)
    {
      g_autofree char *again = mh_invite_to_url (inside);

      g_assert (inside->key != NULL && again != NULL);
    }

  return 0;
}
