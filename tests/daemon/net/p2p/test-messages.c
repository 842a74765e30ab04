/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/dcutr/message.h"
#include "net/p2p/identify/identify.h"
#include "net/p2p/relay/message.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/wire/peer-record.h"
#include "secure-pair.h"

/* The messages of identify, relay and DCUtR. */

static MhMultiaddr *
address_new (guint number)
{
  g_autofree char *text = g_strdup_printf ("/ip4/10.0.0.1/tcp/%u", 1000 + number);

  return mh_multiaddr_new (text, NULL);
}

/* Appends @count addresses. */
static void
fill_addresses (GPtrArray *out, guint count)
{
  for (guint i = 0; i < count; i++)
    g_ptr_array_add (out, address_new (i));
}

static gboolean
merge (MhIdentifyMessage *self, GBytes *bytes)
{
  return mh_identify_message_merge (self, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Returns: (transfer full): a message with one text of @size bytes in @field */
static GBytes *
one_text (guint32 field, gsize size, char letter)
{
  GByteArray *out = g_byte_array_new ();
  g_autofree char *text = g_strnfill (size, letter);

  mh_pb_put_bytes (out, field, text, size);

  return g_byte_array_free_to_bytes (out);
}

/* -- identify -- */

static void
test_identify (void)
{
  g_autoptr (MhIdentifyMessage) one = mh_identify_message_new ();
  g_autoptr (MhIdentifyMessage) two = mh_identify_message_new ();
  g_autoptr (GBytes) bytes = NULL;

  g_test_summary ("identify: everything that is said is heard");
  one->public_key = g_bytes_new_static ("key", 3);
  one->record = g_bytes_new_static ("record", 6);
  one->agent = g_strdup ("meshhold/1 ü");
  one->protocol_version = g_strdup ("ipfs/0.1.0");
  one->observed = address_new (9);
  fill_addresses (one->addresses, 3);
  g_ptr_array_add (one->protocols, g_strdup ("/a"));
  g_ptr_array_add (one->protocols, g_strdup ("/b/1.0.0"));
  bytes = mh_identify_message_encode (one);
  g_assert_true (merge (two, bytes));
  g_assert_true (g_bytes_equal (one->public_key, two->public_key));
  g_assert_true (g_bytes_equal (one->record, two->record));
  g_assert_cmpstr (one->agent, ==, two->agent);
  g_assert_cmpstr (one->protocol_version, ==, two->protocol_version);
  g_assert_true (mh_multiaddr_equal (one->observed, two->observed));
  g_assert_cmpuint (two->addresses->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_true (mh_multiaddr_equal (one->addresses->pdata[i], two->addresses->pdata[i]));
  g_assert_cmpuint (two->protocols->len, ==, 2);
  g_assert_cmpstr (two->protocols->pdata[1], ==, "/b/1.0.0");
}

static void
test_identify_parts (void)
{
  g_autoptr (MhIdentifyMessage) self = mh_identify_message_new ();
  g_autoptr (GBytes) first = one_text (3, 2, 'a');
  g_autoptr (GBytes) second = one_text (3, 3, 'b');
  g_autoptr (GBytes) agent = one_text (6, 2, 'x');
  g_autoptr (GBytes) other = one_text (6, 3, 'y');
  g_autoptr (GBytes) unknown = one_text (99, 300, 'z');

  g_test_summary (
      "identify: parts add to lists, replace the rest; what is not known is passed over");
  g_assert_true (merge (self, first) && merge (self, second));
  g_assert_true (merge (self, agent) && merge (self, other) && merge (self, unknown));
  g_assert_cmpuint (self->protocols->len, ==, 2);
  g_assert_cmpstr (self->protocols->pdata[0], ==, "aa");
  g_assert_cmpstr (self->protocols->pdata[1], ==, "bbb");
  g_assert_cmpstr (self->agent, ==, "yyy");
  g_assert_true (mh_identify_message_merge (self, NULL, 0));
}

static void
test_identify_limits (void)
{
  static const guint32 texts[] = { 3, 5, 6 };
  g_autoptr (MhIdentifyMessage) many = mh_identify_message_new ();
  g_autoptr (MhIdentifyMessage) from = mh_identify_message_new ();
  g_autoptr (MhIdentifyMessage) to = mh_identify_message_new ();
  g_autoptr (GBytes) name = one_text (3, 5, 'n');
  g_autoptr (GBytes) addresses = NULL;

  g_test_summary ("identify: names and lists have limits");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (MhIdentifyMessage) self = mh_identify_message_new ();
      g_autoptr (GBytes) most = one_text (texts[i], MH_IDENTIFY_MAX_NAME, 'n');
      g_autoptr (GBytes) more = one_text (texts[i], MH_IDENTIFY_MAX_NAME + 1, 'n');
      g_autoptr (GBytes) bad = one_text (texts[i], 3, (char) 0xff);

      g_assert_true (merge (self, most));
      g_assert_false (merge (self, more));
      g_assert_false (merge (self, bad));
    }
  for (guint i = 0; i < MH_IDENTIFY_MAX_PROTOCOLS; i++)
    g_assert_true (merge (many, name));
  g_assert_false (merge (many, name));
  fill_addresses (from->addresses, MH_PEER_RECORD_MOST_ADDRESSES + 10);
  addresses = mh_identify_message_encode (from);
  g_assert_true (merge (to, addresses));
  g_assert_cmpuint (to->addresses->len, ==, MH_PEER_RECORD_MOST_ADDRESSES);
}

static void
test_identify_cut (void)
{
  g_autoptr (MhIdentifyMessage) one = mh_identify_message_new ();
  g_autoptr (GBytes) bytes = NULL;
  guint bad = 0;

  g_test_summary ("identify: half a field is none");
  one->agent = g_strdup ("agent");
  fill_addresses (one->addresses, 2);
  bytes = mh_identify_message_encode (one);
  for (gsize size = 0; size < g_bytes_get_size (bytes); size++)
    {
      g_autoptr (MhIdentifyMessage) two = mh_identify_message_new ();

      if (!mh_identify_message_merge (two, g_bytes_get_data (bytes, NULL), size))
        bad++;
    }
  g_assert_cmpuint (bad, ==, g_bytes_get_size (bytes) - 3); /* but where a field ends, or at 0 */
}

/* -- relay -- */

static MhRelayMessage *
decode (GBytes *bytes, gboolean is_stop)
{
  return mh_relay_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                  is_stop);
}

static MhRelayMessage *
full_message (MhRelayType type)
{
  MhRelayMessage *self = mh_relay_message_new (type);
  MhSigner *signer = mht_signer_new (3, &self->peer);

  self->has_peer = TRUE;
  self->status = MH_RELAY_OK;
  self->limit_s = 120;
  self->limit_bytes = 131072;
  mh_signer_free (signer);

  return self;
}

static void
test_relay (void)
{
  static const MhRelayType types[] = { MH_RELAY_RESERVE, MH_RELAY_CONNECT, MH_RELAY_STATUS };

  g_test_summary ("relay: both protocols number what they have in common each in its own way");
  for (guint i = 0; i < 2 * G_N_ELEMENTS (types); i++)
    {
      gboolean is_stop = i % 2 != 0;
      g_autoptr (MhRelayMessage) one = full_message (types[i / 2]);
      g_autoptr (MhRelayMessage) two = NULL;
      g_autoptr (GBytes) bytes = NULL;

      if (is_stop && one->type == MH_RELAY_RESERVE)
        continue; /* it has none */
      one->expire_s = is_stop ? 0 : 2000000000;
      if (!is_stop)
        {
          fill_addresses (one->addresses, 3);
          one->voucher = g_bytes_new_static ("voucher", 7);
        }
      bytes = mh_relay_message_encode (one, is_stop);
      two = decode (bytes, is_stop);
      g_assert_nonnull (two);
      g_assert_cmpint (two->type, ==, one->type);
      g_assert_true (two->has_peer && mh_peer_id_equal (&two->peer, &one->peer));
      g_assert_cmpuint (two->status, ==, MH_RELAY_OK);
      g_assert_cmpuint (two->limit_s, ==, 120);
      g_assert_cmpuint (two->limit_bytes, ==, 131072);
      g_assert_cmpuint (two->expire_s, ==, one->expire_s);
      g_assert_cmpuint (two->addresses->len, ==, one->addresses->len);
      g_assert_true (is_stop || g_bytes_equal (one->voucher, two->voucher));
    }
}

static void
test_relay_bad (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    gboolean is_stop;
  } table[] = {
    { "", 0, FALSE },                           /* nothing at all */
    { "\x08\x03", 2, FALSE },                   /* hop has the types 0 to 2 */
    { "\x08\x02", 2, TRUE },                    /* stop has 0 and 1 */
    { "\x08", 1, FALSE },                       /* cut */
    { "\x08\x01\x12\x05\x0a", 5, FALSE },       /* cut */
    { "\x08\x01\x12\x04\x0a\x02xy", 8, FALSE }, /* no peer id */
    { "\x08\x00\x12\x00", 4, TRUE },            /* a peer without an id */
    { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11, FALSE },
  };
  g_autoptr (GBytes) most = one_text (99, MH_RELAY_MAX_MESSAGE - 4, 'x');
  g_autoptr (GBytes) more = one_text (99, MH_RELAY_MAX_MESSAGE - 3, 'x');
  g_autoptr (MhRelayMessage) taken = NULL;
  g_autoptr (MhRelayMessage) many = mh_relay_message_new (MH_RELAY_STATUS);
  g_autoptr (MhRelayMessage) read = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_test_summary ("relay: what is no message is none");
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (MhRelayMessage) message = mh_relay_message_decode (
          (const guint8 *) table[i].bytes, table[i].size, table[i].is_stop);

      g_test_message ("row %u", i);
      g_assert_null (message);
    }
  g_assert_cmpuint (g_bytes_get_size (most), ==, MH_RELAY_MAX_MESSAGE);
  taken = decode (most, FALSE);
  g_assert_nonnull (taken);
  g_assert_null (decode (more, FALSE));
  many->expire_s = 1;
  fill_addresses (many->addresses, MH_RELAY_MAX_ADDRESSES + 5);
  bytes = mh_relay_message_encode (many, FALSE);
  read = decode (bytes, FALSE);
  g_assert_cmpuint (read->addresses->len, ==, MH_RELAY_MAX_ADDRESSES);
}

/* -- DCUtR -- */

static void
test_dcutr (void)
{
  g_autoptr (GPtrArray) from = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_multiaddr_unref);
  g_autoptr (GBytes) connect = NULL;
  g_autoptr (GBytes) sync = mh_dcutr_message_encode (MH_DCUTR_SYNC, NULL);
  g_autoptr (GPtrArray) to = NULL;
  g_autoptr (GPtrArray) none = NULL;
  MhDcutrType type = 0;

  g_test_summary ("DCUtR: addresses come over, but not those over relays, and not too many");
  g_ptr_array_add (from, mh_multiaddr_new ("/ip4/1.2.3.4/tcp/1/p2p-circuit", NULL));
  fill_addresses (from, MH_DCUTR_MAX_ADDRESSES + 3);
  connect = mh_dcutr_message_encode (MH_DCUTR_CONNECT, from);
  to =
      mh_dcutr_message_decode (g_bytes_get_data (connect, NULL), g_bytes_get_size (connect), &type);
  g_assert_nonnull (to);
  g_assert_cmpint (type, ==, MH_DCUTR_CONNECT);
  g_assert_cmpuint (to->len, ==, MH_DCUTR_MAX_ADDRESSES - 1);
  g_assert_true (mh_multiaddr_equal (to->pdata[0], from->pdata[1]));
  none = mh_dcutr_message_decode (g_bytes_get_data (sync, NULL), g_bytes_get_size (sync), &type);
  g_assert_nonnull (none);
  g_assert_cmpint (type, ==, MH_DCUTR_SYNC);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_dcutr_bad (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
  } table[] = { { "", 0 },
                { "\x08\x01", 2 },
                { "\x08\x65", 2 },
                { "\x08\x64\x12\x05x", 5 },
                { "\x08\xe4\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12 } };
  g_autoptr (GBytes) more = one_text (99, MH_DCUTR_MAX_MESSAGE, 'x');
  MhDcutrType type;

  g_test_summary ("DCUtR: what is no message is none");
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_test_message ("row %u", i);
      g_assert_null (
          mh_dcutr_message_decode ((const guint8 *) table[i].bytes, table[i].size, &type));
    }
  g_assert_null (
      mh_dcutr_message_decode (g_bytes_get_data (more, NULL), g_bytes_get_size (more), &type));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/p2p/messages/identify", test_identify);
  g_test_add_func ("/p2p/messages/identify-parts", test_identify_parts);
  g_test_add_func ("/p2p/messages/identify-limits", test_identify_limits);
  g_test_add_func ("/p2p/messages/identify-cut", test_identify_cut);
  g_test_add_func ("/p2p/messages/relay", test_relay);
  g_test_add_func ("/p2p/messages/relay-bad", test_relay_bad);
  g_test_add_func ("/p2p/messages/dcutr", test_dcutr);
  g_test_add_func ("/p2p/messages/dcutr-bad", test_dcutr_bad);

  return g_test_run ();
}
