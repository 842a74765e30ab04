/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "crypto/crypto.h"
#include "invite.h"

#define PEER "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"

static MhInvite *
new_invite (const char *name, guint n_peers)
{
  MhInvite *invite = g_new0 (MhInvite, 1);

  invite->name = g_strdup (name);
  invite->key = mh_secret_new_random (32);
  invite->bootstrap = g_new0 (char *, n_peers + 1);
  for (guint i = 0; i < n_peers; i++)
    invite->bootstrap[i] = g_strdup_printf ("/ip4/10.0.0.%u/tcp/7777/p2p/" PEER, i);

  return invite;
}

static void
test_round (void)
{
  static const char *const names[] = { "home", "Haus & Hof", "🎉", "" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (MhInvite) invite = new_invite (names[i], i);
      g_autofree char *url = mh_invite_to_url (invite);
      g_autoptr (MhInvite) back = mh_invite_parse (url, NULL);

      g_assert_nonnull (back);
      g_assert_cmpstr (back->name, ==, names[i]);
      g_assert_cmpmem (mh_secret_peek (back->key), 32, mh_secret_peek (invite->key), 32);
      g_assert_true (g_strv_equal ((const char *const *) back->bootstrap,
                                   (const char *const *) invite->bootstrap));
      for (const char *p = url + strlen (MH_INVITE_PREFIX); *p != '\0'; p++)
        g_assert_true (g_ascii_isalnum (*p) || *p == '-' || *p == '_');
    }
}

/* However many addresses there are, a telephone can read it, and at least one is in it. */
static void
test_size (void)
{
  g_autoptr (MhInvite) invite = new_invite ("home", 60);
  g_autofree char *url = mh_invite_to_url (invite);
  g_autoptr (MhInvite) back = mh_invite_parse (url, NULL);

  g_assert_cmpuint (strlen (url), <=, MH_INVITE_QR_BYTES);
  g_assert_cmpuint (g_strv_length (back->bootstrap), >=, 1);
  g_assert_cmpuint (g_strv_length (back->bootstrap), <=, MH_INVITE_MOST_PEERS);
}

/* A URL that was cut anywhere is refused, or else leads to the same network. */
static void
test_cut (void)
{
  g_autoptr (MhInvite) invite = new_invite ("home", 2);
  g_autofree char *url = mh_invite_to_url (invite);

  for (gsize length = 0; length < strlen (url); length++)
    {
      g_autofree char *part = g_strndup (url, length);
      g_autoptr (GError) error = NULL;
      g_autoptr (MhInvite) back = mh_invite_parse (part, &error);

      g_assert_null (back);
      g_assert_true (g_str_has_prefix (error->message, "url: "));
    }
}

static void
test_node (void)
{
  static const char *const hosts[] = { "/ip4/10.0.0.1/tcp/7777/p2p/" PEER, NULL };
  g_autofree char *url = mh_invite_node_url (PEER, hosts);
  g_autoptr (MhInvite) back = mh_invite_parse (url, NULL);

  g_assert_nonnull (back);
  g_assert_null (back->key);
  g_assert_true (g_strv_equal ((const char *const *) back->bootstrap, hosts));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!mh_crypto_init (NULL))
    return 1;

  g_test_add_func ("/invite/there-and-back", test_round);
  g_test_add_func ("/invite/size", test_size);
  g_test_add_func ("/invite/cut", test_cut);
  g_test_add_func ("/invite/node", test_node);

  return g_test_run ();
}
