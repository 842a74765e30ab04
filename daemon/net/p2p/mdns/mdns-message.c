/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mdns-message.h"

#include <string.h>

/* RFC 1035 §3.2.2 and §3.2.4 */
#define TYPE_PTR 12
#define TYPE_TXT 16
#define TYPE_ANY 255
#define CLASS_IN 1
/* RFC 6762 §10.2 and §5.4: the top bit of a class means something else. */
#define CLASS_BITS 0x7fff
/* RFC 1035 §4.1.1: this is an answer, and with authority. */
#define FLAG_ANSWER 0x8000
#define FLAG_AUTHORITY 0x0400
#define FLAG_OPCODE 0x7800
#define HEADER_SIZE 12
/* RFC 1035 §4.1.4: a label that points to where a name goes on. */
#define POINTER 0xc0
#define MAX_LABEL 63

static const char prefix[] = "dnsaddr=";

void
mh_mdns_peer_free (MhMdnsPeer *self)
{
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

void
mh_mdns_packet_free (MhMdnsPacket *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->peers);
  g_free (self);
}

/* -- names and numbers -- */

typedef struct
{
  const guint8 *data;
  gsize size;
  gsize at;
} Reader;

static gboolean
take_u16 (Reader *self, guint16 *out)
{
  if (self->size - self->at < 2)
    return FALSE;
  *out = (guint16) (self->data[self->at] << 8 | self->data[self->at + 1]);
  self->at += 2;

  return TRUE;
}

static gboolean
take_u32 (Reader *self, guint32 *out)
{
  guint16 high;
  guint16 low;

  if (!take_u16 (self, &high) || !take_u16 (self, &low))
    return FALSE;
  *out = (guint32) high << 16 | low;

  return TRUE;
}

/* Appends a label to @name, in lower case and with what would end it replaced. */
static void
append_label (GString *name, const guint8 *label, gsize size)
{
  if (name->len > 0)
    g_string_append_c (name, '.');
  for (gsize i = 0; i < size; i++)
    g_string_append_c (name, label[i] > ' ' && label[i] < 0x7f && label[i] != '.'
                                 ? g_ascii_tolower ((char) label[i])
                                 : '?');
}

/* Follows a pointer, which may only lead to what stands before, so that there is no loop. */
static gboolean
follow (const Reader *self, gsize *at, gsize *before)
{
  gsize to;

  if (self->size - *at < 2)
    return FALSE;
  to = (gsize) (self->data[*at] & ~POINTER) << 8 | self->data[*at + 1];
  if (to >= *before)
    return FALSE;
  *before = *at = to;

  return TRUE;
}

/* Reads a name to @name, with dots between its labels, and goes on behind it. */
static gboolean
take_name (Reader *self, GString *name)
{
  gsize at = self->at;
  gsize before = self->at;
  gboolean is_away = FALSE;

  g_string_truncate (name, 0);
  while (at < self->size && self->data[at] != 0)
    {
      gsize length = self->data[at];

      if ((length & POINTER) == POINTER)
        {
          if (!is_away)
            self->at = at + 2;
          is_away = TRUE;
          if (!follow (self, &at, &before))
            return FALSE;
          continue;
        }
      if (length > MAX_LABEL || self->size - at <= length
          || name->len + (name->len > 0) + length + 2 > MH_MDNS_MAX_NAME)
        return FALSE;
      append_label (name, self->data + at + 1, length);
      at += 1 + length;
    }
  if (at >= self->size)
    return FALSE;
  if (!is_away)
    self->at = at + 1;

  return TRUE;
}

/* -- reading -- */

/* What is being read. */
typedef struct
{
  Reader reader;
  MhMdnsPacket *packet;
  GString *name;        /* of the row that is read */
  GHashTable *by_name;  /* (element-type utf8 MhMdnsPeer): instances of the packet */
  const char *instance; /* our name */
} Parsing;

static gboolean
is_ours (const Parsing *self)
{
  gsize size = strlen (self->instance);

  return g_str_has_prefix (self->name->str, self->instance) && self->name->str[size] == '.'
         && g_str_equal (self->name->str + size + 1, MH_MDNS_SERVICE);
}

static gboolean
take_question (Parsing *self)
{
  guint16 type;
  guint16 class;

  if (!take_name (&self->reader, self->name) || !take_u16 (&self->reader, &type)
      || !take_u16 (&self->reader, &class))
    return FALSE;
  if ((class & CLASS_BITS) != CLASS_IN && (class & CLASS_BITS) != TYPE_ANY)
    return TRUE;

  if ((type == TYPE_PTR || type == TYPE_ANY) && g_str_equal (self->name->str, MH_MDNS_SERVICE))
    self->packet->asks |= MH_MDNS_ASKS_PEERS;
  else if ((type == TYPE_PTR || type == TYPE_ANY) && g_str_equal (self->name->str, MH_MDNS_META))
    self->packet->asks |= MH_MDNS_ASKS_SERVICES;
  else if ((type == TYPE_TXT || type == TYPE_ANY) && is_ours (self))
    self->packet->asks |= MH_MDNS_ASKS_INSTANCE;

  return TRUE;
}

/* Whether others on this network could dial @address. */
static gboolean
is_local (MhMultiaddr *address)
{
  g_auto (MhMultiaddrTarget) target = { 0 };

  return mh_multiaddr_target (address, &target)
         && (target.transport == MH_TRANSPORT_TCP || target.transport == MH_TRANSPORT_WS)
         && (target.family == MH_MULTIADDR_IP4 || target.family == MH_MULTIADDR_IP6)
         && !mh_multiaddr_is_public (address);
}

/* Returns: (transfer none) (nullable): the peer of the instance that is read, whose id is @id */
static MhMdnsPeer *
peer_of (Parsing *self, const MhPeerId *id)
{
  MhMdnsPeer *peer = g_hash_table_lookup (self->by_name, self->name->str);

  if (peer != NULL)
    return mh_peer_id_equal (&peer->id, id) ? peer : NULL;
  if (self->packet->peers->len >= MH_MDNS_MOST_PEERS)
    return NULL;

  peer = g_new0 (MhMdnsPeer, 1);
  peer->id = *id;
  peer->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_ptr_array_add (self->packet->peers, peer);
  g_hash_table_insert (self->by_name, g_strdup (self->name->str), peer);

  return peer;
}

static void
take_address (Parsing *self, const guint8 *text, gsize size)
{
  g_autofree char *copy = g_strndup ((const char *) text, size);
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (copy, NULL);
  g_autoptr (MhMultiaddr) bare = NULL;
  MhMdnsPeer *peer;
  MhPeerId id;

  if (address == NULL || !mh_multiaddr_peer (address, &id))
    return;
  bare = mh_multiaddr_without_peer (address);
  if (!is_local (bare))
    return;

  peer = peer_of (self, &id);
  if (peer != NULL && peer->addresses->len < MH_MDNS_MOST_ADDRESSES)
    g_ptr_array_add (peer->addresses, g_steal_pointer (&bare));
}

/* RFC 1035 §3.3.14: strings with their lengths before them. */
static gboolean
take_text (Parsing *self, const guint8 *data, gsize size)
{
  for (gsize at = 0; at < size; at += 1 + data[at])
    {
      gsize length = data[at];

      if (length >= size - at)
        return FALSE;
      if (length >= strlen (prefix) && memcmp (data + at + 1, prefix, strlen (prefix)) == 0)
        take_address (self, data + at + 1 + strlen (prefix), length - strlen (prefix));
    }

  return TRUE;
}

static gboolean
take_record (Parsing *self)
{
  guint16 type;
  guint16 class;
  guint16 size;
  guint32 ttl;
  const guint8 *data;

  if (!take_name (&self->reader, self->name) || !take_u16 (&self->reader, &type)
      || !take_u16 (&self->reader, &class) || !take_u32 (&self->reader, &ttl)
      || !take_u16 (&self->reader, &size) || self->reader.size - self->reader.at < size)
    return FALSE;

  data = self->reader.data + self->reader.at;
  self->reader.at += size;
  /* a record that lives for no time takes itself back (RFC 6762 §10.1) */
  if (!self->packet->is_answer || type != TYPE_TXT || (class & CLASS_BITS) != CLASS_IN || ttl == 0
      || !g_str_has_suffix (self->name->str, "." MH_MDNS_SERVICE))
    return TRUE;

  return take_text (self, data, size);
}

/* Returns: %FALSE when it is not well formed */
static gboolean
take_packet (Parsing *self)
{
  guint16 header[HEADER_SIZE / 2];
  guint records;

  for (guint i = 0; i < G_N_ELEMENTS (header); i++)
    if (!take_u16 (&self->reader, &header[i]))
      return FALSE;
  self->packet->is_answer = (header[1] & FLAG_ANSWER) != 0;
  records = (guint) header[3] + header[4] + header[5];
  if ((header[1] & FLAG_OPCODE) != 0 || header[2] + records > MH_MDNS_MOST_RECORDS)
    return FALSE;

  for (guint i = 0; i < header[2]; i++)
    if (!take_question (self))
      return FALSE;
  for (guint i = 0; i < records; i++)
    if (!take_record (self))
      return FALSE;
  if (self->packet->is_answer)
    self->packet->asks = MH_MDNS_ASKS_NOTHING; /* RFC 6762 §6: questions there mean nothing */

  return TRUE;
}

MhMdnsPacket *
mh_mdns_packet_parse (const guint8 *data, gsize size, const char *instance)
{
  g_autoptr (MhMdnsPacket) packet = NULL;
  g_autoptr (GString) name = g_string_new (NULL);
  g_autoptr (GHashTable) by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Parsing parsing = { { data, size, 0 }, NULL, name, by_name, instance };

  if (size > MH_MDNS_MAX_PACKET)
    return NULL;

  packet = g_new0 (MhMdnsPacket, 1);
  packet->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_mdns_peer_free);
  parsing.packet = packet;

  return take_packet (&parsing) ? g_steal_pointer (&packet) : NULL;
}

/* -- writing -- */

static void
put_u16 (GByteArray *out, guint value)
{
  const guint8 bytes[] = { (guint8) (value >> 8), (guint8) value };

  g_byte_array_append (out, bytes, sizeof bytes);
}

/* Appends a name without compression. */
static void
put_name (GByteArray *out, const char *name)
{
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);
  guint8 end = 0;

  for (guint i = 0; labels[i] != NULL; i++)
    {
      guint8 size = (guint8) strlen (labels[i]);

      g_byte_array_append (out, &size, 1);
      g_byte_array_append (out, (const guint8 *) labels[i], size);
    }
  g_byte_array_append (out, &end, 1);
}

static void
put_header (GByteArray *out, guint flags, guint questions, guint answers, guint more)
{
  put_u16 (out, 0); /* RFC 6762 §18.1 */
  put_u16 (out, flags);
  put_u16 (out, questions);
  put_u16 (out, answers);
  put_u16 (out, 0);
  put_u16 (out, more);
}

static void
put_record_head (GByteArray *out, guint type, gsize size)
{
  put_u16 (out, type);
  put_u16 (out, CLASS_IN);
  put_u16 (out, 0);
  put_u16 (out, MH_MDNS_TTL_S);
  put_u16 (out, (guint) size);
}

GBytes *
mh_mdns_query (void)
{
  GByteArray *out = g_byte_array_new ();

  put_header (out, 0, 1, 0, 0);
  put_name (out, MH_MDNS_SERVICE);
  put_u16 (out, TYPE_PTR);
  put_u16 (out, CLASS_IN);

  return g_byte_array_free_to_bytes (out);
}

/* Returns: (transfer full) (nullable): what stands in a record for @address, if it may */
static char *
text_of (MhMultiaddr *address, const MhPeerId *own)
{
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (address);
  g_autoptr (MhMultiaddr) whole = NULL;
  g_autofree char *text = NULL;
  g_autofree char *out = NULL;

  if (!is_local (bare))
    return NULL;
  whole = mh_multiaddr_with_peer (bare, own);
  text = mh_multiaddr_to_text (whole);
  out = g_strconcat (prefix, text, NULL);

  return strlen (out) <= G_MAXUINT8 ? g_steal_pointer (&out) : NULL;
}

/* Appends a record for each address, all of the name at @name_at. Returns: how many */
static guint
put_addresses (GByteArray *out, gsize name_at, const MhPeerId *own, GPtrArray *addresses)
{
  guint count = 0;

  for (guint i = 0; i < addresses->len && count < MH_MDNS_MOST_ADDRESSES; i++)
    {
      g_autofree char *text = text_of (addresses->pdata[i], own);
      guint8 size = text != NULL ? (guint8) strlen (text) : 0;

      /* a pointer, the head of a record, the length */
      if (size == 0 || out->len + 2 + 10 + 1 + size > MH_MDNS_MAX_SENT)
        continue;
      put_u16 (out, POINTER << 8 | (guint) name_at);
      put_record_head (out, TYPE_TXT, 1 + (gsize) size);
      g_byte_array_append (out, &size, 1);
      g_byte_array_append (out, (const guint8 *) text, size);
      count++;
    }

  return count;
}

static void
set_u16 (GByteArray *out, gsize at, guint value)
{
  out->data[at] = (guint8) (value >> 8);
  out->data[at + 1] = (guint8) value;
}

/* `_services… PTR _p2p…` */
static void
put_service (GByteArray *out)
{
  put_name (out, MH_MDNS_META);
  put_record_head (out, TYPE_PTR, strlen (MH_MDNS_SERVICE) + 2);
  put_name (out, MH_MDNS_SERVICE);
}

GBytes *
mh_mdns_answer (MhMdnsAsks asks, const char *instance, const MhPeerId *own, GPtrArray *addresses)
{
  g_autofree char *name = g_strconcat (instance, "." MH_MDNS_SERVICE, NULL);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gboolean is_direct = (asks & MH_MDNS_ASKS_INSTANCE) != 0; /* the addresses are what is asked */
  guint answers = 0;
  guint more;
  gsize name_at;

  if (asks == MH_MDNS_ASKS_NOTHING)
    return NULL;

  put_header (out, FLAG_ANSWER | FLAG_AUTHORITY, 0, 0, 0);
  if ((asks & MH_MDNS_ASKS_SERVICES) != 0)
    {
      put_service (out);
      answers++;
    }
  if ((asks & ~MH_MDNS_ASKS_SERVICES) != 0)
    {
      put_name (out, MH_MDNS_SERVICE);
      put_record_head (out, TYPE_PTR, strlen (name) + 2);
      name_at = out->len;
      put_name (out, name);
      more = put_addresses (out, name_at, own, addresses);
      if (more == 0)
        return NULL;
      answers += 1 + (is_direct ? more : 0);
      set_u16 (out, 10, is_direct ? 0 : more);
    }
  set_u16 (out, 6, answers);

  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

char *
mh_mdns_instance (const guint8 random[MH_MDNS_INSTANCE_SIZE])
{
  static const char signs[] = "abcdefghijklmnopqrstuvwxyz012345";
  char *out = g_malloc0 (MH_MDNS_INSTANCE_SIZE + 1);

  for (guint i = 0; i < MH_MDNS_INSTANCE_SIZE; i++)
    out[i] = signs[random[i] % 32];

  return out;
}
