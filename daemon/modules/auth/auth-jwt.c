/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "auth-service.h"

#include "base/error.h"
#include "crypto/aead.h"

#include <string.h>

/* {"alg":"HS256","typ":"JWT"}: the only header we make, and the only one we accept, so that a
 * token cannot choose how it is checked (RFC 8725 §3.1). */
static const char jwt_header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

static GBytes *
purpose (void)
{
  static const char text[] = "mh1/jwt";

  return g_bytes_new_static (text, sizeof text - 1);
}

gboolean
mh_auth_jwt_load (MhAuth *self, MhDb *db, GError **error)
{
  g_autoptr (GBytes) aad = purpose ();
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (GBytes) plain = NULL;

  if (!mh_auth_store_get_key (db, "jwt", &sealed, error))
    return FALSE;

  if (sealed == NULL)
    {
      self->jwt_key = mh_secret_new_random (32);
      plain = g_bytes_new_static (mh_secret_peek (self->jwt_key), 32);
      sealed = mh_box_seal (self->master, aad, plain);
      return mh_auth_store_set_key (db, "jwt", sealed, error);
    }

  plain = mh_box_open (self->master, aad, sealed, error);
  if (plain == NULL)
    return FALSE;

  self->jwt_key = mh_secret_new_copy (g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));
  mh_wipe ((gpointer) g_bytes_get_data (plain, NULL), g_bytes_get_size (plain));

  return TRUE;
}

/* base64url without padding, RFC 7515 §2 */
static char *
base64url (const guint8 *data, gsize size)
{
  char *text = g_base64_encode (data, size);

  for (char *p = text; *p != '\0'; p++)
    {
      if (*p == '+')
        *p = '-';
      else if (*p == '/')
        *p = '_';
      else if (*p == '=')
        *p = '\0';
    }

  return text;
}

static char *
sign (MhAuth *self, const char *text, gsize length)
{
  guint8 mac[MH_SHA256_SIZE];

  mh_hmac_sha256 (mh_secret_peek (self->jwt_key), mh_secret_size (self->jwt_key),
                  (const guint8 *) text, length, mac);

  return base64url (mac, sizeof mac);
}

char *
mh_auth_jwt_new (MhAuth *self, const char *session_id, gint64 expires_ms)
{
  g_autofree char *payload = g_strdup_printf ("{\"sid\":\"%s\",\"exp\":%" G_GINT64_FORMAT "}",
                                              session_id, expires_ms / 1000);
  g_autofree char *encoded = base64url ((const guint8 *) payload, strlen (payload));
  g_autofree char *head = g_strconcat (jwt_header, ".", encoded, NULL);
  g_autofree char *mac = sign (self, head, strlen (head));

  return g_strconcat (head, ".", mac, NULL);
}

static JsonNode *
parse_payload (const char *encoded)
{
  g_autofree char *text = g_strdup (encoded);
  g_autofree guchar *bytes = NULL;
  gsize size = 0;

  for (char *p = text; *p != '\0'; p++)
    *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
  while (strlen (text) % 4 != 0)
    {
      char *padded = g_strconcat (text, "=", NULL);

      g_free (text);
      text = padded;
    }
  bytes = g_base64_decode (text, &size);

  return mh_json_parse ((const char *) bytes, (gssize) size, NULL);
}

char *
mh_auth_jwt_session (MhAuth *self, const char *token)
{
  g_auto (GStrv) parts = g_strsplit (token, ".", 3);
  g_autofree char *mac = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object = NULL;

  if (g_strv_length (parts) != 3 || !g_str_equal (parts[0], jwt_header))
    return NULL;

  mac = sign (self, token, strlen (parts[0]) + 1 + strlen (parts[1]));
  if (!mh_text_equal_secret (mac, parts[2]))
    return NULL;

  node = parse_payload (parts[1]);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;

  object = json_node_get_object (node);
  if (!json_object_has_member (object, "exp")
      || json_object_get_int_member (object, "exp") * 1000 <= mh_clock_now_ms (self->clock))
    return NULL;

  return g_strdup (mh_json_member (object, "sid"));
}
