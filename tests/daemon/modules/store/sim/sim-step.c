/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sim-model.h"

SimStep *
sim_step_new (SimStepKind kind, const char *vault, const char *path)
{
  SimStep *self = g_new0 (SimStep, 1);

  self->kind = kind;
  self->vault = vault;
  self->path = g_strdup (path);

  return self;
}

SimStep *
sim_step_copy (const SimStep *self)
{
  SimStep *copy = sim_step_new (self->kind, self->vault, self->path);

  copy->to = g_strdup (self->to);
  copy->content = self->content;
  copy->now_ms = self->now_ms;
  copy->keep = self->keep;
  copy->cut = self->cut;

  return copy;
}

void
sim_step_free (SimStep *self)
{
  g_free (self->path);
  g_free (self->to);
  g_free (self);
}

char *
sim_step_describe (const SimStep *self, SimContents *contents)
{
  switch (self->kind)
    {
    case SIM_PUT:
      return g_strdup_printf ("put %s%s: content %u, %" G_GSIZE_FORMAT " bytes", self->vault,
                              self->path, self->content,
                              g_bytes_get_size (sim_contents_get (contents, self->content)));
    case SIM_DELETE:
      return g_strdup_printf ("delete %s%s", self->vault, self->path);
    case SIM_RESTORE:
      return g_strdup_printf ("restore %s%s: content %u", self->vault, self->path, self->content);
    case SIM_MOVE:
      return g_strdup_printf ("move %s%s to %s", self->vault, self->path, self->to);
    case SIM_PURGE_TRASH:
      return g_strdup_printf ("purge the trash of %s%s", self->vault,
                              self->path != NULL ? self->path : "");
    case SIM_PURGE_VERSION:
      return g_strdup_printf ("purge %s%s: content %u", self->vault, self->path, self->content);
    case SIM_RETAIN:
    default:
      return g_strdup_printf ("retain %" G_GINT64_FORMAT " versions and %" G_GINT64_FORMAT
                              " days of %s",
                              self->keep.versions, self->keep.days, self->vault);
    }
}
