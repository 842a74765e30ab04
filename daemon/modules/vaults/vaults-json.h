/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vaults.h"

G_BEGIN_DECLS

/* Writes a vault as an object, under @name or as the root. */
void mh_vault_to_json (MhJson *out, const char *name, const MhVault *vault);

/* Records @op in the audit log, and tells everybody who listens. */
void mh_vault_tell (MhRequest *request, const char *op, const char *id, const char *name);

G_END_DECLS
