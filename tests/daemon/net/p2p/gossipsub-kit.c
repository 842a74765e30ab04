/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gossipsub-kit.h"

#include <string.h>

#include "net/p2p/wire/pb.h"

static const guint8 from_head[] = { 0x00, 0x24 };

MhSigner *
kit_signer (guint8 byte)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);

  memset (mh_secret_bytes (seed), byte, MH_SIGN_SEED_SIZE);

  return mh_signer_new (seed);
}

static guint
index_of (char peer)
{
  g_assert_true (peer >= 'A' && peer <= 'Z');

  return (guint) (peer - 'A');
}

static char
letter_of (const Kit *self, const MhPeerId *id)
{
  for (guint i = 0; i < 26; i++)
    if (mh_peer_id_equal (&self->ids[i], id))
      return (char) ('A' + i);

  return '?';
}

MhGossipsubId
kit_id (Kit *self, char author, guint64 seqno)
{
  guint64 wide = GUINT64_TO_BE (seqno);
  MhGossipsubId id;

  id.author = self->ids[index_of (author)];
  memcpy (id.seqno, &wide, sizeof id.seqno);

  return id;
}

static guint64
number_of (const char *text)
{
  return g_ascii_strtoull (text, NULL, 10);
}

/* "A5,B7" as field @number. */
static void
put_ids (Kit *self, GByteArray *out, guint32 number, const char *list, gboolean is_from)
{
  g_auto (GStrv) names = g_strsplit (list, ",", -1);

  for (guint i = 0; names[i] != NULL; i++)
    {
      MhGossipsubId id = kit_id (self, names[i][0], number_of (names[i] + 1));
      MhPeerId peer = self->ids[index_of (names[i][0])];
      guint8 wire[64];
      gsize skip = is_from ? 0 : sizeof from_head;

      memcpy (wire, peer.bytes + skip, peer.size - skip);
      memcpy (wire + peer.size - skip, id.seqno, sizeof id.seqno);
      mh_pb_put_bytes (out, number, wire, peer.size - skip + sizeof id.seqno);
    }
}

static GByteArray *
write_message (Kit *self, const char *topic, const char *name, const char *data, gboolean is_bad)
{
  g_autoptr (GByteArray) to_sign = g_byte_array_new ();
  GByteArray *message = g_byte_array_new ();
  MhGossipsubId id = kit_id (self, name[0], number_of (name + 1));
  MhPeerId from = self->ids[index_of (name[0])];
  guint8 signature[MH_SIGNATURE_SIZE];

  mh_pb_put_bytes (message, 1, from.bytes, from.size);
  mh_pb_put_text (message, 2, data);
  mh_pb_put_bytes (message, 3, id.seqno, sizeof id.seqno);
  mh_pb_put_text (message, 4, topic);
  g_byte_array_append (to_sign, (const guint8 *) "libp2p-pubsub:", 14);
  g_byte_array_append (to_sign, message->data, message->len);
  mh_signer_sign (self->signers[index_of (name[0])], to_sign->data, to_sign->len, signature);
  signature[5] ^= is_bad ? 1 : 0;
  mh_pb_put_bytes (message, 5, signature, sizeof signature);

  return message;
}

static void
put_prune (Kit *self, GByteArray *body, char **words)
{
  g_auto (GStrv) peers = NULL;

  mh_pb_put_text (body, 1, words[1]);
  peers = words[2] != NULL && words[3] != NULL ? g_strsplit (words[3], ",", -1) : NULL;
  for (guint i = 0; peers != NULL && peers[i] != NULL; i++)
    {
      g_autoptr (GByteArray) info = g_byte_array_new ();
      MhPeerId id = self->ids[index_of (peers[i][0])];

      mh_pb_put_bytes (info, 1, id.bytes, id.size);
      mh_pb_put_message (body, 2, info);
    }
  if (words[2] != NULL)
    mh_pb_put_uint (body, 3, number_of (words[2]));
}

static guint32
put_control (Kit *self, GByteArray *body, char **words)
{
  gboolean is_from = g_str_has_suffix (words[0], "/from");

  if (g_str_has_prefix (words[0], "ihave"))
    {
      mh_pb_put_text (body, 1, words[1]);
      put_ids (self, body, 2, words[2], is_from);
      return 1;
    }
  if (g_str_has_prefix (words[0], "iwant") || g_str_has_prefix (words[0], "dont"))
    {
      put_ids (self, body, 1, words[1], is_from);
      return words[0][0] == 'i' ? 2 : 5;
    }
  if (g_str_equal (words[0], "graft"))
    {
      mh_pb_put_text (body, 1, words[1]);
      return 3;
    }
  g_assert_cmpstr (words[0], ==, "prune");
  put_prune (self, body, words);

  return 4;
}

static void
put_part (Kit *self, GByteArray *rpc, const char *part)
{
  g_auto (GStrv) words = g_strsplit (part, " ", 4);
  g_autoptr (GByteArray) body = NULL;
  g_autoptr (GByteArray) control = g_byte_array_new ();

  if (part[0] == '+' || part[0] == '-')
    {
      body = g_byte_array_new ();
      mh_pb_put_uint (body, 1, part[0] == '+');
      mh_pb_put_text (body, 2, part + 1);
      mh_pb_put_message (rpc, 1, body);
    }
  else if (g_str_equal (words[0], "msg") || g_str_equal (words[0], "forged"))
    {
      body = write_message (self, words[1], words[2], words[3] != NULL ? words[3] : "",
                            words[0][0] == 'f');
      mh_pb_put_message (rpc, 2, body);
    }
  else
    {
      guint32 number;

      body = g_byte_array_new ();
      number = put_control (self, body, words);
      mh_pb_put_message (control, number, body);
      mh_pb_put_message (rpc, 3, control);
    }
}

GBytes *
kit_rpc (Kit *self, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, " | ", -1);
  GByteArray *rpc = g_byte_array_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    put_part (self, rpc, parts[i]);

  return g_byte_array_free_to_bytes (rpc);
}

static void
describe_id (Kit *self, const MhPbField *field, GString *out)
{
  gsize skip = field->size == 46 ? 0 : sizeof from_head;
  guint8 wire[46];
  MhPeerId peer;
  guint64 seqno;

  if (field->size + skip != sizeof wire)
    {
      g_string_append (out, "a stranger"); /* one that is no letter */
      return;
    }
  memcpy (wire, from_head, sizeof from_head);
  memcpy (wire + skip, field->bytes, field->size);
  memcpy (&seqno, wire + 38, sizeof seqno);
  g_assert_true (mh_peer_id_from_bytes (wire, 38, &peer));
  g_string_append_printf (out, "%c%" G_GUINT64_FORMAT, letter_of (self, &peer),
                          GUINT64_FROM_BE (seqno));
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
describe_ids (Kit *self, const MhPbField *outer, guint32 number, GString *out)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *joined = NULL;
  gboolean is_from = FALSE;
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (field.number == number)
      {
        GString *name = g_string_new (NULL);

        is_from = field.size == 46;
        describe_id (self, &field, name);
        g_ptr_array_add (names, g_string_free (name, FALSE));
      }
    else
      g_string_append_printf (out, " %.*s", (int) field.size, (const char *) field.bytes);
  g_ptr_array_sort (names, compare_text);
  g_ptr_array_add (names, NULL);
  joined = g_strjoinv (",", (char **) names->pdata);
  if (is_from)
    g_string_insert (out, (gssize) (strrchr (out->str, '>') - out->str), "/from");
  g_string_append_printf (out, " %s", joined);
}

static void
describe_prune (Kit *self, const MhPbField *outer, GString *out)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  g_autoptr (GString) peers = g_string_new (NULL);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (field.number == 1)
      g_string_append_printf (out, " %.*s", (int) field.size, (const char *) field.bytes);
    else if (field.number == 3)
      g_string_append_printf (out, " %" G_GUINT64_FORMAT, field.value);
    else
      {
        MhPbReader inner = mh_pb_reader (field.bytes, field.size);
        MhPeerId id;

        g_assert_true (mh_pb_next (&inner, &field));
        g_assert_true (mh_peer_id_from_bytes (field.bytes, field.size, &id));
        g_string_append_printf (peers, "%s%c%s", peers->len > 0 ? "," : "", letter_of (self, &id),
                                mh_pb_next (&inner, &field) ? "*" : "");
      }
  if (peers->len > 0)
    g_string_append_printf (out, " %s", peers->str);
}

/* The mark '>' is where "/from" goes; it is taken out at the end. */
static void
describe_control (Kit *self, const MhPbField *field, GString *out)
{
  static const char *const names[] = { "", "ihave", "iwant", "graft", "prune", "dont" };

  g_assert_cmpuint (field->number, <=, 5);
  g_string_append_printf (out, "%s>", names[field->number]);
  if (field->number == 1)
    describe_ids (self, field, 2, out);
  else if (field->number == 4)
    describe_prune (self, field, out);
  else if (field->number == 3)
    g_string_append_printf (out, " %.*s", (int) field->size - 2, (const char *) field->bytes + 2);
  else
    describe_ids (self, field, 1, out);
}

static void
describe_message (Kit *self, const MhPbField *outer, GString *out)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField fields[7] = { 0 };
  MhPbField field;
  MhPeerId from;
  guint64 seqno;

  while (mh_pb_next (&reader, &field))
    fields[field.number] = field;
  g_assert_true (mh_peer_id_from_bytes (fields[1].bytes, fields[1].size, &from));
  memcpy (&seqno, fields[3].bytes, sizeof seqno);
  g_string_append_printf (out, "msg %.*s %c%" G_GUINT64_FORMAT, (int) fields[4].size,
                          (const char *) fields[4].bytes, letter_of (self, &from),
                          GUINT64_FROM_BE (seqno));
  if (fields[2].size > 0)
    g_string_append_printf (out, " %.*s", (int) MIN (fields[2].size, 20),
                            (const char *) fields[2].bytes);
}

static void
begin_part (GString *out)
{
  if (out->len > 0)
    g_string_append (out, " | ");
}

static void
describe_subscription (const MhPbField *outer, GString *out)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField flag;
  MhPbField topic;

  g_assert_true (mh_pb_next (&reader, &flag) && mh_pb_next (&reader, &topic));
  g_string_append_printf (out, "%c%.*s", flag.value != 0 ? '+' : '-', (int) topic.size,
                          (const char *) topic.bytes);
}

static void
describe_controls (Kit *self, const MhPbField *outer, GString *out)
{
  MhPbReader reader = mh_pb_reader (outer->bytes, outer->size);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    {
      g_autoptr (GString) part = g_string_new (NULL);
      g_auto (GStrv) halves = NULL;

      describe_control (self, &field, part);
      halves = g_strsplit (part->str, ">", 2);
      begin_part (out);
      g_string_append_printf (out, "%s%s", halves[0], halves[1]);
    }
  g_assert_false (reader.is_bad);
}

char *
kit_describe (Kit *self, GBytes *rpc)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (rpc, &size);
  MhPbReader reader = mh_pb_reader (data, size);
  GString *out = g_string_new (NULL);
  MhPbField field;

  while (mh_pb_next (&reader, &field))
    if (field.number == 3)
      describe_controls (self, &field, out);
    else
      {
        begin_part (out);
        if (field.number == 1)
          describe_subscription (&field, out);
        else
          describe_message (self, &field, out);
      }
  g_assert_false (reader.is_bad);

  return g_string_free (out, FALSE);
}

static void
on_send (const MhPeerId *peer, GBytes *rpc, MhGossipsubLane lane, gpointer data)
{
  Kit *self = data;
  GString *sent = self->sent[index_of (letter_of (self, peer))];
  g_autofree char *text = kit_describe (self, rpc);

  g_string_append_printf (sent, "%s%s", sent->len > 0 ? " | " : "", text);
  g_ptr_array_add (self->rpcs, g_bytes_ref (rpc));
  g_string_append_c (self->hints, "CHMG"[lane]);
}

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  Kit *self = data;
  gsize size;
  const char *bytes = g_bytes_get_data (message->data, &size);
  guint64 seqno;

  memcpy (&seqno, message->id.seqno, sizeof seqno);
  g_string_append_printf (self->told, "%s%s %c%" G_GUINT64_FORMAT, self->told->len > 0 ? "; " : "",
                          message->topic, letter_of (self, &message->from),
                          GUINT64_FROM_BE (seqno));
  if (size > 0)
    g_string_append_printf (self->told, " %.*s", (int) MIN (size, 20), bytes);
}

static void
on_member (const MhPeerId *peer, const char *topic, gboolean is_in, gpointer data)
{
  Kit *self = data;

  g_string_append_printf (self->members, "%c%c%s ", letter_of (self, peer), is_in ? '+' : '-',
                          topic);
}

static MhGossipsubVerdict
on_validate (const MhGossipsubMessage *message, gpointer data)
{
  Kit *self = data;

  self->validated++;

  return self->verdict;
}

static void
on_exchange (const MhPeerId *peer, const MhPeerRecord *record, gpointer data)
{
  Kit *self = data;

  g_string_append_printf (self->exchanged, "%c%s", letter_of (self, peer),
                          record != NULL ? "*" : "");
}

static GBytes *
on_record (const MhPeerId *peer, gpointer data)
{
  Kit *self = data;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  if (!self->gives_records)
    return NULL;

  return mh_peer_record_seal (self->signers[index_of (letter_of (self, peer))], 1, none);
}

static void
on_connect (const MhPeerId *peer, gpointer data)
{
  Kit *self = data;

  g_string_append_c (self->wanted, letter_of (self, peer));
}

Kit *
kit_new (const MhGossipsubConfig *config)
{
  static const MhGossipsubEvents events = {
    .send = on_send,
    .validate = on_validate,
    .message = on_message,
    .member = on_member,
    .exchange = on_exchange,
    .record = on_record,
    .connect = on_connect,
  };
  Kit *self = g_new0 (Kit, 1);
  MhGossipsubConfig copy;

  for (guint i = 0; i < 26; i++)
    {
      self->signers[i] = kit_signer ((guint8) ('A' + i));
      self->ids[i] = mh_peer_id_from_ed25519 (mh_signer_public_key (self->signers[i]));
      self->sent[i] = g_string_new (NULL);
    }
  mh_gossipsub_config_init (&copy);
  if (config != NULL)
    copy = *config;
  copy.seed = copy.seed != 0 ? copy.seed : 1;
  copy.first_seqno = 1;
  self->told = g_string_new (NULL);
  self->hints = g_string_new (NULL);
  self->exchanged = g_string_new (NULL);
  self->wanted = g_string_new (NULL);
  self->members = g_string_new (NULL);
  self->rpcs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->gossip = mh_gossipsub_new (self->signers[index_of ('M')], &copy, &events, self);
  self->next_ms = mh_gossipsub_tick (self->gossip, 0);

  return self;
}

void
kit_free (Kit *self)
{
  mh_gossipsub_free (self->gossip);
  for (guint i = 0; i < 26; i++)
    {
      mh_signer_free (self->signers[i]);
      g_string_free (self->sent[i], TRUE);
    }
  g_string_free (self->told, TRUE);
  g_string_free (self->hints, TRUE);
  g_string_free (self->exchanged, TRUE);
  g_string_free (self->wanted, TRUE);
  g_string_free (self->members, TRUE);
  g_ptr_array_unref (self->rpcs);
  g_free (self);
}

double
kit_score (Kit *self, char peer)
{
  return mh_gossipsub_score (self->gossip, &self->ids[index_of (peer)]);
}

gboolean
kit_feed (Kit *self, char peer, GBytes *rpc)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (rpc, &size);
  gboolean is_good = mh_gossipsub_feed (self->gossip, &self->ids[index_of (peer)], data, size,
                                        self->now_ms, &error);

  if (is_good)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);

  return is_good;
}

static void
wait_for (Kit *self, gint64 duration_ms)
{
  gint64 end_ms = self->now_ms + duration_ms;

  for (; self->next_ms <= end_ms; self->next_ms = mh_gossipsub_tick (self->gossip, self->now_ms))
    self->now_ms = self->next_ms;
  self->now_ms = end_ms;
}

static void
expect_sent (Kit *self, const char *text)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < 26; i++)
    if (self->sent[i]->len > 0)
      {
        g_string_append_printf (all, "%s%c: %s", all->len > 0 ? "; " : "", (char) ('A' + i),
                                self->sent[i]->str);
        g_string_truncate (self->sent[i], 0);
      }
  g_assert_cmpstr (all->str, ==, text);
}

static void
add (Kit *self, char **words)
{
  MhGossipsubPeer peer = { .id = self->ids[index_of (words[1][0])] };
  guint count = g_strv_length (words);

  peer.is_outbound = count > 2 && g_str_equal (words[2], "out");
  peer.version = MH_GOSSIPSUB_VERSION_12;
  if (count > 3)
    peer.version = (MhGossipsubVersion) (words[3][2] - '0');
  peer.address = count > 4 ? words[4] : NULL;
  mh_gossipsub_add_peer (self->gossip, &peer, self->now_ms);
}

static void
publish (Kit *self, const char *topic, const char *text)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

  g_assert_true (mh_gossipsub_publish (self->gossip, topic, data, self->now_ms, NULL, NULL));
}

static void
expect (Kit *self, const char *step)
{
  const char *text = step[1] == ' ' ? step + 2 : "";

  if (step[0] == '=')
    {
      expect_sent (self, text);
      return;
    }
  g_assert_cmpstr (self->told->str, ==, text);
  g_string_truncate (self->told, 0);
}

static void
act (Kit *self, char **words)
{
  if (g_str_equal (words[0], "add"))
    add (self, words);
  else if (g_str_equal (words[0], "del"))
    mh_gossipsub_remove_peer (self->gossip, &self->ids[index_of (words[1][0])], self->now_ms);
  else if (g_str_equal (words[0], "direct"))
    mh_gossipsub_set_direct (self->gossip, &self->ids[index_of (words[1][0])], TRUE);
  else if (g_str_equal (words[0], "join"))
    g_assert_true (mh_gossipsub_subscribe (self->gossip, words[1], self->now_ms, NULL));
  else if (g_str_equal (words[0], "leave"))
    mh_gossipsub_unsubscribe (self->gossip, words[1], self->now_ms);
  else if (g_str_equal (words[0], "wait"))
    wait_for (self, (gint64) number_of (words[1]));
  else
    {
      g_autofree char *text = g_strjoinv (" ", words + 2);

      g_assert_cmpstr (words[0], ==, "publish");
      publish (self, words[1], text);
    }
}

static void
forget (Kit *self)
{
  for (guint i = 0; i < 26; i++)
    g_string_truncate (self->sent[i], 0);
  g_string_truncate (self->told, 0);
  g_string_truncate (self->hints, 0);
  g_ptr_array_set_size (self->rpcs, 0);
}

void
kit_step (Kit *self, const char *step)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GBytes) rpc = NULL;

  if (g_test_verbose ())
    g_test_message ("%s", step);
  if (step[0] == '~')
    forget (self);
  else if (step[0] == '=' || step[0] == '!')
    expect (self, step);
  else if (step[1] == ':')
    {
      rpc = kit_rpc (self, step + 3);
      g_assert_true (kit_feed (self, step[0], rpc));
    }
  else
    {
      words = g_strsplit (step, " ", -1);
      act (self, words);
    }
}

void
kit_play (Kit *self, const char *const *script)
{
  for (guint i = 0; script[i] != NULL; i++)
    kit_step (self, script[i]);
}
