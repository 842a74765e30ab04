/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "net/p2p/portmap/igd.h"

#define LOCATION "http://192.0.2.1:5000/dev/desc.xml"
#define URN "urn:schemas-upnp-org:service:"
#define IP1 URN "WANIPConnection:1"
#define IP2 URN "WANIPConnection:2"
#define PPP1 URN "WANPPPConnection:1"

static GUri *
uri (const char *text)
{
  return g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
}

/* Which row it is, in one line of ASCII. */
static void
tell (const char *text)
{
  g_autofree char *escaped = g_strescape (text, NULL);

  g_test_message ("%s", escaped);
}

/* Returns: (transfer full): bytes of @size of @text that end where the memory ends, so that reading
 * on is seen */
static guint8 *
bytes_of (const char *text, gsize size)
{
  return g_memdup2 (text, size);
}

/* -- searching -- */

static void
test_search (void)
{
  g_autoptr (GBytes) first = mh_igd_search (0);
  g_autofree char *text = g_strndup (g_bytes_get_data (first, NULL), g_bytes_get_size (first));

  g_test_summary ("a search is as UDA 1.2.2 has it, and each target has one of its own");
  g_assert_cmpstr (text, ==,
                   "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n"
                   "MX: 2\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n");
  for (guint i = 1; i < MH_IGD_TARGETS; i++)
    {
      g_autoptr (GBytes) other = mh_igd_search (i);

      g_assert_false (g_bytes_equal (first, other));
    }
}

/* Returns: (transfer full) (nullable) */
static char *
location_of (const char *text, gsize size)
{
  g_autofree guint8 *bytes = bytes_of (text, size);
  g_autoptr (GUri) at = mh_igd_location (bytes, size);

  return at != NULL ? g_uri_to_string (at) : NULL;
}

#define OK "HTTP/1.1 200 OK\r\n"

static void
test_locations (void)
{
  static const struct
  {
    const char *text;
    const char *location; /* NULL: refused */
  } rows[] = {
    { OK "ST: x\r\nLOCATION: " LOCATION "\r\nUSN: y\r\n\r\n", LOCATION },
    { OK "location:" LOCATION "\r\n\r\n", LOCATION },
    { OK "Location \t: \t " LOCATION " \t\r\n\r\n", LOCATION },
    { "HTTP/1.1 200 OK\nLocation: " LOCATION "\n\n", LOCATION },
    { "HTTP/1.0 200 OK\r\nLocation: " LOCATION "\r\n", LOCATION },
    { "NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLocation: " LOCATION "\r\n\r\n", LOCATION },
    { OK "Location: http://192.0.2.1/d?a=%20b\r\n", "http://192.0.2.1/d?a=%20b" },
    { OK "Location: HTTP://192.0.2.1/d\r\n", "http://192.0.2.1/d" },
    { OK "Location: http://192.0.2.1/1\r\nLocation: http://192.0.2.1/2\r\n", "http://192.0.2.1/1" },
    { OK "no header\r\n: empty\r\nLocation: http://192.0.2.1\r\n", "http://192.0.2.1/" },
    { OK "Locations: " LOCATION "\r\n", NULL },
    { OK "X-Location: " LOCATION "\r\n", NULL },
    { OK "Location: /desc.xml\r\n", NULL },
    { OK "Location: \r\n", NULL },
    { OK "Location:", NULL },
    { OK "Location: https://192.0.2.1/d\r\n", NULL },
    { OK "Location: ftp://192.0.2.1/d\r\n", NULL },
    { OK "Location: http://router.example/d\r\n", NULL },
    { OK "Location: http://localhost/d\r\n", NULL },
    { OK "Location: http://127.0.0.1/d\r\n", NULL },
    { OK "Location: http://0.0.0.0/d\r\n", NULL },
    { OK "Location: http://239.255.255.250/d\r\n", NULL },
    { OK "Location: http://192.0.2.256/d\r\n", NULL },
    { OK "Location: http://192.0.2/d\r\n", NULL },
    { OK "Location: http://3221225985/d\r\n", NULL },
    { OK "Location: http://0300.0.2.1/d\r\n", NULL },
    { OK "Location: http://[2001:db8::1]/d\r\n", NULL },
    { OK "Location: http://[::ffff:192.0.2.1]/d\r\n", NULL },
    { OK "Location: http://me@192.0.2.1/d\r\n", NULL },
    { OK "Location: http://me:too@192.0.2.1/d\r\n", NULL },
    { OK "Location: http://192.0.2.1:0/d\r\n", NULL },
    { OK "Location: http://192.0.2.1:65536/d\r\n", NULL },
    { OK "Location: http://192.0.2.1:x/d\r\n", NULL },
    { OK "Location: http:///d\r\n", NULL },
    { OK "Location: http:192.0.2.1\r\n", NULL },
    { "HTTP/1.1 404 No\r\nLocation: " LOCATION "\r\n", NULL },
    { "HTTP/2 200 OK\r\nLocation: " LOCATION "\r\n", NULL },
    { "M-SEARCH * HTTP/1.1\r\nLocation: " LOCATION "\r\n", NULL },
    { "Location: " LOCATION "\r\n", NULL },
    { "\r\n" OK "Location: " LOCATION "\r\n", NULL },
    { OK "Server: \xff\r\nLocation: " LOCATION "\r\n", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *found = location_of (rows[i].text, strlen (rows[i].text));

      tell (rows[i].text);
      g_assert_cmpstr (found, ==, rows[i].location);
    }
}

static void
test_location_sizes (void)
{
  static const char head[] = OK "Location: " LOCATION "\r\nX: ";
  gsize whole = strlen (OK "Location: " LOCATION);
  g_autofree char *text = g_strnfill (MH_IGD_MAX_DATAGRAM + 1, 'x');
  g_autofree char *longest = NULL;
  g_autofree char *longer = NULL;

  g_test_summary ("any part of a datagram is read safely, and one that is too long not at all");
  memcpy (text, head, strlen (head));
  for (gsize size = 0; size < strlen (head); size++)
    {
      g_autofree char *found = location_of (head, size);

      if (size >= whole)
        g_assert_cmpstr (found, ==, LOCATION);
      else
        g_assert_cmpstr (found, !=, LOCATION);
    }
  longest = location_of (text, MH_IGD_MAX_DATAGRAM);
  g_assert_cmpstr (longest, ==, LOCATION);
  longer = location_of (text, MH_IGD_MAX_DATAGRAM + 1);
  g_assert_null (longer);
  text[strlen (head)] = '\0';
  g_assert_null (location_of (text, strlen (head) + 1));
}

/* -- descriptions -- */

/* Returns: (transfer full): the services as "type at URL" lines, or the error after a "!" */
static char *
services_of (const char *text, gsize size)
{
  g_autoptr (GUri) location = uri (LOCATION);
  g_autofree guint8 *bytes = bytes_of (text, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) services = mh_igd_services (bytes, size, location, &error);
  GString *out = g_string_new (NULL);

  if (services == NULL)
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
      g_string_append_printf (out, "!%s", error->message);
    }
  else
    {
      g_assert_no_error (error);
      g_assert_cmpuint (services->len, >, 0);
    }
  for (guint i = 0; services != NULL && i < services->len; i++)
    {
      const MhIgdService *service = services->pdata[i];
      g_autofree char *at = g_uri_to_string (service->control);

      g_string_append_printf (out, "%s at %s\n", service->type + strlen (URN), at);
    }

  return g_string_free (out, FALSE);
}

#define SERVICE(type, url)                                                                         \
  "<service><serviceType>" type "</serviceType><controlURL>" url "</controlURL></service>"
#define ROOT(inside) "<root>" inside "</root>"
#define NONE "!it has no service that forwards ports"
#define AT "WANIPConnection:1 at http://192.0.2.1:5000"

static void
test_descriptions (void)
{
  static const struct
  {
    const char *text;
    const char *services; /* "!": an error that ends as GMarkup likes */
  } rows[] = {
    { ROOT (SERVICE (IP1, "/c")), AT "/c\n" },
    { ROOT (SERVICE (IP1, "c")), AT "/dev/c\n" },
    { ROOT (SERVICE (IP1, "../../c?x=1")), AT "/c?x=1\n" },
    { ROOT (SERVICE (IP1, "?x")), AT "/dev/desc.xml?x\n" },
    { ROOT (SERVICE (IP1, "http://192.0.2.1:6000/c")),
      "WANIPConnection:1 at http://192.0.2.1:6000/c\n" },
    { ROOT (SERVICE (IP1, "//192.0.2.1/c")), "WANIPConnection:1 at http://192.0.2.1/c\n" },
    { ROOT (SERVICE (" \n" IP1 "\t", "\n /c ")), AT "/c\n" },
    { ROOT (SERVICE (IP1, "/a&amp;b")), AT "/a&b\n" },
    { ROOT (SERVICE (IP1, "/a&#x62;")), AT "/ab\n" },
    { ROOT (SERVICE (IP1, "<![CDATA[/c?a&b]]>")), AT "/c?a&b\n" },
    { ROOT (SERVICE (IP1, "/a<!-- x -->b")), AT "/ab\n" },
    { ROOT (SERVICE (IP2, "/2") SERVICE (PPP1, "/p") SERVICE (IP1, "/1")),
      "WANIPConnection:2 at http://192.0.2.1:5000/2\nWANPPPConnection:1 at "
      "http://192.0.2.1:5000/p\n" AT "/1\n" },
    /* others are left out */
    { ROOT (SERVICE (URN "Layer3Forwarding:1", "/l") SERVICE (IP1, "/c")), AT "/c\n" },
    { ROOT (SERVICE (URN "WANIPConnection:10", "/c")), NONE },
    { ROOT (SERVICE (URN "WANIPConnection:", "/c")), NONE },
    { ROOT (SERVICE ("", "/c")), NONE },
    /* the base */
    { ROOT ("<URLBase>http://192.0.2.1:81/x/</URLBase>" SERVICE (IP1, "c")),
      "WANIPConnection:1 at http://192.0.2.1:81/x/c\n" },
    { ROOT (SERVICE (IP1, "c") "<URLBase>http://192.0.2.1:81/x/</URLBase>"),
      "WANIPConnection:1 at http://192.0.2.1:81/x/c\n" },
    { ROOT ("<URLBase></URLBase>" SERVICE (IP1, "/c")), AT "/c\n" },
    { ROOT ("<URLBase>https://192.0.2.1/</URLBase>" SERVICE (IP1, "/c")), AT "/c\n" },
    { ROOT ("<URLBase>http://192.0.2.2/</URLBase>" SERVICE (IP1, "/c")), NONE },
    { ROOT ("<URLBase>http://192.0.2.2/</URLBase>" SERVICE (IP1, "http://192.0.2.1/c")),
      "WANIPConnection:1 at http://192.0.2.1/c\n" },
    /* other hosts */
    { ROOT (SERVICE (IP1, "http://192.0.2.2:5000/c")), NONE },
    { ROOT (SERVICE (IP1, "//192.0.2.2/c")), NONE },
    { ROOT (SERVICE (IP1, "http://192.0.2.1@192.0.2.2/c")), NONE },
    { ROOT (SERVICE (IP1, "http://192.0.2.2@192.0.2.1/c")), NONE },
    { ROOT (SERVICE (IP1, "http://192.0.2.1.example/c")), NONE },
    { ROOT (SERVICE (IP1, "http://router.example/c")), NONE },
    { ROOT (SERVICE (IP1, "http://127.0.0.1/c")), NONE },
    { ROOT (SERVICE (IP1, "http://[::1]/c")), NONE },
    { ROOT (SERVICE (IP1, "https://192.0.2.1/c")), NONE },
    { ROOT (SERVICE (IP1, "file:///etc/passwd")), NONE },
    { ROOT (SERVICE (IP1, "http://192.0.2.2/c") SERVICE (IP1, "/c")), AT "/c\n" },
    /* missing and misplaced */
    { ROOT (""), NONE },
    { ROOT ("<service><serviceType>" IP1 "</serviceType></service>"), NONE },
    { ROOT ("<service><controlURL>/c</controlURL></service>"), NONE },
    { ROOT ("<serviceType>" IP1 "</serviceType><controlURL>/c</controlURL>"), NONE },
    { ROOT ("<serviceType>" IP1 "</serviceType><service><controlURL>/c</controlURL></service>"),
      NONE },
    { ROOT ("<service><serviceType>" IP1 "</serviceType><service><controlURL>/c</controlURL>"
            "</service></service>"),
      NONE },
    { ROOT ("<service><serviceType>" IP1 "<x/></serviceType><controlURL>/c</controlURL></service>"),
      NONE },
    { ROOT ("<service><serviceType>" IP1
            "</serviceType><controlURL><x>/c</x></controlURL></service>"),
      NONE },
    /* names */
    { "<u:root xmlns:u='x'><u:service><u:serviceType>" IP1 "</u:serviceType><u:controlURL>/c"
      "</u:controlURL></u:service></u:root>",
      AT "/c\n" },
    { ROOT ("<Service><serviceType>" IP1 "</serviceType><controlURL>/c</controlURL></Service>"),
      NONE },
    { "<?xml version=\"1.0\" "
      "encoding=\"iso-8859-1\"?><root><friendlyName>Ger\xe4t</friendlyName>" SERVICE (
          IP1, "/c") "</root>",
      AT "/c\n" },
    { "<!DOCTYPE root [<!ENTITY a 'aa'>]>" ROOT (SERVICE (IP1, "/c")), AT "/c\n" },
    /* not well formed */
    { "<!DOCTYPE root [<!ENTITY a 'aa'>]>" ROOT (SERVICE (IP1, "/&a;")), "!" },
    { "<root>" SERVICE (IP1, "/c"), "!" },
    { "<root>" SERVICE (IP1, "/c") "</boot>", "!" },
    { "<root>" SERVICE (IP1, "/c") "</root></root>", "!" },
    { "<root><service><serviceType>" IP1 "</service></serviceType></root>", "!" },
    { ROOT (SERVICE (IP1, "/c")) "<root", "!" },
    { "no document", "!" },
    { "{}", "!" },
    { "", "!" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *found = services_of (rows[i].text, strlen (rows[i].text));

      tell (rows[i].text);
      if (g_str_equal (rows[i].services, "!"))
        g_assert_true (g_str_has_prefix (found, "!it is not well formed: "));
      else
        g_assert_cmpstr (found, ==, rows[i].services);
    }
}

static void
test_description_parts (void)
{
  static const char text[] = ROOT ("<URLBase>http://192.0.2.1:5000/</URLBase>" SERVICE (IP1, "/c"));

  g_test_summary ("a description that breaks off is refused, wherever");
  for (gsize size = 0; size < strlen (text); size++)
    {
      g_autofree char *found = services_of (text, size);

      g_assert_cmpint (found[0], ==, '!');
    }
}

static void
test_description_limits (void)
{
  g_autoptr (GString) many = g_string_new ("<root>");
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autofree char *of_many = NULL;
  g_autofree char *of_deep = NULL;
  g_autofree char *of_longest = NULL;
  g_autofree char *of_longer = NULL;
  g_auto (GStrv) lines = NULL;

  g_test_summary ("services are counted, nesting needs no stack, and size has an end");
  for (guint i = 0; i < MH_IGD_MOST_SERVICES + 5; i++)
    g_string_append_printf (many, SERVICE (IP1, "/%u"), i);
  g_string_append (many, "</root>");
  of_many = services_of (many->str, many->len);
  lines = g_strsplit (of_many, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, MH_IGD_MOST_SERVICES + 1);
  g_assert_cmpstr (lines[0], ==, AT "/0");

  while (deep->len < MH_IGD_MAX_BODY - 3)
    g_string_append (deep, "<a>");
  of_deep = services_of (deep->str, deep->len);
  g_assert_cmpint (of_deep[0], ==, '!');

  while (many->len < MH_IGD_MAX_BODY)
    g_string_append_c (many, ' ');
  of_longest = services_of (many->str, many->len);
  g_assert_cmpstr (of_longest, ==, of_many);
  g_string_append_c (many, ' ');
  of_longer = services_of (many->str, many->len);
  g_assert_cmpstr (of_longer, ==, "!it is longer than 65536 bytes");
}

static void
test_long_text (void)
{
  g_autofree char *path = g_strnfill (5000, 'x');
  g_autofree char *text = g_strdup_printf (ROOT (SERVICE (IP1, "/%s") SERVICE (IP1, "/c")), path);
  g_autofree char *found = services_of (text, strlen (text));

  g_test_summary ("the text of an element is kept to a limit");
  g_assert_cmpuint (strlen (found), <, 1024 + 100);
  g_assert_true (g_str_has_suffix (found, AT "/c\n"));
}

static void
test_same_services (void)
{
  static const char text[] = ROOT (SERVICE (IP1, "/a") SERVICE (IP1, "http://192.0.2.1:5000/a")
                                       SERVICE (IP1, "/b") SERVICE (IP2, "/a"));
  g_autoptr (GUri) location = uri (LOCATION);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all =
      mh_igd_services ((const guint8 *) text, strlen (text), location, &error);
  g_autoptr (MhIgdService) kept = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 4);
  g_assert_true (mh_igd_service_equal (all->pdata[0], all->pdata[1]));
  g_assert_false (mh_igd_service_equal (all->pdata[0], all->pdata[2]));
  g_assert_false (mh_igd_service_equal (all->pdata[0], all->pdata[3]));
  kept = mh_igd_service_ref (all->pdata[2]);
  g_ptr_array_set_size (all, 0);
  g_assert_cmpstr (g_uri_get_path (kept->control), ==, "/b");
}

/* -- calls -- */

static void
assert_request (MhIgdRequest *request, const char *name, const char *arguments)
{
  g_autofree char *body =
      g_strndup (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body));
  g_autofree char *wanted = g_strdup_printf (
      "<?xml version=\"1.0\"?>\r\n<s:Envelope "
      "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
      "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:%s xmlns:u=\"" PPP1
      "\">%s</u:%s></s:Body></s:Envelope>\r\n",
      name, arguments, name);
  g_autofree char *action = g_strdup_printf ("\"" PPP1 "#%s\"", name);

  g_assert_cmpstr (body, ==, wanted);
  g_assert_cmpstr (request->soap_action, ==, action);
  g_assert_cmpstr (request->name, ==, name);
}

static void
test_requests (void)
{
  const MhIgdService service = { .type = PPP1 };
  const MhIgdMapping mapping = { 4001, "192.0.2.9", 4002, "<You & \"me\">", 3600 };
  g_autoptr (MhIgdRequest) address = mh_igd_request_address (&service);
  g_autoptr (MhIgdRequest) map = mh_igd_request_map (&service, &mapping);
  g_autoptr (MhIgdRequest) unmap = mh_igd_request_unmap (&service, 65535);

  g_test_summary ("requests are as UDA 3.2.1 and WANIPConnection:1 have them, and text is escaped");
  assert_request (address, "GetExternalIPAddress", "");
  assert_request (
      map, "AddPortMapping",
      "<NewRemoteHost></NewRemoteHost><NewExternalPort>4001</NewExternalPort>"
      "<NewProtocol>TCP</NewProtocol><NewInternalPort>4002</NewInternalPort>"
      "<NewInternalClient>192.0.2.9</NewInternalClient><NewEnabled>1</NewEnabled>"
      "<NewPortMappingDescription>&lt;You &amp; &quot;me&quot;&gt;</NewPortMappingDescription>"
      "<NewLeaseDuration>3600</NewLeaseDuration>");
  assert_request (unmap, "DeletePortMapping",
                  "<NewRemoteHost></NewRemoteHost><NewExternalPort>65535</NewExternalPort>"
                  "<NewProtocol>TCP</NewProtocol>");
}

/* Returns: (transfer full): the address; or "-" when there is none, or the error after its code */
static char *
answer_of (const char *text, gsize size, const char *name)
{
  g_autofree guint8 *bytes = bytes_of (text, size);
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  if (mh_igd_answer (bytes, size, name, &address, &error))
    {
      g_assert_no_error (error);
      return g_strdup (address != NULL ? address : "-");
    }

  g_assert_nonnull (error);
  g_assert_null (address);
  if (error->domain == MH_IGD_FAULT)
    return g_strdup_printf ("!%d %s", error->code, error->message);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);

  return g_strdup_printf ("! %s", error->message);
}

#define ENVELOPE(inside) "<s:Envelope xmlns:s='x'><s:Body>" inside "</s:Body></s:Envelope>"
#define FAULT(inside)                                                                              \
  ENVELOPE ("<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring>"         \
            "<detail><UPnPError>" inside "</UPnPError></detail></s:Fault>")
#define NO_CODE "! the router has a fault without a code"
#define OTHER "! the router answers something else than Do"

static void
test_answers (void)
{
  static const struct
  {
    const char *text;
    const char *answer;
  } rows[] = {
    { ENVELOPE ("<u:DoResponse xmlns:u='y'/>"), "-" },
    { ENVELOPE ("<DoResponse></DoResponse>"), "-" },
    { ENVELOPE (
          "<u:DoResponse><NewExternalIPAddress>192.0.2.7</NewExternalIPAddress></u:DoResponse>"),
      "192.0.2.7" },
    { ENVELOPE (
          "<DoResponse><x:NewExternalIPAddress> 192.0.2.7\n</x:NewExternalIPAddress></DoResponse>"),
      "192.0.2.7" },
    { ENVELOPE ("<DoResponse><NewExternalIPAddress></NewExternalIPAddress></DoResponse>"), "" },
    { ENVELOPE ("<DoResponse><NewExternalIPAddress><a/></NewExternalIPAddress></DoResponse>"),
      "-" },
    { FAULT (
          "<errorCode>718</errorCode><errorDescription>ConflictInMappingEntry</errorDescription>"),
      "!718 the router says no: ConflictInMappingEntry (718)" },
    { FAULT ("<u:errorCode> 501 </u:errorCode>"), "!501 the router says no: no reason (501)" },
    { FAULT ("<errorCode>606</errorCode><errorDescription>a &lt;b&gt;</errorDescription>"),
      "!606 the router says no: a <b> (606)" },
    { FAULT ("<errorDescription>x</errorDescription>"), NO_CODE },
    { FAULT ("<errorCode>0</errorCode>"), NO_CODE },
    { FAULT ("<errorCode>-718</errorCode>"), NO_CODE },
    { FAULT ("<errorCode>65536</errorCode>"), NO_CODE },
    { FAULT ("<errorCode>99999999999999999999</errorCode>"), NO_CODE },
    { FAULT ("<errorCode>718 or so</errorCode>"), NO_CODE },
    { FAULT ("<errorCode></errorCode>"), NO_CODE },
    /* a fault wins over an answer beside it */
    { ENVELOPE ("<DoResponse/><Fault><errorCode>718</errorCode></Fault>"),
      "!718 the router says no: no reason (718)" },
    { ENVELOPE ("<DoResponse><errorCode>718</errorCode></DoResponse>"), "-" },
    { ENVELOPE (""), OTHER },
    { ENVELOPE ("<UndoResponse/>"), OTHER },
    { ENVELOPE ("<DoResponses/>"), OTHER },
    { ENVELOPE ("<Do/>"), OTHER },
    { ENVELOPE ("<doresponse/>"), OTHER },
    { ENVELOPE ("<NewExternalIPAddress>192.0.2.7</NewExternalIPAddress>"), OTHER },
    { "<html><body>It works</body></html>", OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *answer = answer_of (rows[i].text, strlen (rows[i].text), "Do");

      tell (rows[i].text);
      g_assert_cmpstr (answer, ==, rows[i].answer);
    }
}

static void
test_broken_answers (void)
{
  static const char whole[] = FAULT ("<errorCode>718</errorCode>");
  static const char *const rows[] = {
    "",
    "no",
    "<",
    ENVELOPE ("<DoResponse>"),
    ENVELOPE ("&lol;"),
    ENVELOPE ("<DoResponse/></a>"),
    "<!DOCTYPE a [<!ENTITY lol 'lol'>]>" ENVELOPE ("<DoResponse>&lol;</DoResponse>"),
  };
  g_autofree char *longer = g_strnfill (MH_IGD_MAX_BODY + 1, ' ');
  g_autofree char *of_longer = answer_of (longer, MH_IGD_MAX_BODY + 1, "Do");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *answer = answer_of (rows[i], strlen (rows[i]), "Do");

      tell (rows[i]);
      g_assert_true (
          g_str_has_prefix (answer, "! the answer of the router: it is not well formed: "));
    }
  for (gsize size = 0; size < strlen (whole); size++)
    {
      g_autofree char *answer = answer_of (whole, size, "Do");

      g_assert_true (g_str_has_prefix (answer, "! "));
    }
  g_assert_cmpstr (of_longer, ==, "! the answer of the router: it is longer than 65536 bytes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/p2p/igd/search", test_search);
  g_test_add_func ("/p2p/igd/locations", test_locations);
  g_test_add_func ("/p2p/igd/location-sizes", test_location_sizes);
  g_test_add_func ("/p2p/igd/descriptions", test_descriptions);
  g_test_add_func ("/p2p/igd/description-parts", test_description_parts);
  g_test_add_func ("/p2p/igd/description-limits", test_description_limits);
  g_test_add_func ("/p2p/igd/long-text", test_long_text);
  g_test_add_func ("/p2p/igd/same-services", test_same_services);
  g_test_add_func ("/p2p/igd/requests", test_requests);
  g_test_add_func ("/p2p/igd/answers", test_answers);
  g_test_add_func ("/p2p/igd/broken-answers", test_broken_answers);

  return g_test_run ();
}
