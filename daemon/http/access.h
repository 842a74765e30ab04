/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The five documented surfaces of the API. They share one listener and one account model. */
typedef enum
{
  MH_SURFACE_MESHHOLD,
  MH_SURFACE_CLOUDOS,
  MH_SURFACE_FLEET,
  MH_SURFACE_AGENTS,
  MH_SURFACE_TORRENTS,
} MhSurface;

/* What a principal may enter. The owner has all; a self-registered user never has MESH. */
typedef enum
{
  MH_REALM_MESH = 1 << 0,
  MH_REALM_CLOUD = 1 << 1,
  MH_REALM_FLEET = 1 << 2,
  MH_REALM_AGENTS = 1 << 3,
  MH_REALM_TORRENTS = 1 << 4,
} MhRealms;

/* How much a principal may do where it may enter; each includes the ones before it. */
typedef enum
{
  MH_ROLE_VIEWER,
  MH_ROLE_USER,
  MH_ROLE_ADMIN,
  MH_ROLE_OWNER,
} MhRole;

/* Returns: (transfer none): the name of a role as it is stored and shown */
const char *mh_role_name (MhRole role);

/* Returns: the role of that name; %MH_ROLE_VIEWER for an unknown one, which may the least */
MhRole mh_role_from_name (const char *name);

#define MH_REALMS_ALL                                                                              \
  (MH_REALM_MESH | MH_REALM_CLOUD | MH_REALM_FLEET | MH_REALM_AGENTS | MH_REALM_TORRENTS)

typedef enum
{
  MH_ACCESS_NONE,        /* open */
  MH_ACCESS_BEARER,      /* Authorization header, or the cookie of the surface */
  MH_ACCESS_TOKEN_QUERY, /* as BEARER, or ?token= */
  MH_ACCESS_KEY_QUERY,   /* as BEARER, or ?key= */
  MH_ACCESS_ADMIN_TOKEN, /* the handler checks X-MeshHold-Admin-Token itself */
} MhAccess;

/* A token by its shape; one header carries them all. A route accepts some of the kinds. */
typedef enum
{
  MH_TOKEN_UNKNOWN = 0,
  MH_TOKEN_SESSION = 1 << 0,  /* 64 hexadecimal digits: a session of this daemon */
  MH_TOKEN_JWT = 1 << 1,      /* two dots: carries the id of a session row */
  MH_TOKEN_API_KEY = 1 << 2,  /* "mhk_": an API key of the cloud realm */
  MH_TOKEN_MCP_KEY = 1 << 3,  /* "quaz_": only on /mcp */
  MH_TOKEN_TORRENTS = 1 << 4, /* 43 base64url characters: the API key of the torrents surface */
} MhTokenKind;

/* Returns: the kind of a token, by its shape alone */
MhTokenKind mh_token_kind (const char *token);

/* Who a request speaks for. Reference counted, immutable. */
typedef struct
{
  gatomicrefcount refs;
  char *user_id;    /* "owner" or the id of a user row */
  char *name;       /* for people */
  char *session_id; /* hexadecimal SHA-256 of the token */
  char *csrf;       /* secret of the session for the double-submit check */
  MhRealms realms;
  MhRole role;
} MhPrincipal;

/* The strings of @like are copied; its count is not looked at. */
MhPrincipal *mh_principal_new (const MhPrincipal *like) G_GNUC_WARN_UNUSED_RESULT;
MhPrincipal *mh_principal_ref (MhPrincipal *self);
void mh_principal_unref (MhPrincipal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhPrincipal, mh_principal_unref)

/**
 * MhAuthenticator:
 * @authenticate: (transfer full) (nullable) principal of a token, or %NULL with
 * %MH_ERROR_UNAUTHENTICATED
 * @is_alive: whether the session still exists and has not expired
 *
 * Both run on the loop and must answer from memory.
 */
typedef struct
{
  MhPrincipal *(*authenticate) (gpointer self, const char *token, GError **error);
  gboolean (*is_alive) (gpointer self, const char *session_id);
  gpointer self;
} MhAuthenticator;

/* The headers of one request that decide about access; borrowed. */
typedef struct
{
  guint surfaces; /* whose cookies count: bits 1 << MhSurface; a shared path has several */
  MhAccess access;
  MhRealms realms;           /* any one of these is enough */
  guint tokens;              /* accepted bits of MhTokenKind */
  MhRole role;               /* at least this */
  gboolean is_write;         /* anything but GET and HEAD */
  const char *authorization; /* (nullable) */
  const char *query_token;   /* (nullable) the decoded ?token= or ?key= */
  const char *cookies;       /* (nullable) */
  const char *csrf_header;   /* (nullable) X-CSRF-Token */
  const char *origin;        /* (nullable) */
  const char *referer;       /* (nullable) */
  const char *host;          /* (nullable) */
  gboolean is_websocket;     /* browsers send no preflight for these: Origin must match Host */
} MhAccessInput;

/**
 * mh_access_check:
 * @input: what the request brought
 * @authenticator: who knows the tokens
 * @principal: (out) (nullable) (transfer full): who it is; %NULL on an open route without
 * credential
 * @error: return location
 *
 * The first credential present decides: the Authorization header, the query where the route allows
 * it, the cookie of a surface of the route. A bad header never falls back to a cookie, and a kind
 * of token that the route does not accept is a bad one. Writes by cookie need the CSRF header
 * (fleet) or a matching Origin (torrents, cloudos). On an open route a bad credential is no error.
 *
 * Thread: the loop.
 * Errors: %MH_ERROR_UNAUTHENTICATED, %MH_ERROR_FORBIDDEN
 */
gboolean mh_access_check (const MhAccessInput *input, const MhAuthenticator *authenticator,
                          MhPrincipal **principal, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_cookie_get:
 * @cookies: (nullable): the Cookie header
 * @name: cookie name
 *
 * Returns: (transfer full) (nullable): its value
 */
char *mh_cookie_get (const char *cookies, const char *name);

/**
 * mh_cookie_session:
 * @surface: one that has a session cookie
 * @token: (nullable): the token, or %NULL to make the browser forget the cookie
 * @lifetime_s: seconds the browser keeps it
 * @is_secure: whether the request came by TLS
 *
 * No script reads it. Only that of cloudos comes along when a link elsewhere is followed, because
 * redirects from other places set it.
 *
 * Returns: (transfer full) (nullable): value of a Set-Cookie header; %NULL for a surface without
 */
char *
mh_cookie_session (MhSurface surface, const char *token, gint64 lifetime_s, gboolean is_secure);

/* As mh_cookie_session(), for the csrf_token cookie, which scripts of the page must read. */
char *mh_cookie_csrf (const char *csrf, gint64 lifetime_s, gboolean is_secure);

/**
 * mh_host_is_allowed:
 * @host: (nullable): the Host header
 * @allowed: (nullable): further names, without port
 *
 * Guards against DNS rebinding: only loopback names and addresses, and @allowed. A missing header
 * (HTTP/1.0) passes, as no browser sends that.
 */
gboolean mh_host_is_allowed (const char *host, const char *const *allowed);

/* Constant-time comparison of two strings. Returns: whether both are equal and not %NULL */
gboolean mh_text_equal_secret (const char *a, const char *b);

G_END_DECLS
