/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells the service manager, if there is one, a state such as "READY=1". */
void mh_notify (const char *state);

G_END_DECLS
