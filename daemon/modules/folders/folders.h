/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* Mirrors folders of this machine and vaults, both ways. */
typedef struct _MhFolders MhFolders;

extern const MhModule mh_folders_module;

G_END_DECLS
