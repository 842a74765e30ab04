/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "kad-table.h"

G_BEGIN_DECLS

/* Returns: (transfer full) (nullable) (element-type MhMultiaddr): where a peer, or we, may be
 * reached */
typedef GPtrArray *(*MhKadAddresses) (const MhPeerId *id, gpointer data);

/**
 * mh_kad_answer:
 * @table: whom we know
 * @request: what is asked
 * @from: who asks
 * @addresses: tells where peers are
 * @data: for @addresses
 * @answer: (out) (nullable): the answer, or %NULL when there is none to be sent (ADD_PROVIDER)
 *
 * Names the peers closest to the key of FIND_NODE, GET_VALUE and GET_PROVIDERS: never who asks,
 * us only when we are looked for, and only those of which an address is known; whoever is looked
 * for comes first. PING is sent back.
 *
 * Returns: %FALSE when the request is refused: PUT_VALUE, and what has no key
 */
gboolean mh_kad_answer (const MhKadTable *table, const MhKadMessage *request, const MhPeerId *from,
                        MhKadAddresses addresses, gpointer data,
                        MhKadMessage **answer) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
