#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router that means harm to whoever asks it for a port, or is odd: hostile_router.py ADDRESS MODE. Prints what it is asked and how it went."""

import itertools
import re
import socket
import struct
import sys
import threading
import time

GROUP, PORT, HTTP_PORT = "239.255.255.250", 1900, 5000
ELSEWHERE = "11.22.33.2"  # another address of this machine
SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DEVICE = "uuid:2f1d4e2a-7c1b-4c3e-9a4e-2b6f0a9b1c56"
DESCRIPTION = ('<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>'
               f"<device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType><UDN>{DEVICE}-0</UDN><serviceList><service>"
               f"<serviceType>{SERVICE}</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><SCPDURL>/scpd</SCPDURL>"
               "<controlURL>%s</controlURL><eventSubURL>/events</eventSubURL></service></serviceList></device></root>")
OK = b"HTTP/1.1 200 OK\r\n"


def say(*words):
    print(" ".join(map(str, words)) + "\n", end="", flush=True)  # whole lines, whichever thread is first


def endless(head, piece):
    return itertools.chain([head], itertools.repeat(piece * (65536 // len(piece))))


def slow(head):
    yield head
    while True:
        time.sleep(0.5)
        yield b" "


def described(control, service="WANIPConnection"):
    text = (DESCRIPTION % control).replace("WANIPConnection", service).encode()
    return [OK + b"Content-Length: %d\r\n\r\n" % len(text) + text]


def silent(_=None):
    threading.Event().wait()
    yield b""


def fault(code, words):
    return f"<s:Fault><detail><UPnPError><errorCode>{code}</errorCode><errorDescription>{words}</errorDescription></UPnPError></detail></s:Fault>"


def answer(status, body):
    text = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'.encode()
    return [f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text]


def obliging(request, takes_permanent=False, external="11.22.33.2"):
    """Of a router that does what it is asked for."""
    action = re.search("(?i)SOAPAction: *\"[^#]*#([A-Za-z]+)", request)[1]
    lease = re.search("<NewLeaseDuration>([0-9]+)<", request)
    say("called", action, lease[1] if lease else "-")
    status, body = "200 OK", f'<u:{action}Response xmlns:u="{SERVICE}"><NewExternalIPAddress>{external}</NewExternalIPAddress></u:{action}Response>'
    if takes_permanent and lease and lease[1] != "0":
        status, body = "500 No", fault(725, "OnlyPermanentLeasesSupported")
    return answer(status, body)


def permanent(request):
    """Of a router that takes only leases without end, which no miniupnpd is."""
    return obliging(request, takes_permanent=True)


def notify(callback):
    """Tells a subscriber all the time that the address is another."""
    host, port, path = re.search(r"<http://([0-9.]+):([0-9]+)([^>]*)>", callback).groups()
    for number in itertools.count():
        text = ('<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0"><e:property><ExternalIPAddress>'
                f"11.22.33.{number % 200 + 3}</ExternalIPAddress></e:property></e:propertyset>")
        try:
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                connection.sendall(f"NOTIFY {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: text/xml\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\n"
                                   f"SID: {DEVICE}\r\nSEQ: {number}\r\nConnection: close\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
                say("notified", connection.recv(100).split(b"\r\n")[0].decode())
        except OSError:
            return
        time.sleep(0.01)


def restless(request):
    """Of a router that has another address all the time."""
    if not request.startswith("SUBSCRIBE"):
        return obliging(request)
    threading.Timer(0.5, notify, [re.search("(?i)callback: *(.*)", request)[1]]).start()
    return [OK + f"SID: {DEVICE}\r\nTIMEOUT: Second-1800\r\nContent-Length: 0\r\n\r\n".encode()]


def receive(connection):
    """A request, with its body."""
    request = ""
    while True:
        head, end, body = request.partition("\r\n\r\n")
        size = re.search("(?i)content-length: *([0-9]+)", head)
        piece = b"" if end and len(body) >= int(size[1] if size else 0) else connection.recv(65536)
        if not piece:
            return request
        request += piece.decode("latin-1")


# by mode: the pieces of the answer to whoever wants the description, and to whoever calls the service
MODES = {
    "endless": (lambda: endless(OK + b"\r\n", b"x"), None),
    "endless-chunk": (lambda: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10\r\n" + b"x" * 16 + b"\r\n"), None),
    "endless-length": (lambda: endless(OK + b"Content-Length: 9000000000\r\n\r\n", b"x"), None),
    "endless-headers": (lambda: endless(OK, b"X-More: and more\r\n"), None),
    "endless-interim": (lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), None),
    "endless-unauthorized": (lambda: endless(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n', b"x"), None),
    "endless-misdirected": (lambda: endless(b"HTTP/1.1 421 No\r\n\r\n", b"x"), None),
    "redirect": (lambda: [b"HTTP/1.1 302 Found\r\nLocation: http://" + ELSEWHERE.encode() + b":5000/redirected\r\nContent-Length: 0\r\n\r\n"], None),
    "firewall": (lambda: described("/control", "WANIPv6FirewallControl"), None),  # of a router for IPv6 only
    "garbage": (lambda: [bytes(range(256)) * 16], None),
    "slow": (lambda: slow(OK + b"\r\n"), None),
    "silent": (silent, None),
    "elsewhere-location": (lambda: described("/control"), None),
    "elsewhere-control": (lambda: described(f"http://{ELSEWHERE}:{HTTP_PORT}/control"), None),
    "many-locations": (lambda: [b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"], None),
    "endless-answer": (lambda: described("/control"), lambda _: endless(OK + b"\r\n", b"<x>")),
    "endless-fault": (lambda: described("/control"), lambda _: endless(b"HTTP/1.1 500 No\r\n\r\n", b"<x>")),
    "redirected-call": (lambda: described("/control"), lambda _: [
        b"HTTP/1.1 307 Away\r\nLocation: http://" + ELSEWHERE.encode() + b":5000/redirected\r\nContent-Length: 0\r\n\r\n"]),
    "loud-fault": (lambda: described("/control"), lambda _: answer("500 No", fault(501, "no\tway\u009b31m\u202e\n" + "é" * 5000))),
    "blank-fault": (lambda: described("/control"), lambda _: answer("500 No", fault(501, " \u202e\n "))),
    "nowhere": (lambda: described("/control"), lambda request: obliging(request, external="224.0.0.1")),
    "silent-call": (lambda: described("/control"), silent),
    "elsewhere-later": (lambda: described("/control"), obliging),
    "permanent": (lambda: described("/control"), permanent),
    "restless": (lambda: described("/control"), restless),
}


def serve(connection, mode):
    with connection:
        request = receive(connection)
        first = request.split("\r\n")[0]
        say("asked", connection.getsockname()[0], *first.split()[:2])
        description, call = MODES[mode]
        sent = 0
        try:
            for piece in call(request) if call and first.startswith(("POST", "SUBSCRIBE" if mode == "restless" else "POST")) else description():
                connection.sendall(piece)
                sent += len(piece)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            say("closed", sent)


def listen(mode):
    listener = socket.create_server(("", HTTP_PORT))
    say("listening")
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], mode), daemon=True).start()


def lead(search, sender, number, where):
    say("led", where)
    search.sendto(f"HTTP/1.1 200 OK\r\nST: {SERVICE}\r\nUSN: {DEVICE}-{number}::{SERVICE}\r\nCACHE-CONTROL: max-age=60\r\n"
                  f"LOCATION: http://{where}:{HTTP_PORT}/{number}\r\n\r\n".encode(), sender)


def main():
    own, mode = sys.argv[1:]
    search = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    search.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    search.bind(("", PORT))
    search.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(own)))
    threading.Thread(target=listen, args=(mode,), daemon=True).start()
    later = itertools.count(1)
    while True:
        question, sender = search.recvfrom(2048)
        say("searched", question.split(b"\r\n")[0].decode())
        for number in range(40 if mode == "many-locations" else 1):
            lead(search, sender, number, ELSEWHERE if mode == "elsewhere-location" else own)
        if mode == "elsewhere-later":
            threading.Timer(0.6, lead, (search, sender, next(later), ELSEWHERE)).start()


if __name__ == "__main__":
    main()
