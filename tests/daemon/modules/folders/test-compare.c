/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "modules/folders/compare.h"

/*
 * A file is written as one letter, its content, and a digit for its time and mode: "a0". "-" is no
 * file. Contents of capital letters have the size of the small ones, others a size of their own.
 */

static gint64
size_of (char content)
{
  return g_ascii_isupper (content) ? 1000 : 1000 + content;
}

static void
set_host (MhHostState *host, const char *text)
{
  host->exists = *text != '-';
  if (!host->exists)
    return;

  host->size = size_of (*text);
  host->mtime_ns = 1700000000000000000 + (text[1] - '0') * 5000000;
  host->inode = (guint64) *text * 100;
  host->mode = 0644;
}

static void
set_vault (MhVaultState *vault, const char *text, const char *file_id)
{
  vault->exists = *text != '-';
  if (!vault->exists)
    return;

  g_strlcpy (vault->file_id, file_id, sizeof vault->file_id);
  vault->content_hash[0] = *text;
  vault->size = size_of (*text);
  vault->mtime_ms = 1700000000000 + (text[1] - '0') * 5;
  vault->changed_ms = vault->mtime_ms;
}

/* The content of a file is in its inode. */
static char *
hash (const MhEntry *entry, gpointer data)
{
  guint *asked = data;

  if (asked != NULL)
    (*asked)++;
  if (entry->host.mode == 0)
    return NULL; /* cannot be read */

  return g_strdup_printf ("%c", (char) (entry->host.inode / 100));
}

/* @base may be %NULL. */
static MhEntry *
entry_of (const char *path, const char *base, const char *host, const char *vault)
{
  MhEntry *entry = mh_entry_new (path);

  entry->agreed = base != NULL;
  if (base != NULL)
    {
      set_host (&entry->agreed_host, base);
      set_vault (&entry->agreed_vault, base, path);
    }
  set_host (&entry->host, host);
  set_vault (&entry->vault, vault, path);

  return entry;
}

static const char *const names[] = { "move",   "delete", "upload", "conflict", "rename",
                                     "remove", "write",  "adjust", "agree",    "forget" };

/* Returns: (transfer full): the actions, one after the other, "!" where they harm */
static char *
compare (GPtrArray *entries, guint *asked)
{
  g_autoptr (GPtrArray) actions = mh_compare (entries, hash, asked);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < actions->len; i++)
    {
      const MhAction *action = g_ptr_array_index (actions, i);

      g_string_append_printf (text, "%s%s%s %s", i > 0 ? ", " : "", names[action->act],
                              action->harms ? "!" : "", action->entry->path);
      if (action->target != NULL)
        g_string_append_printf (text, " %s", action->target->path);
    }

  return g_string_free (text, FALSE);
}

typedef struct
{
  const char *base;
  const char *host;
  const char *vault;
  const char *wanted;
} Row;

static const Row rows[] = {
  /* nothing agreed */
  { NULL, "-", "-", "" },
  { NULL, "a0", "-", "upload f" },
  { NULL, "-", "a0", "write f" },
  { NULL, "a0", "a0", "adjust f" },
  { NULL, "a0", "a1", "adjust f" },
  { NULL, "a0", "b0", "conflict f" },
  { NULL, "A0", "B0", "conflict f" },
  /* only the folder changed */
  { "a0", "a0", "a0", "" },
  { "a0", "-", "a0", "delete! f" },
  { "a0", "b0", "a0", "upload! f" },
  { "A0", "B0", "A0", "upload! f" },
  { "a0", "a1", "a0", "upload f" },
  /* only the vault changed */
  { "a0", "a0", "-", "remove f" },
  { "a0", "a0", "b0", "write f" },
  { "A0", "A0", "B0", "write f" },
  { "a0", "a0", "a1", "adjust f" },
  /* both changed */
  { "a0", "-", "-", "forget f" },
  { "a0", "b0", "b0", "adjust f" },
  { "a0", "b0", "c0", "conflict f" },
  { "A0", "B0", "C0", "conflict f" },
  { "a0", "b0", "-", "upload f" },
  { "a0", "-", "b0", "write f" },
  { "a0", "a1", "b0", "write f" },
  { "A0", "A1", "B0", "write f" },
  { "a0", "b0", "a1", "upload! f" },
  { "a0", "a1", "a2", "adjust f" },
};

static void
test_one (void)
{
  g_test_summary ("every way in which two sides of one file can have changed");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) entries =
          g_ptr_array_new_with_free_func ((GDestroyNotify) mh_entry_free);
      g_autofree char *text = NULL;

      g_ptr_array_add (entries, entry_of ("f", rows[i].base, rows[i].host, rows[i].vault));
      text = compare (entries, NULL);
      g_test_message ("row %" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (text, ==, rows[i].wanted);
    }
}

static void
test_unknown (void)
{
  g_test_summary ("where the folder cannot be read, or a file of it, nothing is done");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) entries =
          g_ptr_array_new_with_free_func ((GDestroyNotify) mh_entry_free);
      MhEntry *entry = entry_of ("f", rows[i].base, rows[i].host, rows[i].vault);
      g_autofree char *nothing = NULL;
      g_autofree char *text = NULL;

      g_ptr_array_add (entries, entry);
      entry->unknown = TRUE;
      nothing = compare (entries, NULL);
      g_assert_cmpstr (nothing, ==, "");
      entry->unknown = FALSE;
      entry->host.mode = 0;
      text = compare (entries, NULL);
      if (entry->host.exists && entry->vault.exists && entry->host.size == entry->vault.size)
        g_assert_cmpstr (text, ==, "");
    }
}

static void
test_shortcut (void)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_entry_free);
  MhEntry *entry = entry_of ("f", "a0", "a0", "a0");
  g_autofree char *same = NULL;
  g_autofree char *anew = NULL;
  g_autofree char *mode = NULL;
  guint asked = 0;

  g_test_summary ("a file of the same size, time, inode and mode is not read");
  g_ptr_array_add (entries, entry);
  same = compare (entries, &asked);
  g_assert_cmpstr (same, ==, "");
  g_assert_cmpuint (asked, ==, 0);
  entry->agreed_host.inode++;
  anew = compare (entries, &asked);
  g_assert_cmpstr (anew, ==, "agree f");
  g_assert_cmpuint (asked, ==, 1);
  entry->host.mode = 0755;
  mode = compare (entries, &asked);
  g_assert_cmpstr (mode, ==, "upload f");
}

static void
test_moves (void)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_entry_free);
  MhEntry *from = entry_of ("from", "a0", "a0", "-");
  MhEntry *to = entry_of ("to", NULL, "-", "a0");
  g_autofree char *text = NULL;

  g_test_summary ("renames are moves on either side; copies make deletions harmless");
  g_ptr_array_add (entries, entry_of ("1", "b0", "-", "b0"));
  g_ptr_array_add (entries, entry_of ("2", NULL, "b0", "-"));
  g_ptr_array_add (entries, entry_of ("3", "c0", "-", "c0"));
  g_ptr_array_add (entries, entry_of ("4", NULL, "c1", "-"));
  g_ptr_array_add (entries, entry_of ("5", "d0", "-", "d0"));
  g_ptr_array_add (entries, entry_of ("6", NULL, "e0", "-"));
  g_strlcpy (to->vault.file_id, "from", sizeof to->vault.file_id);
  g_ptr_array_add (entries, from);
  g_ptr_array_add (entries, to);
  text = compare (entries, NULL);
  g_assert_cmpstr (text, ==, "move 1 2, delete 3, delete! 5, upload 4, upload 6, rename from to");
}

static void
test_renamed_and_changed (void)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_entry_free);
  MhEntry *to = entry_of ("to", NULL, "-", "b0");
  g_autofree char *text = NULL;

  g_test_summary ("a file that the vault renamed and changed is written anew");
  g_ptr_array_add (entries, entry_of ("from", "a0", "a0", "-"));
  g_strlcpy (to->vault.file_id, "from", sizeof to->vault.file_id);
  g_ptr_array_add (entries, to);
  text = compare (entries, NULL);
  g_assert_cmpstr (text, ==, "remove from, write to");
}

static void
test_target_taken (void)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) mh_entry_free);
  g_autofree char *text = NULL;

  g_test_summary ("a rename to a name that the vault has given away is no move");
  g_ptr_array_add (entries, entry_of ("1", "a0", "-", "a0"));
  g_ptr_array_add (entries, entry_of ("2", NULL, "a0", "b0"));
  text = compare (entries, NULL);
  g_assert_cmpstr (text, ==, "delete! 1, conflict 2");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folders/compare/one", test_one);
  g_test_add_func ("/folders/compare/unknown", test_unknown);
  g_test_add_func ("/folders/compare/shortcut", test_shortcut);
  g_test_add_func ("/folders/compare/moves", test_moves);
  g_test_add_func ("/folders/compare/renamed-and-changed", test_renamed_and_changed);
  g_test_add_func ("/folders/compare/target-taken", test_target_taken);

  return g_test_run ();
}
