/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "net/p2p/wire/public-key.h"

/* How long the signature is (two bytes, big-endian), the signature, and a key: it has an id, or
 * verifies nothing. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize head = size >= 2 ? 2 : size;
  gsize signature = size >= 2 ? MIN ((gsize) data[0] << 8 | data[1], size - head) : 0;
  const guint8 *message = data + head + signature;
  gsize message_size = size - head - signature;
  const MhSigned what = { (const guint8 *) "said", 4, data + head, signature };
  MhPeerId id = { 0 };
  MhPeerId same = { 0 };
  gboolean has_id = mh_public_key_id (message, message_size, &id);
  gboolean is_good = mh_public_key_verify (message, message_size, &what);

  g_assert (has_id || !is_good);
  if (has_id)
    {
      g_assert (mh_peer_id_from_bytes (id.bytes, id.size, &same) && mh_peer_id_equal (&id, &same));
      same = mh_peer_id_from_public_key (message, message_size);
      g_assert (mh_peer_id_equal (&id, &same));
    }

  return 0;
}
