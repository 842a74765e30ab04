/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/encoding.h"
#include "net/p2p/mdns/mdns-message.h"
#include "net/p2p/mdns/mdns-schedule.h"

#define PEER "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define OTHER "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ"
#define OURS "ours"
#define TYPE_A 1
#define TYPE_PTR 12
#define TYPE_TXT 16
#define ANSWER 0x8400

/* What @libp2p/mdns 12.0.32 sent: its question, and its answer for three addresses, of which it
 * had left out a public one. */
static const char js_query[] = "000000000001000000000000045f703270045f756470056c6f63616c00000c0001";
static const char js_answer[] =
    "000084000000000400000000045f703270045f756470056c6f63616c00000c00010000007800513f6162"
    "636465666768696a6b6c6d6e6f707172737475767778797a303132333435363738396162636465666768"
    "696a6b6c6d6e6f707172737475767778797a30045f703270045f756470056c6f63616c003f6162636465"
    "666768696a6b6c6d6e6f707172737475767778797a303132333435363738396162636465666768696a6b"
    "6c6d6e6f707172737475767778797a30045f703270045f756470056c6f63616c00001000010000007800"
    "5b5a646e73616464723d2f6970342f3139322e3136382e312e352f7463702f343030312f7032702f3132"
    "44334b6f6f57443365636b69665770526e397751704d4739523968583373443135387a37457148576d77"
    "6551414a553553413f6162636465666768696a6b6c6d6e6f707172737475767778797a30313233343536"
    "3738396162636465666768696a6b6c6d6e6f707172737475767778797a30045f703270045f756470056c"
    "6f63616c000010000100000078005c5b646e73616464723d2f6970342f3132372e302e302e312f746370"
    "2f343030322f77732f7032702f313244334b6f6f57443365636b69665770526e397751704d4739523968"
    "583373443135387a37457148576d776551414a553553413f6162636465666768696a6b6c6d6e6f707172"
    "737475767778797a303132333435363738396162636465666768696a6b6c6d6e6f707172737475767778"
    "797a30045f703270045f756470056c6f63616c000010000100000078005756646e73616464723d2f6970"
    "362f666430303a3a312f7463702f343030312f7032702f313244334b6f6f57443365636b69665770526e"
    "397751704d4739523968583373443135387a37457148576d776551414a55355341";

static MhPeerId
id_of (const char *text)
{
  MhPeerId id;

  g_assert_true (mh_peer_id_from_text (text, &id));

  return id;
}

static MhMdnsPacket *
parse (const GByteArray *bytes)
{
  return mh_mdns_packet_parse (bytes->data, bytes->len, OURS);
}

static MhMdnsPacket *
parse_hex (const char *hex)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_set_size (bytes, (guint) strlen (hex) / 2);
  g_assert_true (mh_hex_decode (hex, bytes->data, bytes->len));

  return parse (bytes);
}

static MhMdnsPacket *
parse_bytes (GBytes *bytes, const char *instance)
{
  return mh_mdns_packet_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), instance);
}

static const MhMdnsPeer *
nth_peer (const MhMdnsPacket *packet, guint n)
{
  g_assert_cmpuint (n, <, packet->peers->len);

  return g_ptr_array_index (packet->peers, n);
}

static char *
nth_address (const MhMdnsPacket *packet, guint peer, guint n)
{
  return mh_multiaddr_to_text (g_ptr_array_index (nth_peer (packet, peer)->addresses, n));
}

/* -- packets of our own making -- */

static void
put_u16 (GByteArray *out, guint value)
{
  const guint8 bytes[] = { (guint8) (value >> 8), (guint8) value };

  g_byte_array_append (out, bytes, sizeof bytes);
}

static void
put_name (GByteArray *out, const char *name)
{
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);

  for (guint i = 0; labels[i] != NULL; i++)
    {
      guint8 size = (guint8) strlen (labels[i]);

      g_byte_array_append (out, &size, 1);
      g_byte_array_append (out, (const guint8 *) labels[i], size);
    }
  g_byte_array_append (out, (const guint8 *) "", 1);
}

/* Returns: (transfer full): a packet of so many questions and records */
static GByteArray *
begin (guint flags, guint questions, guint records)
{
  GByteArray *out = g_byte_array_new ();
  const guint header[] = { 0, flags, questions, records, 0, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (header); i++)
    put_u16 (out, header[i]);

  return out;
}

static void
put_question (GByteArray *out, const char *name, guint type, guint class)
{
  put_name (out, name);
  put_u16 (out, type);
  put_u16 (out, class);
}

static void
put_head (GByteArray *out, const char *name, guint type, guint ttl_s, gsize size)
{
  put_question (out, name, type, 1);
  put_u16 (out, 0);
  put_u16 (out, ttl_s);
  put_u16 (out, (guint) size);
}

/* Appends a record of @instance that says @text. */
static void
put_text (GByteArray *out, const char *instance, guint ttl_s, const char *text)
{
  g_autofree char *name = g_strconcat (instance, "." MH_MDNS_SERVICE, NULL);
  guint8 size = (guint8) strlen (text);

  put_head (out, name, TYPE_TXT, ttl_s, 1 + (gsize) size);
  g_byte_array_append (out, &size, 1);
  g_byte_array_append (out, (const guint8 *) text, size);
}

/* -- reading -- */

static void
test_js (void)
{
  static const char *const expected[] = { "/ip4/192.168.1.5/tcp/4001", "/ip4/127.0.0.1/tcp/4002/ws",
                                          "/ip6/fd00::1/tcp/4001" };
  g_autoptr (MhMdnsPacket) query = parse_hex (js_query);
  g_autoptr (MhMdnsPacket) answer = parse_hex (js_answer);
  MhPeerId id = id_of (PEER);

  g_test_summary ("what js-libp2p sends is understood");
  g_assert_false (query->is_answer);
  g_assert_cmpint (query->asks, ==, MH_MDNS_ASKS_PEERS);
  g_assert_cmpuint (query->peers->len, ==, 0);
  g_assert_true (answer->is_answer);
  g_assert_cmpint (answer->asks, ==, MH_MDNS_ASKS_NOTHING);
  g_assert_cmpuint (answer->peers->len, ==, 1);
  g_assert_true (mh_peer_id_equal (&nth_peer (answer, 0)->id, &id));
  g_assert_cmpuint (nth_peer (answer, 0)->addresses->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *text = nth_address (answer, 0, i);

      g_assert_cmpstr (text, ==, expected[i]);
    }
}

static void
test_questions (void)
{
  static const struct
  {
    const char *name;
    guint type;
    guint class;
    guint flags;
    MhMdnsAsks asks;
  } rows[] = {
    { "_p2p._udp.local", TYPE_PTR, 1, 0, MH_MDNS_ASKS_PEERS },
    { "_P2P._UDP.Local", TYPE_PTR, 1, 0, MH_MDNS_ASKS_PEERS },
    { "_p2p._udp.local", TYPE_PTR, 0x8001, 0, MH_MDNS_ASKS_PEERS },
    { "_p2p._udp.local", 255, 255, 0, MH_MDNS_ASKS_PEERS },
    { "_p2p._udp.local", TYPE_TXT, 1, 0, MH_MDNS_ASKS_NOTHING },
    { "_p2p._udp.local", TYPE_PTR, 3, 0, MH_MDNS_ASKS_NOTHING },
    { "_p2p._udp.local", TYPE_PTR, 1, ANSWER, MH_MDNS_ASKS_NOTHING },
    { "_p2p._udp.local.x", TYPE_PTR, 1, 0, MH_MDNS_ASKS_NOTHING },
    { "_http._tcp.local", TYPE_PTR, 1, 0, MH_MDNS_ASKS_NOTHING },
    { MH_MDNS_META, TYPE_PTR, 1, 0, MH_MDNS_ASKS_SERVICES },
    { OURS "._p2p._udp.local", TYPE_TXT, 1, 0, MH_MDNS_ASKS_INSTANCE },
    { OURS "._p2p._udp.local", TYPE_A, 1, 0, MH_MDNS_ASKS_NOTHING },
    { OURS "x._p2p._udp.local", TYPE_TXT, 1, 0, MH_MDNS_ASKS_NOTHING },
    { OURS, TYPE_TXT, 1, 0, MH_MDNS_ASKS_NOTHING },
  };

  g_test_summary ("questions for us are told from those for others");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) bytes = begin (rows[i].flags, 1, 0);
      g_autoptr (MhMdnsPacket) packet = NULL;

      g_test_message ("%u", i);
      put_question (bytes, rows[i].name, rows[i].type, rows[i].class);
      packet = parse (bytes);
      g_assert_cmpint (packet->asks, ==, rows[i].asks);
    }
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *text;
    guint ttl_s;
    gboolean is_taken;
  } rows[] = {
    { "dnsaddr=/ip4/10.1.2.3/tcp/4001/p2p/" PEER, 120, TRUE },
    { "dnsaddr=/ip4/172.16.2.3/tcp/4001/p2p/" PEER, 120, TRUE },
    { "dnsaddr=/ip4/169.254.2.3/tcp/4001/p2p/" PEER, 120, TRUE },
    { "dnsaddr=/ip4/127.0.0.1/tcp/4001/ws/p2p/" PEER, 120, TRUE },
    { "dnsaddr=/ip6/fd00::1/tcp/4001/p2p/" PEER, 120, TRUE },
    { "dnsaddr=/ip4/10.1.2.3/tcp/4001/p2p/" PEER, 0, FALSE },
    { "dnsaddr=/ip4/8.8.8.8/tcp/4001/p2p/" PEER, 120, FALSE },
    { "dnsaddr=/ip6/2a00::1/tcp/4001/p2p/" PEER, 120, FALSE },
    { "dnsaddr=/ip4/10.1.2.3/tcp/4001", 120, FALSE },
    { "dnsaddr=/ip4/10.1.2.3/udp/4001/quic-v1/p2p/" PEER, 120, FALSE },
    { "dnsaddr=/dns4/example.org/tcp/4001/p2p/" PEER, 120, FALSE },
    { "dnsaddr=/ip4/10.1.2.3/tcp/4001/p2p/" OTHER "/p2p-circuit/p2p/" PEER, 120, FALSE },
    { "dnsaddr=/p2p/" PEER, 120, FALSE },
    { "dnsaddr=", 120, FALSE },
    { "dnsadd=/ip4/10.1.2.3/tcp/4001/p2p/" PEER, 120, FALSE },
    { "/ip4/10.1.2.3/tcp/4001/p2p/" PEER, 120, FALSE },
  };

  g_test_summary ("only addresses of this network that lead to a peer are taken");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) bytes = begin (ANSWER, 0, 1);
      g_autoptr (GByteArray) question = begin (0, 0, 1);
      g_autoptr (MhMdnsPacket) packet = NULL;
      g_autoptr (MhMdnsPacket) known = NULL;

      g_test_message ("%s", rows[i].text);
      put_text (bytes, "them", rows[i].ttl_s, rows[i].text);
      packet = parse (bytes);
      g_assert_cmpuint (packet->peers->len, ==, rows[i].is_taken);
      put_text (question, "them", rows[i].ttl_s, rows[i].text);
      known = parse (question); /* what a question says is known already */
      g_assert_cmpuint (known->peers->len, ==, 0);
    }
}

static void
test_same_peer (void)
{
  g_autoptr (GByteArray) bytes = begin (ANSWER, 0, 5);
  g_autoptr (MhMdnsPacket) packet = NULL;
  MhPeerId first = id_of (PEER);
  MhPeerId second = id_of (OTHER);

  g_test_summary ("an instance is one peer: addresses of another are passed over");
  put_text (bytes, "one", 120, "dnsaddr=/ip4/10.0.0.1/tcp/1/p2p/" PEER);
  put_text (bytes, "one", 120, "dnsaddr=/ip4/10.0.0.1/tcp/2/p2p/" OTHER);
  put_text (bytes, "two", 120, "dnsaddr=/ip4/10.0.0.1/tcp/3/p2p/" OTHER);
  put_text (bytes, "ONE", 120, "dnsaddr=/ip4/10.0.0.1/tcp/4/p2p/" PEER);
  put_text (bytes, "two", 120, "dnsaddr=/ip4/10.0.0.1/tcp/5/p2p/" PEER);
  packet = parse (bytes);
  g_assert_cmpuint (packet->peers->len, ==, 2);
  g_assert_true (mh_peer_id_equal (&nth_peer (packet, 0)->id, &first));
  g_assert_cmpuint (nth_peer (packet, 0)->addresses->len, ==, 2);
  g_assert_true (mh_peer_id_equal (&nth_peer (packet, 1)->id, &second));
  g_assert_cmpuint (nth_peer (packet, 1)->addresses->len, ==, 1);
}

static void
test_bad (void)
{
  static const struct
  {
    const char *what;
    const char *hex;
  } rows[] = {
    { "empty", "" },
    { "half a header", "0000000000" },
    { "a question that is not there", "000000000001000000000000" },
    { "name without end", "000000000001000000000000036162" },
    { "label over the end", "0000000000010000000000003f6162" },
    { "a pointer to itself", "000000000001000000000000c00c000c0001" },
    { "a pointer ahead", "000000000001000000000000c00e00000c0001" },
    { "a pointer out of the packet", "000000000001000000000000ffff000c0001" },
    { "half a pointer", "000000000001000000000000c0" },
    { "two names that point at each other", "000000000002000000000000c012000c0001c00c000c0001" },
    { "a label that leads back to its own name", "0000000000010000000000000161c00c000c0001" },
    { "a label of an unknown kind", "000000000001000000000000416100000c0001" },
    { "no class", "00000000000100000000000000000c" },
    { "a record over the end", "00008400000000010000000000001000010000007800ff61" },
    { "another operation", "000028000000000000000000" },
    { "too many records", "0000840000000000ffffffff" },
  };

  g_test_summary ("what is no packet is refused, loops among them");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autoptr (MhMdnsPacket) packet = NULL;

      g_test_message ("%s", rows[i].what);
      g_byte_array_set_size (bytes, (guint) strlen (rows[i].hex) / 2);
      g_assert_true (mh_hex_decode (rows[i].hex, bytes->data, bytes->len));
      packet = parse (bytes);
      g_assert_null (packet);
    }
}

static void
test_bad_text (void)
{
  g_autoptr (GByteArray) bytes = begin (ANSWER, 0, 1);

  g_test_summary ("text that ends behind its record is refused");
  put_head (bytes, "them." MH_MDNS_SERVICE, TYPE_TXT, 120, 2);
  g_byte_array_append (bytes,
                       (const guint8 *) "\x05"
                                        "abcdef",
                       7);
  g_assert_null (parse (bytes));
}

static void
test_cuts (void)
{
  g_autoptr (GByteArray) whole = g_byte_array_new ();

  g_test_summary ("an answer that is cut anywhere is refused, and nothing is read behind it");
  g_byte_array_set_size (whole, (guint) strlen (js_answer) / 2);
  g_assert_true (mh_hex_decode (js_answer, whole->data, whole->len));
  for (guint size = 0; size < whole->len; size++)
    {
      g_autofree guint8 *copy = g_memdup2 (whole->data, size);

      g_assert_null (mh_mdns_packet_parse (copy, size, OURS));
    }
}

static void
test_names (void)
{
  g_autoptr (GString) label = g_string_new (NULL);

  g_test_summary ("a name has at most 255 bytes, also when it is put together");
  for (guint last = 60; last <= 63; last++)
    {
      g_autoptr (GByteArray) bytes = begin (0, 2, 0);
      g_autoptr (MhMdnsPacket) packet = NULL;
      const guint8 pointer[] = { 0xc0, 12, 0, TYPE_PTR, 0, 1 };
      guint8 size = (guint8) last;
      guint tail = 3 * 64 + 1; /* labels of 63, the end */

      g_string_set_size (label, 63);
      memset (label->str, 'a', 63);
      for (guint i = 0; i < 3; i++)
        {
          const guint8 length = 63;

          g_byte_array_append (bytes, &length, 1);
          g_byte_array_append (bytes, (const guint8 *) label->str, 63);
        }
      g_byte_array_append (bytes, (const guint8 *) "\0\0\x0c\0\1", 5);
      g_byte_array_append (bytes, &size, 1);
      g_byte_array_append (bytes, (const guint8 *) label->str, size);
      g_byte_array_append (bytes, pointer, sizeof pointer);
      packet = parse (bytes);
      g_assert_cmpint (packet != NULL, ==, tail + 1 + last <= MH_MDNS_MAX_NAME);
    }
}

static void
test_limits (void)
{
  g_autoptr (GByteArray) many = begin (ANSWER, 0, MH_MDNS_MOST_PEERS + 8);
  g_autoptr (GByteArray) records = begin (ANSWER, 0, MH_MDNS_MOST_RECORDS);
  g_autoptr (GByteArray) more = begin (ANSWER, 1, MH_MDNS_MOST_RECORDS);
  g_autoptr (GByteArray) huge = begin (0, 0, 0);
  g_autoptr (MhMdnsPacket) peers = NULL;
  g_autoptr (MhMdnsPacket) addresses = NULL;
  g_autoptr (MhMdnsPacket) long_one = NULL;

  g_test_summary ("more peers or addresses than the limit are passed over, more records refused");
  for (guint i = 0; i < MH_MDNS_MOST_PEERS + 8; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%u", i);

      put_text (many, name, 120, "dnsaddr=/ip4/10.0.0.1/tcp/1/p2p/" PEER);
    }
  peers = parse (many);
  g_assert_cmpuint (peers->peers->len, ==, MH_MDNS_MOST_PEERS);

  put_question (more, "x", TYPE_PTR, 1);
  for (guint i = 0; i < MH_MDNS_MOST_RECORDS; i++)
    {
      GByteArray *const both[] = { records, more };

      for (guint k = 0; k < 2; k++)
        if (i < 2 * MH_MDNS_MOST_ADDRESSES)
          put_text (both[k], "n", 120, "dnsaddr=/ip4/10.0.0.1/tcp/1/p2p/" PEER);
        else
          put_head (both[k], "x", TYPE_TXT, 120, 0);
    }
  addresses = parse (records);
  g_assert_cmpuint (nth_peer (addresses, 0)->addresses->len, ==, MH_MDNS_MOST_ADDRESSES);
  g_assert_null (parse (more));

  g_byte_array_set_size (huge, MH_MDNS_MAX_PACKET);
  memset (huge->data + 12, 0, huge->len - 12);
  long_one = parse (huge); /* what stands behind the records means nothing */
  g_assert_nonnull (long_one);
  g_byte_array_set_size (huge, MH_MDNS_MAX_PACKET + 1);
  g_assert_null (parse (huge));
}

/* -- writing -- */

static GPtrArray *
addresses_of (const char *const *texts)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  for (guint i = 0; texts[i] != NULL; i++)
    {
      g_ptr_array_add (out, mh_multiaddr_new (texts[i], NULL));
      g_assert_nonnull (out->pdata[i]);
    }

  return out;
}

static void
test_query (void)
{
  g_autoptr (GBytes) query = mh_mdns_query ();
  gsize size;
  const guint8 *data = g_bytes_get_data (query, &size);
  g_autofree char *hex = mh_hex_encode (data, size);

  g_test_summary ("the question is what js-libp2p asks, byte for byte");
  g_assert_cmpstr (hex, ==, js_query);
}

static void
test_answer (void)
{
  static const char *const texts[] = { "/ip4/10.0.0.1/tcp/4001", "/ip4/8.8.8.8/tcp/4001",
                                       "/ip6/fe80::1/tcp/4001/ws", NULL };
  static const struct
  {
    MhMdnsAsks asks;
    guint answers;
    guint more;
    guint peers;
  } rows[] = {
    { MH_MDNS_ASKS_PEERS, 1, 2, 1 },
    { MH_MDNS_ASKS_INSTANCE, 3, 0, 1 },
    { MH_MDNS_ASKS_SERVICES, 1, 0, 0 },
    { MH_MDNS_ASKS_PEERS | MH_MDNS_ASKS_SERVICES, 2, 2, 1 },
  };
  g_autoptr (GPtrArray) addresses = addresses_of (texts);
  g_autoptr (GPtrArray) none = addresses_of (texts + 3);
  MhPeerId id = id_of (PEER);

  g_test_summary ("answers are read back, without what leads out of the network");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = mh_mdns_answer (rows[i].asks, OURS, &id, addresses);
      const guint8 *data = g_bytes_get_data (bytes, NULL);
      g_autoptr (MhMdnsPacket) packet = parse_bytes (bytes, "theirs");

      g_test_message ("%u", i);
      g_assert_cmpuint (data[7], ==, rows[i].answers);
      g_assert_cmpuint (data[11], ==, rows[i].more);
      g_assert_true (packet->is_answer);
      g_assert_cmpuint (packet->peers->len, ==, rows[i].peers);
      if (rows[i].peers == 0)
        continue;
      g_assert_true (mh_peer_id_equal (&nth_peer (packet, 0)->id, &id));
      g_assert_cmpuint (nth_peer (packet, 0)->addresses->len, ==, 2);
      for (guint k = 0; k < 2; k++)
        g_assert_true (mh_multiaddr_equal (nth_peer (packet, 0)->addresses->pdata[k],
                                           addresses->pdata[2 * k]));
    }
  g_assert_null (mh_mdns_answer (MH_MDNS_ASKS_NOTHING, OURS, &id, addresses));
  g_assert_null (mh_mdns_answer (MH_MDNS_ASKS_PEERS, OURS, &id, none));
}

static void
test_answer_size (void)
{
  g_autoptr (GPtrArray) addresses =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (MhMdnsPacket) packet = NULL;
  MhPeerId id = id_of (PEER);

  g_test_summary ("an answer fits into a frame, however many addresses there are");
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text =
          g_strdup_printf ("/ip6/fd00:1111:2222:3333:4444:5555:6666:%x/tcp/4001", 0x1000 + i);

      g_ptr_array_add (addresses, mh_multiaddr_new (text, NULL));
    }
  bytes = mh_mdns_answer (MH_MDNS_ASKS_PEERS, OURS, &id, addresses);
  g_assert_cmpuint (g_bytes_get_size (bytes), <=, MH_MDNS_MAX_SENT);
  g_assert_cmpuint (g_bytes_get_size (bytes), >, MH_MDNS_MAX_SENT - 200);
  packet = parse_bytes (bytes, "theirs");
  g_assert_cmpuint (nth_peer (packet, 0)->addresses->len, >=, 8);
}

static void
test_instance (void)
{
  guint8 random[MH_MDNS_INSTANCE_SIZE];
  g_autofree char *name = NULL;

  g_test_summary ("a name of an instance is of lower-case letters and digits, and one label");
  for (guint i = 0; i < sizeof random; i++)
    random[i] = (guint8) (i * 8 + i);
  name = mh_mdns_instance (random);
  g_assert_cmpuint (strlen (name), ==, MH_MDNS_INSTANCE_SIZE);
  for (guint i = 0; name[i] != '\0'; i++)
    g_assert_true (g_ascii_islower (name[i]) || g_ascii_isdigit (name[i]));
}

/* -- when -- */

static void
test_asking (void)
{
  static const gint64 times_ms[] = { 5000, 6000, 8000, 12000, 20000, 30000, 40000 };
  MhMdnsSchedule schedule = { .interval_ms = 10000 };
  MhMdnsSchedule fast = { .interval_ms = 100 };
  guint count = 0;

  g_test_summary ("the others are asked at once, then less often until it is the interval");
  g_assert_cmpint (mh_mdns_schedule_wait (&schedule, 5000), ==, 0);
  for (gint64 now_ms = 5000; now_ms <= 40000; now_ms += 100)
    if (mh_mdns_schedule_query (&schedule, now_ms))
      {
        g_assert_cmpuint (count, <, G_N_ELEMENTS (times_ms));
        g_assert_cmpint (now_ms, ==, times_ms[count]);
        count++;
      }
  g_assert_cmpuint (count, ==, G_N_ELEMENTS (times_ms));
  g_assert_cmpint (mh_mdns_schedule_wait (&schedule, 45000), ==, 5000);
  g_assert_true (mh_mdns_schedule_query (&fast, 0));
  g_assert_false (mh_mdns_schedule_query (&fast, 99));
  g_assert_true (mh_mdns_schedule_query (&fast, 100));
}

static void
test_answering (void)
{
  MhMdnsSchedule schedule = { .interval_ms = 100000 };
  guint answers = 0;

  g_test_summary ("an answer waits a random moment, covers all who asked, and is not repeated "
                  "within a second");
  g_assert_true (mh_mdns_schedule_query (&schedule, 0));
  g_assert_cmpint (mh_mdns_schedule_answer (&schedule, 0), ==, MH_MDNS_ASKS_NOTHING);
  mh_mdns_schedule_asked (&schedule, MH_MDNS_ASKS_NOTHING, 0, 0);
  g_assert_cmpint (mh_mdns_schedule_wait (&schedule, 0), ==, MH_MDNS_FIRST_MS);

  mh_mdns_schedule_asked (&schedule, MH_MDNS_ASKS_PEERS, 7, 0);
  g_assert_cmpint (mh_mdns_schedule_wait (&schedule, 0), ==, MH_MDNS_ANSWER_LEAST_MS + 7);
  mh_mdns_schedule_asked (&schedule, MH_MDNS_ASKS_SERVICES, 90, 1);
  g_assert_cmpint (mh_mdns_schedule_answer (&schedule, 26), ==, MH_MDNS_ASKS_NOTHING);
  g_assert_cmpint (mh_mdns_schedule_answer (&schedule, 27), ==,
                   MH_MDNS_ASKS_PEERS | MH_MDNS_ASKS_SERVICES);
  g_assert_cmpint (mh_mdns_schedule_answer (&schedule, 28), ==, MH_MDNS_ASKS_NOTHING);

  for (gint64 now_ms = 28; now_ms < 5028; now_ms++)
    {
      mh_mdns_schedule_asked (&schedule, MH_MDNS_ASKS_PEERS, (guint) now_ms, now_ms);
      answers += mh_mdns_schedule_answer (&schedule, now_ms) != MH_MDNS_ASKS_NOTHING;
    }
  g_assert_cmpuint (answers, >=, 4);
  g_assert_cmpuint (answers, <=, 5);
}

static void
test_flood (void)
{
  MhMdnsSchedule schedule = { .interval_ms = 1000 };
  guint read = 0;

  g_test_summary ("no more packets are read a second than the limit");
  for (guint i = 0; i < 10 * MH_MDNS_MOST_PACKETS; i++)
    read += mh_mdns_schedule_admit (&schedule, 10000);
  g_assert_cmpuint (read, ==, MH_MDNS_MOST_PACKETS);
  g_assert_false (mh_mdns_schedule_admit (&schedule, 10999));
  g_assert_true (mh_mdns_schedule_admit (&schedule, 11000));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/mdns/read/js", test_js);
  g_test_add_func ("/p2p/mdns/read/questions", test_questions);
  g_test_add_func ("/p2p/mdns/read/addresses", test_addresses);
  g_test_add_func ("/p2p/mdns/read/same-peer", test_same_peer);
  g_test_add_func ("/p2p/mdns/read/bad", test_bad);
  g_test_add_func ("/p2p/mdns/read/bad-text", test_bad_text);
  g_test_add_func ("/p2p/mdns/read/cuts", test_cuts);
  g_test_add_func ("/p2p/mdns/read/names", test_names);
  g_test_add_func ("/p2p/mdns/read/limits", test_limits);
  g_test_add_func ("/p2p/mdns/write/query", test_query);
  g_test_add_func ("/p2p/mdns/write/answer", test_answer);
  g_test_add_func ("/p2p/mdns/write/size", test_answer_size);
  g_test_add_func ("/p2p/mdns/write/instance", test_instance);
  g_test_add_func ("/p2p/mdns/when/asking", test_asking);
  g_test_add_func ("/p2p/mdns/when/answering", test_answering);
  g_test_add_func ("/p2p/mdns/when/flood", test_flood);

  return g_test_run ();
}
