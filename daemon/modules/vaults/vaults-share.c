/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "vaults-share.h"

#include <string.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/aead.h"
#include "crypto/password.h"
#include "vaults-key.h"

#define VERSION 1
#define ID_BYTES 16
#define MOST_PEERS 4

/* Of a key in the box of a password. */
#define BOXED_SIZE (MH_VAULT_KEY_SIZE + MH_BOX_OVERHEAD)

static MhVaultRecord *
get_record (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhDbLease) lease = mh_db_pool_take (mh_core_db (mh_vaults_core (self)), error);

  return lease == NULL ? NULL : mh_vaults_store_record (mh_db_lease_db (lease), id, error);
}

static void
bytes_to_json (MhJson *json, const char *name, const guint8 *data, gsize size)
{
  g_autofree char *text = mh_base64url_encode (data, size);

  mh_json_string (json, name, text);
  mh_wipe (text, strlen (text));
}

/* Sorted, so that equal vaults have equal URLs. */
static char *
url_of (MhVaults *self, const MhVaultRecord *record, GBytes *content)
{
  g_auto (MhNetworkStatus) network = { 0 };
  g_autoptr (MhJson) json = mh_json_new ();
  g_autofree char *text = NULL;
  g_autofree char *encoded = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (content, &size);

  mh_core_get_network (mh_vaults_core (self), &network);
  mh_json_begin_object (json, NULL);
  mh_json_begin_array (json, "b");
  for (guint i = 0; network.addresses != NULL && network.addresses[i] != NULL && i < MOST_PEERS;
       i++)
    mh_json_string (json, NULL, network.addresses[i]);
  mh_json_end_array (json);
  mh_json_string (json, "id", record->vault.id);
  bytes_to_json (json, "k", data, size);
  mh_json_string (json, "n", record->vault.name);
  if (network.id != NULL)
    mh_json_string (json, "net", network.id);
  if (record->key_salt != NULL)
    mh_json_bool (json, "pw", TRUE);
  mh_json_int (json, "rf", record->vault.copies);
  if (record->key_salt != NULL)
    bytes_to_json (json, "s", g_bytes_get_data (record->key_salt, NULL),
                   g_bytes_get_size (record->key_salt));
  mh_json_string (json, "t", "files");
  mh_json_int (json, "v", VERSION);
  mh_json_end_object (json);
  text = mh_json_steal (json);
  encoded = mh_base64url_encode ((const guint8 *) text, strlen (text));
  mh_wipe (text, strlen (text));

  return g_strconcat (MH_VAULT_URL_PREFIX, encoded, NULL);
}

char *
mh_vaults_share (MhVaults *self, const char *id, GError **error)
{
  g_autoptr (MhVaultRecord) record = get_record (self, id, error);
  g_autoptr (GBytes) content = NULL;

  if (record != NULL)
    content = mh_vault_key_content (record, mh_core_master_key (mh_vaults_core (self)), error);
  mh_vaults_lift (error);
  if (content == NULL)
    return NULL;

  return url_of (self, record, content);
}

/* -- in -- */

static JsonNode *
parse (const char *url, GError **error)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (url));
  g_autofree guint8 *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  gsize size = 0;

  if (!g_str_has_prefix (trimmed, MH_VAULT_URL_PREFIX))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "url: it does not begin with " MH_VAULT_URL_PREFIX);
      return NULL;
    }
  if (strlen (trimmed) > MH_VAULT_URL_MAX)
    {
      g_set_error (error, MH_ERROR, MH_ERROR_INVALID, "url: it is longer than %d bytes",
                   MH_VAULT_URL_MAX);
      return NULL;
    }

  text = mh_base64url_decode (trimmed + strlen (MH_VAULT_URL_PREFIX), &size);
  if (text != NULL)
    node = mh_json_parse ((const char *) text, (gssize) size, NULL); /* said below */
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    return g_steal_pointer (&node);

  g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                       "url: it is damaged, maybe it was not copied as a whole");

  return NULL;
}

static gint64
number_of (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
                 && json_node_get_value_type (node) == G_TYPE_INT64
             ? json_node_get_int (node)
             : -1;
}

/* Returns: (transfer full) (nullable): @size bytes of a member, or %NULL */
static GBytes *
bytes_of (JsonObject *object, const char *name, gsize wanted)
{
  const char *text = mh_json_member (object, name);
  gsize size = 0;
  guint8 *data = text != NULL ? mh_base64url_decode (text, &size) : NULL;

  if (data != NULL && size == wanted)
    return g_bytes_new_take (data, size);
  g_free (data);

  return NULL;
}

static gboolean
check_network (MhVaults *self, JsonObject *object, GError **error)
{
  const char *wanted = mh_json_member (object, "net");
  g_auto (MhNetworkStatus) network = { 0 };

  mh_core_get_network (mh_vaults_core (self), &network);
  if (wanted == NULL || network.id == NULL || g_str_equal (wanted, network.id))
    return TRUE;

  g_set_error (error, MH_ERROR, MH_ERROR_CONFLICT,
               "url: the vault is shared in network %s, and this machine is in %s", wanted,
               network.name);

  return FALSE;
}

/* Returns: (transfer full): a record without its sealed key, whose @content that is */
static MhVaultRecord *
read_record (JsonObject *object, const char *name, GBytes **content, GError **error)
{
  g_autoptr (MhVaultRecord) record = g_new0 (MhVaultRecord, 1);
  const char *id = mh_json_member (object, "id");
  const char *called = name != NULL && name[0] != '\0' ? name : mh_json_member (object, "n");
  JsonNode *pw = json_object_get_member (object, "pw");
  gboolean boxed = pw != NULL && JSON_NODE_HOLDS_VALUE (pw) && json_node_get_boolean (pw);
  gint64 copies = number_of (object, "rf");
  guint8 raw[ID_BYTES];
  gsize size;

  if (number_of (object, "v") != VERSION)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID,
                           "url: it is of another version of MeshHold");
      return NULL;
    }
  if (id == NULL || !mh_base32_decode (id, raw, sizeof raw, &size) || size != sizeof raw)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "url: it names no vault");
      return NULL;
    }
  *content = bytes_of (object, "k", boxed ? BOXED_SIZE : MH_VAULT_KEY_SIZE);
  record->key_salt = boxed ? bytes_of (object, "s", MH_PASSWORD_SALT_SIZE) : NULL;
  if (*content == NULL || (boxed && record->key_salt == NULL))
    {
      g_clear_pointer (content, g_bytes_unref);
      g_set_error_literal (error, MH_ERROR, MH_ERROR_INVALID, "url: there is no key in it");
      return NULL;
    }
  record->vault.id = g_strdup (id);
  record->vault.name = g_strdup (called != NULL ? called : id);
  record->vault.copies = copies >= 1 && copies <= 16 ? copies : 2;
  record->vault.is_protected = boxed;

  return g_steal_pointer (&record);
}

MhVault *
mh_vaults_join (MhVaults *self, const char *url, const char *name, GError **error)
{
  g_autoptr (JsonNode) node = parse (url, error);
  JsonObject *object = node != NULL ? json_node_get_object (node) : NULL;
  g_autoptr (MhVaultRecord) record = NULL;
  g_autoptr (GBytes) content = NULL;

  if (object == NULL)
    return NULL;
  record = read_record (object, name, &content, error);
  if (record == NULL || !check_network (self, object, error))
    return NULL;

  return mh_vaults_adopt (self, record, content, error);
}
