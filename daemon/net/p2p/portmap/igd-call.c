/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "igd-private.h"

#include <string.h>

G_DEFINE_QUARK (mh - igd - fault, mh_igd_fault)

/* -- requests -- */

void
mh_igd_request_free (MhIgdRequest *self)
{
  g_free (self->soap_action);
  g_bytes_unref (self->body);
  g_free (self);
}

/* @arguments: escaped elements */
static MhIgdRequest *
request_new (const MhIgdService *service, const char *name, const char *arguments)
{
  MhIgdRequest *self = g_new0 (MhIgdRequest, 1);
  char *text = g_strdup_printf ("<?xml version=\"1.0\"?>\r\n"
                                "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
                                " s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
                                "<s:Body><u:%s xmlns:u=\"%s\">%s</u:%s></s:Body></s:Envelope>\r\n",
                                name, service->type, arguments, name);

  self->name = name;
  self->soap_action = g_strdup_printf ("\"%s#%s\"", service->type, name);
  self->body = g_bytes_new_take (text, strlen (text));

  return self;
}

MhIgdRequest *
mh_igd_request_address (const MhIgdService *service)
{
  return request_new (service, "GetExternalIPAddress", "");
}

MhIgdRequest *
mh_igd_request_map (const MhIgdService *service, const MhIgdMapping *mapping)
{
  g_autofree char *arguments = g_markup_printf_escaped (
      "<NewRemoteHost></NewRemoteHost>"
      "<NewExternalPort>%u</NewExternalPort>"
      "<NewProtocol>TCP</NewProtocol>"
      "<NewInternalPort>%u</NewInternalPort>"
      "<NewInternalClient>%s</NewInternalClient>"
      "<NewEnabled>1</NewEnabled>"
      "<NewPortMappingDescription>%s</NewPortMappingDescription>"
      "<NewLeaseDuration>%u</NewLeaseDuration>",
      mapping->router_port, mapping->port, mapping->client, mapping->description, mapping->lease_s);

  return request_new (service, "AddPortMapping", arguments);
}

MhIgdRequest *
mh_igd_request_unmap (const MhIgdService *service, guint16 router_port)
{
  g_autofree char *arguments = g_strdup_printf ("<NewRemoteHost></NewRemoteHost>"
                                                "<NewExternalPort>%u</NewExternalPort>"
                                                "<NewProtocol>TCP</NewProtocol>",
                                                router_port);

  return request_new (service, "DeletePortMapping", arguments);
}

/* -- answers -- */

typedef struct
{
  const char *name;     /* (unowned): of the action */
  gboolean is_answered; /* the element of the answer is there */
  gboolean is_fault;    /* the element of a fault is there */
  guint code;           /* of the fault; 0 while there is none */
  char *why;            /* (owned) (nullable): of the fault */
  char *address;        /* (owned) (nullable) */
} Answer;

static void
take_text (char **to, const char *text)
{
  g_free (*to);
  *to = g_strdup (text);
}

static void
on_end (const char *name, const char *text, gpointer data)
{
  Answer *self = data;
  guint64 code;

  if (g_str_has_prefix (name, self->name) && g_str_equal (name + strlen (self->name), "Response"))
    self->is_answered = TRUE;
  else if (g_str_equal (name, "Fault"))
    self->is_fault = TRUE;
  else if (text == NULL)
    return;
  else if (g_str_equal (name, "errorCode"))
    self->code =
        g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &code, NULL) ? (guint) code : 0;
  else if (g_str_equal (name, "errorDescription"))
    take_text (&self->why, text);
  else if (g_str_equal (name, "NewExternalIPAddress"))
    take_text (&self->address, text);
}

static gboolean
judge (const Answer *answer, GError **error)
{
  if (answer->is_fault && answer->code != 0)
    g_set_error (error, MH_IGD_FAULT, (gint) answer->code, "the router says no: %s (%u)",
                 answer->why != NULL ? answer->why : "no reason", answer->code);
  else if (answer->is_fault)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                         "the router has a fault without a code");
  else if (!answer->is_answered)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                 "the router answers something else than %s", answer->name);
  else
    return TRUE;

  return FALSE;
}

gboolean
mh_igd_answer (const guint8 *data, gsize size, const char *name, char **address, GError **error)
{
  Answer answer = { .name = name };
  gboolean is_good = mh_igd_xml (data, size, NULL, on_end, &answer, error);

  if (!is_good)
    g_prefix_error (error, "the answer of the router: ");
  else
    is_good = judge (&answer, error);

  *address = is_good ? g_steal_pointer (&answer.address) : NULL;
  g_free (answer.address);
  g_free (answer.why);

  return is_good;
}
