/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folders.h"

const MhModule mh_folders_module = {
  .name = "folders",
};
