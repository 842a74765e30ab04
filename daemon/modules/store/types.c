/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store.h"

void
mh_file_free (MhFile *self)
{
  if (self == NULL)
    return;

  g_free (self->file_id);
  g_free (self->path);
  g_free (self->mime);
  g_free (self->content_hash);
  g_free (self);
}

void
mh_file_block_free (MhFileBlock *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self);
}

void
mh_file_detail_free (MhFileDetail *self)
{
  if (self == NULL)
    return;

  mh_file_free (self->file);
  g_clear_pointer (&self->blocks, g_ptr_array_unref);
  g_free (self->parent_hash);
  g_strfreev (self->conflicts);
  g_free (self);
}

void
mh_file_folder_free (MhFileFolder *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self);
}

void
mh_file_list_free (MhFileList *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->folders, g_ptr_array_unref);
  g_free (self->cursor);
  g_free (self);
}

void
mh_file_version_free (MhFileVersion *self)
{
  if (self == NULL)
    return;

  g_free (self->version_hash);
  g_strfreev (self->parents);
  g_free (self->content_hash);
  g_free (self->path);
  g_free (self->author);
  g_free (self);
}

void
mh_trash_entry_free (MhTrashEntry *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->mime);
  g_free (self->content_hash);
  g_free (self);
}

void
mh_trash_list_free (MhTrashList *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_free (self->cursor);
  g_free (self);
}
