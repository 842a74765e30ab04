/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ignore.h"

#include <string.h>

/* What is being written or downloaded, and what systems leave behind. */
static const char defaults[] = "*.part\n"
                               "*.partial\n"
                               "*.crdownload\n"
                               "*.tmp\n"
                               "*.temp\n"
                               "*.swp\n"
                               "*.swx\n"
                               "~$*\n"
                               ".~lock.*#\n"
                               ".#*\n"
                               ".goutputstream-*\n"
                               ".fuse_hidden*\n"
                               ".nfs*\n"
                               ".DS_Store\n"
                               "._*\n"
                               ".Spotlight-V100/\n"
                               ".Trashes/\n"
                               ".fseventsd/\n"
                               ".TemporaryItems/\n"
                               ".Trash-*/\n"
                               "/lost+found/\n"
                               "Thumbs.db\n"
                               "ehthumbs.db\n"
                               "desktop.ini\n"
                               "$RECYCLE.BIN/\n"
                               "System Volume Information/\n";

typedef struct
{
  gboolean takes_back;   /* `!` */
  gboolean only_folders; /* `/` at the end */
  char **segments;       /* (owned): of a rule for paths; one for names has a single one */
  gboolean is_name;      /* matches the last name of a path, wherever it is */
} Rule;

struct _MhIgnore
{
  GPtrArray *rules; /* (owned) (element-type Rule): the last one that matches counts */
};

static void
rule_free (gpointer data)
{
  Rule *rule = data;

  g_strfreev (rule->segments);
  g_free (rule);
}

/* -- one name -- */

/* A class such as [:alpha:]; without a mask it is [:blank:]. */
typedef struct
{
  const char *name;
  guint16 mask;
} Class;

static const Class classes[] = {
  { "alnum", G_ASCII_ALNUM }, { "alpha", G_ASCII_ALPHA }, { "blank", 0 },
  { "cntrl", G_ASCII_CNTRL }, { "digit", G_ASCII_DIGIT }, { "graph", G_ASCII_GRAPH },
  { "lower", G_ASCII_LOWER }, { "print", G_ASCII_PRINT }, { "punct", G_ASCII_PUNCT },
  { "space", G_ASCII_SPACE }, { "upper", G_ASCII_UPPER }, { "xdigit", G_ASCII_XDIGIT },
};

/* Whether @c belongs to the class at @name, @size bytes. Returns: %FALSE when there is no such */
static gboolean
in_class (const char *name, gsize size, guint8 c, gboolean *belongs)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      if (strlen (classes[i].name) != size || strncmp (classes[i].name, name, size) != 0)
        continue;
      if (classes[i].mask == 0 ? c == ' ' || c == '\t' : (g_ascii_table[c] & classes[i].mask) != 0)
        *belongs = TRUE;
      return TRUE;
    }

  return FALSE;
}

/* Goes on by one character of a bracket, which may have a backslash before it. */
static guint8
take_char (const char **at)
{
  if (**at == '\\' && (*at)[1] != '\0')
    (*at)++;

  return (guint8) * (*at)++;
}

/* One member of a bracket: a character, a range or a class. Returns: %FALSE when it is none */
static gboolean
match_member (const char **at, guint8 c, gboolean *belongs)
{
  const char *end;
  guint8 low;
  guint8 high;

  if ((*at)[0] == '[' && (*at)[1] == ':' && (end = strstr (*at + 2, ":]")) != NULL)
    {
      const char *name = *at + 2;

      *at = end + 2;
      return in_class (name, (gsize) (end - name), c, belongs);
    }

  low = take_char (at);
  high = low;
  if ((*at)[0] == '-' && (*at)[1] != '\0' && (*at)[1] != ']')
    {
      (*at)++;
      high = take_char (at);
    }
  if (c >= low && c <= high)
    *belongs = TRUE;

  return TRUE;
}

/* @at: behind the `[`, and afterwards behind the `]`. Returns: whether @c is one of those in it */
static gboolean
match_bracket (const char **at, guint8 c)
{
  gboolean inverse = **at == '!' || **at == '^';
  gboolean belongs = FALSE;
  gboolean is_first = TRUE;

  if (inverse)
    (*at)++;
  while (**at != ']' || is_first)
    {
      is_first = FALSE;
      if (**at == '\0' || !match_member (at, c, &belongs))
        return FALSE; /* never closed: matches nothing */
    }
  (*at)++;

  return belongs != inverse;
}

/* One character against what is at @pattern, which goes on behind it. */
static gboolean
match_one (const char **pattern, guint8 c)
{
  if (**pattern == '\0')
    return FALSE;
  if (**pattern == '?')
    {
      (*pattern)++;
      return TRUE;
    }
  if (**pattern == '[')
    {
      (*pattern)++;
      return match_bracket (pattern, c);
    }

  return take_char (pattern) == c;
}

/* A name, in which there is no slash. A star that took too little is tried again with more. */
static gboolean
match_name (const char *pattern, const char *name)
{
  const char *star = NULL;
  const char *taken = NULL;

  while (TRUE)
    {
      const char *next = pattern;

      if (*pattern == '*')
        {
          star = ++pattern;
          taken = name;
        }
      else if (*name != '\0' && match_one (&next, (guint8) *name))
        {
          pattern = next;
          name++;
        }
      else if (*name == '\0' && *pattern == '\0')
        return TRUE;
      else if (star != NULL && *taken != '\0')
        {
          pattern = star;
          name = ++taken;
        }
      else
        return FALSE;
    }
}

/* -- a path -- */

static gboolean
is_any_depth (const char *segment)
{
  return segment != NULL && strcmp (segment, "**") == 0;
}

/* As match_name(), for a path: `**` stands for any number of names, at the end for at least one. */
static gboolean
match_path (char **rule, char **path)
{
  char **star = NULL;
  char **taken = NULL;

  while (TRUE)
    {
      if (is_any_depth (*rule) && rule[1] == NULL)
        return *path != NULL;
      if (is_any_depth (*rule))
        {
          star = ++rule;
          taken = path;
        }
      else if (*path != NULL && *rule != NULL && match_name (*rule, *path))
        {
          rule++;
          path++;
        }
      else if (*path == NULL && *rule == NULL)
        return TRUE;
      else if (star != NULL && *taken != NULL)
        {
          rule = star;
          path = ++taken;
        }
      else
        return FALSE;
    }
}

/* -- rules -- */

/* Spaces at the end do not count, unless a backslash is before them. */
static void
trim (char *line)
{
  char *end = NULL;

  for (char *at = line; *at != '\0'; at++)
    {
      if (*at == ' ')
        {
          if (end == NULL)
            end = at;
          continue;
        }
      end = NULL;
      if (*at == '\\' && at[1] != '\0')
        at++;
    }
  if (end != NULL)
    *end = '\0';
}

/* A backslash before nothing makes a rule that matches nothing. */
static gboolean
ends_open (const char *pattern)
{
  gsize count = 0;
  gsize size = strlen (pattern);

  while (count < size && pattern[size - 1 - count] == '\\')
    count++;

  return count % 2 == 1;
}

/* Returns: (transfer full) (nullable): the rule that a line holds */
static Rule *
parse (char *line)
{
  Rule *rule;
  gsize size;

  trim (line);
  if (*line == '\0' || *line == '#')
    return NULL;

  rule = g_new0 (Rule, 1);
  rule->takes_back = *line == '!';
  if (rule->takes_back)
    line++;
  size = strlen (line);
  rule->only_folders = size > 0 && line[size - 1] == '/';
  if (rule->only_folders)
    line[size - 1] = '\0';
  rule->is_name = strchr (line, '/') == NULL;
  if (*line == '/')
    line++;
  rule->segments = rule->is_name ? g_new0 (char *, 2) : g_strsplit (line, "/", -1);
  if (rule->is_name)
    rule->segments[0] = g_strdup (line);
  for (char **segment = rule->segments; *line != '\0' && segment[1] != NULL; segment++)
    {
      if (ends_open (*segment)) /* the backslash was before the slash */
        (*segment)[strlen (*segment) - 1] = '\0';
    }
  if (*line != '\0' && !ends_open (line))
    return rule;

  rule_free (rule);

  return NULL;
}

static void
add_rules (MhIgnore *self, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      gsize size = strlen (*line);
      Rule *rule;

      if (size > 0 && (*line)[size - 1] == '\r')
        (*line)[size - 1] = '\0';
      rule = parse (*line);
      if (rule != NULL)
        g_ptr_array_add (self->rules, rule);
    }
}

MhIgnore *
mh_ignore_new (const char *text, gboolean with_defaults)
{
  static const char mark[] = "\xef\xbb\xbf"; /* some editors of Windows begin a file with it */
  MhIgnore *self = g_new0 (MhIgnore, 1);

  self->rules = g_ptr_array_new_with_free_func (rule_free);
  if (with_defaults)
    add_rules (self, defaults);
  if (text != NULL)
    add_rules (self, g_str_has_prefix (text, mark) ? text + strlen (mark) : text);

  return self;
}

void
mh_ignore_free (MhIgnore *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->rules);
  g_free (self);
}

/* @path: its names, ended by %NULL */
static gboolean
matches (const MhIgnore *self, char **path, gboolean is_folder)
{
  const char *name = path[g_strv_length (path) - 1];

  for (guint i = self->rules->len; i-- > 0;)
    {
      const Rule *rule = g_ptr_array_index (self->rules, i);

      if (rule->only_folders && !is_folder)
        continue;
      if (rule->is_name ? match_name (rule->segments[0], name) : match_path (rule->segments, path))
        return !rule->takes_back;
    }

  return FALSE;
}

gboolean
mh_ignore_matches (const MhIgnore *self, const char *path, gboolean is_folder)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  return matches (self, names, is_folder);
}

gboolean
mh_ignore_covers (const MhIgnore *self, const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  guint count = g_strv_length (names);

  for (guint i = 1; i <= count; i++)
    {
      char *below = names[i];
      gboolean found;

      names[i] = NULL;
      found = matches (self, names, i < count);
      names[i] = below;
      if (found)
        return TRUE;
    }

  return FALSE;
}
