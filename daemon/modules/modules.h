/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

/* Every module, each after the ones it requires; NULL at the end. Made from meson.build. */
extern const MhModule *const mh_modules[];

/* Every documented route. Made from the contracts. */
extern const MhRoute mh_routes[];
extern const guint mh_n_routes;
