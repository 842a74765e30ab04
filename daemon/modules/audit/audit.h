/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/module.h"

G_BEGIN_DECLS

/* The hash-chained log of what was done, by whom. */
typedef struct _MhAudit MhAudit;

extern const MhModule mh_audit_module;

/**
 * mh_audit_record:
 * @self: the log
 * @request: (nullable): gives actor and address; %NULL for this machine itself
 * @type: for example `vault.create`
 * @target: (nullable): what it was done to
 * @detail: (nullable): one line for people, without secrets
 *
 * Durable when it returns. A failure to write is logged and does not undo what was done.
 *
 * Thread: a worker. Blocks on disk.
 */
void mh_audit_record (MhAudit *self, MhRequest *request, const char *type, const char *target,
                      const char *detail);

G_END_DECLS
