/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "secret.h"

G_BEGIN_DECLS

/**
 * mh_kdf_derive:
 * @key: the key to derive from
 * @label: what the new key is for, such as "mh1/conv"; another label gives an unrelated key
 * @size: bytes wanted, at most 8160
 *
 * HKDF-SHA256 (RFC 5869) with an empty salt and @label as info.
 *
 * Thread: any.
 * Returns: (transfer full): the derived key
 */
MhSecret *
mh_kdf_derive (const MhSecret *key, const char *label, gsize size) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
