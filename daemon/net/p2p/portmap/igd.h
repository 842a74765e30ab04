/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What is said between us and a router that speaks UPnP IGD, as bytes and values. Names of sections
 * are those of the UPnP Device Architecture 1.0 (UDA) and of the UPnP Forum's WANIPConnection:1.
 * Whoever is on the network may have written what is parsed here.
 */

/* UDA 1.2.2: where all devices listen. */
#define MH_IGD_GROUP "239.255.255.250"
#define MH_IGD_GROUP_PORT 1900

/* Seconds within which a device answers a search, at a time of its choice (UDA 1.2.2, "MX"). */
#define MH_IGD_ANSWER_S 2

/* Kinds of devices and services that are searched for. */
#define MH_IGD_TARGETS 3

/* Bytes of the longest datagram that is read. */
#define MH_IGD_MAX_DATAGRAM 2048

/* Bytes of the longest description, and of the longest answer to a call. */
#define MH_IGD_MAX_BODY 65536

/* Services of a description that are taken; what is above is passed over. */
#define MH_IGD_MOST_SERVICES 8

/* WANIPConnection:1, 2.4.16: another machine has the port (a code of %MH_IGD_FAULT). */
#define MH_IGD_CONFLICT 718

/* The same, 2.4.16: the router takes mappings only that last until they are taken back. */
#define MH_IGD_ONLY_PERMANENT 725

/* The domain of what a router says no to. The code is that of the router (UDA 3.2.2). */
#define MH_IGD_FAULT (mh_igd_fault_quark ())
GQuark mh_igd_fault_quark (void);

/* -- searching -- */

/* Returns: (transfer full): the datagram that asks for target @number, below %MH_IGD_TARGETS */
GBytes *mh_igd_search (guint number) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_igd_location:
 * @data: a datagram, from anybody
 * @size: its bytes
 *
 * Reads the answer to a search, or an announcement.
 *
 * Returns: (transfer full) (nullable): where the description of the device is, by HTTP at an IPv4
 *   address; %NULL for anything else
 */
GUri *mh_igd_location (const guint8 *data, gsize size) G_GNUC_WARN_UNUSED_RESULT;

/* -- descriptions -- */

/**
 * MhIgdService:
 *
 * What can be asked to forward ports. Of one thread.
 */
typedef struct
{
  const char *type; /* (unowned): one of those that we know */
  GUri *control;    /* (owned): where it is called, by HTTP at an IPv4 address */
} MhIgdService;

/* Holds it and gives it back. */
MhIgdService *mh_igd_service_ref (MhIgdService *self);
void mh_igd_service_unref (MhIgdService *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIgdService, mh_igd_service_unref)

/* Returns: whether both are the same service */
gboolean mh_igd_service_equal (const MhIgdService *a, const MhIgdService *b);

/**
 * mh_igd_services:
 * @data: a description of a device (UDA 2.1), from anybody
 * @size: its bytes
 * @location: where it came from
 * @error: return location
 *
 * What is called elsewhere than at the host of @location is left out: no device may have us ask
 * another machine.
 *
 * Errors: %G_IO_ERROR_INVALID_DATA
 * Returns: (transfer full) (element-type MhIgdService): those that can be asked to forward, in
 * their order; at least one, or %NULL with @error set
 */
GPtrArray *mh_igd_services (const guint8 *data, gsize size, GUri *location,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* -- calls -- */

/* What is sent to a service (UDA 3.2.1). */
typedef struct
{
  const char *name;  /* (unowned): of the action, by which the answer is parsed */
  char *soap_action; /* (owned): value of the header of that name */
  GBytes *body;      /* (owned) */
} MhIgdRequest;

/* Frees it. */
void mh_igd_request_free (MhIgdRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MhIgdRequest, mh_igd_request_free)

/* A mapping of a TCP port. Borrowed. */
typedef struct
{
  guint16 router_port;
  const char *client; /* address that is forwarded to */
  guint16 port;
  const char *description; /* for people who look at their router */
  guint lease_s;
} MhIgdMapping;

/* Returns: (transfer full): what asks the service for its address on the outside */
MhIgdRequest *mh_igd_request_address (const MhIgdService *service) G_GNUC_WARN_UNUSED_RESULT;
/* Returns: (transfer full): what asks the service to forward a port */
MhIgdRequest *mh_igd_request_map (const MhIgdService *service,
                                  const MhIgdMapping *mapping) G_GNUC_WARN_UNUSED_RESULT;
/* Returns: (transfer full): what asks the service to forward @router_port no more */
MhIgdRequest *
mh_igd_request_unmap (const MhIgdService *service, guint16 router_port) G_GNUC_WARN_UNUSED_RESULT;

/**
 * mh_igd_answer:
 * @data: the answer to a request (UDA 3.2.2), from anybody
 * @size: its bytes
 * @name: of the action that was asked for
 * @address: (out) (transfer full) (nullable): what the answer has for `NewExternalIPAddress`
 * @error: return location
 *
 * Errors: %MH_IGD_FAULT with the router's code when it says no; %G_IO_ERROR_INVALID_DATA
 * Returns: %FALSE with @error set
 */
gboolean mh_igd_answer (const guint8 *data, gsize size, const char *name, char **address,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
