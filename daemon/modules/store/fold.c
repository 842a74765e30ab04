/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fold.h"

/* Combining marks that come and go with the way of writing; others make another letter. */
static gboolean
is_diacritic (gunichar c)
{
  return (c >= 0x0300 && c <= 0x036f) || (c >= 0x1ab0 && c <= 0x1aff)
         || (c >= 0x1dc0 && c <= 0x1dff) || (c >= 0x20d0 && c <= 0x20ff)
         || (c >= 0xfe20 && c <= 0xfe2f);
}

char *
mh_fold (const char *text)
{
  g_autofree char *apart = NULL;
  g_autoptr (GString) bare = NULL;

  if (g_str_is_ascii (text))
    return g_ascii_strdown (text, -1);

  apart = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);
  bare = g_string_new (NULL);
  for (const char *p = apart; p != NULL && *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!is_diacritic (c))
        g_string_append_unichar (bare, c);
    }

  return g_utf8_casefold (bare->str, (gssize) bare->len);
}

/* Whether a sign is a word by itself. */
static gboolean
is_word (gunichar c)
{
  GUnicodeScript script;

  if (g_unichar_type (c) == G_UNICODE_OTHER_SYMBOL)
    return TRUE;
  if (c < 0x2e80)
    return FALSE;

  script = g_unichar_get_script (c);

  return script == G_UNICODE_SCRIPT_HAN || script == G_UNICODE_SCRIPT_HIRAGANA
         || script == G_UNICODE_SCRIPT_KATAKANA;
}

static void
append_space (GString *terms)
{
  if (terms->str[terms->len - 1] != ' ')
    g_string_append_c (terms, ' ');
}

char *
mh_fold_terms (const char *folded)
{
  GString *terms = g_string_new (" ");

  for (const char *p = folded; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_word (c))
        {
          append_space (terms);
          g_string_append_unichar (terms, c);
          append_space (terms);
        }
      else if (g_unichar_isalnum (c) || g_unichar_ismark (c))
        g_string_append_unichar (terms, c);
      else
        append_space (terms);
    }
  append_space (terms);

  return g_string_free (terms, FALSE);
}
