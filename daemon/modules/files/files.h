/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* The files of the vaults, over REST. What is done is done by the store. */
extern const MhModule mh_files_module;

G_END_DECLS
