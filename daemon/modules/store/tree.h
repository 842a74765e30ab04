/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Hashes of versions as a tree by their first bits, so that what two machines know is compared part
 * by part, and equal parts cost nothing. Part of store.h. Thread: any, one at a time.
 */

/* Parts of a part: by the next four bits. */
#define MH_VERSION_TREE_CHILDREN 16

/* Parts are not told apart by more than so many times four bits. */
#define MH_VERSION_TREE_DEEPEST 16

typedef enum
{
  MH_ENTRY_THERE = 0,  /* nothing else is known of it */
  MH_ENTRY_GONE = 1,   /* it was removed, after another one had replaced it */
  MH_ENTRY_PURGED = 2, /* likewise, and is to be gone everywhere */
} MhEntryState;

/* A part of the tree: all hashes that begin with the same @depth times four bits. */
typedef struct
{
  guint8 start[MH_VERSION_TREE_DEEPEST / 2]; /* what is not used is zero */
  guint depth;                               /* 0: all of it */
} MhTreePart;

/* What stands for the entries of a part. */
typedef struct
{
  guint64 count;
  guint8 digest[MH_SYNC_HASH_SIZE]; /* SHA-256 over them in order, each with a byte for its state;
                                       zeros without any */
} MhTreeSum;

/* Returns: the child number @index of a part that is not as deep as can be */
MhTreePart mh_tree_part_child (const MhTreePart *self, guint index);

/* Returns: which child of a part of that depth a hash is in */
guint mh_tree_child_of (const guint8 *hash, guint depth);

/* Fills @first and @last with the first and the last hash that may be in a part. */
void mh_tree_part_ends (const MhTreePart *self, guint8 first[MH_SYNC_HASH_SIZE],
                        guint8 last[MH_SYNC_HASH_SIZE]);

/* Some entries, in order. */
typedef struct
{
  GByteArray *hashes; /* (owned): 32 bytes each */
  GByteArray *states; /* (owned): a byte each, MhEntryState */
} MhTreeEntries;

/* Makes it one without entries. */
void mh_tree_entries_init (MhTreeEntries *self);

/* Adds one at the end. */
void mh_tree_entries_add (MhTreeEntries *self, const guint8 *hash, guint8 state);

/* Gives back what is in it. */
void mh_tree_entries_clear (MhTreeEntries *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MhTreeEntries, mh_tree_entries_clear)

/* A sum that is being made of entries, one after the other. */
typedef struct _MhTreeSummer MhTreeSummer;

/* Returns: (transfer full): of nothing yet */
MhTreeSummer *mh_tree_summer_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the next entry. */
void mh_tree_summer_add (MhTreeSummer *self, const guint8 *hash, guint8 state);

/* Fills @sum with what was added, and starts afresh. */
void mh_tree_summer_finish (MhTreeSummer *self, MhTreeSum *sum);
void mh_tree_summer_free (MhTreeSummer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhTreeSummer, mh_tree_summer_free)
