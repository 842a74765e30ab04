/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/kad/kad-answer.h"
#include "net/p2p/kad/kad-lookup.h"
#include "net/p2p/wire/pb.h"

#define PEER_A "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define PEER_B "QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ"
#define ID_A "0024080112202ffa35a99d3a3cfbb17bb7c1dc5561b18a8dcca4df38dc613ea859c37eb1336b"
#define ID_B "1220b04a57d40eca138809f139a76b12044333c3740391c9bf1ce9d8e21a79210bfd"
#define TCP "040a000001060fa1"
#define WS "29fd000000000000000000000000000001060fa2dd03"
#define UNKNOWN "040a00000291020fa19802" /* ends on webrtc-direct */

static MhPeerId
id_of (const char *text)
{
  MhPeerId id;

  g_assert_true (mh_peer_id_from_text (text, &id));

  return id;
}

/* Returns: the nth peer of the tests */
static MhPeerId
nth_id (guint n)
{
  guint8 key[MH_PEER_ID_ED25519_SIZE] = { 0 };

  memcpy (key, &n, sizeof n);

  return mh_peer_id_from_ed25519 (key);
}

static GBytes *
from_hex (const char *text)
{
  gsize size = strlen (text) / 2;
  guint8 *out = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    out[i] =
        (guint8) (g_ascii_xdigit_value (text[2 * i]) << 4 | g_ascii_xdigit_value (text[2 * i + 1]));

  return g_bytes_new_take (out, size);
}

static MhKadMessage *
parse (GBytes *bytes)
{
  return mh_kad_message_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* -- messages -- */

static void
test_read (void)
{
  static const struct
  {
    const char *what;
    const char *hex;
    gboolean is_good;
    MhKadType type;
    guint key_size;
    guint peers;
    guint addresses; /* of the first */
  } rows[] = {
    /* the first four were written by js-libp2p */
    { "find", "08041226" ID_A, TRUE, MH_KAD_FIND_NODE, 38, 0, 0 },
    { "answer", "08045000424a0a26" ID_A "1208" TCP "1216" WS "42330a22" ID_B "120b" UNKNOWN "1802",
      TRUE, MH_KAD_FIND_NODE, 0, 2, 2 },
    { "ping", "0805", TRUE, MH_KAD_PING, 0, 0, 0 },
    { "put", "1226" ID_A "1a020102", TRUE, MH_KAD_PUT_VALUE, 38, 0, 0 },
    { "nothing", "", TRUE, MH_KAD_PUT_VALUE, 0, 0, 0 },
    { "providers", "08034a280a26" ID_A, TRUE, MH_KAD_GET_PROVIDERS, 0, 0, 0 },
    { "named twice", "080442280a26" ID_A "42280a26" ID_A, TRUE, MH_KAD_FIND_NODE, 0, 1, 0 },
    { "no id", "0804420a1208" TCP, TRUE, MH_KAD_FIND_NODE, 0, 0, 0 },
    { "bad id", "080442040a021234", TRUE, MH_KAD_FIND_NODE, 0, 0, 0 },
    { "two ids, the last bad", "0804422c0a26" ID_A "0a021234", TRUE, MH_KAD_FIND_NODE, 0, 0, 0 },
    { "odd connection", "0804422a0a26" ID_A "1809", TRUE, MH_KAD_FIND_NODE, 0, 1, 0 },
    { "unknown field", "0804a20602ffff", TRUE, MH_KAD_FIND_NODE, 0, 0, 0 },
    { "unknown type", "0806", FALSE, 0, 0, 0, 0 },
    { "type of 64 bits", "0884808080808080808001", FALSE, 0, 0, 0, 0 },
    { "cut", "080412260024", FALSE, 0, 0, 0, 0 },
    { "cut in a peer", "080442030a2600", FALSE, 0, 0, 0, 0 },
    { "no protobuf", "ffffffff", FALSE, 0, 0, 0, 0 },
  };

  g_test_summary ("messages of others are read, and what is no message is refused");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (rows[i].hex);
      g_autoptr (MhKadMessage) message = parse (bytes);

      g_test_message ("%s", rows[i].what);
      g_assert_cmpint (message != NULL, ==, rows[i].is_good);
      if (message == NULL)
        continue;
      g_assert_cmpint (message->type, ==, rows[i].type);
      g_assert_cmpuint (message->key != NULL ? g_bytes_get_size (message->key) : 0, ==,
                        rows[i].key_size);
      g_assert_cmpuint (message->closer->len, ==, rows[i].peers);
      if (rows[i].peers > 0)
        g_assert_cmpuint (((MhKadPeer *) message->closer->pdata[0])->addresses->len, ==,
                          rows[i].addresses);
    }
}

static void
test_write (void)
{
  MhPeerId a = id_of (PEER_A);
  MhPeerId key;
  g_autoptr (MhKadMessage) find = mh_kad_message_new_find (&a);
  g_autoptr (GBytes) bytes = mh_kad_message_encode (find);
  g_autoptr (GBytes) expected = from_hex ("08041226" ID_A);
  g_autoptr (MhKadMessage) answer = mh_kad_message_new (MH_KAD_FIND_NODE);
  g_autoptr (GBytes) answer_bytes = NULL;
  g_autoptr (MhKadMessage) again = NULL;
  MhKadPeer *peer = mh_kad_peer_new (&a);

  g_test_summary ("messages are written as js-libp2p writes them, and read back");
  g_assert_true (g_bytes_equal (bytes, expected));
  g_assert_true (mh_kad_message_peer (find, &key));
  g_assert_true (mh_peer_id_equal (&key, &a));
  g_assert_false (mh_kad_message_peer (answer, &key));

  peer->connection = MH_KAD_CAN_CONNECT;
  for (guint i = 0; i < 2 * MH_KAD_MOST_ADDRESSES; i++)
    {
      g_autofree char *text = g_strdup_printf ("/ip4/10.0.0.1/tcp/%u", i + 1);

      g_ptr_array_add (peer->addresses, mh_multiaddr_new (text, NULL));
    }
  g_ptr_array_add (answer->closer, peer);
  answer_bytes = mh_kad_message_encode (answer);
  again = parse (answer_bytes);
  g_assert_cmpuint (again->closer->len, ==, 1);
  peer = again->closer->pdata[0];
  g_assert_true (mh_peer_id_equal (&peer->id, &a));
  g_assert_cmpint (peer->connection, ==, MH_KAD_CAN_CONNECT);
  g_assert_cmpuint (peer->addresses->len, ==, MH_KAD_MOST_ADDRESSES);
}

/* Appends a peer of an answer, with @addresses addresses. */
static void
put_peer (GByteArray *out, guint n, guint addresses)
{
  g_autoptr (GByteArray) row = g_byte_array_new ();
  g_autoptr (GBytes) tcp = from_hex (TCP);
  MhPeerId id = nth_id (n);

  mh_pb_put_bytes (row, 1, id.bytes, id.size);
  for (guint i = 0; i < addresses; i++)
    mh_pb_put_bytes (row, 2, g_bytes_get_data (tcp, NULL), g_bytes_get_size (tcp));
  mh_pb_put_message (out, 8, row);
}

static void
test_limits (void)
{
  g_autoptr (GByteArray) many = g_byte_array_new ();
  g_autoptr (GByteArray) long_key = g_byte_array_new ();
  g_autoptr (GByteArray) huge = g_byte_array_new ();
  g_autofree guint8 *zeros = g_malloc0 (MH_KAD_MAX_MESSAGE);
  g_autoptr (MhKadMessage) message = NULL;

  g_test_summary ("more peers or addresses than the limit are passed over, longer keys refused");
  for (guint i = 0; i < 10 * MH_KAD_MOST_PEERS; i++)
    put_peer (many, i, 3 * MH_KAD_MOST_ADDRESSES);
  message = mh_kad_message_parse (many->data, many->len);
  g_assert_cmpuint (message->closer->len, ==, MH_KAD_MOST_PEERS);
  g_assert_cmpuint (((MhKadPeer *) message->closer->pdata[0])->addresses->len, ==,
                    MH_KAD_MOST_ADDRESSES);

  mh_pb_put_bytes (long_key, 2, zeros, MH_KAD_MAX_KEY);
  g_clear_pointer (&message, mh_kad_message_free);
  message = mh_kad_message_parse (long_key->data, long_key->len);
  g_assert_cmpuint (g_bytes_get_size (message->key), ==, MH_KAD_MAX_KEY);
  g_byte_array_set_size (long_key, 0);
  mh_pb_put_bytes (long_key, 2, zeros, MH_KAD_MAX_KEY + 1);
  g_assert_null (mh_kad_message_parse (long_key->data, long_key->len));

  mh_pb_put_bytes (huge, 3, zeros, MH_KAD_MAX_MESSAGE - 4);
  g_assert_cmpuint (huge->len, ==, MH_KAD_MAX_MESSAGE);
  g_clear_pointer (&message, mh_kad_message_free);
  message = mh_kad_message_parse (huge->data, huge->len);
  g_assert_nonnull (message);
  mh_pb_put_uint (huge, 1, 4);
  g_assert_null (mh_kad_message_parse (huge->data, huge->len));
}

static void
test_cuts (void)
{
  g_autoptr (GByteArray) whole = g_byte_array_new ();

  g_test_summary ("a message that is cut anywhere is refused or means less, and nothing is read "
                  "behind it");
  put_peer (whole, 1, 2);
  put_peer (whole, 2, 2);
  for (guint size = 0; size <= whole->len; size++)
    {
      g_autofree guint8 *copy = g_memdup2 (whole->data, size);
      g_autoptr (MhKadMessage) message = mh_kad_message_parse (copy, size);

      g_assert_true (message == NULL || message->closer->len <= 2);
      g_assert_true (size < whole->len || message->closer->len == 2);
    }
}

/* -- table -- */

static void
test_keys (void)
{
  static const struct
  {
    guint8 a[2];
    guint8 b[2];
    guint shared;
  } rows[] = {
    { { 0x00, 0 }, { 0x80, 0 }, 0 },  { { 0x80, 0 }, { 0xc0, 0 }, 1 },
    { { 0x01, 0 }, { 0x00, 0 }, 7 },  { { 0x01, 0x80 }, { 0x01, 0x00 }, 8 },
    { { 0xff, 0 }, { 0xff, 1 }, 15 }, { { 1, 1 }, { 1, 1 }, MH_KAD_KEY_BITS },
  };
  MhPeerId a = id_of (PEER_A);
  MhKadKey key = mh_kad_key_of_peer (&a);
  guint8 digest[MH_SHA256_SIZE];

  g_test_summary ("keys are SHA-256 of ids, near by the bits that they begin with");
  mh_sha256 (a.bytes, a.size, digest);
  g_assert_cmpmem (key.bytes, sizeof key.bytes, digest, sizeof digest);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      MhKadKey left = { { rows[i].a[0], rows[i].a[1] } };
      MhKadKey right = { { rows[i].b[0], rows[i].b[1] } };
      int order = mh_kad_key_compare (&left, &left, &right);

      g_assert_cmpuint (mh_kad_key_shared (&left, &right), ==, rows[i].shared);
      g_assert_cmpint (order < 0, ==, rows[i].shared < MH_KAD_KEY_BITS);
      g_assert_cmpint (mh_kad_key_compare (&left, &right, &left), ==, -order);
    }
}

/* Returns: the nth of the peers that fall into @bucket */
static MhPeerId
in_bucket (const MhPeerId *own, guint bucket, guint n)
{
  MhKadKey key = mh_kad_key_of_peer (own);

  for (guint i = 1000;; i++)
    {
      MhPeerId id = nth_id (i);
      MhKadKey other = mh_kad_key_of_peer (&id);

      if (mh_kad_key_shared (&key, &other) == bucket && n-- == 0)
        return id;
    }
}

static void
test_full (void)
{
  MhPeerId own = nth_id (0);
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);
  MhPeerId id;
  MhPeerId oldest;

  g_test_summary ("a bucket holds k; a newcomer takes the place of one that does not answer");
  g_assert_cmpint (mh_kad_table_add (table, &own, 0, &oldest), ==, MH_KAD_OWN);
  for (guint i = 0; i < MH_KAD_K; i++)
    {
      id = in_bucket (&own, 1, i);
      g_assert_cmpint (mh_kad_table_add (table, &id, 100 + i, &oldest), ==, MH_KAD_ADDED);
    }
  id = in_bucket (&own, 1, 0);
  g_assert_cmpint (mh_kad_table_add (table, &id, 500, &oldest), ==, MH_KAD_KNOWN);

  id = in_bucket (&own, 1, MH_KAD_K);
  g_assert_cmpint (mh_kad_table_add (table, &id, 600, &oldest), ==, MH_KAD_FULL);
  id = in_bucket (&own, 1, 1);
  g_assert_true (mh_peer_id_equal (&oldest, &id));
  g_assert_cmpuint (mh_kad_table_size (table), ==, MH_KAD_K);
  id = in_bucket (&own, 2, 0);
  g_assert_cmpint (mh_kad_table_add (table, &id, 600, &oldest), ==, MH_KAD_ADDED);

  id = in_bucket (&own, 1, 7);
  g_assert_false (mh_kad_table_failed (table, &id));
  id = in_bucket (&own, 1, MH_KAD_K);
  g_assert_cmpint (mh_kad_table_add (table, &id, 700, &oldest), ==, MH_KAD_ADDED);
  id = in_bucket (&own, 1, 7);
  g_assert_false (mh_kad_table_has (table, &id));
  g_assert_cmpuint (mh_kad_table_size (table), ==, MH_KAD_K + 1);
}

static void
test_failures (void)
{
  MhPeerId own = nth_id (0);
  MhPeerId id = nth_id (1);
  MhPeerId oldest;
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);

  g_test_summary ("who does not answer several times in a row is forgotten");
  g_assert_false (mh_kad_table_failed (table, &id));
  mh_kad_table_add (table, &id, 0, &oldest);
  for (guint i = 1; i < MH_KAD_MOST_FAILURES; i++)
    g_assert_false (mh_kad_table_failed (table, &id));
  g_assert_cmpint (mh_kad_table_add (table, &id, 0, &oldest), ==, MH_KAD_KNOWN);
  for (guint i = 1; i < MH_KAD_MOST_FAILURES; i++)
    g_assert_false (mh_kad_table_failed (table, &id));
  g_assert_true (mh_kad_table_failed (table, &id));
  g_assert_false (mh_kad_table_has (table, &id));
  g_assert_false (mh_kad_table_remove (table, &id));
  g_assert_cmpuint (mh_kad_table_size (table), ==, 0);
}

static int
compare_ids (gconstpointer a, gconstpointer b, gpointer to)
{
  MhKadKey left = mh_kad_key_of_peer (a);
  MhKadKey right = mh_kad_key_of_peer (b);

  return mh_kad_key_compare (to, &left, &right);
}

static void
test_closest (void)
{
  MhPeerId own = nth_id (0);
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (MhPeerId));
  MhPeerId oldest;

  g_test_summary ("the closest are what sorting everybody gives, wherever the key is");
  for (guint i = 1; i <= 400; i++)
    {
      MhPeerId id = nth_id (i);

      if (mh_kad_table_add (table, &id, 0, &oldest) == MH_KAD_ADDED)
        g_array_append_val (all, id);
    }
  g_assert_cmpuint (all->len, ==, mh_kad_table_size (table));

  for (guint i = 0; i < 300; i++)
    {
      MhPeerId target = nth_id (i);
      MhKadKey key = mh_kad_key_of_peer (&target);
      guint most = i % 30;
      g_autoptr (GArray) closest = mh_kad_table_closest (table, &key, most, &target);
      guint at = 0;

      g_array_sort_with_data (all, compare_ids, &key);
      g_assert_cmpuint (closest->len, ==, most);
      for (guint k = 0; k < most; k++, at++)
        {
          at += mh_peer_id_equal (&g_array_index (all, MhPeerId, at), &target);
          g_assert_true (mh_peer_id_equal (&g_array_index (closest, MhPeerId, k),
                                           &g_array_index (all, MhPeerId, at)));
        }
    }
}

static void
test_refresh (void)
{
  MhPeerId own = nth_id (0);
  MhKadKey key = mh_kad_key_of_peer (&own);
  MhKadKey other;
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);
  guint8 random[MH_SHA256_SIZE] = { 1, 2, 3 };
  MhPeerId id = in_bucket (&own, 4, 0);
  MhPeerId target;

  g_test_summary ("our own id is looked up, then each bucket, each in its time");
  g_assert_false (mh_kad_table_refresh (table, 0, 1000, random, &target));
  mh_kad_table_add (table, &id, 0, &target);
  g_assert_true (mh_kad_table_refresh (table, 0, 1000, random, &target));
  g_assert_true (mh_peer_id_equal (&target, &own));
  for (guint i = 0; i <= 4; i++)
    {
      g_assert_true (mh_kad_table_refresh (table, 10, 1000, random, &target));
      other = mh_kad_key_of_peer (&target);
      g_assert_cmpuint (mh_kad_key_shared (&key, &other), ==, i);
      g_assert_true (mh_peer_id_from_bytes (target.bytes, target.size, &id));
    }
  g_assert_false (mh_kad_table_refresh (table, 999, 1000, random, &target));
  g_assert_true (mh_kad_table_refresh (table, 1000, 1000, random, &target));
  g_assert_true (mh_peer_id_equal (&target, &own));

  mh_kad_table_looked_up (table, &other, 1000); /* bucket 4 */
  for (guint i = 0; i < 4; i++)
    g_assert_true (mh_kad_table_refresh (table, 1500, 1000, random, &target));
  g_assert_false (mh_kad_table_refresh (table, 1500, 1000, random, &target));
}

static void
test_stale (void)
{
  MhPeerId own = nth_id (0);
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);
  MhPeerId id;
  MhPeerId other;

  g_test_summary ("who was silent the longest is asked first");
  g_assert_false (mh_kad_table_stale (table, 1000, &id));
  for (guint i = 1; i <= 5; i++)
    {
      other = nth_id (i);
      mh_kad_table_add (table, &other, 100 * i, &id);
    }
  g_assert_false (mh_kad_table_stale (table, 100, &id));
  g_assert_true (mh_kad_table_stale (table, 1000, &id));
  other = nth_id (1);
  g_assert_true (mh_peer_id_equal (&id, &other));
  mh_kad_table_add (table, &other, 900, &id);
  g_assert_true (mh_kad_table_stale (table, 1000, &id));
  other = nth_id (2);
  g_assert_true (mh_peer_id_equal (&id, &other));
}

/* -- answers -- */

/* Everybody but one has an address. */
static GPtrArray *
addresses_of (const MhPeerId *id, gpointer data)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);

  if (data == NULL || !mh_peer_id_equal (id, data))
    g_ptr_array_add (out, mh_multiaddr_new ("/ip4/10.0.0.1/tcp/4001", NULL));

  return out;
}

static void
test_answers (void)
{
  static const struct
  {
    MhKadType type;
    gboolean has_key;
    gboolean is_good;
    gboolean is_answered;
    guint peers;
  } rows[] = {
    { MH_KAD_FIND_NODE, TRUE, TRUE, TRUE, MH_KAD_K },
    { MH_KAD_FIND_NODE, FALSE, FALSE, FALSE, 0 },
    { MH_KAD_GET_VALUE, TRUE, TRUE, TRUE, MH_KAD_K },
    { MH_KAD_GET_PROVIDERS, TRUE, TRUE, TRUE, MH_KAD_K },
    { MH_KAD_GET_PROVIDERS, FALSE, FALSE, FALSE, 0 },
    { MH_KAD_PUT_VALUE, TRUE, FALSE, FALSE, 0 },
    { MH_KAD_ADD_PROVIDER, TRUE, TRUE, FALSE, 0 },
    { MH_KAD_PING, FALSE, TRUE, TRUE, 0 },
  };
  MhPeerId own = nth_id (0);
  MhPeerId from = nth_id (1);
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);
  MhPeerId oldest;

  g_test_summary ("each type is answered or refused, and nothing is stored");
  for (guint i = 1; i <= 60; i++)
    {
      MhPeerId id = nth_id (i);

      mh_kad_table_add (table, &id, 0, &oldest);
    }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MhKadMessage) request = mh_kad_message_new (rows[i].type);
      g_autoptr (MhKadMessage) answer = NULL;

      g_test_message ("%u", i);
      request->key = rows[i].has_key ? g_bytes_new ("\x12\x20key", 5) : NULL;
      g_assert_cmpint (mh_kad_answer (table, request, &from, addresses_of, NULL, &answer), ==,
                       rows[i].is_good);
      g_assert_cmpint (answer != NULL, ==, rows[i].is_answered);
      if (answer == NULL)
        continue;
      g_assert_cmpint (answer->type, ==, rows[i].type);
      g_assert_cmpuint (answer->closer->len, ==, rows[i].peers);
      for (guint k = 0; k < answer->closer->len; k++)
        g_assert_false (mh_peer_id_equal (&((MhKadPeer *) answer->closer->pdata[k])->id, &from));
    }
}

static void
test_looked_for (void)
{
  MhPeerId own = nth_id (0);
  MhPeerId from = nth_id (1);
  MhPeerId member = nth_id (2);
  MhPeerId stranger = nth_id (1000);
  const MhPeerId *const all[] = { &own, &member, &stranger };
  g_autoptr (MhKadTable) table = mh_kad_table_new (&own);
  MhPeerId oldest;

  g_test_summary ("who is looked for comes first and once, be it we or no server at all");
  mh_kad_table_add (table, &from, 0, &oldest);
  mh_kad_table_add (table, &member, 0, &oldest);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autoptr (MhKadMessage) request = mh_kad_message_new_find (all[i]);
      g_autoptr (MhKadMessage) answer = NULL;
      g_autoptr (MhKadMessage) without = NULL;

      g_assert_true (mh_kad_answer (table, request, &from, addresses_of, NULL, &answer));
      g_assert_cmpuint (answer->closer->len, ==, all[i] == &member ? 1 : 2);
      g_assert_true (mh_peer_id_equal (&((MhKadPeer *) answer->closer->pdata[0])->id, all[i]));
      /* nor is anybody named who cannot be reached */
      g_assert_true (
          mh_kad_answer (table, request, &from, addresses_of, (gpointer) all[i], &without));
      g_assert_cmpuint (without->closer->len, ==, answer->closer->len - 1);
    }
}

/* -- lookups -- */

static GPtrArray *
names (const guint *numbers, guint count)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_kad_peer_free);

  for (guint i = 0; i < count; i++)
    {
      MhPeerId id = nth_id (numbers[i]);
      MhKadPeer *peer = mh_kad_peer_new (&id);

      g_ptr_array_add (peer->addresses, mh_multiaddr_new ("/ip4/10.0.0.1/tcp/4001", NULL));
      g_ptr_array_add (out, peer);
    }

  return out;
}

static void
test_lookup (void)
{
  MhPeerId own = nth_id (0);
  MhPeerId first = nth_id (1);
  MhPeerId target = nth_id (99);
  MhPeerId next;
  const guint named[] = { 99, 0, 1, 1, 2, 3 };
  g_autoptr (GPtrArray) closer = names (named, G_N_ELEMENTS (named));
  g_autoptr (MhKadLookup) lookup = mh_kad_lookup_new (&target, &own, 2);

  g_test_summary ("a peer is found when it has answered itself, not when it was named");
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_DONE);
  mh_kad_lookup_add (lookup, &own);
  mh_kad_lookup_add (lookup, &first);
  mh_kad_lookup_add (lookup, &first);
  g_assert_cmpuint (mh_kad_lookup_candidates (lookup), ==, 1);
  g_assert_true (mh_kad_lookup_next (lookup, &next));
  g_assert_true (mh_peer_id_equal (&next, &first));
  g_assert_false (mh_kad_lookup_next (lookup, &next));
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_MORE);

  mh_kad_lookup_answered (lookup, &target, closer); /* was not asked */
  g_assert_cmpuint (mh_kad_lookup_candidates (lookup), ==, 1);
  mh_kad_lookup_answered (lookup, &first, closer);
  g_assert_cmpuint (mh_kad_lookup_candidates (lookup), ==, 4);
  g_assert_true (mh_kad_lookup_is_named (lookup));
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_MORE);
  g_assert_true (mh_kad_lookup_next (lookup, &next));
  g_assert_true (mh_peer_id_equal (&next, &target)); /* nobody is closer to it */
  g_assert_true (mh_kad_lookup_next (lookup, &next));
  g_assert_false (mh_kad_lookup_next (lookup, &next)); /* alpha */
  mh_kad_lookup_answered (lookup, &target, NULL);
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_FOUND);
  g_assert_cmpuint (mh_kad_lookup_hops (lookup), ==, 2);
  g_assert_cmpuint (mh_kad_lookup_asked (lookup), ==, 3);
  g_assert_false (mh_kad_lookup_next (lookup, &next));
  g_assert_true (mh_peer_id_equal (mh_kad_lookup_target (lookup), &target));
}

static void
test_tries (void)
{
  MhPeerId own = nth_id (0);
  MhPeerId target = nth_id (99);
  MhPeerId next;
  const guint named[] = { 99 };
  g_autoptr (GPtrArray) closer = names (named, 1);
  g_autoptr (MhKadLookup) lookup = mh_kad_lookup_new (&target, &own, 3);
  guint tries = 0;

  g_test_summary ("the target is tried again as more is told of it, but not for ever");
  for (guint i = 1; i <= MH_KAD_K - 1; i++)
    {
      MhPeerId id = nth_id (i);

      mh_kad_lookup_add (lookup, &id);
    }
  while (mh_kad_lookup_next (lookup, &next))
    if (mh_peer_id_equal (&next, &target))
      {
        tries++;
        mh_kad_lookup_failed (lookup, &next);
      }
    else
      {
        mh_kad_lookup_answered (lookup, &next, closer);
      }
  g_assert_cmpuint (tries, ==, MH_KAD_MOST_TRIES);
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_DONE);
}

static void
test_bounds (void)
{
  MhPeerId own = nth_id (0);
  MhPeerId target = nth_id (99);
  MhPeerId next;
  g_autoptr (MhKadLookup) lookup = mh_kad_lookup_new (&target, &own, 3);
  guint number = 1000;

  g_test_summary ("however many peers others name, it remembers and asks no more than its limits");
  next = nth_id (1);
  mh_kad_lookup_add (lookup, &next);
  while (mh_kad_lookup_next (lookup, &next))
    {
      guint numbers[2 * MH_KAD_MOST_PEERS];
      g_autoptr (GPtrArray) closer = NULL;

      for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
        numbers[i] = number++;
      closer = names (numbers, G_N_ELEMENTS (numbers));
      mh_kad_lookup_answered (lookup, &next, closer);
      g_assert_cmpuint (mh_kad_lookup_candidates (lookup), <=, MH_KAD_MOST_CANDIDATES);
    }
  g_assert_cmpuint (mh_kad_lookup_asked (lookup), <=, MH_KAD_MOST_ASKED);
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_DONE);
}

static void
test_lies (void)
{
  MhPeerId own = nth_id (0);
  MhPeerId target = nth_id (99);
  MhPeerId liar = nth_id (1);
  MhPeerId next;
  guint numbers[MH_KAD_MOST_PEERS];
  g_autoptr (GPtrArray) closer = NULL;
  g_autoptr (MhKadLookup) lookup = mh_kad_lookup_new (&target, &own, 1);
  guint asked = 0;

  g_test_summary ("after a few that did not answer, no more that only the same peer named");
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = 1000 + i;
  closer = names (numbers, G_N_ELEMENTS (numbers));
  mh_kad_lookup_add (lookup, &liar);
  g_assert_true (mh_kad_lookup_next (lookup, &next));
  mh_kad_lookup_answered (lookup, &next, closer);
  for (; mh_kad_lookup_next (lookup, &next); asked++)
    mh_kad_lookup_failed (lookup, &next);
  g_assert_cmpuint (asked, ==, MH_KAD_MOST_LIES);
  g_assert_cmpint (mh_kad_lookup_state (lookup), ==, MH_KAD_DONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/kad/message/read", test_read);
  g_test_add_func ("/p2p/kad/message/write", test_write);
  g_test_add_func ("/p2p/kad/message/limits", test_limits);
  g_test_add_func ("/p2p/kad/message/cuts", test_cuts);
  g_test_add_func ("/p2p/kad/table/keys", test_keys);
  g_test_add_func ("/p2p/kad/table/full", test_full);
  g_test_add_func ("/p2p/kad/table/failures", test_failures);
  g_test_add_func ("/p2p/kad/table/closest", test_closest);
  g_test_add_func ("/p2p/kad/table/refresh", test_refresh);
  g_test_add_func ("/p2p/kad/table/stale", test_stale);
  g_test_add_func ("/p2p/kad/answers", test_answers);
  g_test_add_func ("/p2p/kad/looked-for", test_looked_for);
  g_test_add_func ("/p2p/kad/lookup/found", test_lookup);
  g_test_add_func ("/p2p/kad/lookup/tries", test_tries);
  g_test_add_func ("/p2p/kad/lookup/bounds", test_bounds);
  g_test_add_func ("/p2p/kad/lookup/lies", test_lies);

  return g_test_run ();
}
