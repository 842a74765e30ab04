/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/p2p/wire/buf.h"

G_BEGIN_DECLS

/*
 * A stream of bytes inside a WebSocket (RFC 6455), as the libp2p transport `/ws` has it: binary
 * messages whose borders mean nothing. The bytes inside are hidden and checked by the layers above.
 */

/* The head of an HTTP request or answer may be as long as this. */
#define MH_WS_MAX_HEAD 8192

/* Bytes that may wait to be sent when a ping asks for more; then the other side reads nothing. */
#define MH_WS_MAX_UNSENT (1024 * 1024)

typedef struct _MhWs MhWs;

/**
 * mh_ws_new_client:
 * @host: what goes into the Host header
 * @out: where the request goes
 *
 * Returns: (transfer full): the side that asks
 */
MhWs *mh_ws_new_client (const char *host, MhBuf *out) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the side that is asked */
MhWs *mh_ws_new_server (void) G_GNUC_WARN_UNUSED_RESULT;

/* Frees it. */
void mh_ws_free (MhWs *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhWs, mh_ws_free)

/* Returns: whether the upgrade is done, and mh_ws_wrap() may be called */
gboolean mh_ws_is_open (const MhWs *self);

/* Returns: whether the other side has closed the WebSocket */
gboolean mh_ws_is_ended (const MhWs *self);

/**
 * mh_ws_feed:
 * @self: one side
 * @in: what came in: consumed as far as it is understood
 * @bytes: where the bytes inside go
 * @out: where what has to be sent goes: the answer, pongs, a close
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_DATA for what is no WebSocket
 * Returns: %FALSE with @error set
 */
gboolean mh_ws_feed (MhWs *self, MhBuf *in, MhBuf *bytes, MhBuf *out,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts @size bytes into @out as one binary message. */
void mh_ws_wrap (MhWs *self, const guint8 *bytes, gsize size, MhBuf *out);

/* Puts a close frame into @out. */
void mh_ws_close (MhWs *self, MhBuf *out);

G_END_DECLS
