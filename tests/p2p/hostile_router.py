#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router that means harm to whoever asks it for a port: hostile_router.py ADDRESS MODE. Prints what it is asked and how it went."""

import itertools
import socket
import struct
import sys
import threading
import time

GROUP, PORT, HTTP_PORT = "239.255.255.250", 1900, 5000
ELSEWHERE = "11.22.33.2"  # another address of this machine
SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DESCRIPTION = ('<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><serviceList><service>'
               f"<serviceType>{SERVICE}</serviceType><controlURL>%s</controlURL></service></serviceList></device></root>")
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


def described(control):
    text = (DESCRIPTION % control).encode()
    return [OK + b"Content-Length: %d\r\n\r\n" % len(text) + text]


def silent():
    threading.Event().wait()
    yield b""


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
    "garbage": (lambda: [bytes(range(256)) * 16], None),
    "slow": (lambda: slow(OK + b"\r\n"), None),
    "silent": (silent, None),
    "elsewhere-location": (lambda: described("/control"), None),
    "elsewhere-control": (lambda: described(f"http://{ELSEWHERE}:{HTTP_PORT}/control"), None),
    "many-locations": (lambda: [b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"], None),
    "endless-answer": (lambda: described("/control"), lambda: endless(OK + b"\r\n", b"<x>")),
    "endless-fault": (lambda: described("/control"), lambda: endless(b"HTTP/1.1 500 No\r\n\r\n", b"<x>")),
    "redirected-call": (lambda: described("/control"), lambda: [
        b"HTTP/1.1 307 Away\r\nLocation: http://" + ELSEWHERE.encode() + b":5000/redirected\r\nContent-Length: 0\r\n\r\n"]),
    "silent-call": (lambda: described("/control"), silent),
}


def serve(connection, mode):
    with connection:
        first = connection.recv(65536).decode("latin-1").split("\r\n")[0]
        say("asked", connection.getsockname()[0], *first.split()[:2])
        description, call = MODES[mode]
        sent = 0
        try:
            for piece in (call if call and first.startswith("POST") else description)():
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


def main():
    own, mode = sys.argv[1:]
    search = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    search.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    search.bind(("", PORT))
    search.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(own)))
    threading.Thread(target=listen, args=(mode,), daemon=True).start()
    while True:
        question, sender = search.recvfrom(2048)
        say("searched", question.split(b"\r\n")[0].decode())
        for number in range(40 if mode == "many-locations" else 1):
            where = f"http://{ELSEWHERE if mode == 'elsewhere-location' else own}:{HTTP_PORT}/{number}"
            search.sendto(f"HTTP/1.1 200 OK\r\nST: {SERVICE}\r\nLOCATION: {where}\r\n\r\n".encode(), sender)


if __name__ == "__main__":
    main()
