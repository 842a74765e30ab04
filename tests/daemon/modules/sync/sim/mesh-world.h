/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "../../store/sim/sim-disk.h"
#include "../../store/sim/sim-model.h"
#include "core/core.h"
#include "mesh-history.h"
#include "mesh-net.h"
#include "modules/sync/sync-keep.h"
#include "modules/sync/sync-round.h"

G_BEGIN_DECLS

#define MESH_MOST 5

/* Machines without the key; they come after those with it. */
#define MESH_MOST_KEEPERS 2
#define MESH_MOST_ALL (MESH_MOST + MESH_MOST_KEEPERS)

/* What a keeper may keep, unless it is told less. */
#define MESH_HOLD_BYTES (G_GINT64_CONSTANT (1) << 30)

/* The vault, and the byte its key is made of: those with which SimContents seals, so that it knows
 * the ids of blocks by itself. */
#define MESH_VAULT "any"
#define MESH_KEY_BYTE 5

typedef struct _MeshWorld MeshWorld;
typedef struct _MeshMachine MeshMachine;

/* Another machine as one knows it, or one that was. Plain data. */
typedef struct
{
  MhPeerId id;
  gboolean reliable;
  gint64 heard_ms; /* by the clock of the world */
  gboolean holds;  /* it offers to keep blocks without the key */
  gboolean held;   /* it takes no more, and gives those that it has */
  gboolean full;   /* it holds, and has little room for more */
  gboolean is_keeper;
  gboolean has_key; /* it has shown the key */
  MhSyncMark mark;  /* how far it was asked */
  gint64 own_epoch; /* of our index then */
} MeshPeer;

/* What stands in for the core, the network and the table of marks: see mesh-substitutes.c. */
struct _MhCore
{
  MhConfig config;
  MhClock *clock; /* (owned) */
};

struct _MhSync
{
  MeshMachine *machine; /* (unowned) */
};

struct _MhVaults
{
  MeshMachine *machine; /* (unowned) */
};

struct _MhSwarm
{
  MeshMachine *machine; /* (unowned) */
};

struct _MhDirectory
{
  MeshMachine *machine; /* (unowned) */
};

struct _MhSyncPeers
{
  gboolean stale; /* marks outlive what they are about: %MESH_STALE */
  GArray *peers;  /* (owned) (element-type MeshPeer): lost with the disk */
};

struct _MeshMachine
{
  MeshWorld *world; /* (unowned) */
  guint number;
  char name;        /* 'A' and so on */
  SimDisk *disk;    /* (owned) */
  MhSigner *signer; /* (owned) */
  MhPeerId id;
  MhHost *host; /* (owned) */
  gint64 skew_ms;
  gboolean is_keeper; /* it has not the key, and keeps sealed blocks */
  MhVaultRoles roles;
  gboolean is_full; /* its disk has little room, or none */
  gboolean lies;    /* blocks that it gives have a wrong bit now and then */
  MhSyncOp asked;   /* the last question that came */
  MhStore *store;
  MhCore core;
  MhSwarm swarm;
  MhDirectory directory;
  MhSync sync;
  MhVaults vaults;
  MhSyncPeers known;
  MhKeep keep_rule;      /* how long versions are kept */
  guint owes;            /* changes that were acknowledged while the disk died */
  gboolean audits;       /* since it was looked at last: it may have given blocks up */
  gint64 sure_ms;        /* since then it knows how many copies there are; 0: it does not */
  GHashTable *wanted_ms; /* (owned) (element-type GBytes gint64): of a keeper: until when a block
                            was wanted */
  MhSyncKeep *keep;      /* (owned): for as long as it runs */
  MhSyncBlame *blame;    /* (unowned): of @keep */
};

struct _MeshWorld
{
  MeshFlags flags;
  SimRandom random;
  guint count; /* machines with the key */
  guint all;   /* and without it */
  MeshMachine machines[MESH_MOST_ALL];
  gboolean cut[MESH_MOST_ALL][MESH_MOST_ALL]; /* who cannot reach whom */
  gint64 copies;
  gint64 now_ms;
  gint64 surplus_ms; /* after that what others have is given up */
  gint64 lost_ms;    /* when a disk was lost last */
  guint64 segment_bytes;
  gboolean forgets;      /* versions are removed: what is kept is not the same everywhere */
  MeshTrouble trouble;   /* of the next conversation */
  SimContents *contents; /* (owned) */
  GHashTable *versions;  /* (owned) (element-type GBytes guint): known ones, bits of who has them */
  GHashTable *purged;    /* (owned) (element-type GBytes guint): likewise: who said so */
  GHashTable *blocks;    /* (owned) (element-type GBytes guint): of contents, likewise */
  GString *log;          /* (owned) */
  char *violation;       /* (owned) (nullable): the first */
  guint64 events;
  guint steps;
  guint rounds;
  guint identities; /* ever made */
};

void mesh_log (MeshWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void mesh_violate (MeshWorld *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void mesh_note (MeshWorld *self, MeshEvent event);

/* What the product takes for the time since the start of the system. */
void mesh_set_monotonic_ms (gint64 now_ms);

/* -- machines -- */

/* Makes the one of that number, with an empty disk. */
void mesh_machine_init (MeshMachine *self, MeshWorld *world, guint number);
void mesh_machine_clear (MeshMachine *self);

/* What is done from now on is done by @self: its disk is the one in use. */
void mesh_machine_enter (MeshMachine *self);
gboolean mesh_machine_is_dead (MeshMachine *self);
gboolean mesh_machine_is_reliable (const MeshMachine *self);

/* Whether what went wrong on @self may do so, as its disk is full. */
gboolean mesh_machine_lacks_room (MeshMachine *self);

/* Its disk has so much room from now on, of which nobody is told with @secret. */
void mesh_machine_fill (MeshMachine *self, guint64 bytes, gboolean secret);

/* And has enough again. */
void mesh_machine_make_room (MeshMachine *self);

/* Opens the store, which has to work. */
void mesh_machine_open (MeshMachine *self);

/* Ends and begins again, after the disk died or in the middle of nothing. */
void mesh_machine_crash (MeshMachine *self, SimCrash crash);
void mesh_machine_lose_index (MeshMachine *self);

/* The disk is replaced by an empty one; with @anew the key is, too. */
void mesh_machine_lose_disk (MeshMachine *self, gboolean anew);

/* Returns: (transfer none): what is known of a machine, made when there is nothing */
MeshPeer *mesh_peers_ensure (MhSyncPeers *self, const MhPeerId *id);

/* Returns: (nullable): the machine that has the id now */
MeshMachine *mesh_world_find (MeshWorld *self, const MhPeerId *id);

/* Whether both are there and reach each other. */
gboolean mesh_are_linked (const MeshMachine *a, const MeshMachine *b);

/* Time goes on: all clocks follow, and who is linked hears of each other. */
void mesh_world_pass (MeshWorld *self, gint64 ms);

/* -- what is known of who has what -- */

/* Why something is on a machine that was not there before. */
typedef enum
{
  MESH_CHANGED, /* by who uses it */
  MESH_PURGED,  /* by who uses it, for ever */
  MESH_TAKEN,   /* from another machine */
  MESH_AUDITED, /* likewise, or given up */
  MESH_OPENED,  /* it was there, but nobody has seen it */
} MeshCause;

/* Looks at what @self has now. Nothing that it had may be missing. Returns: versions that are new
 */
guint mesh_look (MeshMachine *self, MeshCause cause);

/* Takes note that a disk is gone with all that was on it. */
void mesh_forget_machine (MeshMachine *self);

/* What @self has purged need not be told to others any more. */
void mesh_forget_purged (MeshMachine *self);

/* After a conversation to the end @asks knows what @gives does and has the blocks that it wants. */
void mesh_check_taken (MeshMachine *asks, MeshMachine *gives);

/* Whether the rule of copies gives the block to @self, as it knows the others. */
gboolean mesh_wants (MeshMachine *self, const guint8 *id);

/* Whether @self has found that a machine gives what is wrong, too often. */
gboolean mesh_is_left_out (MeshMachine *self, const MhPeerId *id);

/* Whether the block may go from @self: it is for others, of whom enough have it. */
gboolean mesh_may_go (MeshMachine *self, const guint8 *id);

/* Whether the machine counts for the copies of a block, as @self knows it. */
gboolean mesh_counts (MeshMachine *self, const MeshPeer *peer);

/* Orders machines as sync does: by the hash of who they are and of the block. */
guint64 mesh_weight_of (const MhPeerId *peer, const guint8 *id);

/* How many of the blocks that @self names have too few copies, or -1 when that depends on more
 * than on what is where. */
gint64 mesh_count_under (MeshMachine *self);

/* -- keepers -- */

/* Whether @self, which has the key, wants @keeper to keep a block. */
gboolean mesh_wants_kept (MeshMachine *self, const MeshMachine *keeper, const guint8 *id);

/* The same, if keepers that are full are passed over. */
gboolean mesh_wants_kept_instead (MeshMachine *self, const MeshMachine *keeper, const guint8 *id);

/* Looks at what a keeper has now, as mesh_look(). */
void mesh_look_at_keeper (MeshMachine *self, MeshCause cause);

/* Has a keeper ask what it is to keep, and give up what nobody wants. Returns: how many blocks came
 */
guint mesh_sweep (MeshMachine *self);

/* One of the things that may happen to a keeper. */
void mesh_play_keeper (MeshMachine *self);

/* Whether a machine whose bit is in @bits has the block, or nobody has that is asked for it. */
gboolean mesh_is_block_at (MeshWorld *self, const guint8 *id, guint bits);
gboolean mesh_is_block_lost (MeshWorld *self, const guint8 *id);

/* Reads the file as it is now. Returns: whether the bytes are right; a violation if they are wrong,
 * or not given though they @must be */
gboolean mesh_read (MeshMachine *self, const char *path, gboolean must);

/* Returns: (transfer full): the files of a machine, one a line */
char *mesh_tree (MeshMachine *self);

/* -- what happens -- */

/* Asks @gives once. Returns: how many versions and blocks came, or -1 when it failed */
gint mesh_round (MeshMachine *asks, MeshMachine *gives);

/* Compares with the others what blocks there are; @health: what it found, and did. Returns: %FALSE
 * when it failed */
gboolean mesh_audit (MeshMachine *self, MhSyncHealth *health);

/* One of the things that may happen. */
void mesh_play_one (MeshWorld *self);

/* Machines whose disk died begin again. */
void mesh_world_revive (MeshWorld *self);

/* The end: all reach all, until nothing more comes. */
void mesh_finish (MeshWorld *self);

G_END_DECLS
