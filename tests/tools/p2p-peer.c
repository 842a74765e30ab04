/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib-unix.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "net/p2p/autonat/autonat.h"
#include "net/p2p/dcutr/dcutr.h"
#include "net/p2p/host/host.h"
#include "net/p2p/identify/identify.h"
#include "net/p2p/kad/kad.h"
#include "net/p2p/mdns/mdns.h"
#include "net/p2p/perf/perf.h"
#include "net/p2p/ping/ping.h"
#include "net/p2p/pnet/swarm-key.h"
#include "net/p2p/portmap/portmap.h"
#include "net/p2p/pubsub/pubsub.h"
#include "net/p2p/relay/relay.h"

/*
 * A peer on the command line, so that other programs can be tried against libmhp2p: each event is a
 * line of JSON on stdout, each command a line of words on stdin.
 */

#define ECHO_PROTOCOL "/echo/1.0.0"
#define TIMEOUT_MS 20000
#define MDNS_INTERVAL_MS 1000

typedef struct
{
  MhHost *host;
  MhIdentify *identify;
  MhPubsub *pubsub;
  MhRelay *relay; /* (nullable) */
  MhRelayClient *client;
  MhDcutr *dcutr;
  MhKad *kad;         /* (nullable) */
  MhMdns *mdns;       /* (nullable) */
  MhPortmap *portmap; /* (nullable) */
  MhAutonat *autonat;
  GMainLoop *loop;
  GIOChannel *input;
  GMutex lock; /* of stdout */
} Peer;

/* -- events -- */

/* Prints a line of JSON; @format makes what stands between the braces. */
static void G_GNUC_PRINTF (2, 3) say (Peer *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_mutex_lock (&self->lock);
  printf ("{%s}\n", text);
  fflush (stdout);
  g_mutex_unlock (&self->lock);
}

static char *
quote (const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);

  return json_to_string (node, FALSE);
}

static void
say_error (Peer *self, const char *what, const GError *error)
{
  g_autofree char *message = quote (error->message);

  say (self, "\"event\":\"error\",\"what\":\"%s\",\"code\":%d,\"message\":%s", what, error->code,
       message);
}

static void
on_connected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  g_autofree char *id = mh_peer_id_to_text (peer);

  say (data, "\"event\":\"connected\",\"peer\":\"%s\"", id);
}

static void
on_disconnected (MhHost *host, const MhPeerId *peer, gpointer data)
{
  g_autofree char *id = mh_peer_id_to_text (peer);

  say (data, "\"event\":\"disconnected\",\"peer\":\"%s\"", id);
}

static void
on_identified (MhHost *host, const MhPeerId *peer, gpointer data)
{
  g_autofree char *id = mh_peer_id_to_text (peer);
  const char *const *names = mh_host_protocols (host, peer);
  g_autofree char *list = g_strjoinv ("\",\"", (char **) names);

  say (data, "\"event\":\"identified\",\"peer\":\"%s\",\"protocols\":[\"%s\"]", id, list);
}

static const MhHostEvents events = { on_connected, on_disconnected, on_identified };

static void
on_portmap (MhPortmap *portmap, gpointer data)
{
  g_auto (MhPortmapState) state = { 0 };
  g_autofree char *text = NULL;
  g_autofree char *error = NULL;

  mh_portmap_state (portmap, &state);
  text = state.external != NULL ? mh_multiaddr_to_text (state.external) : g_strdup ("");
  error = quote (state.error != NULL ? state.error : "");
  say (data, "\"event\":\"%s\",\"addr\":\"%s\",\"port\":%u,\"lease_s\":%u,\"error\":%s",
       state.available ? "mapped" : "unmapped", text, state.port, state.lease_s, error);
}

static void
on_reach (MhAutonat *autonat, gpointer data)
{
  static const char *const names[] = { "unknown", "public", "private" };
  MhAutonatState state = mh_autonat_state (autonat);

  say (data, "\"event\":\"reach\",\"reach\":\"%s\",\"confidence\":%u", names[state.reach],
       state.confidence);
}

/* -- messages -- */

static void
on_message (const MhGossipsubMessage *message, gpointer data)
{
  g_autofree char *from = mh_peer_id_to_text (&message->from);
  gsize size;
  const char *bytes = g_bytes_get_data (message->data, &size);
  g_autofree char *text = g_utf8_make_valid (bytes, (gssize) MIN (size, 200));
  g_autofree char *quoted = quote (text);

  say (data,
       "\"event\":\"message\",\"topic\":\"%s\",\"from\":\"%s\",\"bytes\":%" G_GSIZE_FORMAT
       ",\"data\":%s",
       message->topic, from, size, quoted);
}

static void
on_member (const MhPeerId *peer, const char *topic, gboolean is_in, gpointer data)
{
  g_autofree char *id = mh_peer_id_to_text (peer);

  say (data, "\"event\":\"%s\",\"topic\":\"%s\",\"peer\":\"%s\"",
       is_in ? "subscribed" : "unsubscribed", topic, id);
}

static const MhPubsubEvents pubsub_events = { NULL, on_message, on_member };

static void
subscribe (Peer *self, const char *topic)
{
  g_autoptr (GError) error = NULL;

  if (!mh_pubsub_subscribe (self->pubsub, topic, &error))
    say_error (self, "subscribe", error);
}

static void
publish (Peer *self, const char *topic, const char *text)
{
  g_autoptr (GBytes) message = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  if (!mh_pubsub_publish (self->pubsub, topic, message, &error))
    say_error (self, "publish", error);
}

static void
say_counters (Peer *self)
{
  MhGossipsubCounters counters = mh_gossipsub_counters (mh_pubsub_machine (self->pubsub));

  say (self,
       "\"event\":\"counters\",\"received\":%" G_GUINT64_FORMAT ",\"duplicates\":%" G_GUINT64_FORMAT
       ",\"invalid\":%" G_GUINT64_FORMAT ",\"sent\":%" G_GUINT64_FORMAT
       ",\"dropped\":%" G_GUINT64_FORMAT,
       counters.received, counters.duplicates, counters.invalid, counters.sent,
       mh_pubsub_dropped (self->pubsub));
}

/* -- an echo that we ask for -- */

typedef struct
{
  Peer *peer;
  MhStream *stream;
  guint64 size;
  guint64 sent;
  guint64 got;
  gboolean is_wrong;
  gint64 began_us;
} Asked;

static guint8
byte_at (guint64 position)
{
  return (guint8) ((position * 31) ^ (position >> 8));
}

static void
asked_end (Asked *self, const char *why)
{
  say (self->peer,
       "\"event\":\"echo\",\"ok\":%s,\"bytes\":%" G_GUINT64_FORMAT ",\"ms\":%" G_GINT64_FORMAT
       ",\"why\":\"%s\"",
       why == NULL ? "true" : "false", self->got, (g_get_monotonic_time () - self->began_us) / 1000,
       why == NULL ? "" : why);
  mh_stream_set_funcs (self->stream, NULL, NULL);
  mh_stream_unref (self->stream);
  g_free (self);
}

static void
asked_writable (MhStream *stream, gpointer data)
{
  Asked *self = data;
  guint8 piece[16384];

  while (self->sent < self->size)
    {
      gsize size = (gsize) MIN (sizeof piece, self->size - self->sent);
      gsize done;

      for (gsize i = 0; i < size; i++)
        piece[i] = byte_at (self->sent + i);
      done = mh_stream_write (stream, piece, size);
      self->sent += done;
      if (done < size)
        return;
    }
  if (self->sent == self->size)
    mh_stream_close_write (stream);
}

static void
asked_readable (MhStream *stream, gpointer data)
{
  Asked *self = data;
  const MhBuf *received = mh_stream_received (stream);
  gsize size = mh_buf_size (received);

  for (gsize i = 0; i < size; i++)
    self->is_wrong = self->is_wrong || mh_buf_peek (received)[i] != byte_at (self->got + i);
  self->got += size;
  mh_stream_consume (stream, size);
  if (mh_stream_is_ended (stream))
    asked_end (self, self->is_wrong            ? "other bytes"
                     : self->got != self->size ? "another amount"
                                               : NULL);
}

static void
asked_broken (MhStream *stream, gpointer data)
{
  asked_end (data, "broken");
}

static void
on_echo_opened (MhStream *stream, const GError *error, gpointer data)
{
  static const MhStreamFuncs funcs = { asked_readable, asked_writable, asked_broken };
  Asked *self = data;

  if (stream == NULL)
    {
      say_error (self->peer, "echo", error);
      g_free (self);
      return;
    }
  self->stream = mh_stream_ref (stream);
  self->began_us = g_get_monotonic_time ();
  mh_stream_set_funcs (stream, &funcs, self);
  asked_writable (stream, self);
}

/* -- commands -- */

static void
on_dialled (MhHost *host, const GError *error, gpointer data)
{
  if (error != NULL)
    say_error (data, "dial", error);
  else
    say (data, "\"event\":\"dialled\"");
}

static void
on_pinged (gint64 rtt_us, const GError *error, gpointer data)
{
  if (error != NULL)
    say_error (data, "ping", error);
  else
    say (data, "\"event\":\"ping\",\"rtt_us\":%" G_GINT64_FORMAT, rtt_us);
}

static void
on_perf (const MhPerfResult *result, const GError *error, gpointer data)
{
  if (error != NULL)
    say_error (data, "perf", error);
  else
    say (data,
         "\"event\":\"perf\",\"sent\":%" G_GUINT64_FORMAT ",\"received\":%" G_GUINT64_FORMAT
         ",\"up_us\":%" G_GINT64_FORMAT ",\"down_us\":%" G_GINT64_FORMAT,
         result->sent, result->received, result->up_us, result->down_us);
}

/* Returns: (transfer full): addresses as what stands between the brackets of a list */
static char *
list_of (GPtrArray *addresses)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autofree char *text = mh_multiaddr_to_text (addresses->pdata[i]);

      g_string_append_printf (list, "%s\"%s\"", i > 0 ? "," : "", text);
    }

  return g_string_free (g_steal_pointer (&list), FALSE);
}

static void
on_found (MhKad *kad, const MhPeerId *peer, const GError *error, gpointer data)
{
  Peer *self = data;
  g_autofree char *id = mh_peer_id_to_text (peer);
  g_autoptr (GPtrArray) addresses = mh_host_known_addresses (self->host, peer);
  g_autofree char *list = list_of (addresses);

  if (error != NULL)
    say_error (self, "find", error);
  else
    say (self, "\"event\":\"found\",\"peer\":\"%s\",\"addrs\":[%s]", id, list);
}

static void
on_discovered (MhHost *host, const MhPeerId *peer, gpointer data)
{
  g_autofree char *id = mh_peer_id_to_text (peer);
  g_autoptr (GPtrArray) addresses = mh_host_known_addresses (host, peer);
  g_autofree char *list = list_of (addresses);

  say (data, "\"event\":\"discovered\",\"peer\":\"%s\",\"addrs\":[%s]", id, list);
}

static void
find (Peer *self, const MhPeerId *peer)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "started without --kad");

  if (self->kad != NULL)
    mh_kad_find_peer (self->kad, peer, TIMEOUT_MS, on_found, self);
  else
    say_error (self, "find", error);
}

static void
say_refusals (Peer *self)
{
  MhHostRefusals refusals = mh_host_refusals (self->host);

  say (self,
       "\"event\":\"refusals\",\"handshakes\":%" G_GUINT64_FORMAT
       ",\"wrong_peers\":%" G_GUINT64_FORMAT ",\"protocol\":%" G_GUINT64_FORMAT
       ",\"limits\":%" G_GUINT64_FORMAT,
       refusals.handshakes, refusals.wrong_peers, refusals.protocol, refusals.limits);
}

static void
dial (Peer *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MhMultiaddr) address = mh_multiaddr_new (text, &error);

  if (address == NULL)
    say_error (self, "dial", error);
  else
    mh_host_connect_to (self->host, address, TIMEOUT_MS, on_dialled, self);
}

static void
say_addresses (Peer *self)
{
  g_autoptr (GPtrArray) addresses = mh_host_addresses (self->host);
  g_autofree char *id = mh_peer_id_to_text (mh_host_id (self->host));
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (MhMultiaddr) whole =
          mh_multiaddr_with_peer (addresses->pdata[i], mh_host_id (self->host));
      g_autofree char *text = mh_multiaddr_to_text (whole);

      g_string_append_printf (list, "%s\"%s\"", i > 0 ? "," : "", text);
    }
  say (self, "\"event\":\"addresses\",\"peer\":\"%s\",\"addrs\":[%s]", id, list->str);
}

static void
say_connections (Peer *self)
{
  g_autoptr (GPtrArray) all = mh_host_connections (self->host);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < all->len; i++)
    {
      const MhHostConnection *row = g_ptr_array_index (all, i);
      g_autofree char *id = mh_peer_id_to_text (&row->peer);
      g_autofree char *address = mh_multiaddr_to_text (row->remote);

      g_string_append_printf (list,
                              "%s{\"peer\":\"%s\",\"addr\":\"%s\",\"relayed\":%s,"
                              "\"streams\":%u}",
                              i > 0 ? "," : "", id, address, row->is_relayed ? "true" : "false",
                              row->streams);
    }
  say (self, "\"event\":\"connections\",\"connections\":[%s]", list->str);
}

/* Commands that name no peer. Returns: whether it was one */
static gboolean
run_plain (Peer *self, char **words, guint count)
{
  if (count >= 2 && g_str_equal (words[0], "dial"))
    dial (self, words[1]);
  else if (count >= 2 && g_str_equal (words[0], "subscribe"))
    subscribe (self, words[1]);
  else if (count >= 2 && g_str_equal (words[0], "unsubscribe"))
    mh_pubsub_unsubscribe (self->pubsub, words[1]);
  else if (count >= 3 && g_str_equal (words[0], "publish"))
    publish (self, words[1], words[2]);
  else if (g_str_equal (words[0], "refusals"))
    say_refusals (self);
  else if (g_str_equal (words[0], "counters"))
    say_counters (self);
  else if (g_str_equal (words[0], "addresses"))
    say_addresses (self);
  else if (g_str_equal (words[0], "reach"))
    on_reach (self->autonat, self);
  else if (g_str_equal (words[0], "connections"))
    say_connections (self);
  else
    return FALSE;

  return TRUE;
}

static void
run_command (Peer *self, char **words, guint count)
{
  static const char *const names[] = { ECHO_PROTOCOL, NULL };
  guint64 numbers[2] = { 0 };
  MhPeerId peer;
  Asked *asked;

  if (run_plain (self, words, count))
    return;
  if (count < 2 || !mh_peer_id_from_text (words[1], &peer))
    {
      say (self, "\"event\":\"error\",\"what\":\"command\"");
      return;
    }

  for (guint i = 0; i < 2 && i + 2 < count; i++)
    numbers[i] = g_ascii_strtoull (words[i + 2], NULL, 10);
  if (g_str_equal (words[0], "ping"))
    mh_ping (self->host, &peer, TIMEOUT_MS, on_pinged, self);
  else if (g_str_equal (words[0], "perf"))
    mh_perf (self->host, &peer, numbers[0], numbers[1], on_perf, self);
  else if (g_str_equal (words[0], "use-relay"))
    mh_relay_client_use (self->client, &peer);
  else if (g_str_equal (words[0], "disconnect"))
    mh_host_disconnect (self->host, &peer);
  else if (g_str_equal (words[0], "find"))
    find (self, &peer);
  else if (g_str_equal (words[0], "echo"))
    {
      asked = g_new0 (Asked, 1);
      asked->peer = self;
      asked->size = numbers[0];
      mh_host_open (self->host, &peer, names, TIMEOUT_MS, on_echo_opened, asked);
    }
}

typedef struct
{
  Peer *peer;
  char *line;
} Command;

static void
command_here (MhHost *host, gpointer data)
{
  Command *command = data;
  g_auto (GStrv) words = g_strsplit (g_strstrip (command->line), " ", -1);
  guint count = g_strv_length (words);

  if (count > 0)
    run_command (command->peer, words, count);
  g_free (command->line);
  g_free (command);
}

static gboolean
on_input (GIOChannel *input, GIOCondition condition, gpointer data)
{
  Peer *self = data;
  Command *command;
  char *line = NULL;

  if (g_io_channel_read_line (input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    return G_SOURCE_REMOVE;
  command = g_new0 (Command, 1);
  command->peer = self;
  command->line = line;
  mh_host_post (self->host, command_here, command);

  return G_SOURCE_CONTINUE;
}

/* -- start -- */

typedef struct
{
  char *psk;
  char **listen;
  char **dial;
  char *security;
  char *seed;
  char **topics;
  gboolean serve_echo;
  gboolean relay;
  gboolean kad;
  gboolean mdns;
  char *portmap;
  int lease;
  int seconds;
  int high_water;
} Options;

static void
start_here (MhHost *host, gpointer data)
{
  Peer *self = data;
  g_autoptr (GPtrArray) addresses = mh_host_addresses (host);
  g_autofree char *id = mh_peer_id_to_text (mh_host_id (host));
  g_autoptr (GString) list = g_string_new (NULL);

  self->identify = mh_identify_new (host);
  self->pubsub = mh_pubsub_new (host, NULL, &pubsub_events, self);
  self->client = mh_relay_client_new (host);
  self->dcutr = mh_dcutr_new (host);
  self->autonat = mh_autonat_new (host, NULL, on_reach, self);
  mh_ping_serve (host);
  mh_perf_serve (host);
  mh_host_watch (host, &events, self);
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (MhMultiaddr) whole =
          mh_multiaddr_with_peer (addresses->pdata[i], mh_host_id (host));
      g_autofree char *text = mh_multiaddr_to_text (whole);

      g_string_append_printf (list, "%s\"%s\"", i > 0 ? "," : "", text);
    }
  say (self, "\"event\":\"listening\",\"peer\":\"%s\",\"addrs\":[%s]", id, list->str);
}

typedef struct
{
  Peer *peer;
  const Options *options;
} ToServe;

static void
serve_here (MhHost *host, gpointer data)
{
  ToServe *to_serve = data;
  const Options *options = to_serve->options;

  if (options->serve_echo)
    mh_host_handle (host, ECHO_PROTOCOL, mh_ping_echo, NULL);
  if (options->relay)
    to_serve->peer->relay = mh_relay_new (host);
  if (options->kad)
    to_serve->peer->kad = mh_kad_new (host, NULL);
  if (options->mdns)
    to_serve->peer->mdns =
        mh_mdns_new (host, MDNS_INTERVAL_MS, TRUE, on_discovered, to_serve->peer);
  for (guint i = 0; options->topics != NULL && options->topics[i] != NULL; i++)
    subscribe (to_serve->peer, options->topics[i]);
}

typedef struct
{
  Peer *peer;
  const char *address;
} ToDial;

static void
dial_here (MhHost *host, gpointer data)
{
  ToDial *to_dial = data;

  dial (to_dial->peer, to_dial->address);
}

static gboolean
listen_on (Peer *self, char **texts, GError **error)
{
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      g_autoptr (MhMultiaddr) address = mh_multiaddr_new (texts[i], error);

      if (address == NULL || !mh_host_listen (self->host, address, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
end_loop (gpointer data)
{
  g_main_loop_quit (((Peer *) data)->loop);

  return G_SOURCE_REMOVE;
}

/* Returns: (transfer full): a random key, or the one of a seed */
static MhSigner *
make_signer (const char *seed)
{
  g_autoptr (MhSecret) secret = mh_secret_new_random (MH_SIGN_SEED_SIZE);

  if (seed != NULL)
    memset (mh_secret_bytes (secret), (int) g_ascii_strtoull (seed, NULL, 10), MH_SIGN_SEED_SIZE);

  return mh_signer_new (secret);
}

static gboolean
read_options (Options *options, int *argc, char ***argv, GError **error)
{
  GOptionEntry entries[] = {
    { "psk", 0, 0, G_OPTION_ARG_FILENAME, &options->psk, "Swarm key", "FILE" },
    { "listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->listen, "Listen there", "MULTIADDR" },
    { "dial", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->dial, "Dial at the start", "MULTIADDR" },
    { "security", 0, 0, G_OPTION_ARG_STRING, &options->security, "Channels", "tls|noise|both" },
    { "seed", 0, 0, G_OPTION_ARG_STRING, &options->seed, "A key that is always the same", "BYTE" },
    { "serve-echo", 0, 0, G_OPTION_ARG_NONE, &options->serve_echo, "Serve /echo/1.0.0", NULL },
    { "topic", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->topics, "Subscribe to it", "NAME" },
    { "relay", 0, 0, G_OPTION_ARG_NONE, &options->relay, "Relay for others", NULL },
    { "kad", 0, 0, G_OPTION_ARG_NONE, &options->kad, "Serve and use Kademlia", NULL },
    { "mdns", 0, 0, G_OPTION_ARG_NONE, &options->mdns, "Find peers nearby and dial them", NULL },
    { "portmap", 0, 0, G_OPTION_ARG_FILENAME, &options->portmap,
      "Ask the router for a port by PROGRAM", "PROGRAM" },
    { "lease", 0, 0, G_OPTION_ARG_INT, &options->lease, "Of the port, in seconds", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_INT, &options->seconds, "End after so many", "N" },
    { "high-water", 0, 0, G_OPTION_ARG_INT, &options->high_water, "Most connections", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);

  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
make_host (Peer *self, const Options *options, const MhSigner *signer, GError **error)
{
  MhHostNew request = { .signer = signer };
  g_autoptr (MhSecret) key = NULL;
  g_autofree char *text = NULL;
  gsize size;

  if (options->psk != NULL)
    {
      if (!g_file_get_contents (options->psk, &text, &size, error))
        return FALSE;
      key = mh_swarm_key_parse (text, size, error);
      if (key == NULL)
        return FALSE;
    }
  request.swarm_key = key;
  request.high_water = (guint) MAX (options->high_water, 0);
  request.low_water = request.high_water;
  request.agent = "p2p-peer";
  if (g_strcmp0 (options->security, "tls") == 0)
    request.security = MH_SECURITY_TLS;
  else if (g_strcmp0 (options->security, "noise") == 0)
    request.security = MH_SECURITY_NOISE;
  self->host = mh_host_new (&request, error);

  return self->host != NULL;
}

static gboolean
run (Peer *self, const Options *options, const MhSigner *signer, GError **error)
{
  ToServe to_serve = { self, options };

  if (!make_host (self, options, signer, error) || !listen_on (self, options->listen, error))
    return FALSE;

  mh_host_run (self->host, start_here, self);
  mh_host_run (self->host, serve_here, &to_serve);
  for (guint i = 0; options->dial != NULL && options->dial[i] != NULL; i++)
    {
      ToDial to_dial = { self, options->dial[i] };

      mh_host_run (self->host, dial_here, &to_dial);
    }
  self->loop = g_main_loop_new (NULL, FALSE);
  self->input = g_io_channel_unix_new (0);
  g_io_add_watch (self->input, G_IO_IN | G_IO_HUP, on_input, self);
  g_unix_signal_add (SIGTERM, end_loop, self);
  g_unix_signal_add (SIGINT, end_loop, self);
  if (options->portmap != NULL)
    {
      MhPortmapNew new = { options->portmap, (guint) MAX (options->lease, 0) };

      self->portmap = mh_portmap_new (self->host, &new, on_portmap, self);
    }
  if (options->seconds > 0)
    g_timeout_add_seconds ((guint) options->seconds, end_loop, self);
  g_main_loop_run (self->loop);
  g_main_loop_unref (self->loop);
  g_io_channel_unref (self->input);

  return TRUE;
}

int
main (int argc, char **argv)
{
  Options options = { NULL };
  Peer self = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (MhSigner) signer = NULL;
  gboolean good;

  if (!read_options (&options, &argc, &argv, &error) || !mh_crypto_init (&error))
    {
      fprintf (stderr, "p2p-peer: %s\n", error->message);
      return 2;
    }

  signer = make_signer (options.seed);
  good = run (&self, &options, signer, &error);
  mh_portmap_free (self.portmap);
  mh_host_free (self.host);
  mh_identify_free (self.identify);
  mh_pubsub_free (self.pubsub);
  mh_relay_free (self.relay);
  mh_relay_client_free (self.client);
  mh_dcutr_free (self.dcutr);
  mh_kad_free (self.kad);
  mh_mdns_free (self.mdns);
  mh_autonat_free (self.autonat);
  g_free (options.psk);
  g_strfreev (options.listen);
  g_strfreev (options.dial);
  g_free (options.security);
  g_free (options.seed);
  g_free (options.portmap);
  g_strfreev (options.topics);
  if (good)
    return 0;
  fprintf (stderr, "p2p-peer: %s\n", error->message);

  return 1;
}
