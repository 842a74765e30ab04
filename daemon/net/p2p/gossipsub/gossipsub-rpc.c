/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-rpc-private.h"

#include <string.h>

#include "net/p2p/wire/varint.h"

/* Of both forms of an id, this is the end. */
#define SEQNO_SIZE (sizeof ((MhGossipsubId *) NULL)->seqno)

/* pubsub/README.md, "Message Signing" */
static const char sign_prefix[] = "libp2p-pubsub:";
#define SIGN_PREFIX_SIZE (sizeof sign_prefix - 1)

void
mh_gossipsub_rpc_init (MhGossipsubRpc *self)
{
  self->subscriptions = g_array_new (FALSE, FALSE, sizeof (MhGossipsubSubscription));
  self->messages = g_array_new (FALSE, FALSE, sizeof (MhGossipsubRawMessage));
  self->controls = g_array_new (FALSE, FALSE, sizeof (MhGossipsubControlItem));
}

void
mh_gossipsub_rpc_clear (MhGossipsubRpc *self)
{
  g_clear_pointer (&self->subscriptions, g_array_unref);
  g_clear_pointer (&self->messages, g_array_unref);
  g_clear_pointer (&self->controls, g_array_unref);
}

static MhGossipsubSlice
slice_of (const MhPbField *field)
{
  return (MhGossipsubSlice){ field->bytes, field->size };
}

static gboolean
parse_subscription (MhGossipsubRpc *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhGossipsubSubscription item = { 0 };
  MhPbField field;

  if (self->subscriptions->len == MH_GOSSIPSUB_MAX_SUBSCRIPTIONS)
    return FALSE;
  while (mh_pb_next (&reader, &field))
    if (mh_pb_is (&field, 1, MH_PB_VARINT))
      item.is_in = field.value != 0;
    else if (mh_pb_is (&field, 2, MH_PB_BYTES))
      item.topic = slice_of (&field);
    else if (field.number <= 2)
      return FALSE;
  g_array_append_val (self->subscriptions, item);

  return !reader.is_bad;
}

static gboolean
parse_message (MhGossipsubRpc *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhGossipsubRawMessage message = { 0 };
  MhPbField field;

  if (self->messages->len == MH_GOSSIPSUB_MAX_MESSAGES)
    return FALSE;
  while (mh_pb_next (&reader, &field))
    {
      if (field.number >= MH_GOSSIPSUB_N_FIELDS)
        continue;
      if (field.type != MH_PB_BYTES || message.fields[field.number].bytes != NULL)
        message.is_odd = TRUE;
      else
        message.fields[field.number] = slice_of (&field);
    }
  g_array_append_val (self->messages, message);

  return !reader.is_bad;
}

static gboolean
parse_peer_info (const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (field.number <= 2 && field.type != MH_PB_BYTES)
      return FALSE;

  return !reader.is_bad;
}

/* Returns: the number of the field with the ids, 0 for a kind that has none */
static guint32
ids_field (MhGossipsubControlKind kind)
{
  switch (kind)
    {
    case MH_GOSSIPSUB_IHAVE:
      return 2;
    case MH_GOSSIPSUB_IWANT:
    case MH_GOSSIPSUB_IDONTWANT:
      return 1;
    case MH_GOSSIPSUB_GRAFT:
    case MH_GOSSIPSUB_PRUNE:
      break;
    }

  return 0;
}

static gboolean
parse_control_field (MhGossipsubControlItem *item, const MhPbField *field)
{
  if (field->number == ids_field (item->kind))
    return field->type == MH_PB_BYTES;
  if (item->kind == MH_GOSSIPSUB_IWANT || item->kind == MH_GOSSIPSUB_IDONTWANT)
    return TRUE;
  if (field->number == 1)
    {
      item->topic = slice_of (field);
      return field->type == MH_PB_BYTES;
    }
  if (item->kind != MH_GOSSIPSUB_PRUNE || field->number > 3)
    return TRUE;
  if (field->number == 2)
    return field->type == MH_PB_BYTES && parse_peer_info (field);
  item->backoff_s = field->value;

  return field->type == MH_PB_VARINT;
}

static gboolean
parse_control_item (MhGossipsubRpc *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhGossipsubControlItem item = { .kind = (MhGossipsubControlKind) outer->number };
  MhPbField field;

  if (self->controls->len == MH_GOSSIPSUB_MAX_CONTROLS)
    return FALSE;
  item.body = slice_of (outer);
  while (mh_pb_next (&reader, &field))
    if (!parse_control_field (&item, &field))
      return FALSE;
  g_array_append_val (self->controls, item);

  return !reader.is_bad;
}

static gboolean
parse_control (MhGossipsubRpc *self, const MhPbField *outer)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      if (field.number > MH_GOSSIPSUB_IDONTWANT)
        continue;
      if (field.type != MH_PB_BYTES || !parse_control_item (self, &field))
        return FALSE;
    }

  return !reader.is_bad;
}

static gboolean
parse_field (MhGossipsubRpc *self, const MhPbField *field)
{
  if (field->number > MH_GOSSIPSUB_RPC_CONTROL)
    return TRUE;
  if (field->type != MH_PB_BYTES)
    return FALSE;
  if (field->number == MH_GOSSIPSUB_RPC_SUBSCRIPTION)
    return parse_subscription (self, field);
  if (field->number == MH_GOSSIPSUB_RPC_PUBLISH)
    return parse_message (self, field);

  return parse_control (self, field);
}

gboolean
mh_gossipsub_rpc_parse (MhGossipsubRpc *self, const guint8 *data, gsize size)
{
  MhPbReader reader = mh_pb_reader (data, size);
  MhPbField field;

  g_array_set_size (self->subscriptions, 0);
  g_array_set_size (self->messages, 0);
  g_array_set_size (self->controls, 0);
  while (mh_pb_next (&reader, &field))
    if (!parse_field (self, &field))
      return FALSE;

  return !reader.is_bad;
}

gboolean
mh_gossipsub_rpc_next_id (MhPbReader *reader, MhGossipsubControlKind kind, MhGossipsubSlice *wire)
{
  MhPbField field;

  while (mh_pb_next (reader, &field))
    if (field.number == ids_field (kind))
      {
        *wire = slice_of (&field);
        return TRUE;
      }

  return FALSE;
}

gboolean
mh_gossipsub_rpc_next_peer (MhPbReader *reader, MhGossipsubSlice *peer, MhGossipsubSlice *record)
{
  MhPbReader inner;
  MhPbField field;

  do
    if (!mh_pb_next (reader, &field))
      return FALSE;
  while (field.number != 2);

  inner = mh_pb_reader (field.bytes, field.size);
  *peer = (MhGossipsubSlice){ 0 };
  *record = (MhGossipsubSlice){ 0 };
  while (mh_pb_next (&inner, &field))
    if (field.number == 1)
      *peer = slice_of (&field);
    else if (field.number == 2)
      *record = slice_of (&field);

  return TRUE;
}

gboolean
mh_gossipsub_rpc_id (MhGossipsubSlice wire, MhGossipsubId *id, MhGossipsubForm *form)
{
  gsize size = wire.size - SEQNO_SIZE;

  if (wire.size <= SEQNO_SIZE)
    return FALSE;
  /* no PublicKey message begins like a multihash, nor the other way round */
  if (mh_peer_id_from_bytes (wire.bytes, size, &id->author))
    *form = MH_GOSSIPSUB_FORM_FROM;
  else if (mh_public_key_id (wire.bytes, size, &id->author))
    *form = MH_GOSSIPSUB_FORM_KEY;
  else
    return FALSE;
  memcpy (id->seqno, wire.bytes + size, SEQNO_SIZE);

  return TRUE;
}

MhGossipsubSlice
mh_gossipsub_rpc_inlined (const MhPeerId *author)
{
  MhGossipsubSlice none = { 0 };

  return author->bytes[0] == 0 ? (MhGossipsubSlice){ author->bytes + 2, author->size - 2 } : none;
}

void
mh_gossipsub_rpc_put_id (GByteArray *out, guint32 number, const MhGossipsubWireId *id)
{
  const MhPeerId *author = &id->id->author;
  MhGossipsubSlice head = { author->bytes, author->size };

  if (id->form == MH_GOSSIPSUB_FORM_KEY && id->key != NULL)
    head.bytes = g_bytes_get_data (id->key, &head.size);
  else if (id->form == MH_GOSSIPSUB_FORM_KEY && mh_gossipsub_rpc_inlined (author).size > 0)
    head = mh_gossipsub_rpc_inlined (author);
  mh_pb_begin_bytes (out, number, head.size + SEQNO_SIZE);
  g_byte_array_append (out, head.bytes, (guint) head.size);
  g_byte_array_append (out, id->id->seqno, SEQNO_SIZE);
}

void
mh_gossipsub_rpc_put_subscription (GByteArray *out, const char *topic, gboolean is_in)
{
  g_autoptr (GByteArray) item = g_byte_array_new ();

  mh_pb_put_uint (item, 1, is_in);
  mh_pb_put_text (item, 2, topic);
  mh_pb_put_message (out, MH_GOSSIPSUB_RPC_SUBSCRIPTION, item);
}

GBytes *
mh_gossipsub_rpc_idontwant (const MhGossipsubWireId *id)
{
  g_autoptr (GByteArray) ids = g_byte_array_new ();
  g_autoptr (GByteArray) control = g_byte_array_new ();
  GByteArray *rpc = g_byte_array_new ();

  mh_gossipsub_rpc_put_id (ids, ids_field (MH_GOSSIPSUB_IDONTWANT), id);
  mh_pb_put_message (control, MH_GOSSIPSUB_IDONTWANT, ids);
  mh_pb_put_message (rpc, MH_GOSSIPSUB_RPC_CONTROL, control);

  return g_byte_array_free_to_bytes (rpc);
}

/* The fields that are there, in the order of their numbers, which is how all others write them. */
GByteArray *
mh_gossipsub_rpc_to_sign (const MhGossipsubRawMessage *message)
{
  const MhGossipsubSlice *fields = message->fields;
  gsize size = fields[MH_GOSSIPSUB_DATA].size + fields[MH_GOSSIPSUB_TOPIC].size;
  GByteArray *out = g_byte_array_sized_new ((guint) size + 256);

  g_byte_array_append (out, (const guint8 *) sign_prefix, SIGN_PREFIX_SIZE);
  for (guint32 i = MH_GOSSIPSUB_FROM; i <= MH_GOSSIPSUB_TOPIC; i++)
    if (fields[i].bytes != NULL)
      mh_pb_put_bytes (out, i, fields[i].bytes, fields[i].size);

  return out;
}

/* Bytes of a field of one-byte number. */
static gsize
field_size (gsize size)
{
  guint8 length[MH_VARINT_MAX];

  return 1 + mh_varint_put (size, length) + size;
}

gsize
mh_gossipsub_rpc_sealed_size (gsize to_sign, gsize key)
{
  gsize message = to_sign - SIGN_PREFIX_SIZE + field_size (MH_SIGNATURE_SIZE);

  return field_size (message + (key > 0 ? field_size (key) : 0));
}

GBytes *
mh_gossipsub_rpc_seal (GByteArray *to_sign, MhGossipsubSlice signature, MhGossipsubSlice key)
{
  g_autoptr (GBytes) whole = NULL;
  guint8 head[1 + MH_VARINT_MAX];
  gsize head_size;
  gsize start;

  mh_pb_put_bytes (to_sign, MH_GOSSIPSUB_SIGNATURE, signature.bytes, signature.size);
  if (key.size > 0)
    mh_pb_put_bytes (to_sign, MH_GOSSIPSUB_KEY, key.bytes, key.size);

  /* the head fits where the prefix was, so that nothing has to move */
  head[0] = MH_GOSSIPSUB_RPC_PUBLISH << 3 | MH_PB_BYTES;
  head_size = 1 + mh_varint_put (to_sign->len - SIGN_PREFIX_SIZE, head + 1);
  start = SIGN_PREFIX_SIZE - head_size;
  memcpy (to_sign->data + start, head, head_size);
  whole = g_byte_array_free_to_bytes (to_sign);

  return g_bytes_new_from_bytes (whole, start, g_bytes_get_size (whole) - start);
}

GBytes *
mh_gossipsub_rpc_data (GBytes *rpc)
{
  gsize size;
  const guint8 *start = g_bytes_get_data (rpc, &size);
  MhPbReader reader = mh_pb_reader (start, size);
  MhPbField field = { 0 };

  if (mh_pb_next (&reader, &field))
    reader = mh_pb_reader (field.bytes, field.size);
  while (mh_pb_next (&reader, &field))
    if (field.number == MH_GOSSIPSUB_DATA)
      return g_bytes_new_from_bytes (rpc, (gsize) (field.bytes - start), field.size);

  return g_bytes_new (NULL, 0);
}
