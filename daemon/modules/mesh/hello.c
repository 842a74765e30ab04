/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "hello.h"

#include <string.h>

#include "net/p2p/wire/envelope.h"
#include "net/p2p/wire/pb.h"

/* Ours, for good: a number is never used again for something else. */
enum
{
  FIELD_SEQ = 1,
  FIELD_NAME = 2,
  FIELD_COUNTRY = 3,
  FIELD_VERSION = 4,
  FIELD_SYSTEM = 5,
  FIELD_CAP = 6,
  FIELD_FLAGS = 7,
  FIELD_ADDRESS = 8,
  FIELD_FREE = 9,
  FIELD_TOTAL = 10,
  FIELD_VAULT = 11,
  FIELD_LINK = 12,
  FIELD_UPTIME = 13,
};

enum
{
  VAULT_ID = 1,
  VAULT_BYTES = 2,
  VAULT_VIEWED = 3,
};

enum
{
  LINK_PEER = 1,
  LINK_RTT = 2,
  LINK_RELAYED = 3,
};

/* The domain tells it from all else that is signed; the type is of no multicodec. */
static const MhEnvelopeKind kind = { "meshhold-hello", { 0x7f, 0x01 } };

MhHello *
mh_hello_new (void)
{
  MhHello *self = g_atomic_rc_box_new0 (MhHello);

  self->name = g_strdup ("");
  self->country = g_strdup ("");
  self->version = g_strdup ("");
  self->system = g_strdup ("");
  self->caps = g_new0 (char *, 1);
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  self->vaults = g_array_new (FALSE, TRUE, sizeof (MhHelloVault));
  self->links = g_array_new (FALSE, TRUE, sizeof (MhHelloLink));

  return self;
}

static void
clear (gpointer data)
{
  MhHello *self = data;

  g_free (self->name);
  g_free (self->country);
  g_free (self->version);
  g_free (self->system);
  g_strfreev (self->caps);
  g_ptr_array_unref (self->addresses);
  g_array_unref (self->vaults);
  g_array_unref (self->links);
}

gboolean
mh_hello_has_cap (const MhHello *self, const char *cap)
{
  return g_strv_contains ((const char *const *) self->caps, cap);
}

MhHello *
mh_hello_ref (MhHello *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
mh_hello_unref (MhHello *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

/* -- out -- */

/* Puts text that is cut between two characters. */
static void
put_text (GByteArray *out, guint32 number, const char *text, gsize most)
{
  const char *end = text + MIN (strlen (text), most);

  if (text[0] == '\0')
    return;
  if (*end != '\0' && ((guchar) *end & 0xc0) == 0x80)
    end = g_utf8_find_prev_char (text, end);
  mh_pb_put_bytes (out, number, text, (gsize) (end - text));
}

static void
put_number (GByteArray *out, guint32 number, guint64 value)
{
  if (value != 0)
    mh_pb_put_uint (out, number, value);
}

static void
put_vaults (GByteArray *out, const MhHello *self)
{
  for (guint i = 0; i < self->vaults->len && i < MH_HELLO_MAX_VAULTS; i++)
    {
      const MhHelloVault *vault = &g_array_index (self->vaults, MhHelloVault, i);
      g_autoptr (GByteArray) message = g_byte_array_new ();

      mh_pb_put_text (message, VAULT_ID, vault->id);
      put_number (message, VAULT_BYTES, vault->bytes);
      put_number (message, VAULT_VIEWED, vault->is_viewed ? 1 : 0);
      mh_pb_put_message (out, FIELD_VAULT, message);
    }
}

static void
put_links (GByteArray *out, const MhHello *self)
{
  for (guint i = 0; i < self->links->len && i < MH_HELLO_MAX_LINKS; i++)
    {
      const MhHelloLink *link = &g_array_index (self->links, MhHelloLink, i);
      g_autoptr (GByteArray) message = g_byte_array_new ();

      mh_pb_put_bytes (message, LINK_PEER, link->peer.bytes, link->peer.size);
      put_number (message, LINK_RTT, link->rtt_us);
      put_number (message, LINK_RELAYED, link->is_relayed ? 1 : 0);
      mh_pb_put_message (out, FIELD_LINK, message);
    }
}

static void
put_addresses (GByteArray *out, const MhHello *self)
{
  for (guint i = 0; i < self->addresses->len && i < MH_HELLO_MAX_ADDRESSES; i++)
    {
      gsize size;
      const guint8 *bytes = mh_multiaddr_bytes (self->addresses->pdata[i], &size);

      mh_pb_put_bytes (out, FIELD_ADDRESS, bytes, size);
    }
}

GBytes *
mh_hello_seal (const MhHello *self, const MhSigner *signer)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  mh_pb_put_uint (out, FIELD_SEQ, self->seq);
  put_text (out, FIELD_NAME, self->name, MH_HELLO_MAX_NAME);
  put_text (out, FIELD_COUNTRY, self->country, 2);
  put_text (out, FIELD_VERSION, self->version, MH_HELLO_MAX_WORD);
  put_text (out, FIELD_SYSTEM, self->system, MH_HELLO_MAX_WORD);
  for (guint i = 0; self->caps[i] != NULL && i < MH_HELLO_MAX_CAPS; i++)
    put_text (out, FIELD_CAP, self->caps[i], MH_HELLO_MAX_WORD);
  put_number (out, FIELD_FLAGS, self->flags);
  put_addresses (out, self);
  put_number (out, FIELD_FREE, self->free_bytes);
  put_number (out, FIELD_TOTAL, self->total_bytes);
  put_vaults (out, self);
  put_links (out, self);
  put_number (out, FIELD_UPTIME, self->uptime_s);

  return mh_envelope_seal (signer, &kind, out);
}

/* -- in -- */

/* Takes text without control characters. */
static gboolean
take_text (const MhPbField *field, gsize most, char **text)
{
  const char *bytes = (const char *) field->bytes;

  if (field->type != MH_PB_BYTES || field->size > most
      || !g_utf8_validate_len (bytes, field->size, NULL))
    return FALSE;
  for (gsize i = 0; i < field->size; i++)
    if (g_ascii_iscntrl (bytes[i]))
      return FALSE;

  g_free (*text);
  *text = g_strndup (bytes, field->size);

  return TRUE;
}

static gboolean
take_cap (MhHello *self, const MhPbField *field)
{
  guint count = g_strv_length (self->caps);

  if (count >= MH_HELLO_MAX_CAPS)
    return FALSE;
  self->caps = g_renew (char *, self->caps, count + 2);
  self->caps[count] = NULL;
  self->caps[count + 1] = NULL;

  return take_text (field, MH_HELLO_MAX_WORD, &self->caps[count]) && self->caps[count][0] != '\0';
}

/* Addresses of a kind that we do not know are passed over. */
static gboolean
take_address (MhHello *self, const MhPbField *field)
{
  MhMultiaddr *address;

  if (field->type != MH_PB_BYTES || self->addresses->len >= MH_HELLO_MAX_ADDRESSES)
    return FALSE;
  address = mh_multiaddr_new_from_bytes (field->bytes, field->size);
  if (address != NULL)
    g_ptr_array_add (self->addresses, address);

  return TRUE;
}

static gboolean
take_vault (MhHello *self, const MhPbField *field)
{
  MhPbReader reader = mh_pb_reader (field->bytes, field->size);
  MhHelloVault vault = { 0 };
  MhPbField part;

  if (field->type != MH_PB_BYTES || self->vaults->len >= MH_HELLO_MAX_VAULTS)
    return FALSE;
  while (mh_pb_next (&reader, &part))
    {
      if (mh_pb_is (&part, VAULT_ID, MH_PB_BYTES) && part.size < sizeof vault.id)
        memcpy (vault.id, part.bytes, part.size);
      else if (mh_pb_is (&part, VAULT_BYTES, MH_PB_VARINT))
        vault.bytes = part.value;
      else if (mh_pb_is (&part, VAULT_VIEWED, MH_PB_VARINT))
        vault.is_viewed = part.value != 0;
    }
  if (reader.is_bad || vault.id[0] == '\0')
    return FALSE;
  for (const char *p = vault.id; *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p))
      return FALSE;
  g_array_append_val (self->vaults, vault);

  return TRUE;
}

static gboolean
take_link (MhHello *self, const MhPbField *field)
{
  MhPbReader reader = mh_pb_reader (field->bytes, field->size);
  MhHelloLink link = { 0 };
  MhPbField part;

  if (field->type != MH_PB_BYTES || self->links->len >= MH_HELLO_MAX_LINKS)
    return FALSE;
  while (mh_pb_next (&reader, &part))
    {
      if (mh_pb_is (&part, LINK_PEER, MH_PB_BYTES)
          && !mh_peer_id_from_bytes (part.bytes, part.size, &link.peer))
        return FALSE;
      if (mh_pb_is (&part, LINK_RTT, MH_PB_VARINT))
        link.rtt_us = (guint32) MIN (part.value, G_MAXUINT32);
      else if (mh_pb_is (&part, LINK_RELAYED, MH_PB_VARINT))
        link.is_relayed = part.value != 0;
    }
  if (reader.is_bad || link.peer.size == 0)
    return FALSE;
  g_array_append_val (self->links, link);

  return TRUE;
}

static gboolean
take_number (const MhPbField *field, guint64 *value)
{
  *value = field->value;

  return field->type == MH_PB_VARINT;
}

/* What we do not know is passed over: a newer program may say more. */
static gboolean
take_field (MhHello *self, const MhPbField *field)
{
  guint64 flags = 0;

  switch (field->number)
    {
    case FIELD_SEQ:
      return take_number (field, &self->seq);
    case FIELD_NAME:
      return take_text (field, MH_HELLO_MAX_NAME, &self->name);
    case FIELD_COUNTRY:
      return take_text (field, 2, &self->country);
    case FIELD_VERSION:
      return take_text (field, MH_HELLO_MAX_WORD, &self->version);
    case FIELD_SYSTEM:
      return take_text (field, MH_HELLO_MAX_WORD, &self->system);
    case FIELD_CAP:
      return take_cap (self, field);
    case FIELD_FLAGS:
      if (!take_number (field, &flags))
        return FALSE;
      self->flags = (MhHelloFlags) (flags & 7);
      return TRUE;
    case FIELD_ADDRESS:
      return take_address (self, field);
    case FIELD_FREE:
      return take_number (field, &self->free_bytes);
    case FIELD_TOTAL:
      return take_number (field, &self->total_bytes);
    case FIELD_VAULT:
      return take_vault (self, field);
    case FIELD_LINK:
      return take_link (self, field);
    case FIELD_UPTIME:
      return take_number (field, &self->uptime_s);
    default:
      return TRUE;
    }
}

MhHello *
mh_hello_open (GBytes *record)
{
  g_autoptr (MhHello) self = mh_hello_new ();
  g_autoptr (GBytes) payload = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (record, &size);
  MhPbReader reader;
  MhPbField field;

  if (size > MH_HELLO_MAX)
    return NULL;
  payload = mh_envelope_open (&kind, data, size, &self->peer);
  if (payload == NULL)
    return NULL;

  data = g_bytes_get_data (payload, &size);
  reader = mh_pb_reader (data, size);
  while (mh_pb_next (&reader, &field))
    if (!take_field (self, &field))
      return NULL;
  if (reader.is_bad || self->seq == 0)
    return NULL;

  return g_steal_pointer (&self);
}
