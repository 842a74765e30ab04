/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare.h"

#include <string.h>

typedef enum
{
  SAME,
  TOUCHED, /* perhaps the content, perhaps only what is around it */
  CHANGED, /* the content, too */
  GONE,
} Change;

typedef struct
{
  GPtrArray *actions; /* (owned) (element-type MhAction) */
  MhCompareHash hash;
  gpointer data;
} Comparison;

MhEntry *
mh_entry_new (const char *path)
{
  MhEntry *self = g_new0 (MhEntry, 1);

  self->path = g_strdup (path);

  return self;
}

void
mh_entry_free (MhEntry *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self);
}

gboolean
mh_act_is_local (MhAct act)
{
  return act == MH_ACT_MOVE || act == MH_ACT_DELETE || act == MH_ACT_UPLOAD
         || act == MH_ACT_CONFLICT;
}

static void
add (Comparison *self, MhAct act, MhEntry *entry, gboolean harms)
{
  MhAction *action = g_new0 (MhAction, 1);

  action->act = act;
  action->entry = entry;
  action->harms = harms;
  g_ptr_array_add (self->actions, action);
}

static Change
host_change (const MhEntry *entry)
{
  const MhHostState *before = &entry->agreed_host;
  const MhHostState *now = &entry->host;

  if (!now->exists)
    return GONE;
  if (now->size != before->size)
    return CHANGED;

  return now->mtime_ns == before->mtime_ns && now->inode == before->inode
                 && now->mode == before->mode
             ? SAME
             : TOUCHED;
}

static Change
vault_change (const MhEntry *entry)
{
  const MhVaultState *before = &entry->agreed_vault;
  const MhVaultState *now = &entry->vault;

  if (!now->exists)
    return GONE;
  if (strcmp (now->content_hash, before->content_hash) != 0)
    return CHANGED;

  return now->mtime_ms == before->mtime_ms && now->changed_ms == before->changed_ms
                 && strcmp (now->file_id, before->file_id) == 0
             ? SAME
             : TOUCHED;
}

/* Whether only the content tells a touched file from a changed one, and it is the same. */
static gboolean
has_content (Comparison *self, const MhEntry *entry, const char *content_hash, gboolean *known)
{
  g_autofree char *hash = self->hash (entry, self->data);

  *known = hash != NULL;

  return hash != NULL && strcmp (hash, content_hash) == 0;
}

/* Whether time and mode of the folder's file are those that the vault was told. */
static gboolean
is_told (const MhEntry *entry)
{
  return entry->host.mtime_ns / 1000000 == entry->agreed_host.mtime_ns / 1000000
         && entry->host.mode == entry->agreed_host.mode;
}

/* Nothing was agreed on: both have a file, or one of them has. */
static void
compare_new (Comparison *self, MhEntry *entry)
{
  gboolean known = TRUE;

  if (!entry->vault.exists)
    {
      if (entry->host.exists)
        add (self, MH_ACT_UPLOAD, entry, FALSE);
      return;
    }
  if (!entry->host.exists)
    add (self, MH_ACT_WRITE, entry, FALSE);
  else if (entry->host.size == entry->vault.size
           && has_content (self, entry, entry->vault.content_hash, &known))
    add (self, MH_ACT_ADJUST, entry, FALSE);
  else if (known)
    add (self, MH_ACT_CONFLICT, entry, FALSE);
}

/* The vault has what was agreed on. */
static void
compare_host (Comparison *self, MhEntry *entry, Change change)
{
  gboolean known;

  if (change == GONE)
    add (self, MH_ACT_DELETE, entry, TRUE);
  else if (change == CHANGED)
    add (self, MH_ACT_UPLOAD, entry, TRUE);
  else if (change == TOUCHED)
    {
      if (!has_content (self, entry, entry->vault.content_hash, &known))
        {
          if (known)
            add (self, MH_ACT_UPLOAD, entry, TRUE);
        }
      else
        add (self, is_told (entry) ? MH_ACT_AGREE : MH_ACT_UPLOAD, entry, FALSE);
    }
}

/* The folder has what was agreed on. */
static void
compare_vault (Comparison *self, MhEntry *entry, Change change)
{
  if (change == GONE)
    add (self, MH_ACT_REMOVE, entry, FALSE);
  else if (change == CHANGED)
    add (self, MH_ACT_WRITE, entry, FALSE);
  else if (change == TOUCHED)
    add (self, MH_ACT_ADJUST, entry, FALSE);
}

/* Both have changed. */
static void
compare_both (Comparison *self, MhEntry *entry, Change host, Change vault)
{
  gboolean known = TRUE;

  if (host == GONE)
    add (self, vault == GONE ? MH_ACT_FORGET : MH_ACT_WRITE, entry, FALSE);
  else if (vault == GONE)
    add (self, MH_ACT_UPLOAD, entry, FALSE);
  else if (entry->host.size == entry->vault.size
           && has_content (self, entry, entry->vault.content_hash, &known))
    add (self, MH_ACT_ADJUST, entry, FALSE);
  else if (!known)
    return;
  else if (vault == TOUCHED)
    add (self, MH_ACT_UPLOAD, entry, TRUE);
  else if (host == TOUCHED && has_content (self, entry, entry->agreed_vault.content_hash, &known))
    add (self, MH_ACT_WRITE, entry, FALSE);
  else if (known)
    add (self, MH_ACT_CONFLICT, entry, FALSE);
}

static void
compare_entry (Comparison *self, MhEntry *entry)
{
  Change host;
  Change vault;

  if (entry->unknown)
    return;
  if (!entry->agreed)
    {
      compare_new (self, entry);
      return;
    }

  host = host_change (entry);
  vault = vault_change (entry);
  if (vault == SAME)
    compare_host (self, entry, host);
  else if (host == SAME)
    compare_vault (self, entry, vault);
  else
    compare_both (self, entry, host, vault);
}

/* -- files that have another name now -- */

static guint
inode_hash (gconstpointer key)
{
  guint64 inode = ((const MhHostState *) key)->inode;

  return (guint) (inode ^ inode >> 32);
}

static gboolean
inode_equal (gconstpointer a, gconstpointer b)
{
  const MhHostState *one = a;
  const MhHostState *other = b;

  return one->inode == other->inode && one->size == other->size && one->mtime_ns == other->mtime_ns;
}

/* Makes the deletion and the new file one move. */
static void
join (MhAction *from, MhAction *to, MhAct act)
{
  from->act = act;
  from->target = to->entry;
  from->harms = FALSE;
  to->entry = NULL; /* is taken out later */
}

/* Renamed in the folder, and not copied: the inode is the same. */
static void
find_moves (Comparison *self)
{
  g_autoptr (GHashTable) gone = g_hash_table_new (inode_hash, inode_equal);

  for (guint i = 0; i < self->actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (self->actions, i);

      if (action->act == MH_ACT_DELETE)
        g_hash_table_insert (gone, &action->entry->agreed_host, action);
    }
  for (guint i = 0; g_hash_table_size (gone) > 0 && i < self->actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (self->actions, i);
      MhAction *from;

      if (action->act != MH_ACT_UPLOAD || action->entry->agreed || action->entry->vault.exists)
        continue;
      from = g_hash_table_lookup (gone, &action->entry->host);
      if (from == NULL || from->act != MH_ACT_DELETE)
        continue;
      join (from, action, MH_ACT_MOVE);
    }
}

/* Renamed in the vault. */
static void
find_renames (Comparison *self)
{
  g_autoptr (GHashTable) gone = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (self->actions, i);

      if (action->entry != NULL && action->act == MH_ACT_REMOVE)
        g_hash_table_insert (gone, action->entry->agreed_vault.file_id, action);
    }
  for (guint i = 0; g_hash_table_size (gone) > 0 && i < self->actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (self->actions, i);
      MhAction *from;

      if (action->entry == NULL || action->act != MH_ACT_WRITE || action->entry->host.exists)
        continue;
      from = g_hash_table_lookup (gone, action->entry->vault.file_id);
      if (from == NULL || from->act != MH_ACT_REMOVE
          || strcmp (from->entry->agreed_vault.content_hash, action->entry->vault.content_hash)
                 != 0)
        continue;
      join (from, action, MH_ACT_RENAME);
    }
}

/* A file that was copied under another name before it was deleted takes nothing with it. */
static void
find_copies (Comparison *self)
{
  g_autoptr (GHashTable) gone = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) sizes = g_hash_table_new (g_int64_hash, g_int64_equal);

  for (guint i = 0; i < self->actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (self->actions, i);

      if (action->entry == NULL || action->act != MH_ACT_DELETE)
        continue;
      g_hash_table_insert (gone, action->entry->agreed_vault.content_hash, action);
      g_hash_table_add (sizes, &action->entry->agreed_vault.size);
    }
  for (guint i = 0; g_hash_table_size (gone) > 0 && i < self->actions->len; i++)
    {
      MhAction *action = g_ptr_array_index (self->actions, i);
      g_autofree char *hash = NULL;
      MhAction *from;

      if (action->entry == NULL || action->act != MH_ACT_UPLOAD || action->entry->agreed
          || !g_hash_table_contains (sizes, &action->entry->host.size))
        continue;
      hash = self->hash (action->entry, self->data);
      from = hash != NULL ? g_hash_table_lookup (gone, hash) : NULL;
      if (from != NULL)
        from->harms = FALSE;
    }
}

static int
by_order (gconstpointer a, gconstpointer b)
{
  const MhAction *one = *(MhAction *const *) a;
  const MhAction *other = *(MhAction *const *) b;

  if (one->act != other->act)
    return one->act < other->act ? -1 : 1;

  return strcmp (one->entry->path, other->entry->path);
}

GPtrArray *
mh_compare (GPtrArray *entries, MhCompareHash hash, gpointer data)
{
  Comparison self = { g_ptr_array_new_with_free_func (g_free), hash, data };

  for (guint i = 0; i < entries->len; i++)
    compare_entry (&self, g_ptr_array_index (entries, i));
  find_moves (&self);
  find_renames (&self);
  find_copies (&self);
  for (guint i = self.actions->len; i-- > 0;)
    {
      if (((MhAction *) g_ptr_array_index (self.actions, i))->entry == NULL)
        g_ptr_array_remove_index_fast (self.actions, i);
    }
  g_ptr_array_sort (self.actions, by_order);

  return self.actions;
}
