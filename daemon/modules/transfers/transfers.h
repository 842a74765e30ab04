/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* Copies whole folders between this machine and its vaults. */
extern const MhModule mh_transfers_module;

G_END_DECLS
