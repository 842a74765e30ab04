/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypto/crypto.h"
#include "directory.h"

#define MINUTE_MS (60 * 1000)

typedef struct
{
  MhSigner *self;
  MhSigner *other;
  MhPeerId id; /* of @other */
  MhDirectory *directory;
  guint came;
  guint went;
  guint changed;
  gboolean is_unwanted;
} Fixture;

static MhSigner *
new_signer (void)
{
  g_autoptr (MhSecret) seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);

  return mh_signer_new (seed);
}

static gboolean
on_may (const MhPeerId *peer, gpointer data)
{
  return !((Fixture *) data)->is_unwanted;
}

static void
on_presence (const MhPeerId *peer, gboolean is_here, gpointer data)
{
  Fixture *fixture = data;

  if (is_here)
    fixture->came++;
  else
    fixture->went++;
  g_assert_true (mh_directory_is_here (fixture->directory, peer) == is_here); /* no lock is held */
}

static void
on_changed (const MhPeerId *peer, gpointer data)
{
  ((Fixture *) data)->changed++;
}

static const MhDirectoryEvents events = { on_may, on_presence, on_changed };

static void
set_up (Fixture *fixture, gconstpointer data)
{
  MhPeerId self_id;

  fixture->self = new_signer ();
  fixture->other = new_signer ();
  fixture->id = mh_peer_id_from_ed25519 (mh_signer_public_key (fixture->other));
  self_id = mh_peer_id_from_ed25519 (mh_signer_public_key (fixture->self));
  fixture->directory = mh_directory_new (&self_id, &events, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  mh_directory_free (fixture->directory);
  mh_signer_free (fixture->self);
  mh_signer_free (fixture->other);
}

static GBytes *
record_of (const MhSigner *signer, guint64 seq)
{
  g_autoptr (MhHello) hello = mh_hello_new ();

  hello->seq = seq;

  return mh_hello_seal (hello, signer);
}

static MhDirectoryVerdict
put (Fixture *fixture, guint64 seq, gint64 age_ms, gint64 now_ms)
{
  g_autoptr (GBytes) record = record_of (fixture->other, seq);
  MhPeerId peer = { 0 };
  MhDirectoryVerdict verdict = mh_directory_put (fixture->directory, record, age_ms, now_ms, &peer);

  g_assert_true (mh_peer_id_equal (&peer, &fixture->id));

  return verdict;
}

/* The number alone says what is newer, never the order in which records come. */
static void
test_newest_wins (Fixture *fixture, gconstpointer data)
{
  g_autoptr (MhNode) node = NULL;

  g_assert_cmpint (put (fixture, 5, 0, 0), ==, MH_DIRECTORY_CAME);
  g_assert_cmpint (put (fixture, 5, 0, 10), ==, MH_DIRECTORY_KNOWN);
  g_assert_cmpint (put (fixture, 4, 0, 20), ==, MH_DIRECTORY_KNOWN);
  g_assert_cmpint (put (fixture, 9, 0, 30), ==, MH_DIRECTORY_NEWER);
  node = mh_directory_get (fixture->directory, &fixture->id);
  g_assert_cmpuint (node->hello->seq, ==, 9);
  g_assert_cmpuint (fixture->changed, ==, 2);
  g_assert_cmpuint (fixture->came, ==, 1);
}

/* An old record that somebody sends again and again keeps nobody alive. */
static void
test_a_replay_is_not_fresh (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (put (fixture, 5, 0, 0), ==, MH_DIRECTORY_CAME);
  for (gint64 now_ms = 0; now_ms < 10 * MINUTE_MS; now_ms += 10000)
    {
      (void) put (fixture, 5, 0, now_ms);
      mh_directory_tick (fixture->directory, now_ms);
      g_assert_true (mh_directory_is_here (fixture->directory, &fixture->id)
                     == (now_ms < MH_DIRECTORY_FRESH_MS));
    }
  g_assert_cmpuint (fixture->went, ==, 1);
}

static void
test_age (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (put (fixture, 1, MH_DIRECTORY_FRESH_MS, 0), ==, MH_DIRECTORY_NEWER);
  g_assert_false (mh_directory_is_here (fixture->directory, &fixture->id));
  g_assert_cmpint (put (fixture, 2, MH_DIRECTORY_FRESH_MS - 1000, 0), ==, MH_DIRECTORY_CAME);
  mh_directory_tick (fixture->directory, 999);
  g_assert_true (mh_directory_is_here (fixture->directory, &fixture->id));
  mh_directory_tick (fixture->directory, 1000);
  g_assert_false (mh_directory_is_here (fixture->directory, &fixture->id));
  g_assert_cmpint (put (fixture, 3, G_MAXINT64, 5000), ==, MH_DIRECTORY_NEWER); /* no overflow */
  g_assert_cmpint (put (fixture, 4, G_MININT64, 5000), ==, MH_DIRECTORY_CAME);
}

/* Of the only node that is known. */
static void
assert_seen (MhDirectory *directory, gint64 seen_ms)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (directory);

  g_assert_cmpuint (nodes->len, ==, 1);
  g_assert_cmpint (((MhNode *) g_ptr_array_index (nodes, 0))->seen_ms, ==, seen_ms);
}

static void
test_connection (Fixture *fixture, gconstpointer data)
{
  MhDirectory *directory = fixture->directory;

  g_assert_cmpint (put (fixture, 1, 0, 0), ==, MH_DIRECTORY_CAME);
  mh_directory_set_connected (directory, &fixture->id, TRUE, 0);
  g_assert_true (mh_directory_is_here (directory, &fixture->id));
  mh_directory_tick (directory, 100 * MINUTE_MS);
  g_assert_true (mh_directory_is_here (directory, &fixture->id));

  /* the end of the connection is the end of it, but for a moment in which others may tell */
  mh_directory_set_connected (directory, &fixture->id, FALSE, 100 * MINUTE_MS);
  mh_directory_tick (directory, 100 * MINUTE_MS + MH_DIRECTORY_GRACE_MS - 1);
  g_assert_cmpuint (fixture->went, ==, 0);
  mh_directory_tick (directory, 100 * MINUTE_MS + MH_DIRECTORY_GRACE_MS);
  g_assert_cmpuint (fixture->went, ==, 1);
  assert_seen (directory, 100 * MINUTE_MS);
  g_assert_cmpint (put (fixture, 2, 0, 200 * MINUTE_MS), ==, MH_DIRECTORY_CAME);
  assert_seen (directory, 200 * MINUTE_MS);
}

/* Records of ours that others show us tell how far our numbers have come. */
static void
test_own (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) record = record_of (fixture->self, 77);
  g_autoptr (GPtrArray) nodes = NULL;

  g_assert_cmpint (mh_directory_put (fixture->directory, record, 0, 0, NULL), ==,
                   MH_DIRECTORY_KNOWN);
  g_assert_cmpuint (mh_directory_own_seq (fixture->directory), ==, 77);
  nodes = mh_directory_list (fixture->directory);
  g_assert_cmpuint (nodes->len, ==, 0);
}

static void
test_bad (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) record = g_bytes_new_static ("nonsense", 8);

  g_assert_cmpint (mh_directory_put (fixture->directory, record, 0, 0, NULL), ==, MH_DIRECTORY_BAD);
}

static void
test_unwanted (Fixture *fixture, gconstpointer data)
{
  fixture->is_unwanted = TRUE;
  g_assert_cmpint (put (fixture, 1, 0, 0), ==, MH_DIRECTORY_KNOWN);
  g_assert_null (mh_directory_get (fixture->directory, &fixture->id));
}

/* However many somebody makes up, those that are here stay. */
static void
test_room (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) nodes = NULL;

  g_assert_cmpint (put (fixture, 1, 0, 0), ==, MH_DIRECTORY_CAME);
  for (guint i = 0; i < MH_DIRECTORY_MOST + 100; i++)
    {
      g_autoptr (MhSigner) signer = new_signer ();
      g_autoptr (GBytes) record = record_of (signer, 1);

      (void) mh_directory_put (fixture->directory, record, MH_DIRECTORY_FRESH_MS + (gint64) i, 0,
                               NULL);
    }
  nodes = mh_directory_list (fixture->directory);
  g_assert_cmpuint (nodes->len, ==, MH_DIRECTORY_MOST);
  g_assert_true (mh_directory_is_here (fixture->directory, &fixture->id));

  mh_directory_tick (fixture->directory, MH_DIRECTORY_FORGET_MS + 1);
  g_clear_pointer (&nodes, g_ptr_array_unref);
  nodes = mh_directory_list (fixture->directory);
  g_assert_cmpuint (nodes->len, ==, 0);
}

#define ADD(name, func) g_test_add (name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  ADD ("/directory/newest-wins", test_newest_wins);
  ADD ("/directory/a-replay-is-not-fresh", test_a_replay_is_not_fresh);
  ADD ("/directory/age", test_age);
  ADD ("/directory/connection", test_connection);
  ADD ("/directory/own", test_own);
  ADD ("/directory/bad", test_bad);
  ADD ("/directory/unwanted", test_unwanted);
  ADD ("/directory/room", test_room);

  return g_test_run ();
}
