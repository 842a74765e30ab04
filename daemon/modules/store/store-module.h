/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"
#include "store.h"

G_BEGIN_DECLS

/* The service is the MhStore. */
extern const MhModule mh_store_module;

G_END_DECLS
