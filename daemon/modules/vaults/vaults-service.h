/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vaults.h"

G_BEGIN_DECLS

/* Makes the service and hands the key of every vault to the store. */
gpointer mh_vaults_start (MhCore *core, GError **error);

/* Ends the service. */
void mh_vaults_stop (gpointer service);

/* Returns: (transfer none): the core */
MhCore *mh_vaults_core (MhVaults *self);

G_END_DECLS
