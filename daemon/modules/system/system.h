/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

extern const MhModule mh_system_module;
