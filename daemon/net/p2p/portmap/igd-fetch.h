/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "igd.h"

G_BEGIN_DECLS

/* How long a router may take for an answer (UDA 3.2.2 has it at 30 s). */
#define MH_IGD_ANSWER_MS 5000

/**
 * MhIgdFetch:
 *
 * One question to a router over HTTP, and its answer. Of the loop.
 */
typedef struct _MhIgdFetch MhIgdFetch;

/* The answer has come, or will not: @body is NULL with @error set then. The fetch is gone. */
typedef void (*MhIgdFetched) (GBytes *body, const GError *error, gpointer data);

/* Returns: (transfer full): what fetches go through, on the thread's own context */
SoupSession *mh_igd_session_new (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_igd_fetch:
 * @session: from mh_igd_session_new()
 * @uri: as those that `igd.h` gives
 * @request: (nullable): what is asked for, or %NULL for the document at @uri
 * @fetched: told once, later, unless it is forgotten before
 * @data: for @fetched
 *
 * What is longer than %MH_IGD_MAX_BODY, takes longer than %MH_IGD_ANSWER_MS or leads elsewhere is
 * an error. The answer to a @request may be a fault, which mh_igd_answer() tells.
 *
 * Thread: the one of @session.
 * Returns: (transfer none): it; valid until @fetched is called
 */
MhIgdFetch *mh_igd_fetch (SoupSession *session, GUri *uri, const MhIgdRequest *request,
                          MhIgdFetched fetched, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Ends it, and @fetched is not called. */
void mh_igd_fetch_forget (MhIgdFetch *self);

G_END_DECLS
