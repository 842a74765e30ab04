/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crypto/sign.h"
#include "net/p2p/wire/multiaddr.h"
#include "net/p2p/wire/peer-id.h"

G_BEGIN_DECLS

/*
 * The hello record: what a node says of itself, signed by it, passed on by all. Protocol buffers in
 * a signed envelope (libp2p RFC 0002) of a kind of its own. Limits are ours; what is over them
 * makes the whole record bad, so that nobody has to carry what others cut off.
 */

/* Bytes of the longest record; a gossip message of 64 KiB holds it. */
#define MH_HELLO_MAX (48 * 1024)

#define MH_HELLO_MAX_NAME 256 /* bytes; 64 characters */
#define MH_HELLO_MAX_WORD 64  /* bytes of a version, a system or a capability */
#define MH_HELLO_MAX_CAPS 32
#define MH_HELLO_MAX_ADDRESSES 32
#define MH_HELLO_MAX_VAULTS 256
#define MH_HELLO_MAX_LINKS 512

/* One of %caps: it keeps sealed blocks of vaults whose keys it does not have. */
#define MH_HELLO_CAP_HOLD "hold"

/* … and it keeps those that it has until they can be spared, and takes no more. */
#define MH_HELLO_CAP_HELD "held"

/* … and it has no room for more of them now. */
#define MH_HELLO_CAP_FULL "full"

/* The bits of %flags. */
typedef enum
{
  MH_HELLO_RELIABLE = 1 << 0, /* counts for the replicas of a vault */
  MH_HELLO_METERED = 1 << 1,  /* its line costs by the byte */
  MH_HELLO_RELAY = 1 << 2,    /* relays for others */
} MhHelloFlags;

/* A vault of which the node holds something. Plain data. */
typedef struct
{
  char id[32];        /* NUL-terminated, base32 */
  guint64 bytes;      /* stored for it */
  gboolean is_viewed; /* it has its files, and keeps no blocks of them for others */
} MhHelloVault;

/* A connection that the node has. Plain data. */
typedef struct
{
  MhPeerId peer;
  guint32 rtt_us; /* 0: not known */
  gboolean is_relayed;
} MhHelloLink;

typedef struct
{
  MhPeerId peer; /* who says it: whoever signed */
  guint64 seq;   /* grows with each record of that node */
  char *name;    /* (owned): what people call it, UTF-8 */
  char *country; /* (owned): ISO 3166-1 alpha-2, or "" */
  char *version; /* (owned): of its program */
  char *system;  /* (owned): operating system and processor */
  char **caps;   /* (owned): what it does for others, sorted */
  MhHelloFlags flags;
  GPtrArray *addresses; /* (owned) (element-type MhMultiaddr): without its peer id */
  guint64 free_bytes;   /* that it would store */
  guint64 total_bytes;
  GArray *vaults; /* (owned) (element-type MhHelloVault) */
  GArray *links;  /* (owned) (element-type MhHelloLink) */
  guint64 uptime_s;
} MhHello;

/* Returns: (transfer full): an empty one, which is not to be changed any more once it is shared */
MhHello *mh_hello_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Holds it and gives it back. Thread: any. */
MhHello *mh_hello_ref (MhHello *self);
void mh_hello_unref (MhHello *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhHello, mh_hello_unref)

/* Returns: whether the node says that it does @cap for others. Thread: any. */
gboolean mh_hello_has_cap (const MhHello *self, const char *cap);

/**
 * mh_hello_seal:
 * @self: what is to be said; more than the limits allow is left out, texts are cut
 * @signer: who says it
 *
 * Thread: any.
 * Returns: (transfer full): the record
 */
GBytes *mh_hello_seal (const MhHello *self, const MhSigner *signer) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_hello_open:
 * @record: a record from anybody
 *
 * Thread: any. Verifies a signature.
 * Returns: (transfer full) (nullable): what it says, or %NULL when it is not well formed, over the
 *   limits or not signed
 */
MhHello *mh_hello_open (GBytes *record) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
