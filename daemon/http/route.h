/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "access.h"
#include "base/json.h"
#include "base/shape.h"

G_BEGIN_DECLS

typedef struct _MhRequest MhRequest;

/**
 * MhHandler:
 * @request: the request
 * @body: (nullable): the checked body, a struct of the contract
 * @out: where the JSON answer goes
 * @error: return location; its code decides the status
 */
typedef gboolean (*MhHandler) (MhRequest *request, gconstpointer body, MhJson *out, GError **error);

typedef enum
{
  MH_RUN_LOOP,     /* on the loop: under 1 ms, no I/O */
  MH_RUN_WORKER,   /* on a worker */
  MH_RUN_PASSWORD, /* on one of few workers: it derives a key, which takes a core for a second */
  MH_RUN_UPLOAD,   /* on a worker that pulls the body with mh_request_read() */
  MH_RUN_FILE,     /* on a worker that hands over a MhContent */
  MH_RUN_SSE,      /* on the loop, opens an event stream */
} MhRun;

/* One documented route. The table is generated from the contracts. */
typedef struct
{
  const char *id;        /* of the specification, for example mh-0029 */
  const char *operation; /* name of the handler */
  const char *module;
  const char *method;
  const char *path;  /* {name} is one segment, {name*} the rest */
  MhSurface surface; /* the style of its errors */
  guint surfaces;    /* bits 1 << MhSurface: whose cookies count */
  MhRealms realms;
  guint tokens; /* bits of MhTokenKind */
  MhRole role;
  MhAccess access;
  MhRun run;
  const MhShape *body;  /* (nullable) */
  const MhShape *query; /* (nullable) */
  guint success;        /* HTTP status */
  MhHandler handler;
} MhRoute;

typedef struct _MhRouter MhRouter;

/**
 * mh_router_new:
 * @routes: (transfer none): outlives the router
 * @n_routes: number of routes
 *
 * Returns: (transfer full): an index of the routes, immutable
 */
MhRouter *mh_router_new (const MhRoute *routes, guint n_routes) G_GNUC_WARN_UNUSED_RESULT;
void mh_router_free (MhRouter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhRouter, mh_router_free)

/**
 * mh_router_match:
 * @self: the router
 * @method: HTTP method; HEAD finds the route of GET
 * @path: the path as it came, still percent-encoded
 * @params: (out) (transfer full): decoded parameters by name; a tail begins with a slash
 * @allow: (out) (transfer full) (nullable): on %MH_ERROR_METHOD_NOT_ALLOWED, the value of Allow
 * @error: return location
 *
 * A literal beats a parameter, a parameter beats a tail, segment by segment.
 *
 * Thread: any.
 * Errors: %MH_ERROR_NOT_FOUND, %MH_ERROR_METHOD_NOT_ALLOWED, %MH_ERROR_INVALID for a segment that
 * does not decode Returns: (nullable): the route
 */
const MhRoute *mh_router_match (MhRouter *self, const char *method, const char *path,
                                GHashTable **params, char **allow, GError **error);

G_END_DECLS
