/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "multiaddr.h"

#include <gio/gio.h>
#include <string.h>

#include "base/encoding.h"
#include "varint.h"

struct _MhMultiaddr
{
  gatomicrefcount references;
  gsize size;
  guint8 bytes[];
};

/* How the value of a part is written. */
typedef enum
{
  VALUE_NONE,
  VALUE_IP4,
  VALUE_IP6,
  VALUE_PORT,
  VALUE_NAME, /* length and text */
  VALUE_PATH, /* length and text, which takes all that follows */
  VALUE_PEER, /* length and multihash */
  VALUE_HASH, /* length and multihash, in multibase */
} Value;

typedef struct
{
  MhMultiaddrCode code;
  const char *name;
  Value value;
} Protocol;

static const Protocol protocols[] = {
  { MH_MULTIADDR_IP4, "ip4", VALUE_IP4 },
  { MH_MULTIADDR_TCP, "tcp", VALUE_PORT },
  { MH_MULTIADDR_IP6, "ip6", VALUE_IP6 },
  { MH_MULTIADDR_IP6ZONE, "ip6zone", VALUE_NAME },
  { MH_MULTIADDR_DNS, "dns", VALUE_NAME },
  { MH_MULTIADDR_DNS4, "dns4", VALUE_NAME },
  { MH_MULTIADDR_DNS6, "dns6", VALUE_NAME },
  { MH_MULTIADDR_DNSADDR, "dnsaddr", VALUE_NAME },
  { MH_MULTIADDR_UDP, "udp", VALUE_PORT },
  { MH_MULTIADDR_CIRCUIT, "p2p-circuit", VALUE_NONE },
  { MH_MULTIADDR_UNIX, "unix", VALUE_PATH },
  { MH_MULTIADDR_P2P, "p2p", VALUE_PEER },
  { MH_MULTIADDR_TLS, "tls", VALUE_NONE },
  { MH_MULTIADDR_SNI, "sni", VALUE_NAME },
  { MH_MULTIADDR_QUIC_V1, "quic-v1", VALUE_NONE },
  { MH_MULTIADDR_WEBTRANSPORT, "webtransport", VALUE_NONE },
  { MH_MULTIADDR_CERTHASH, "certhash", VALUE_HASH },
  { MH_MULTIADDR_WS, "ws", VALUE_NONE },
  { MH_MULTIADDR_WSS, "wss", VALUE_NONE },
  { MH_MULTIADDR_P2P, "ipfs", VALUE_PEER }, /* what p2p was called; never written */
};

static const Protocol *
find_code (guint64 code)
{
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (protocols[i].code == code)
      return &protocols[i];

  return NULL;
}

static const Protocol *
find_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (g_str_equal (protocols[i].name, name))
      return &protocols[i];

  return NULL;
}

static MhMultiaddr *
make (const guint8 *data, gsize size)
{
  MhMultiaddr *self = g_malloc (sizeof *self + size);

  g_atomic_ref_count_init (&self->references);
  self->size = size;
  if (size > 0)
    memcpy (self->bytes, data, size);

  return self;
}

MhMultiaddr *
mh_multiaddr_ref (MhMultiaddr *self)
{
  g_atomic_ref_count_inc (&self->references);

  return self;
}

void
mh_multiaddr_unref (MhMultiaddr *self)
{
  if (g_atomic_ref_count_dec (&self->references))
    g_free (self);
}

const guint8 *
mh_multiaddr_bytes (const MhMultiaddr *self, gsize *size)
{
  *size = self->size;

  return self->bytes;
}

guint
mh_multiaddr_hash (gconstpointer self)
{
  const MhMultiaddr *address = self;
  guint hash = 5381;

  for (gsize i = 0; i < address->size; i++)
    hash = hash * 33 + address->bytes[i];

  return hash;
}

gboolean
mh_multiaddr_equal (gconstpointer a, gconstpointer b)
{
  const MhMultiaddr *left = a;
  const MhMultiaddr *right = b;

  return left->size == right->size && memcmp (left->bytes, right->bytes, left->size) == 0;
}

/* Text in an address would end at a slash or NUL. */
static gboolean
check_value (Value value, const guint8 *data, gsize size)
{
  MhPeerId peer;

  switch (value)
    {
    case VALUE_NAME:
      return size > 0 && memchr (data, '/', size) == NULL
             && g_utf8_validate ((const char *) data, (gssize) size, NULL);
    case VALUE_PATH:
      return size > 0 && g_utf8_validate ((const char *) data, (gssize) size, NULL);
    case VALUE_PEER:
      return mh_peer_id_from_bytes (data, size, &peer);
    case VALUE_HASH:
      return size > 0;
    case VALUE_NONE:
    case VALUE_IP4:
    case VALUE_IP6:
    case VALUE_PORT:
      break;
    }

  return TRUE;
}

/* Reads one part. Returns: bytes it takes, or 0 when it is none */
static gsize
read_part (const guint8 *data, gsize size, MhMultiaddrPart *part)
{
  static const gsize fixed[] = { [VALUE_IP4] = 4, [VALUE_IP6] = 16, [VALUE_PORT] = 2 };
  const Protocol *protocol;
  guint64 number;
  gsize used;
  gsize at;

  if (mh_varint_get (data, size, &number, &at) != MH_VARINT_OK)
    return 0;
  protocol = find_code (number);
  if (protocol == NULL)
    return 0;

  number = protocol->value < G_N_ELEMENTS (fixed) ? fixed[protocol->value] : 0;
  if (protocol->value >= VALUE_NAME)
    {
      if (mh_varint_get (data + at, size - at, &number, &used) != MH_VARINT_OK)
        return 0;
      at += used;
    }
  if (number > size - at || !check_value (protocol->value, data + at, (gsize) number))
    return 0;

  *part = (MhMultiaddrPart){ protocol->code, data + at, (gsize) number };

  return at + (gsize) number;
}

MhMultiaddr *
mh_multiaddr_new_from_bytes (const guint8 *data, gsize size)
{
  MhMultiaddrPart part;

  if (size == 0 || size > MH_MULTIADDR_MAX)
    return NULL;

  for (gsize at = 0; at < size;)
    {
      gsize used = read_part (data + at, size - at, &part);

      if (used == 0)
        return NULL;
      at += used;
    }

  return make (data, size);
}

gboolean
mh_multiaddr_part (const MhMultiaddr *self, gsize *at, MhMultiaddrPart *part)
{
  if (*at >= self->size)
    return FALSE;
  *at += read_part (self->bytes + *at, self->size - *at, part);

  return TRUE;
}

static gboolean
append_address (GByteArray *out, const char *text, GSocketFamily family)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  if (address == NULL || g_inet_address_get_family (address) != family)
    return FALSE;
  g_byte_array_append (out, g_inet_address_to_bytes (address),
                       (guint) g_inet_address_get_native_size (address));

  return TRUE;
}

static gboolean
append_port (GByteArray *out, const char *text)
{
  guint64 port;
  guint8 bytes[2];

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &port, NULL))
    return FALSE;
  bytes[0] = (guint8) (port >> 8);
  bytes[1] = (guint8) port;
  g_byte_array_append (out, bytes, sizeof bytes);

  return TRUE;
}

static void
append_sized (GByteArray *out, gconstpointer data, gsize size)
{
  mh_varint_append (out, size);
  g_byte_array_append (out, data, (guint) size);
}

static gboolean
append_peer (GByteArray *out, const char *text)
{
  MhPeerId peer;

  if (!mh_peer_id_from_text (text, &peer))
    return FALSE;
  append_sized (out, peer.bytes, peer.size);

  return TRUE;
}

/* Multibase "u" is base64url without padding; what js-libp2p and go-libp2p write. */
static gboolean
append_hash (GByteArray *out, const char *text)
{
  g_autofree char *standard = NULL;
  g_autofree guint8 *data = NULL;
  gsize size;

  if (text[0] != 'u' || strlen (text) > MH_MULTIADDR_MAX)
    return FALSE;
  standard = g_strdup_printf ("%s%.*s", text + 1, (int) ((4 - (strlen (text) - 1) % 4) % 4), "===");
  g_strdelimit (standard, "-", '+');
  g_strdelimit (standard, "_", '/');
  data = g_base64_decode (standard, &size);
  if (size == 0)
    return FALSE;
  append_sized (out, data, size);

  return TRUE;
}

static gboolean
append_value (GByteArray *out, Value value, const char *text)
{
  switch (value)
    {
    case VALUE_NONE:
      return TRUE;
    case VALUE_IP4:
      return append_address (out, text, G_SOCKET_FAMILY_IPV4);
    case VALUE_IP6:
      return append_address (out, text, G_SOCKET_FAMILY_IPV6);
    case VALUE_PORT:
      return append_port (out, text);
    case VALUE_NAME:
    case VALUE_PATH:
      append_sized (out, text, strlen (text));
      return text[0] != '\0' && g_utf8_validate (text, -1, NULL);
    case VALUE_PEER:
      return append_peer (out, text);
    case VALUE_HASH:
      return append_hash (out, text);
    }

  return FALSE;
}

/* Appends the part that begins with @words. Returns: words it takes, or 0 when it is none */
static guint
append_part (GByteArray *out, char **words)
{
  const Protocol *protocol = find_name (words[0]);
  g_autofree char *path = NULL;

  if (protocol == NULL)
    return 0;
  mh_varint_append (out, protocol->code);
  if (protocol->value == VALUE_NONE)
    return 1;
  if (words[1] == NULL)
    return 0;
  if (protocol->value == VALUE_PATH)
    {
      path = g_strjoinv ("/", words + 1);

      return append_value (out, VALUE_PATH, path) ? g_strv_length (words) : 0;
    }

  return append_value (out, protocol->value, words[1]) ? 2 : 0;
}

MhMultiaddr *
mh_multiaddr_new (const char *text, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_auto (GStrv) words = g_strsplit (text, "/", -1);
  guint count = g_strv_length (words);

  if (count < 2 || words[0][0] != '\0')
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "%s: an address begins with /ip4, /ip6 or /dns", text);
      return NULL;
    }

  for (guint i = 1; i < count;)
    {
      guint used = append_part (out, words + i);

      if (used == 0)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: /%s/%s makes no sense",
                       text, words[i], words[i + 1] != NULL ? words[i + 1] : "");
          return NULL;
        }
      i += used;
    }

  if (out->len <= MH_MULTIADDR_MAX)
    return make (out->data, out->len);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "the address %.40s… is too long",
               text);

  return NULL;
}

MhMultiaddr *
mh_multiaddr_new_tcp (const char *address, guint16 port)
{
  g_autofree char *text = g_strdup_printf (
      "/%s/%s/tcp/%u", strchr (address, ':') != NULL ? "ip6" : "ip4", address, port);

  return mh_multiaddr_new (text, NULL);
}

static void
append_address_text (GString *text, const MhMultiaddrPart *part)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (
      part->value, part->code == MH_MULTIADDR_IP4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  g_autofree char *value = g_inet_address_to_string (address);

  g_string_append_printf (text, "/%s", value);
}

static void
append_hash_text (GString *text, const MhMultiaddrPart *part)
{
  g_autofree char *value = g_base64_encode (part->value, part->size);

  g_strdelimit (value, "+", '-');
  g_strdelimit (value, "/", '_');
  value[strcspn (value, "=")] = '\0';
  g_string_append_printf (text, "/u%s", value);
}

static void
append_peer_text (GString *text, const MhMultiaddrPart *part)
{
  g_autofree char *value = mh_base58_encode (part->value, part->size);

  g_string_append_printf (text, "/%s", value);
}

static void
append_part_text (GString *text, const MhMultiaddrPart *part)
{
  const Protocol *protocol = find_code (part->code);

  g_return_if_fail (protocol != NULL);

  g_string_append_printf (text, "/%s", protocol->name);
  switch (protocol->value)
    {
    case VALUE_NONE:
      break;
    case VALUE_IP4:
    case VALUE_IP6:
      append_address_text (text, part);
      break;
    case VALUE_PORT:
      g_string_append_printf (text, "/%u", (guint) part->value[0] << 8 | part->value[1]);
      break;
    case VALUE_NAME:
    case VALUE_PATH:
      g_string_append_c (text, '/');
      g_string_append_len (text, (const char *) part->value, (gssize) part->size);
      break;
    case VALUE_PEER:
      append_peer_text (text, part);
      break;
    case VALUE_HASH:
      append_hash_text (text, part);
      break;
    }
}

char *
mh_multiaddr_to_text (const MhMultiaddr *self)
{
  GString *text = g_string_new (NULL);
  MhMultiaddrPart part;
  gsize at = 0;

  while (mh_multiaddr_part (self, &at, &part))
    append_part_text (text, &part);

  return g_string_free (text, FALSE);
}

gboolean
mh_multiaddr_has (const MhMultiaddr *self, MhMultiaddrCode code)
{
  MhMultiaddrPart part;
  gsize at = 0;

  while (mh_multiaddr_part (self, &at, &part))
    if (part.code == code)
      return TRUE;

  return FALSE;
}

/* Returns: where the last part begins, with the part */
static gsize
last_part (const MhMultiaddr *self, MhMultiaddrPart *part)
{
  gsize start = 0;
  gsize next = 0;
  gsize at = 0;

  for (; mh_multiaddr_part (self, &next, part); at = next)
    start = at;

  return start;
}

gboolean
mh_multiaddr_peer (const MhMultiaddr *self, MhPeerId *peer)
{
  MhMultiaddrPart part = { 0 };

  (void) last_part (self, &part);

  return part.code == MH_MULTIADDR_P2P && mh_peer_id_from_bytes (part.value, part.size, peer);
}

MhMultiaddr *
mh_multiaddr_without_peer (MhMultiaddr *self)
{
  MhMultiaddrPart part = { 0 };
  gsize start = last_part (self, &part);

  return part.code == MH_MULTIADDR_P2P ? make (self->bytes, start) : mh_multiaddr_ref (self);
}

MhMultiaddr *
mh_multiaddr_with_peer (MhMultiaddr *self, const MhPeerId *peer)
{
  g_autoptr (MhMultiaddr) base = mh_multiaddr_without_peer (self);
  g_autoptr (GByteArray) out = g_byte_array_new ();

  g_byte_array_append (out, base->bytes, (guint) base->size);
  mh_varint_append (out, MH_MULTIADDR_P2P);
  append_sized (out, peer->bytes, peer->size);

  return make (out->data, out->len);
}

MhMultiaddr *
mh_multiaddr_join (const MhMultiaddr *self, const MhMultiaddr *rest)
{
  g_autofree guint8 *both = g_malloc (self->size + rest->size);

  memcpy (both, self->bytes, self->size);
  memcpy (both + self->size, rest->bytes, rest->size);

  return mh_multiaddr_new_from_bytes (both, self->size + rest->size);
}

MhMultiaddr *
mh_multiaddr_relay (const MhMultiaddr *self)
{
  MhMultiaddrPart part;
  gsize found = 0;
  gsize start = 0;
  gsize at = 0;

  while (mh_multiaddr_part (self, &at, &part))
    {
      if (part.code == MH_MULTIADDR_CIRCUIT)
        found = start;
      start = at;
    }

  return found > 0 ? make (self->bytes, found) : NULL;
}

void
mh_multiaddr_target_clear (MhMultiaddrTarget *target)
{
  g_free (target->host);
  *target = (MhMultiaddrTarget){ 0 };
}

/* The transport that the parts after host and port speak of. */
static MhTransport
read_transport (const MhMultiaddr *self, gsize at)
{
  MhTransport transport = MH_TRANSPORT_TCP;
  MhMultiaddrPart part;

  while (mh_multiaddr_part (self, &at, &part))
    {
      if (part.code == MH_MULTIADDR_CIRCUIT)
        return MH_TRANSPORT_CIRCUIT;
      if (part.code == MH_MULTIADDR_WS && transport == MH_TRANSPORT_TCP)
        transport = MH_TRANSPORT_WS;
      else if (part.code != MH_MULTIADDR_P2P)
        return MH_TRANSPORT_NONE;
    }

  return transport;
}

static void
read_host (const MhMultiaddrPart *part, const MhMultiaddrPart *zone, MhMultiaddrTarget *target)
{
  g_autoptr (GString) text = g_string_new (NULL);

  target->family = part->code;
  if (part->code == MH_MULTIADDR_IP4 || part->code == MH_MULTIADDR_IP6)
    append_address_text (text, part);
  else
    g_string_append_printf (text, "/%.*s", (int) part->size, (const char *) part->value);
  if (zone->size > 0)
    g_string_append_printf (text, "%%%.*s", (int) zone->size, (const char *) zone->value);
  target->host = g_strdup (text->str + 1);
}

gboolean
mh_multiaddr_target (const MhMultiaddr *self, MhMultiaddrTarget *target)
{
  MhMultiaddrPart zone = { 0 };
  MhMultiaddrPart host;
  MhMultiaddrPart port;
  gsize at = 0;

  *target = (MhMultiaddrTarget){ 0 };
  if (!mh_multiaddr_part (self, &at, &host))
    return FALSE;
  if (host.code == MH_MULTIADDR_IP6ZONE)
    {
      zone = host;
      if (!mh_multiaddr_part (self, &at, &host) || host.code != MH_MULTIADDR_IP6)
        return FALSE;
    }
  if (host.code != MH_MULTIADDR_IP4 && host.code != MH_MULTIADDR_IP6
      && (host.code < MH_MULTIADDR_DNS || host.code > MH_MULTIADDR_DNS6))
    return FALSE;
  if (!mh_multiaddr_part (self, &at, &port) || port.code != MH_MULTIADDR_TCP)
    return FALSE;

  target->transport = read_transport (self, at);
  if (target->transport == MH_TRANSPORT_NONE)
    return FALSE;
  target->port = (guint16) (port.value[0] << 8 | port.value[1]);
  read_host (&host, &zone, target);

  return TRUE;
}

/* Returns: (transfer full) (nullable): the IP address that @self begins with */
static GInetAddress *
first_address (const MhMultiaddr *self)
{
  MhMultiaddrPart part;
  gsize at = 0;

  while (mh_multiaddr_part (self, &at, &part))
    {
      if (part.code == MH_MULTIADDR_IP4)
        return g_inet_address_new_from_bytes (part.value, G_SOCKET_FAMILY_IPV4);
      if (part.code == MH_MULTIADDR_IP6)
        return g_inet_address_new_from_bytes (part.value, G_SOCKET_FAMILY_IPV6);
      if (part.code != MH_MULTIADDR_IP6ZONE)
        return NULL;
    }

  return NULL;
}

gboolean
mh_multiaddr_is_loopback (const MhMultiaddr *self)
{
  g_autoptr (GInetAddress) address = first_address (self);

  return address != NULL && g_inet_address_get_is_loopback (address);
}

gboolean
mh_multiaddr_is_link_local (const MhMultiaddr *self)
{
  g_autoptr (GInetAddress) address = first_address (self);

  return address != NULL && g_inet_address_get_is_link_local (address);
}

/* Blocks that are not for everybody and that GLib has no word for (RFC 6890). */
static gboolean
is_special (GInetAddress *address)
{
  static const char *const blocks[] = { "0.0.0.0/8",      "100.64.0.0/10", "192.0.0.0/24",
                                        "192.0.2.0/24",   "198.18.0.0/15", "198.51.100.0/24",
                                        "203.0.113.0/24", "240.0.0.0/4",   "fc00::/7",
                                        "2001:db8::/32",  "100::/64" };

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    {
      g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (blocks[i], NULL);

      if (g_inet_address_mask_matches (mask, address))
        return TRUE;
    }

  return FALSE;
}

gboolean
mh_multiaddr_is_public (const MhMultiaddr *self)
{
  g_autoptr (GInetAddress) address = first_address (self);

  return address != NULL && !g_inet_address_get_is_any (address)
         && !g_inet_address_get_is_loopback (address) && !g_inet_address_get_is_link_local (address)
         && !g_inet_address_get_is_site_local (address)
         && !g_inet_address_get_is_multicast (address) && !is_special (address);
}
