/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "net/p2p/wire/buf.h"
#include "net/p2p/wire/envelope.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/peer-record.h"
#include "net/p2p/wire/public-key.h"
#include "net/p2p/wire/varint.h"

static GBytes *
from_hex (const char *hex)
{
  gsize size = strlen (hex) / 2;
  guint8 *data = g_malloc (size + 1);

  g_assert_true (mh_hex_decode (hex, data, size));

  return g_bytes_new_take (data, size);
}

static MhSigner *
signer_of (guint8 byte)
{
  g_autoptr (MhSecret) seed = mh_secret_new (MH_SIGN_SEED_SIZE);

  memset (mh_secret_bytes (seed), byte, MH_SIGN_SEED_SIZE);

  return mh_signer_new (seed);
}

static void
test_buf (void)
{
  g_auto (MhBuf) buf = { 0 };
  g_autoptr (GByteArray) model = g_byte_array_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  g_test_summary ("a queue of bytes gives what was put in, in order, however it is cut");
  for (guint i = 0; i < 20000; i++)
    {
      guint8 piece[300];
      gsize size = (gsize) g_rand_int_range (rand, 0, sizeof piece);

      for (gsize j = 0; j < size; j++)
        piece[j] = (guint8) g_rand_int (rand);
      if (g_rand_boolean (rand))
        {
          mh_buf_append (&buf, piece, size);
          g_byte_array_append (model, piece, (guint) size);
        }
      else
        {
          size = MIN (size, model->len);
          mh_buf_consume (&buf, size);
          g_byte_array_remove_range (model, 0, (guint) size);
        }
      g_assert_cmpmem (mh_buf_peek (&buf), mh_buf_size (&buf), model->data, model->len);
    }
  mh_buf_reserve (&buf, 1 << 20);
  mh_buf_consume (&buf, mh_buf_size (&buf));
  g_assert_cmpuint (buf.capacity, ==, 0);
  mh_buf_append (&buf, "a", 1);
  mh_buf_trim (&buf);
  g_assert_cmpuint (mh_buf_size (&buf), ==, 1);
  mh_buf_consume (&buf, 1);
  g_assert_cmpuint (buf.capacity, >, 0);
  mh_buf_trim (&buf);
  g_assert_cmpuint (buf.capacity, ==, 0);
}

static void
test_varint (void)
{
  static const struct
  {
    const char *hex;
    MhVarintResult result;
    guint64 value;
  } rows[] = {
    { "00", MH_VARINT_OK, 0 },
    { "7f", MH_VARINT_OK, 127 },
    { "8001", MH_VARINT_OK, 128 },
    { "ff01", MH_VARINT_OK, 255 },
    { "ac02", MH_VARINT_OK, 300 },
    { "808001", MH_VARINT_OK, 16384 },
    { "ffffffffffffffffff01", MH_VARINT_OK, G_MAXUINT64 },
    { "", MH_VARINT_SHORT, 0 },
    { "80", MH_VARINT_SHORT, 0 },
    { "ffffffffffffffffff", MH_VARINT_SHORT, 0 },
    { "ffffffffffffffffff02", MH_VARINT_BAD, 0 },
    { "ffffffffffffffffffff01", MH_VARINT_BAD, 0 },
    { "8000", MH_VARINT_BAD, 0 },
    { "818000", MH_VARINT_BAD, 0 },
  };

  g_test_summary ("numbers of 64 bits, in their shortest form only");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (rows[i].hex);
      guint8 back[MH_VARINT_MAX];
      guint64 value = 0;
      gsize used = 0;
      gsize size;
      const guint8 *data = g_bytes_get_data (bytes, &size);

      g_test_message ("%s", rows[i].hex);
      g_assert_cmpint (mh_varint_get (data, size, &value, &used), ==, rows[i].result);
      if (rows[i].result != MH_VARINT_OK)
        continue;
      g_assert_cmpuint (value, ==, rows[i].value);
      g_assert_cmpuint (used, ==, size);
      g_assert_cmpuint (mh_varint_put (value, back), ==, size);
      g_assert_cmpmem (back, size, data, size);
    }
}

static void
test_pb (void)
{
  static const char *const bad[] = { "08",   "0a05aa", "0b",
                                     "00",   "0f01",   "0d0102",
                                     "09aa", "80",     "0affffffffffffffffff01" };
  g_autoptr (GByteArray) out = g_byte_array_new ();
  MhPbReader reader;
  MhPbField field;

  g_test_summary ("fields come back in order; what is no protobuf is told from the end");
  mh_pb_put_uint (out, 1, 300);
  mh_pb_put_text (out, 2, "ab");
  mh_pb_put_bytes (out, 1000, NULL, 0);
  reader = mh_pb_reader (out->data, out->len);
  g_assert_true (mh_pb_next (&reader, &field) && mh_pb_is (&field, 1, MH_PB_VARINT));
  g_assert_cmpuint (field.value, ==, 300);
  g_assert_true (mh_pb_next (&reader, &field) && mh_pb_is (&field, 2, MH_PB_BYTES));
  g_assert_cmpmem (field.bytes, field.size, "ab", 2);
  g_assert_true (mh_pb_next (&reader, &field) && mh_pb_is (&field, 1000, MH_PB_BYTES));
  g_assert_cmpuint (field.size, ==, 0);
  g_assert_false (mh_pb_next (&reader, &field));
  g_assert_false (reader.is_bad);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (bad[i]);

      reader = mh_pb_reader (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_assert_false (mh_pb_next (&reader, &field));
      g_assert_true (reader.is_bad);
      g_assert_false (mh_pb_next (&reader, &field));
    }
}

static void
test_peer_id (void)
{
  /* libp2p specs, peer-ids, "Test vectors" */
  static const char key[] =
      "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
  static const char *const good[] = { "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA",
                                      "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
                                      "16Uiu2HAkvVEBz2HJQFpN7oeuWzFjGZPqWZqPwyrFxJEr1eTtxkLv" };
  static const char *const bad[] = {
    "",          "1",       "Qm",
    "12D3",      "b",       "z",
    "12D3KooW0", "bafzbei", "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKCC"
  };
  g_autoptr (GBytes) message = from_hex (key);
  const guint8 *data = g_bytes_get_data (message, NULL);
  g_autoptr (GBytes) back = NULL;
  g_autofree char *text = NULL;
  const guint8 *raw;
  guint8 cid[2 + MH_PEER_ID_MAX] = { 1, 0x72 };
  g_autofree char *base32 = NULL;
  g_autofree char *as_cid = NULL;
  MhPeerId id;
  MhPeerId other;

  g_test_summary ("ids of the specification, as text, bytes, CID and key");
  g_assert_true (mh_public_key_id (data, g_bytes_get_size (message), &id));
  raw = id.bytes + 6;
  other = mh_peer_id_from_public_key (data, g_bytes_get_size (message));
  g_assert_true (mh_peer_id_equal (&id, &other));
  back = mh_public_key_message (raw);
  g_assert_true (g_bytes_equal (back, message));
  g_assert_cmpmem (data + 4, 32, raw, 32);
  text = mh_peer_id_to_text (&id);
  g_assert_true (mh_peer_id_from_text (text, &other) && mh_peer_id_equal (&id, &other));
  memcpy (cid + 2, id.bytes, id.size);
  base32 = mh_base32_encode (cid, 2 + (gsize) id.size);
  as_cid = g_strconcat ("b", base32, NULL);
  g_assert_true (mh_peer_id_from_text (as_cid, &other) && mh_peer_id_equal (&id, &other));

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *same = NULL;

      g_test_message ("%s", good[i]);
      g_assert_true (mh_peer_id_from_text (good[i], &id));
      same = mh_peer_id_to_text (&id);
      g_assert_cmpstr (same, ==, good[i]);
      g_assert_true (mh_peer_id_from_bytes (id.bytes, id.size, &other));
      g_assert_true (mh_peer_id_equal (&id, &other));
      g_assert_cmpuint (mh_peer_id_hash (&id), ==, mh_peer_id_hash (&other));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_false (mh_peer_id_from_text (bad[i], &id));
    }
}

static void
test_multiaddr_text (void)
{
  static const struct
  {
    const char *text;
    const char *hex;
  } rows[] = {
    { "/ip4/127.0.0.1/tcp/4001", "047f000001060fa1" },
    { "/ip6/::1/tcp/80/ws", "290000000000000000000000000000000106"
                            "0050dd03" },
    { "/dns4/example.com/tcp/443/wss", "360b6578616d706c652e636f6d0601bbde03" },
    { "/ip4/1.2.3.4/udp/4001/quic-v1", "0401020304910"
                                       "20fa1cd03" },
    { "/p2p-circuit", "a202" },
    { "/ip6zone/eth0/ip6/fe80::1/tcp/1", "2a046574683029fe80000000000000000000000000000106"
                                         "0001" },
    { "/unix/tmp/a/b", "900307746d702f612f62" },
  };
  static const char *const bad[] = { "",
                                     "ip4/1.2.3.4",
                                     "/",
                                     "/ip4",
                                     "/ip4/",
                                     "/ip4/::1",
                                     "/ip6/1.2.3.4",
                                     "/ip4/1.2.3.4/tcp/65536",
                                     "/ip4/1.2.3.4/tcp/-1",
                                     "/ip4/1.2.3.4/tcp",
                                     "/ip4/1.2.3.4/sctp/1",
                                     "/ip4/1.2.3.4/tcp/1/",
                                     "/dns//tcp/1",
                                     "/p2p/x" };

  g_test_summary ("addresses as text and as bytes, and what is none");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new (rows[i].text, &error);
      g_autoptr (MhMultiaddr) again = NULL;
      g_autofree char *hex = NULL;
      g_autofree char *text = NULL;
      gsize size;
      const guint8 *bytes;

      g_assert_no_error (error);
      bytes = mh_multiaddr_bytes (address, &size);
      hex = mh_hex_encode (bytes, size);
      g_assert_cmpstr (hex, ==, rows[i].hex);
      again = mh_multiaddr_new_from_bytes (bytes, size);
      g_assert_true (mh_multiaddr_equal (address, again));
      text = mh_multiaddr_to_text (again);
      g_assert_cmpstr (text, ==, rows[i].text);
      for (gsize cut = 1; cut < size; cut++)
        {
          g_autoptr (MhMultiaddr) part = mh_multiaddr_new_from_bytes (bytes, cut);
          gsize used = 0;

          /* shorter ones are addresses only where a part ends */
          if (part != NULL)
            g_assert_nonnull (mh_multiaddr_bytes (part, &used));
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (mh_multiaddr_new (bad[i], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_multiaddr_parts (void)
{
  static const char relay[] =
      "/ip4/1.2.3.4/tcp/5/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
  static const char peer[] = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  static const struct
  {
    const char *text;
    MhTransport transport;
    const char *host;
    guint port;
  } rows[] = {
    { "/ip4/1.2.3.4/tcp/5", MH_TRANSPORT_TCP, "1.2.3.4", 5 },
    { "/ip6/::1/tcp/5/ws", MH_TRANSPORT_WS, "::1", 5 },
    { "/dns6/a.b/tcp/5", MH_TRANSPORT_TCP, "a.b", 5 },
    { "/ip6zone/lo/ip6/fe80::1/tcp/9", MH_TRANSPORT_TCP, "fe80::1%lo", 9 },
    { "/ip4/1.2.3.4/udp/5", MH_TRANSPORT_NONE },
    { "/ip4/1.2.3.4/tcp/5/wss", MH_TRANSPORT_NONE },
    { "/ip4/1.2.3.4/tcp/5/ws/ws", MH_TRANSPORT_NONE },
    { "/dnsaddr/a.b/tcp/5", MH_TRANSPORT_NONE },
    { "/tcp/5", MH_TRANSPORT_NONE },
    { relay, MH_TRANSPORT_TCP, "1.2.3.4", 5 },
  };
  g_autofree char *text = g_strdup_printf ("%s/p2p-circuit/p2p/%s", relay, peer);
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (text, NULL);
  g_autoptr (MhMultiaddr) over = mh_multiaddr_relay (address);
  g_autoptr (MhMultiaddr) bare = mh_multiaddr_without_peer (address);
  g_autofree char *over_text = mh_multiaddr_to_text (over);
  MhPeerId id;

  g_test_summary ("what an address is made of: transport, host, port, peer, relay");
  g_assert_cmpstr (over_text, ==, relay);
  g_assert_null (mh_multiaddr_relay (over));
  g_assert_true (mh_multiaddr_peer (address, &id));
  g_assert_false (mh_multiaddr_peer (bare, &id));
  g_assert_true (mh_multiaddr_has (address, MH_MULTIADDR_CIRCUIT));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MhMultiaddr) row = mh_multiaddr_new (rows[i].text, NULL);
      g_auto (MhMultiaddrTarget) target = { 0 };

      g_test_message ("%s", rows[i].text);
      g_assert_nonnull (row);
      g_assert_cmpint (mh_multiaddr_target (row, &target), ==,
                       rows[i].transport != MH_TRANSPORT_NONE);
      g_assert_cmpint (target.transport, ==, rows[i].transport);
      g_assert_cmpstr (target.host, ==, rows[i].host);
      g_assert_cmpuint (target.port, ==, rows[i].port);
    }
}

static void
test_multiaddr_scopes (void)
{
  static const struct
  {
    const char *address;
    gboolean is_public;
    gboolean is_loopback;
  } rows[] = {
    { "8.8.8.8", TRUE, FALSE },      { "127.0.0.1", FALSE, TRUE },   { "10.1.1.1", FALSE, FALSE },
    { "192.168.1.1", FALSE, FALSE }, { "172.20.0.1", FALSE, FALSE }, { "100.64.0.1", FALSE, FALSE },
    { "169.254.1.1", FALSE, FALSE }, { "0.0.0.0", FALSE, FALSE },    { "224.0.0.1", FALSE, FALSE },
    { "2001:4860::1", TRUE, FALSE }, { "::1", FALSE, TRUE },         { "fe80::1", FALSE, FALSE },
    { "fd00::1", FALSE, FALSE },     { "198.18.0.1", FALSE, FALSE },
  };

  g_test_summary ("which addresses the whole internet can reach");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new_tcp (rows[i].address, 1);

      g_test_message ("%s", rows[i].address);
      g_assert_cmpint (mh_multiaddr_is_public (address), ==, rows[i].is_public);
      g_assert_cmpint (mh_multiaddr_is_loopback (address), ==, rows[i].is_loopback);
      g_assert_cmpint (mh_multiaddr_is_link_local (address), ==,
                       g_str_has_prefix (rows[i].address, "169.254.")
                           || g_str_has_prefix (rows[i].address, "fe80:"));
    }
  g_assert_null (mh_multiaddr_new_tcp ("localhost", 1));
}

static void
test_peer_record (void)
{
  g_autoptr (MhSigner) signer = signer_of (7);
  g_autoptr (MhSigner) stranger = signer_of (8);
  g_autoptr (GPtrArray) addresses =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GBytes) forged = NULL;
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (MhPeerRecord) record = NULL;
  g_autofree guint8 *copy = NULL;
  MhPeerId who;
  gsize size;
  const guint8 *data;

  g_test_summary ("a record opens only as it was signed, and only when its own peer signed it");
  g_ptr_array_add (addresses, mh_multiaddr_new ("/ip4/1.2.3.4/tcp/5", NULL));
  g_ptr_array_add (addresses, mh_multiaddr_new ("/ip6/::1/tcp/6/ws", NULL));
  sealed = mh_peer_record_seal (signer, 42, addresses);
  data = g_bytes_get_data (sealed, &size);
  record = mh_peer_record_open (data, size);
  g_assert_nonnull (record);
  g_assert_cmpuint (record->seq, ==, 42);
  g_assert_cmpuint (record->addresses->len, ==, 2);
  g_assert_true (mh_multiaddr_equal (record->addresses->pdata[1], addresses->pdata[1]));

  copy = g_memdup2 (data, size);
  for (gsize i = 0; i < size * 8; i++)
    {
      MhPeerRecord *broken;

      copy[i / 8] ^= (guint8) (1 << (i % 8));
      broken = mh_peer_record_open (copy, size);
      g_assert_null (broken);
      copy[i / 8] ^= (guint8) (1 << (i % 8));
    }
  for (gsize i = 0; i < size; i++)
    g_assert_null (mh_peer_record_open (data, i));

  /* somebody else's name in a record of one's own, and another kind of envelope */
  payload = mh_envelope_open (&mh_envelope_peer_record, data, size, &who);
  g_byte_array_append (body, g_bytes_get_data (payload, NULL), (guint) g_bytes_get_size (payload));
  forged = mh_envelope_seal (stranger, &mh_envelope_peer_record, body);
  g_assert_null (mh_peer_record_open (g_bytes_get_data (forged, NULL), g_bytes_get_size (forged)));
  g_assert_null (mh_envelope_open (&mh_envelope_relay_voucher, data, size, &who));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/wire/buf", test_buf);
  g_test_add_func ("/p2p/wire/varint", test_varint);
  g_test_add_func ("/p2p/wire/pb", test_pb);
  g_test_add_func ("/p2p/wire/peer-id", test_peer_id);
  g_test_add_func ("/p2p/wire/multiaddr-text", test_multiaddr_text);
  g_test_add_func ("/p2p/wire/multiaddr-parts", test_multiaddr_parts);
  g_test_add_func ("/p2p/wire/multiaddr-scopes", test_multiaddr_scopes);
  g_test_add_func ("/p2p/wire/peer-record", test_peer_record);

  return g_test_run ();
}
