/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tty.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>

#define LINE_BYTES_MAX 4096

gboolean
mh_cli_tty_input (void)
{
  return isatty (STDIN_FILENO) != 0;
}

guint
mh_cli_tty_columns (void)
{
  struct winsize size;

  if (!isatty (STDERR_FILENO))
    return 0;
  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;

  return size.ws_col;
}

char *
mh_cli_tty_read_line (void)
{
  char line[LINE_BYTES_MAX + 2];
  char *copy;

  if (fgets (line, sizeof line, stdin) == NULL)
    return NULL;

  line[strcspn (line, "\r\n")] = '\0';
  copy = g_strdup (line);
  explicit_bzero (line, sizeof line);

  return copy;
}

char *
mh_cli_tty_ask_secret (const char *prompt)
{
  struct termios before;
  struct termios silent;
  char *answer;

  if (tcgetattr (STDIN_FILENO, &before) != 0)
    return NULL;

  silent = before;
  silent.c_lflag &= ~(tcflag_t) ECHO;
  /* What was typed before is dropped, so the prompt comes after that. */
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent);
  fputs (prompt, stderr);
  fflush (stderr);
  answer = mh_cli_tty_read_line ();
  tcsetattr (STDIN_FILENO, TCSADRAIN, &before);
  fputc ('\n', stderr);

  return answer;
}

void
mh_cli_tty_free_secret (char *secret)
{
  if (secret == NULL)
    return;

  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

GInputStream *
mh_cli_tty_stdin (void)
{
  return g_unix_input_stream_new (STDIN_FILENO, FALSE);
}

GOutputStream *
mh_cli_tty_stdout (void)
{
  return g_unix_output_stream_new (STDOUT_FILENO, FALSE);
}
