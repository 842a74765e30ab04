/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "base/json.h"
#include "base/shape.h"

typedef struct
{
  char *name;
  gint64 copies;
  gboolean flag;
  char **tags;
} Sample;

static const MhField fields[] = {
  { "name", MH_FIELD_STRING, TRUE, G_STRUCT_OFFSET (Sample, name), -1, 1, 4, 0, 0 },
  { "copies", MH_FIELD_INT, FALSE, G_STRUCT_OFFSET (Sample, copies), -1, 1, 16, 0, 3 },
  { "flag", MH_FIELD_BOOL, FALSE, G_STRUCT_OFFSET (Sample, flag), -1, 0, 1, 0, 0 },
  { "tags", MH_FIELD_STRV, FALSE, G_STRUCT_OFFSET (Sample, tags), -1, 1, 3, 2, 0 },
};

static const MhShape shape = { "Sample", sizeof (Sample), fields, G_N_ELEMENTS (fields), TRUE };

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (JsonNode) node = mh_json_parse ((const char *) data, (gssize) size, NULL);

  if (node != NULL)
    mh_shape_free (&shape, mh_shape_decode_json (&shape, node, NULL));

  return 0;
}
