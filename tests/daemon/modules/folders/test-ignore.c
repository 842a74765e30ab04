/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "modules/folders/ignore.h"

typedef struct
{
  const char *rules;
  const char *path;
  gboolean ignored;
} Row;

/* What gitignore(5) says, sentence by sentence. */
static const Row rows[] = {
  /* a blank line, a comment, and how to have a hash */
  { "\n\n", "a", FALSE },
  { "#a", "#a", FALSE },
  { "\\#a", "#a", TRUE },
  /* spaces at the end */
  { "a  ", "a", TRUE },
  { "a\\ ", "a ", TRUE },
  { "a\\ ", "a", FALSE },
  { "a\r\n", "a", TRUE },
  /* taking back, not below a folder that is left alone */
  { "*.o\n!b.o", "a.o", TRUE },
  { "*.o\n!b.o", "b.o", FALSE },
  { "\\!a", "!a", TRUE },
  { "d/\n!d/a", "d/a", TRUE },
  { "d/*\n!d/a", "d/a", FALSE },
  { "!a\na", "a", TRUE },
  /* a slash in the beginning or in the middle: from the root */
  { "/a", "a", TRUE },
  { "/a", "d/a", FALSE },
  { "d/a", "d/a", TRUE },
  { "d/a", "x/d/a", FALSE },
  { "a", "x/y/a", TRUE },
  { "a", "a/b/c", TRUE },
  /* a slash at the end: folders only */
  { "a/", "a", FALSE },
  { "a/", "a/b", TRUE },
  { "a/", "x/a/b", TRUE },
  { "d/a/", "d/a/b", TRUE },
  { "d/a/", "x/d/a/b", FALSE },
  /* stars, question marks, ranges */
  { "*", "a", TRUE },
  { "a*c", "abbc", TRUE },
  { "d/*", "d/a", TRUE },
  { "/*/c", "a/b/c", FALSE },
  { "a?c", "abc", TRUE },
  { "a?c", "ac", FALSE },
  { "d/?", "d/ef", FALSE },
  { "[a-c]x", "bx", TRUE },
  { "[!a-c]x", "bx", FALSE },
  { "[^a-c]x", "dx", TRUE },
  { "[]x]", "]", TRUE },
  { "[a-]", "-", TRUE },
  { "[[:digit:]]x", "7x", TRUE },
  { "[[:digit:]]x", "ax", FALSE },
  { "[[:nonsense:]]", "n", FALSE },
  { "[a", "[a", FALSE },
  { "a\\*", "a*", TRUE },
  { "a\\*", "ab", FALSE },
  { "a\\", "a\\", FALSE },
  /* two stars */
  { "**/a", "a", TRUE },
  { "**/a", "x/y/a", TRUE },
  { "**/d/a", "x/d/a", TRUE },
  { "d/**", "d/x/y", TRUE },
  { "d/**", "d", FALSE },
  { "a/**/b", "a/b", TRUE },
  { "a/**/b", "a/x/y/b", TRUE },
  { "a/**/b", "a/x/y/c", FALSE },
  { "d/a**b", "d/axxb", TRUE },
  { "d/a**b", "d/a/b", FALSE },
  /* any byte but a slash is a character */
  { "\xc3\xa4", "d/\xc3\xa4", TRUE },
  { "\xef\xbb\xbf"
    "a",
    "a", TRUE },
};

static void
test_documented (void)
{
  g_test_summary ("the rules are what gitignore(5) says");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MhIgnore) ignore = mh_ignore_new (rows[i].rules, FALSE);

      g_test_message ("%s: %s", rows[i].rules, rows[i].path);
      g_assert_cmpint (mh_ignore_covers (ignore, rows[i].path), ==, rows[i].ignored);
    }
}

static void
test_defaults (void)
{
  static const char *const left[] = { "x/film.mkv.part",     "~$letter.docx",
                                      ".~lock.a.odt#",       ".DS_Store",
                                      "x/Thumbs.db",         "._a",
                                      ".Trash-1000/files/a", "a.tmp",
                                      ".a.txt.swp",          ".goutputstream-QWERTY0",
                                      "lost+found/#1",       "a.crdownload" };
  static const char *const taken[] = { "part",      "a.txt",     ".git/HEAD", ".mhignore",
                                       "a.partx",   "Trash-1/a", "a~",        "x/lost+found/a",
                                       "a.tmp.txt", ".hidden" };
  g_autoptr (MhIgnore) ignore = mh_ignore_new (NULL, TRUE);
  g_autoptr (MhIgnore) other = mh_ignore_new ("!*.part\n", TRUE);

  g_test_summary ("temporary files and what systems leave behind; a rule takes that back");
  for (gsize i = 0; i < G_N_ELEMENTS (left); i++)
    g_assert_true (mh_ignore_covers (ignore, left[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (taken); i++)
    g_assert_false (mh_ignore_covers (ignore, taken[i]));
  g_assert_false (mh_ignore_covers (other, left[0]));
}

static void
test_hard (void)
{
  g_autoptr (GString) rule = g_string_new (NULL);
  g_autoptr (GString) path = g_string_new (NULL);
  g_autoptr (MhIgnore) ignore = NULL;

  g_test_summary ("no rule takes long, however many stars are in it");
  for (guint i = 0; i < 60; i++)
    {
      g_string_append (rule, "**/a*a*a*a*a*a*b/");
      g_string_append (path, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/");
    }
  g_string_append_c (rule, 'c');
  g_string_append_c (path, 'c');
  ignore = mh_ignore_new (rule->str, FALSE);
  g_assert_false (mh_ignore_covers (ignore, path->str));
}

/* -- against git itself -- */

typedef struct
{
  char *root;
  GPtrArray *files; /* (element-type utf8) */
} Tree;

static void
add_files (Tree *tree, const char *folder, guint depth)
{
  static const char *const names[] = { "a", "b", "ab", "a b", "#a", "!b", "a.o" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      char *path = g_strconcat (folder, *folder != '\0' ? "/" : "", names[i], NULL);
      g_autofree char *full = g_build_filename (tree->root, path, NULL);

      if (depth > 0 && i < 3)
        {
          g_assert_cmpint (g_mkdir (full, 0700), ==, 0);
          add_files (tree, path, depth - 1);
          g_free (path);
          continue;
        }
      g_assert_true (g_file_set_contents (full, "", 0, NULL));
      g_ptr_array_add (tree->files, path);
    }
}

/* Returns: (transfer full): what the program says */
static char *
run_git (Tree *tree, const char *const *arguments, const char *input)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GSubprocess) git = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;

  g_subprocess_launcher_set_cwd (launcher, tree->root);
  g_subprocess_launcher_setenv (launcher, "GIT_CONFIG_GLOBAL", "/dev/null", TRUE);
  g_subprocess_launcher_setenv (launcher, "GIT_CONFIG_NOSYSTEM", "1", TRUE);
  git = g_subprocess_launcher_spawnv (launcher, arguments, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (git, input, NULL, &output, NULL, &error);
  g_assert_no_error (error);

  return output;
}

/* Returns: (transfer full): some rules */
static char *
random_rules (GRand *random)
{
  static const char *const parts[] = { "a",    "b",    "ab",          "*",    "?",  "[ab]",
                                       "[!a]", "**",   "a*",          "*b",   "/",  "/",
                                       "/",    "a**b", "a\\ b",       "\\#a", "*.", "a.o",
                                       " ",    "[a-",  "[[:alpha:]]", "\\" };
  GString *rules = g_string_new (NULL);

  for (int count = g_rand_int_range (random, 1, 5); count > 0; count--)
    {
      if (g_rand_int_range (random, 0, 4) == 0)
        g_string_append_c (rules, '!');
      for (int size = g_rand_int_range (random, 1, 6); size > 0; size--)
        g_string_append (rules, parts[g_rand_int_range (random, 0, (int) G_N_ELEMENTS (parts))]);
      g_string_append_c (rules, '\n');
    }

  return g_string_free (rules, FALSE);
}

static void
compare (Tree *tree, const char *rules, const char *input)
{
  static const char *const check[] = { "git", "check-ignore", "--no-index", "--stdin", NULL };
  g_autofree char *file = g_build_filename (tree->root, ".gitignore", NULL);
  g_autoptr (MhIgnore) ignore = mh_ignore_new (rules, FALSE);
  g_autoptr (GHashTable) ignored = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_set_contents (file, rules, -1, &error));
  output = run_git (tree, check, input);
  lines = g_strsplit (output, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    g_hash_table_add (ignored, *line);
  for (guint i = 0; i < tree->files->len; i++)
    {
      const char *path = g_ptr_array_index (tree->files, i);

      if (mh_ignore_covers (ignore, path) != g_hash_table_contains (ignored, path))
        g_error ("git %s %s under the rules\n%s",
                 g_hash_table_contains (ignored, path) ? "ignores" : "takes", path, rules);
    }
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      remove_tree (below);
    }
  (void) g_remove (path);
}

static void
test_git (void)
{
  static const char *const init[] = { "git", "init", "--quiet", NULL };
  Tree tree = { g_dir_make_tmp ("mh-ignore-XXXXXX", NULL),
                g_ptr_array_new_with_free_func (g_free) };
  g_autoptr (GString) input = g_string_new (NULL);
  g_autofree char *nothing = NULL;
  GRand *random = g_rand_new_with_seed (20261130);

  g_test_summary ("random rules leave the same files alone as git does");
  add_files (&tree, "", 3);
  for (guint i = 0; i < tree.files->len; i++)
    g_string_append_printf (input, "%s\n", (char *) g_ptr_array_index (tree.files, i));
  nothing = run_git (&tree, init, "");
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *rules = random_rules (random);

      compare (&tree, rules, input->str);
    }
  g_rand_free (random);
  remove_tree (tree.root);
  g_free (tree.root);
  g_ptr_array_unref (tree.files);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folders/ignore/documented", test_documented);
  g_test_add_func ("/folders/ignore/defaults", test_defaults);
  g_test_add_func ("/folders/ignore/hard", test_hard);
  g_test_add_func ("/folders/ignore/git", test_git);

  return g_test_run ();
}
