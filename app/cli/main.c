/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include <glib/gi18n.h>

#include "cli/cli.h"
#include "client/program.h"

static gboolean help (MhCli *, const MhCliCommand *, char ***, GError **);

static const MhCliCommand commands[] = {
  { "login-url", "", N_ ("Print a login link; it works once, for 60 seconds"), 0, 0,
    mh_cli_access_login_url },
  { "passwd", "", N_ ("Set the password; read from standard input when that is no terminal"), 0, 0,
    mh_cli_access_passwd },
  { "token", "", N_ ("Print a bearer token, valid for a day"), 0, 0, mh_cli_access_token },
  { "status", "", N_ ("Show how the daemon is"), 0, 0, mh_cli_daemon_status },
  { "quit", "", N_ ("End the daemon"), 0, 0, mh_cli_daemon_quit },
  { "audit", "", N_ ("Show what was done on this machine"), 0, 0, mh_cli_daemon_audit },
  { "api", N_ ("METHOD PATH [BODY|@FILE]"), N_ ("Call any route of the API"), 2, 3,
    mh_cli_raw_api },
  { "vault list", "", N_ ("List the vaults"), 0, 0, mh_cli_vault_list },
  { "vault create", N_ ("NAME"), N_ ("Create a vault with a key of its own"), 1, 1,
    mh_cli_vault_create },
  { "vault rename", N_ ("VAULT NAME"), N_ ("Give a vault another name"), 2, 2,
    mh_cli_vault_rename },
  { "vault info", N_ ("VAULT"), N_ ("Show its settings, and how its copies stand"), 1, 1,
    mh_cli_vault_info },
  { "vault set", N_ ("VAULT"), N_ ("Change its quota, its copies, or what is kept of it"), 1, 1,
    mh_cli_vault_set },
  { "vault passwd", N_ ("VAULT"), N_ ("Set or change the password without which nobody opens it"),
    1, 1, mh_cli_vault_passwd },
  { "vault lock", N_ ("VAULT"), N_ ("Lock a vault that has a password"), 1, 1, mh_cli_vault_lock },
  { "vault unlock", "", N_ ("Unlock every vault that has the password you type"), 0, 0,
    mh_cli_vault_unlock },
  { "vault share", N_ ("VAULT"),
    N_ ("Print a URL that gives another machine the vault and its key"), 1, 1, mh_cli_vault_share },
  { "vault join", N_ ("URL"), N_ ("Adopt a vault of another machine by its URL"), 1, 1,
    mh_cli_vault_join },
  { "sync", "", N_ ("Show how far the vaults are the same as on other machines"), 0, 0,
    mh_cli_sync },
  { "settings", "", N_ ("Show or change what is kept for others, and how fast blocks may go"), 0, 0,
    mh_cli_settings },
  { "kept list", "", N_ ("List what is kept for vaults whose keys are not here"), 0, 0,
    mh_cli_kept_list },
  { "kept rm", N_ ("VAULT-ID"), N_ ("Give up what is kept for such a vault"), 1, 1,
    mh_cli_kept_rm },
  { "folder list", "", N_ ("List the folders that mirror vaults"), 0, 0, mh_cli_folder_list },
  { "folder add", N_ ("FOLDER VAULT"),
    N_ ("Have a folder of this machine mirror a vault, both ways"), 2, 2, mh_cli_folder_add },
  { "folder status", N_ ("VAULT"), N_ ("Show how the folder of a vault is, and what is left out"),
    1, 1, mh_cli_folder_status },
  { "folder rescan", N_ ("VAULT"), N_ ("Look at the whole folder now"), 1, 1, mh_cli_folder_act },
  { "folder pause", N_ ("VAULT"), N_ ("Leave the folder and its vault as they are"), 1, 1,
    mh_cli_folder_act },
  { "folder resume", N_ ("VAULT"), N_ ("Go on mirroring"), 1, 1, mh_cli_folder_act },
  { "folder release", N_ ("VAULT"), N_ ("Let changes that are held back go to the vault"), 1, 1,
    mh_cli_folder_act },
  { "folder rollback", N_ ("VAULT"), N_ ("Put the folder back as the vault has it"), 1, 1,
    mh_cli_folder_act },
  { "folder remove", N_ ("VAULT"), N_ ("End mirroring; the files stay on both sides"), 1, 1,
    mh_cli_folder_act },
  { "network list", "", N_ ("List the saved networks"), 0, 0, mh_cli_network_list },
  { "network create", N_ ("[NAME]"), N_ ("Make a network with a key of its own"), 0, 1,
    mh_cli_network_create },
  { "network join", N_ ("URL"), N_ ("Save a network by its join URL"), 1, 1, mh_cli_network_join },
  { "network invite", N_ ("[NETWORK]"),
    N_ ("Print the URL by which another machine joins the network, or this one"), 0, 1,
    mh_cli_network_invite },
  { "network connect", N_ ("NETWORK"), N_ ("Enter a network, leaving any other"), 1, 1,
    mh_cli_network_connect },
  { "network disconnect", "", N_ ("Leave the network that is connected"), 0, 0,
    mh_cli_network_disconnect },
  { "network rm", N_ ("NETWORK"), N_ ("Forget a network and its key"), 1, 1, mh_cli_network_rm },
  { "network key", N_ ("NETWORK"), N_ ("Print the key of a network, as in a swarm.key file"), 1, 1,
    mh_cli_network_key },
  { "network rotate", N_ ("NETWORK"), N_ ("Give the network another key, after a machine was lost"),
    1, 1, mh_cli_network_rotate },
  { "network bootstrap", N_ ("NETWORK"),
    N_ ("Show or change the addresses that are asked for others"), 1, 1, mh_cli_network_bootstrap },
  { "node list", "", N_ ("List the machines of the network"), 0, 0, mh_cli_node_list },
  { "node speedtest", N_ ("NODE"), N_ ("Measure round trip and throughput to a machine"), 1, 1,
    mh_cli_node_speedtest },
  { "node show", N_ ("NODE"), N_ ("Show what is known of a machine"), 1, 1, mh_cli_node_show },
  { "node access", N_ ("[open|allow|deny]"),
    N_ ("Show who may connect; or let all connect, only those in the list, or all but those"), 0, 1,
    mh_cli_node_access },
  { "node block", N_ ("NODE"), N_ ("Keep a machine from connecting"), 1, 1, mh_cli_node_block },
  { "node allow", N_ ("NODE"), N_ ("Let a machine connect"), 1, 1, mh_cli_node_allow },
  { "nat", "", N_ ("Show whether others reach this machine, and what the router does"), 0, 0,
    mh_cli_nat },
  { "vault rm", N_ ("VAULT"), N_ ("Forget a vault and its key: nobody can read its files then"), 1,
    1, mh_cli_vault_rm },
  { "file ls", N_ ("VAULT[:PATH]"), N_ ("List a folder"), 1, 1, mh_cli_file_ls },
  { "file put", N_ ("LOCAL… VAULT:PATH"),
    N_ ("Store files; a PATH that ends with a slash is a folder, “-” is standard input"), 2,
    G_MAXUINT, mh_cli_put },
  { "file get", N_ ("VAULT:PATH… LOCAL"), N_ ("Fetch files; “-” is standard output"), 2, G_MAXUINT,
    mh_cli_get },
  { "import", N_ ("FOLDER VAULT[:PATH]"),
    N_ ("Copy what is in a folder of this machine into a vault; only what is new or has changed"),
    2, 2, mh_cli_copy_import },
  { "export", N_ ("VAULT[:PATH] FOLDER"), N_ ("Copy a vault or a part of it to a folder"), 2, 2,
    mh_cli_copy_export },
  { "fsck", "", N_ ("Check everything that is stored, while no daemon runs"), 0, 0, mh_cli_fsck },
  { "file rm", N_ ("VAULT:PATH…"), N_ ("Delete files; their versions stay"), 1, G_MAXUINT,
    mh_cli_file_rm },
  { "file mv", N_ ("VAULT:PATH NEWPATH"), N_ ("Rename or move a file or a folder"), 2, 2,
    mh_cli_file_mv },
  { "file cp", N_ ("VAULT:PATH NEWPATH"), N_ ("Copy a file or a folder within its vault"), 2, 2,
    mh_cli_file_cp },
  { "file search", N_ ("VAULT WORD…"), N_ ("Find files with all the words in their names"), 2,
    G_MAXUINT, mh_cli_search },
  { "file history", N_ ("VAULT:PATH"), N_ ("List the versions of a file"), 1, 1,
    mh_cli_file_history },
  { "file restore", N_ ("VAULT:PATH HASH"),
    N_ ("Make an older version the current one; the first digits of its hash are enough"), 2, 2,
    mh_cli_file_restore },
  { "file resolve", N_ ("VAULT:PATH [HASH]"),
    N_ ("Show the versions that are in conflict, or end it with the one whose hash begins so"), 1,
    2, mh_cli_file_resolve },
  { "file where", N_ ("VAULT:PATH"), N_ ("Show which machines have all of a file"), 1, 1,
    mh_cli_file_where },
  { "file fetch", N_ ("VAULT:PATH"), N_ ("Have all of a file on this machine"), 1, 1,
    mh_cli_file_fetch },
  { "help", N_ ("[COMMAND]"), N_ ("Explain the commands"), 0, 2, help },
};

/* The command that the first words name; *@words is their number. */
static const MhCliCommand *
find_command (char **args, guint *words)
{
  g_autofree char *two = NULL;

  if (args[0] == NULL)
    return NULL;
  two = args[1] != NULL ? g_strdup_printf ("%s %s", args[0], args[1]) : g_strdup ("");

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_str_equal (commands[i].name, args[0]) || g_str_equal (commands[i].name, two))
        {
          *words = g_str_equal (commands[i].name, args[0]) ? 1 : 2;
          return &commands[i];
        }
    }

  return NULL;
}

static gboolean
is_family (const char *word)
{
  static const char *const families[] = {
    "vault", "file", "folder", "network", "node", "kept", NULL
  };

  return g_strv_contains (families, word);
}

/* Lists the commands of @family, or every command. */
static void
list_commands (const char *family)
{
  mh_cli_print (_ ("Commands:\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      const MhCliCommand *command = &commands[i];
      g_autofree char *left = NULL;

      if (family != NULL && !g_str_has_prefix (command->name, family))
        continue;
      left = mh_cli_usage (command);
      mh_cli_print ("  %s\n      %s\n", left, _ (command->summary));
    }
}

static GOptionContext *
main_context (MhCli *cli)
{
  GOptionContext *context = g_option_context_new (_ ("COMMAND …"));
  g_autofree GOptionEntry *entries = mh_cli_options (cli);

  g_option_context_set_summary (context, _ ("The command line of MeshHold, a private cloud of your "
                                            "own machines."));
  g_option_context_set_description (
      context, _ ("“meshhold help” lists the commands, “meshhold help COMMAND” explains one.\n"
                  "Exit codes: 0 done, 1 failed, 2 wrong use, 3 no daemon, 4 not allowed, 5 not "
                  "found."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_strict_posix (context, TRUE);

  return context;
}

static gboolean
help (MhCli *cli, const MhCliCommand *command, char ***args, GError **error)
{
  const MhCliCommand *about;
  guint words = 0;

  if (!mh_cli_parse (cli, command, NULL, args, error))
    return FALSE;

  about = find_command (*args, &words);
  if (about != NULL)
    {
      g_auto (GStrv) help_args = g_strsplit ("--help", " ", -1);

      /* Each command explains itself and exits. */
      return about->run (cli, about, &help_args, error);
    }
  if (**args != NULL && !is_family (**args))
    {
      g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, _ ("there is no command “%s”"),
                   **args);
      return FALSE;
    }
  list_commands (**args);

  return TRUE;
}

static gboolean
run (MhCli *cli, char ***args, GError **error)
{
  g_autoptr (GOptionContext) context = main_context (cli);
  g_autoptr (GError) local_error = NULL;
  g_auto (GStrv) rest = NULL;
  const MhCliCommand *command;
  guint words = 0;

  if (!g_option_context_parse_strv (context, args, &local_error))
    {
      g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE, local_error->message);
      return FALSE;
    }
  if (cli->version)
    {
      mh_cli_print ("meshhold %s\n", MH_VERSION);
      return TRUE;
    }

  command = find_command (*args + 1, &words);
  if (command == NULL && (*args)[1] != NULL && is_family ((*args)[1]) && (*args)[2] != NULL)
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                 _ ("there is no command “%s %s”; “meshhold help %s” lists those that there are"),
                 (*args)[1], (*args)[2], (*args)[1]);
  else if (command == NULL && (*args)[1] != NULL && !is_family ((*args)[1]))
    g_set_error (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                 _ ("there is no command “%s”; “meshhold help” lists them"), (*args)[1]);
  else if (command == NULL)
    g_set_error_literal (error, MH_CLIENT_ERROR, MH_CLIENT_ERROR_USAGE,
                         _ ("a command is missing; “meshhold help” lists them"));
  if (command == NULL)
    return FALSE;

  rest = g_strdupv (*args + 1 + words);

  return command->run (cli, command, &rest, error);
}

int
main (int argc, char **argv)
{
  MhCli cli = { NULL };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) args = NULL;
  int code = 0;

  mh_client_set_locale ();
  g_set_prgname ("meshhold");

  args = g_strdupv (argv);
  if (!run (&cli, &args, &error))
    {
      g_printerr ("meshhold: %s\n", error->message);
      code = error->domain == MH_CLIENT_ERROR ? error->code : MH_CLIENT_ERROR_FAILED;
    }

  if (fflush (stdout) != 0 || ferror (stdout))
    {
      g_printerr ("meshhold: %s\n", _ ("the output could not be written"));
      code = MH_CLIENT_ERROR_FAILED;
    }
  mh_cli_api_free (cli.api);
  g_free (cli.home);
  g_free (cli.url);

  return code;
}
