/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync-session.h"

#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/random.h"

/* Blocks that are asked for before the first of them has come: small ones come many at a time. */
#define AHEAD 64

struct _MhSyncSession
{
  MhStream *stream; /* (owned) */
  gboolean is_urgent;
  gboolean is_unchecked;
  guint64 bytes; /* of messages, both ways */
  GCancellable *cancellable;
  gulong cancelled;
};

void
mh_sync_break (GCancellable *cancellable, MhStream *stream)
{
  mh_stream_reset (stream);
}

/* What the streams say, in the words of this machine. */
static void
lift (GError **error)
{
  if (error != NULL && *error != NULL && (*error)->domain != MH_ERROR)
    mh_error_move (error, MH_ERROR_UNAVAILABLE);
}

/* As mh_sync_put(); adds to @bytes, which may be %NULL, how long it is. */
static gboolean
put (MhStream *stream, const MhSyncMessage *message, guint64 *bytes, GError **error)
{
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GBytes) head = mh_sync_message_encode_parts (message, &body);

  if (bytes != NULL)
    *bytes += g_bytes_get_size (head) + (body != NULL ? g_bytes_get_size (body) : 0);

  return mh_stream_write_parts_wait (stream, head, body, MH_SYNC_TIMEOUT_MS, error);
}

gboolean
mh_sync_put (MhStream *stream, const MhSyncMessage *message, GError **error)
{
  return put (stream, message, NULL, error);
}

static gboolean
put_message (MhSyncSession *self, const MhSyncMessage *message, GError **error)
{
  return put (self->stream, message, &self->bytes, error);
}

static gboolean
take_message (MhSyncSession *self, gsize most, MhSyncMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes =
      mh_stream_read_message_wait (self->stream, most, MH_SYNC_TIMEOUT_MS, error);

  if (bytes == NULL)
    return FALSE;
  self->bytes += g_bytes_get_size (bytes);
  if (mh_sync_message_decode (bytes, message))
    return TRUE;

  mh_sync_message_clear (message);
  g_set_error_literal (error, MH_ERROR, MH_ERROR_CORRUPT, "the other machine says nonsense");

  return FALSE;
}

static GBytes *
new_nonce (void)
{
  guint8 nonce[MH_SYNC_NONCE_SIZE];

  mh_random_bytes (nonce, sizeof nonce);

  return g_bytes_new (nonce, sizeof nonce);
}

/* Returns: (transfer full) (nullable): our proof, or %NULL without the key */
static GBytes *
prove (MhStore *store, const MhSyncProof *proof, gboolean is_client)
{
  g_autoptr (GBytes) text = mh_sync_proof_text (proof, is_client);
  guint8 out[MH_SYNC_HASH_SIZE];
  gsize size;
  const guint8 *data = g_bytes_get_data (text, &size);

  return mh_store_prove (store, proof->vault_id, data, size, out) ? g_bytes_new (out, sizeof out)
                                                                  : NULL;
}

/* In the time that it takes, whatever is different. */
static gboolean
is_proof (MhStore *store, const MhSyncProof *proof, gboolean is_client, GBytes *shown)
{
  g_autoptr (GBytes) wanted = prove (store, proof, is_client);
  const guint8 *a;
  const guint8 *b;
  guint8 different = 0;

  if (wanted == NULL || shown == NULL)
    return FALSE;
  a = g_bytes_get_data (wanted, NULL);
  b = g_bytes_get_data (shown, NULL);
  for (gsize i = 0; i < MH_SYNC_HASH_SIZE; i++)
    different |= a[i] ^ b[i];

  return different == 0;
}

/* -- we ask -- */

static gboolean
greet (MhSyncSession *self, MhHost *host, MhStore *store, const char *vault_id, GError **error)
{
  g_auto (MhSyncMessage) hello = { .op = MH_SYNC_HELLO, .nonce = new_nonce () };
  g_auto (MhSyncMessage) answer = { 0 };
  g_auto (MhSyncMessage) ours = { .op = MH_SYNC_PROVE };
  MhSyncProof proof = { mh_host_id (host), mh_stream_peer (self->stream), hello.nonce, NULL,
                        vault_id };

  hello.vault_id = g_strdup (vault_id);
  if (!put_message (self, &hello, error)
      || !take_message (self, MH_SYNC_MAX_QUESTION, &answer, error))
    return FALSE;
  proof.server_nonce = answer.nonce;
  if (answer.nonce == NULL || !is_proof (store, &proof, FALSE, answer.proof))
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN,
                           "the other machine has not the key of the vault");
      return FALSE;
    }
  ours.proof = prove (store, &proof, TRUE);
  if (ours.proof == NULL)
    {
      g_set_error_literal (error, MH_ERROR, MH_ERROR_FORBIDDEN, "the vault is locked");
      return FALSE;
    }

  return put_message (self, &ours, error);
}

/* Returns: (transfer full): one that has said nothing yet, or %NULL with @error set */
static MhSyncSession *
dial (MhHost *host, const MhPeerId *peer, const char *protocol, GCancellable *cancellable,
      GError **error)
{
  const char *const names[] = { protocol, NULL };
  MhStream *stream = mh_host_open_wait (host, peer, names, MH_SYNC_OPEN_MS, error);
  MhSyncSession *self;

  if (stream == NULL)
    return NULL;

  mh_stream_set_priority (stream, MH_YAMUX_BULK);
  self = g_new0 (MhSyncSession, 1);
  self->stream = stream;
  self->cancellable = g_object_ref (cancellable);
  self->cancelled =
      g_cancellable_connect (cancellable, G_CALLBACK (mh_sync_break), mh_stream_ref (stream),
                             (GDestroyNotify) mh_stream_unref);

  return self;
}

MhSyncSession *
mh_sync_session_open (MhHost *host, MhStore *store, const MhPeerId *peer, const char *vault_id,
                      GCancellable *cancellable, GError **error)
{
  g_autoptr (MhSyncSession) self = dial (host, peer, MH_SYNC_PROTOCOL, cancellable, error);

  if (self == NULL || !greet (self, host, store, vault_id, error))
    {
      lift (error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

MhSyncSession *
mh_sync_session_open_hold (MhHost *host, const MhPeerId *peer, const char *vault_id,
                           GCancellable *cancellable, GError **error)
{
  g_autoptr (MhSyncSession) self = dial (host, peer, MH_SYNC_HOLD_PROTOCOL, cancellable, error);
  g_auto (MhSyncMessage) hello = { .op = MH_SYNC_HELLO, .vault_id = g_strdup (vault_id) };

  if (self == NULL || !put_message (self, &hello, error))
    {
      lift (error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
mh_sync_session_hurry (MhSyncSession *self)
{
  self->is_urgent = TRUE;
  mh_stream_set_priority (self->stream, MH_YAMUX_NORMAL);
}

void
mh_sync_session_set_unchecked (MhSyncSession *self, gboolean is_unchecked)
{
  self->is_unchecked = is_unchecked;
}

void
mh_sync_session_free (MhSyncSession *self)
{
  if (self == NULL)
    return;

  g_cancellable_disconnect (self->cancellable, self->cancelled);
  g_object_unref (self->cancellable);
  mh_stream_close_write (self->stream);
  mh_stream_unref (self->stream);
  g_free (self);
}

gboolean
mh_sync_session_ask (MhSyncSession *self, const MhSyncMessage *question, MhSyncMessage *answer,
                     GError **error)
{
  gboolean done =
      put_message (self, question, error) && take_message (self, MH_SYNC_MAX_ANSWER, answer, error);

  lift (error);

  return done;
}

guint64
mh_sync_session_bytes (const MhSyncSession *self)
{
  return self->bytes;
}

static gboolean
ask_block (MhSyncSession *self, const guint8 *id, GError **error)
{
  g_auto (MhSyncMessage) question = { .op = MH_SYNC_BLOCK, .is_urgent = self->is_urgent };

  question.hashes = g_bytes_new (id, MH_SYNC_HASH_SIZE);
  question.is_unchecked = self->is_unchecked;

  return put_message (self, &question, error);
}

/* Gives the answer about @id to @take. */
static gboolean
take_block (MhSyncSession *self, const guint8 *id, MhSyncTake take, gpointer data, GError **error)
{
  g_auto (MhSyncMessage) answer = { 0 };

  return take_message (self, MH_SYNC_MAX_ANSWER, &answer, error)
         && (answer.records == NULL
             || take (id, g_ptr_array_index (answer.records, 0), data, error));
}

gboolean
mh_sync_session_each_block (MhSyncSession *self, GBytes *ids, MhSyncTake take, gpointer data,
                            GError **error)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (ids, &size);
  gsize asked = 0;
  gboolean good = TRUE;

  for (gsize taken = 0; good && taken < size; taken += MH_SYNC_HASH_SIZE)
    {
      for (; good && asked < size && asked < taken + AHEAD * MH_SYNC_HASH_SIZE;
           asked += MH_SYNC_HASH_SIZE)
        good = ask_block (self, bytes + asked, error);
      good = good && take_block (self, bytes + taken, take, data, error);
    }
  lift (error);

  return good;
}
