/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/secret.h"
#include "crypto/sign.h"

G_BEGIN_DECLS

/**
 * mh_identity_load:
 * @path: the file that holds the sealed seed; made at the first start
 * @master: the master key
 * @error: return location
 *
 * The Ed25519 identity of this machine, sealed at rest.
 *
 * Errors: %MH_ERROR_CORRUPT when the file does not open with @master
 * Returns: (transfer full): the signer
 */
MhSigner *mh_identity_load (const char *path, const MhSecret *master,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
