/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the files of this folder share. */

#include <libsoup/soup.h>

#include "base/pool.h"
#include "server.h"
#include "sse.h"

G_BEGIN_DECLS

#define MH_JSON_BODY_MAX (1024 * 1024) /* ours: DESIGN of the account model, "Body size" */
#define MH_PIECE_BYTES (256 * 1024)    /* one piece a loop turn keeps other requests fast */
#define MH_MAX_STREAMS 64              /* open event streams */

typedef struct _MhConn MhConn;
typedef struct _MhBody MhBody;
typedef struct _MhStream MhStream;

typedef enum
{
  CONN_IDLE,    /* between requests, or its headers are coming */
  CONN_READING, /* the body is coming */
  CONN_WORKING, /* a worker has it */
  CONN_SENDING, /* the answer is going out */
  CONN_GONE,    /* hung up by us; libsoup has not seen it yet */
} MhConnState;

struct _MhConn
{
  MhServer *server;          /* (unowned) (nullable) NULL once the server has stopped */
  GSocketConnection *stream; /* (owned) */
  char *address;             /* (owned) of the client */
  MhConnState state;
  gint64 since_us; /* monotonic: last progress */
};

#define HISTOGRAM_BUCKETS 40 /* powers of √2 microseconds from 100 µs up to 75 s */

struct _MhServer
{
  SoupServer *soup;     /* (owned) */
  GMainContext *loop;   /* (owned) the context of the thread that made us */
  GMainContext *parked; /* (owned) never runs: keeps libsoup from accepting by itself */
  GSocket *socket;      /* (owned) (nullable) */
  GSource *accept;      /* (owned) (nullable) */
  GSource *sweep;       /* (owned) (nullable) */
  MhRouter *router;     /* (owned) */
  GHashTable *services; /* (owned) (element-type utf8 gpointer) */
  GHashTable *conns;    /* (owned) (element-type MhConn) (unowned items) a set */
  GHashTable *active;   /* (owned) (element-type MhRequest) (unowned items) loop only: a set */
  MhAuthenticator authenticator;
  MhServerOptions options; /* strings copied below */
  char **allowed_hosts;    /* (owned) (nullable) */
  char *page_prefix;       /* (owned) (nullable) */
  MhPool *workers;         /* (owned) */
  MhPool *derivers;        /* (owned): of passwords */
  MhPool *uploads;         /* (owned) */
  MhPool *readers;         /* (owned) of file contents */
  char *url;               /* (owned) (nullable) */
  guint streams;           /* open event streams */
  gboolean stopping;
  GMutex stats_lock;
  MhServerStats stats;                /* (locked-by stats_lock) */
  guint histogram[HISTOGRAM_BUCKETS]; /* (locked-by stats_lock) */
};

struct _MhRequest
{
  gatomicrefcount refs;
  MhServer *server; /* (unowned) outlives every request: mh_server_stop() waits */
  MhConn *conn;     /* (unowned) (nullable) loop only; NULL once the connection has gone */
  SoupServerMessage *message;  /* (unowned) (nullable) loop only; NULL once it has ended */
  SoupMessageHeaders *headers; /* (owned) of the request; immutable */
  const MhRoute *route;        /* (nullable) static */
  GHashTable *params;          /* (owned) (nullable) */
  GHashTable *query_raw;       /* (owned) (nullable) */
  gpointer query;              /* (owned) (nullable) of route->query */
  MhPrincipal *principal;      /* (owned) (nullable) */
  char *address;               /* (owned) */
  char *method;                /* (owned) */
  char *path;                  /* (owned) still encoded, without query */
  GCancellable *cancellable;   /* (owned) */
  GByteArray *json_body;       /* (owned) (nullable) while a JSON body comes in */
  MhBody *body;                /* (owned) (nullable) of an upload */
  MhStream *stream;            /* (owned) (nullable) loop only: the content going out */
  MhSse *sse;                  /* (owned) (nullable) loop only */
  gint64 started_us;
  guint delay_ms;  /* the answer waits this long */
  gboolean paused; /* loop only: by us, not by libsoup for want of data */
  gboolean dispatched;
  gboolean answered;
  gboolean read_done;  /* the whole body has been read */
  gboolean must_close; /* where the next request would begin is unknown */
  /* What the worker leaves for the loop. */
  GPtrArray *reply_headers; /* (owned) (element-type utf8) name, value, name, value… */
  char *reply_json;         /* (owned) (nullable) */
  GError *reply_error;      /* (owned) (nullable) */
  GBytes *cut_off;          /* (owned) (nullable) loop only: body of an answer sent by hand */
  MhContent *content;       /* (owned) (nullable) */
};

MhRequest *mh_request_ref (MhRequest *self);
void mh_request_unref (MhRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhRequest, mh_request_unref)
MhRequest *mh_request_new (MhServer *server, SoupServerMessage *message);

/* dispatch.c: headers have come; body has come; run the handler. */
void mh_dispatch_headers (MhServer *self, SoupServerMessage *message);
void mh_dispatch_body (MhServer *self, SoupServerMessage *message);
void mh_dispatch_upload (MhRequest *request);
MhRequest *mh_dispatch_request (SoupServerMessage *message);

/* Loop only; both may be called in any state. */
void mh_request_pause (MhRequest *request);
void mh_request_resume (MhRequest *request);

/* Loop only: the message is over, however it ended. */
void mh_request_end (MhRequest *request);

/* Runs @func (@request) on the loop, always later. Takes a reference for the while. */
void mh_request_post (MhRequest *request, void (*func) (MhRequest *request));
void mh_request_post_after (MhRequest *request, guint delay_ms, void (*func) (MhRequest *request));

/* reply.c, loop only */
void mh_reply_common_headers (SoupMessageHeaders *headers);
void mh_reply_error (MhRequest *request, const GError *error);
void mh_reply_head (MhRequest *request, guint status); /* the body follows */
void mh_reply_bytes (MhRequest *request, guint status, const char *mime, GBytes *bytes);
void mh_reply_finish (MhRequest *request); /* sends what the worker left */
void mh_reply_count (MhRequest *request);

/* stream.c, loop only */
void mh_stream_start (MhRequest *request, MhContent *content);
void mh_stream_free (MhStream *self);

/* body.c */
MhBody *mh_body_new (MhRequest *request);
void mh_body_free (MhBody *self);
void mh_body_push (MhBody *self, GBytes *bytes); /* loop */
void mh_body_end (MhBody *self);                 /* loop: the last byte has come */
void mh_body_cancel (MhBody *self);              /* loop: the client has gone */
void mh_body_discard (MhBody *self);             /* loop: the handler is done */
gboolean mh_body_pull (MhBody *self, GBytes **bytes, GError **error); /* worker */

/* sse.c */
void mh_sse_free (MhSse *self);

/* page.c: static files; FALSE when there is none at the path */
gboolean mh_page_serve (MhRequest *request);

/* conn.c */
gboolean mh_conn_listen (MhServer *self, const char *address, GError **error);
void mh_conn_stop (MhServer *self);
MhConn *mh_conn_of (SoupServerMessage *message);
void mh_conn_mark (MhConn *conn, MhConnState state);

G_END_DECLS
