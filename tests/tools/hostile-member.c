/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "modules/mesh/swarm.h"
#include "modules/store/keys.h"
#include "modules/sync/sync-wire.h"
#include "net/p2p/wire/pb.h"
#include "net/p2p/pnet/swarm-key.h"

/*
 * A member of a network that has the swarm key, does what it should not, and has no key of a vault,
 * unless it is told one: then it names versions without an end.
 * What it is told comes line by line on stdin; what it did is said on stdout, as lines of JSON.
 *
 *   flood N     opens N conversations to everybody and leaves them open, or sends nonsense in them
 *   gossip N    speaks N times of vaults that there are not
 *   replay X    says again what others said of themselves long ago, then that it is called X
 *   pass-on     passes challenges on to another machine from now on, and its answers back
 *   counts      says how often it was asked what
 */

typedef struct
{
  MhSwarm *swarm;
  GMutex lock;
  GPtrArray *records; /* (element-type GBytes): of others, as they came first (locked-by lock) */
  GHashTable *heard;  /* (element-type utf8): who has one in @records (locked-by lock) */
  char *vault_id;     /* (nullable): it says that it has this one */
  MhKeys *keys;       /* (nullable): of @vault_id */
  const MhSigner *signer;
  guint counts[16]; /* by op (locked-by lock) */
  gint passes_on;   /* (atomic): whether it passes challenges on */
  guint passed;     /* challenges that somebody answered for it (locked-by lock) */
  char *asked;      /* (nullable): the vault that it was asked about last. Of the loop */
} Member;

static void say (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
say (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  printf ("\n");
  fflush (stdout);
}

static GBytes *
random_bytes (gsize size)
{
  guint8 *data = g_malloc (size);

  mh_random_bytes (data, size);

  return g_bytes_new_take (data, size);
}

/* -- it is asked -- */

/* Returns: a proof of the key, or anything without it */
static GBytes *
prove (Member *self, MhStream *stream, GBytes *theirs, GBytes *ours)
{
  MhSyncProof proof = { mh_stream_peer (stream), mh_host_id (mh_swarm_host (self->swarm)), theirs,
                        ours, self->vault_id };
  g_autoptr (GBytes) text = NULL;
  guint8 out[MH_SHA256_SIZE];

  if (self->keys == NULL || theirs == NULL)
    return random_bytes (MH_SYNC_HASH_SIZE);
  text = mh_sync_proof_text (&proof, FALSE);
  mh_hmac_sha256 (mh_secret_peek (self->keys->proof), mh_secret_size (self->keys->proof),
                  g_bytes_get_data (text, NULL), g_bytes_get_size (text), out);

  return g_bytes_new (out, sizeof out);
}

/* A million versions in each child, whatever that is a child of. */
static void
count_versions (const MhSyncMessage *question, MhSyncMessage *out)
{
  guint64 count = 1 << 20;
  guint sums = (question->parts != NULL ? question->parts->len : 0) * MH_VERSION_TREE_CHILDREN;

  out->mark = (MhSyncMark){ 1, 1, 0 };
  out->counts = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < sums; i++)
    g_array_append_val (out->counts, count);
  out->hashes = random_bytes ((gsize) sums * MH_SYNC_HASH_SIZE);
}

/* The next ones in order, of which there is none. */
static void
name_versions (const MhSyncMessage *question, MhSyncMessage *out)
{
  const MhTreePart *part = &g_array_index (question->parts, MhTreePart, 0);
  g_auto (MhTreeEntries) entries = { 0 };
  guint8 hash[MH_SYNC_HASH_SIZE];
  guint8 last[MH_SYNC_HASH_SIZE];
  guint64 big = 0;
  guint64 number;

  mh_tree_part_ends (part, hash, last);
  if (question->hashes != NULL)
    memcpy (&big, (const guint8 *) g_bytes_get_data (question->hashes, NULL) + 24, 8);
  number = GUINT64_FROM_BE (big);
  mh_tree_entries_init (&entries);
  for (guint i = 0; i < MH_SYNC_MOST_HASHES; i++)
    {
      number++;
      big = GUINT64_TO_BE (number);
      memcpy (hash + 24, &big, 8);
      mh_tree_entries_add (&entries, hash, MH_ENTRY_THERE);
    }
  out->mark = (MhSyncMark){ 1, 1, 0 };
  out->hashes = g_byte_array_free_to_bytes (g_steal_pointer (&entries.hashes));
  out->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (out->records, g_byte_array_free_to_bytes (g_steal_pointer (&entries.states)));
}

/* A challenge that is passed on. */
typedef struct
{
  Member *member;
  MhStream *stream; /* (owned) */
  char *vault_id;   /* (owned) */
  GBytes *nonce;    /* (owned) */
  GBytes *hashes;   /* (owned) */
} PassedOn;

static gboolean
put (MhStream *stream, const MhSyncMessage *message)
{
  g_autoptr (GBytes) bytes = mh_sync_message_encode (message);

  return mh_stream_write_message_wait (stream, g_bytes_get_data (bytes, NULL),
                                       g_bytes_get_size (bytes), 1000, NULL);
}

/* Returns: (nullable): what @peer answers to a challenge */
static GBytes *
have_answered (const PassedOn *self, const MhPeerId *peer)
{
  static const char *const names[] = { MH_SYNC_HOLD_PROTOCOL, NULL };
  MhSyncMessage hello = { .op = MH_SYNC_HELLO, .vault_id = self->vault_id };
  MhSyncMessage question = { .op = MH_SYNC_CHALLENGE,
                             .nonce = self->nonce,
                             .hashes = self->hashes };
  g_autoptr (MhStream) stream =
      mh_host_open_wait (mh_swarm_host (self->member->swarm), peer, names, 1000, NULL);

  if (stream == NULL || !put (stream, &hello) || !put (stream, &question))
    return NULL;

  return mh_stream_read_message_wait (stream, MH_SYNC_MAX_ANSWER, 1000, NULL);
}

static gpointer
pass_on (gpointer data)
{
  PassedOn *self = data;
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (self->member->swarm));
  gboolean is_done = FALSE;

  for (guint i = 0; i < nodes->len && !is_done; i++)
    {
      const MhNode *node = g_ptr_array_index (nodes, i);
      g_autoptr (GBytes) bytes = NULL;

      if (node->is_connected && !mh_peer_id_equal (&node->peer, mh_stream_peer (self->stream)))
        bytes = have_answered (self, &node->peer);
      is_done = bytes != NULL
                && mh_stream_write_message_wait (self->stream, g_bytes_get_data (bytes, NULL),
                                                 g_bytes_get_size (bytes), 1000, NULL);
    }
  g_mutex_lock (&self->member->lock);
  self->member->passed += is_done;
  g_mutex_unlock (&self->member->lock);
  mh_stream_unref (self->stream);
  g_free (self->vault_id);
  g_bytes_unref (self->nonce);
  g_bytes_unref (self->hashes);
  g_free (self);

  return NULL;
}

/* Returns: whether a challenge is passed on */
static gboolean
passes_on (Member *self, MhStream *stream, const MhSyncMessage *question)
{
  PassedOn *passed;

  if (!g_atomic_int_get (&self->passes_on) || self->asked == NULL || question->nonce == NULL
      || question->hashes == NULL)
    return FALSE;

  passed = g_new (PassedOn, 1);
  *passed = (PassedOn){ self, mh_stream_ref (stream), g_strdup (self->asked),
                        g_bytes_ref (question->nonce), g_bytes_ref (question->hashes) };
  g_thread_unref (g_thread_new ("pass-on", pass_on, passed));

  return TRUE;
}

/* It has everything, proves it with anything, and gives something else. */
static void
answer (Member *self, MhStream *stream, const MhSyncMessage *question)
{
  g_auto (MhSyncMessage) out = { 0 };
  g_autoptr (GBytes) bytes = NULL;

  g_mutex_lock (&self->lock);
  self->counts[MIN ((guint) question->op, G_N_ELEMENTS (self->counts) - 1)]++;
  g_mutex_unlock (&self->lock);
  switch ((int) question->op)
    {
    case MH_SYNC_HELLO:
      g_free (self->asked);
      self->asked = g_strdup (question->vault_id);
      if (g_str_equal (mh_stream_protocol (stream), MH_SYNC_HOLD_PROTOCOL))
        return;
      out.nonce = random_bytes (MH_SYNC_NONCE_SIZE);
      out.proof = prove (self, stream, question->nonce, out.nonce);
      break;
    case MH_SYNC_PROVE:
      return;
    case MH_SYNC_SUMS:
      count_versions (question, &out);
      break;
    case MH_SYNC_ENTRIES:
      name_versions (question, &out);
      break;
    case MH_SYNC_HAVE:
    case MH_SYNC_KEEP:
      out.hashes = question->hashes != NULL ? g_bytes_ref (question->hashes) : NULL;
      break;
    case MH_SYNC_CHALLENGE:
      if (passes_on (self, stream, question))
        return;
      out.hashes =
          random_bytes (question->hashes != NULL ? g_bytes_get_size (question->hashes) : 0);
      break;
    case MH_SYNC_BLOCK:
      out.records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      g_ptr_array_add (out.records, random_bytes (1000));
      break;
    default:
      break;
    }
  bytes = mh_sync_message_encode (&out);
  mh_stream_put_message (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
on_readable (MhStream *stream, gpointer data)
{
  g_autoptr (GBytes) message = NULL;

  while (mh_stream_take_message (stream, MH_SYNC_MAX_QUESTION, &message, NULL) && message != NULL)
    {
      g_auto (MhSyncMessage) question = { 0 };

      if (mh_sync_message_decode (message, &question))
        answer (data, stream, &question);
      g_clear_pointer (&message, g_bytes_unref);
    }
  if (mh_stream_is_ended (stream))
    mh_stream_close_write (stream);
}

static void
on_broken (MhStream *stream, gpointer data)
{
  mh_stream_unref (stream);
}

static const MhStreamFuncs stream_funcs = { on_readable, NULL, on_broken };

static void
on_stream (MhStream *stream, gpointer data)
{
  mh_stream_set_funcs (stream, &stream_funcs, data);
}

static void
listen_here (MhHost *host, gpointer data)
{
  mh_host_handle (host, MH_SYNC_PROTOCOL, on_stream, data);
  mh_host_handle (host, MH_SYNC_HOLD_PROTOCOL, on_stream, data);
}

/* -- it is told -- */

static void
flood (Member *self, int count)
{
  static const char *const names[][2] = { { MH_SYNC_PROTOCOL }, { MH_SYNC_HOLD_PROTOCOL } };
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (self->swarm));
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_stream_unref);

  for (int i = 0; i < count; i++)
    for (guint j = 0; j < nodes->len; j++)
      {
        const MhNode *node = g_ptr_array_index (nodes, j);
        MhStream *stream = mh_host_open_wait (mh_swarm_host (self->swarm), &node->peer,
                                              names[i % 2], 1000, NULL); /* it may have enough */
        g_autoptr (GBytes) nonsense = random_bytes (3000);

        if (stream == NULL)
          continue;
        g_ptr_array_add (open, stream);
        if (i % 3 == 0)
          (void) !mh_stream_write_message_wait (stream, g_bytes_get_data (nonsense, NULL),
                                                g_bytes_get_size (nonsense), 1000, NULL);
      }
  say ("{\"event\":\"flooded\",\"open\":%u}", open->len);
}

static void
gossip (Member *self, int count)
{
  for (int i = 0; i < count; i++)
    {
      g_autoptr (GByteArray) message = g_byte_array_new ();
      g_autoptr (GBytes) bytes = NULL;

      for (int j = 0; j < 1000; j++)
        {
          char id[27];

          g_snprintf (id, sizeof id, "%08x%08x%010d", g_random_int (), g_random_int (), j);
          mh_pb_put_text (message, 1, id);
        }
      bytes = g_byte_array_free_to_bytes (g_steal_pointer (&message));
      mh_swarm_publish (self->swarm, "vaults", bytes);
    }
  say ("{\"event\":\"gossiped\"}");
}

/* As modules/mesh/greet.c puts it. */
static void
put_record (MhStream *stream, GBytes *record)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  mh_pb_put_bytes (out, 1, g_bytes_get_data (record, NULL), g_bytes_get_size (record));
  (void) !mh_stream_write_message_wait (stream, out->data, out->len, 1000, NULL);
}

/* What it says of itself last: whoever knows that has seen all that was said again. */
static GBytes *
new_record (Member *self, const char *name)
{
  g_autoptr (MhHello) own = mh_swarm_own (self->swarm);
  g_autoptr (MhHello) hello = mh_hello_new ();

  g_free (hello->name);
  hello->name = g_strdup (name);
  hello->seq = own->seq + 1;

  return mh_hello_seal (hello, self->signer);
}

static void
replay_to (Member *self, const MhPeerId *peer, GBytes *last)
{
  static const char *const names[] = { MH_GREET_PROTOCOL, NULL };
  g_autoptr (MhStream) stream =
      mh_host_open_wait (mh_swarm_host (self->swarm), peer, names, 1000, NULL);

  if (stream == NULL)
    return;
  for (guint i = 0; i < self->records->len; i++)
    put_record (stream, g_ptr_array_index (self->records, i));
  put_record (stream, last);
  mh_stream_close_write (stream);
}

static void
replay (Member *self, const char *name)
{
  g_autoptr (GPtrArray) nodes = mh_directory_list (mh_swarm_directory (self->swarm));
  g_autoptr (GBytes) last = new_record (self, name);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->records->len; i++)
    mh_swarm_publish (self->swarm, "hello", g_ptr_array_index (self->records, i));
  for (guint i = 0; i < nodes->len; i++)
    replay_to (self, &((MhNode *) g_ptr_array_index (nodes, i))->peer, last);
  say ("{\"event\":\"replayed\",\"records\":%u}", self->records->len);
  g_mutex_unlock (&self->lock);
}

static void
set_profile (Member *self)
{
  g_autoptr (MhHello) hello = mh_hello_new ();
  const char *caps[] = { MH_HELLO_CAP_HOLD, NULL };

  g_free (hello->name);
  hello->name = g_strdup ("hostile");
  g_strfreev (hello->caps);
  hello->caps = g_strdupv ((char **) caps);
  hello->flags = MH_HELLO_RELIABLE;
  hello->free_bytes = G_GUINT64_CONSTANT (1) << 40;
  hello->total_bytes = hello->free_bytes;
  if (self->vault_id != NULL)
    {
      MhHelloVault vault = { .bytes = 1000 };

      g_strlcpy (vault.id, self->vault_id, sizeof vault.id);
      g_array_append_val (hello->vaults, vault);
    }
  mh_swarm_set_profile (self->swarm, hello, TRUE);
}

static void
tell_counts (Member *self)
{
  g_mutex_lock (&self->lock);
  say ("{\"event\":\"counts\",\"have\":%u,\"block\":%u,\"challenge\":%u,\"hello\":%u,"
       "\"sums\":%u,\"entries\":%u,\"records\":%u,\"passed\":%u}",
       self->counts[MH_SYNC_HAVE], self->counts[MH_SYNC_BLOCK], self->counts[MH_SYNC_CHALLENGE],
       self->counts[MH_SYNC_HELLO], self->counts[MH_SYNC_SUMS], self->counts[MH_SYNC_ENTRIES],
       self->counts[MH_SYNC_RECORDS], self->passed);
  g_mutex_unlock (&self->lock);
}

static void
obey (Member *self, const char *line)
{
  if (g_str_has_prefix (line, "flood "))
    flood (self, atoi (line + 6));
  else if (g_str_has_prefix (line, "gossip "))
    gossip (self, atoi (line + 7));
  else if (g_str_has_prefix (line, "replay "))
    replay (self, line + 7);
  else if (g_str_equal (line, "counts"))
    tell_counts (self);
  else if (g_str_equal (line, "pass-on"))
    {
      g_atomic_int_set (&self->passes_on, TRUE);
      say ("{\"event\":\"passes on\"}");
    }
}

/* -- life -- */

static void
on_learned (const MhPeerId *peer, GBytes *record, gpointer data)
{
  Member *self = data;

  g_mutex_lock (&self->lock);
  if (g_hash_table_add (self->heard, mh_peer_id_to_text (peer)))
    g_ptr_array_add (self->records, g_bytes_ref (record));
  g_mutex_unlock (&self->lock);
}

static gboolean
on_may (const MhPeerId *peer, gpointer data)
{
  return TRUE;
}

static void
on_presence (const MhPeerId *peer, gboolean is_here, gpointer data)
{
}

static void
on_changed (const MhPeerId *peer, gpointer data)
{
}

static void
on_key (const MhSecret *key, const MhPeerId *by, gpointer data)
{
}

static void
on_reach (gpointer data)
{
}

static const MhSwarmEvents events = {
  on_may, on_presence, on_changed, on_learned, on_key, on_reach
};

static MhSwarm *
enter (Member *self, const MhSigner *signer, MhClock *clock, char **argv)
{
  static const char *const listen[] = { "/ip4/127.0.0.1/tcp/0", NULL };
  const char *bootstrap[] = { argv[3], NULL };
  guint16 ports[MH_SWARM_MOST_LISTEN] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhSecret) key = mh_swarm_key_parse (argv[1], strlen (argv[1]), &error);
  MhSwarmNew request = { .signer = signer,
                         .key = key,
                         .network_id = argv[2],
                         .clock = clock,
                         .listen = listen,
                         .ports = ports,
                         .bootstrap = bootstrap,
                         .most_peers = 64,
                         .events = &events,
                         .data = self };
  MhSwarm *swarm = key != NULL ? mh_swarm_new (&request, &error) : NULL;

  if (swarm == NULL)
    say ("{\"event\":\"failed\",\"why\":\"%s\"}", error->message);

  return swarm;
}

static void
run (Member *self)
{
  g_autofree char *id = mh_peer_id_to_text (mh_host_id (mh_swarm_host (self->swarm)));
  char line[200];

  mh_host_run (mh_swarm_host (self->swarm), listen_here, self);
  set_profile (self);
  say ("{\"event\":\"ready\",\"peer\":\"%s\"}", id);
  while (fgets (line, sizeof line, stdin) != NULL)
    obey (self, g_strchomp (line));
}

static MhKeys *
keys_of (const char *vault_id, const char *hex)
{
  guint8 bytes[32];
  g_autoptr (MhSecret) key = NULL;

  g_assert_true (mh_hex_decode (hex, bytes, sizeof bytes));
  key = mh_secret_new_copy (bytes, sizeof bytes);

  return mh_keys_new (vault_id, key);
}

int
main (int argc, char **argv)
{
  g_autoptr (MhSecret) seed = NULL;
  g_autoptr (MhSigner) signer = NULL;
  g_autoptr (MhClock) clock = mh_clock_new ();
  Member self = { 0 };

  if (argc < 4 || !mh_crypto_init (NULL))
    {
      g_printerr ("usage: hostile-member SWARM-KEY NETWORK-ID ADDRESS [VAULT-ID [KEY-AS-HEX]]\n");
      return 2;
    }

  seed = mh_secret_new_random (MH_SIGN_SEED_SIZE);
  signer = mh_signer_new (seed);
  self.signer = signer;
  g_mutex_init (&self.lock);
  self.records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self.heard = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.vault_id = argc > 4 ? g_strdup (argv[4]) : NULL;
  self.keys = argc > 5 ? keys_of (argv[4], argv[5]) : NULL;
  self.swarm = enter (&self, signer, clock, argv);
  if (self.swarm == NULL)
    return 1;
  run (&self);
  mh_swarm_free (self.swarm);
  g_ptr_array_unref (self.records);
  g_hash_table_unref (self.heard);
  g_clear_pointer (&self.keys, mh_keys_unref);
  g_free (self.vault_id);
  g_mutex_clear (&self.lock);

  return 0;
}
