/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "modules/sync/sync-wire.h"

/* Messages that compare trees, as bytes. */

static MhTreePart
part (guint depth, guint64 start)
{
  MhTreePart out = { .depth = depth };
  guint64 big = GUINT64_TO_BE (start);

  memcpy (out.start, &big, sizeof out.start);

  return out;
}

static GBytes *
encode_parts (const MhTreePart *parts, guint count)
{
  g_auto (MhSyncMessage) message = { .op = MH_SYNC_SUMS };

  message.parts = g_array_new (FALSE, FALSE, sizeof (MhTreePart));
  g_array_append_vals (message.parts, parts, count);

  return mh_sync_message_encode (&message);
}

static gboolean
is_readable (const MhTreePart *parts, guint count)
{
  g_autoptr (GBytes) bytes = encode_parts (parts, count);
  g_auto (MhSyncMessage) out = { 0 };

  return mh_sync_message_decode (bytes, &out) && out.parts->len == count
         && (count == 0 || memcmp (out.parts->data, parts, count * sizeof *parts) == 0);
}

static void
test_parts (void)
{
  static const guint8 no_length[] = { 0x08, 0x03, 0x5a, 0x02, 0x05, 0x12 };
  const guint64 top = G_GUINT64_CONSTANT (0x1000000000000000);
  MhTreePart good[] = { part (0, 0) };
  MhTreePart some[] = { part (1, 0), part (2, top), part (3, 2 * top), part (16, 3 * top + 5) };
  MhTreePart same[] = { part (1, top), part (1, top) };
  MhTreePart back[] = { part (1, 2 * top), part (1, top) };
  MhTreePart inside[] = { part (1, top), part (2, top + top / 16) };
  MhTreePart all[] = { part (0, 0), part (1, top) };
  MhTreePart deep[] = { part (17, 0) };
  MhTreePart bits[] = { part (1, top + 5 * top / 16) };
  MhTreePart many[MH_SYNC_MOST_PARTS + 1];
  g_autoptr (GBytes) cut = g_bytes_new_static (no_length, sizeof no_length);
  g_auto (MhSyncMessage) out = { 0 };

  g_test_summary ("parts are read only in order, apart, and not more than a question may have");
  g_assert_true (is_readable (good, 1));
  g_assert_true (is_readable (some, G_N_ELEMENTS (some)));
  g_assert_false (is_readable (same, 2));
  g_assert_false (is_readable (back, 2));
  g_assert_false (is_readable (inside, 2));
  g_assert_false (is_readable (all, 2));
  g_assert_false (is_readable (bits, 1));
  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    many[i] = part (2, i * (top / 16));
  g_assert_true (is_readable (many, MH_SYNC_MOST_PARTS));
  g_assert_false (is_readable (many, MH_SYNC_MOST_PARTS + 1));
  g_assert_false (mh_sync_message_decode (cut, &out));
  deep[0].depth = MH_VERSION_TREE_DEEPEST; /* not more can be put into one */
  g_assert_true (is_readable (deep, 1));
}

static void
test_too_deep (void)
{
  static const guint8 deep[] = { 0x08, 0x03, 0x5a, 0x0a, 17, 1, 2, 3, 4, 5, 6, 7, 8, 0x90 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (deep, sizeof deep);
  g_auto (MhSyncMessage) out = { 0 };

  g_test_summary ("a part that is deeper than there are is none");
  g_assert_false (mh_sync_message_decode (bytes, &out));
}

static void
test_counts (void)
{
  g_auto (MhSyncMessage) message = { .op = MH_SYNC_SUMS };
  g_auto (MhSyncMessage) out = { 0 };
  g_auto (MhSyncMessage) more = { 0 };
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) longer = NULL;

  g_test_summary ("there are as many counts as sums in an answer, and not more");
  message.counts = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint64 i = 0; i < MH_SYNC_MOST_PARTS * MH_VERSION_TREE_CHILDREN; i++)
    g_array_append_val (message.counts, i);
  bytes = mh_sync_message_encode (&message);
  g_assert_true (mh_sync_message_decode (bytes, &out));
  g_assert_cmpmem (out.counts->data, out.counts->len * sizeof (guint64), message.counts->data,
                   message.counts->len * sizeof (guint64));
  g_array_set_size (message.counts, message.counts->len + 1);
  longer = mh_sync_message_encode (&message);
  g_assert_false (mh_sync_message_decode (longer, &more));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/wire/parts", test_parts);
  g_test_add_func ("/sync/wire/too-deep", test_too_deep);
  g_test_add_func ("/sync/wire/counts", test_counts);

  return g_test_run ();
}
