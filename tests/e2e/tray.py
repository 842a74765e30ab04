#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real tray and the real daemon on a desktop made for the test. Arguments: build directory."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.request

from gi.repository import GLib

from desktop import Desktop, Server, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
TRAY = os.path.join(BUILD, "app", "meshhold-tray")
CLI = os.path.join(BUILD, "app", "meshhold")
DAEMON = os.path.join(BUILD, "daemon", "meshholdd")
LISTEN = "127.0.0.1:0"
STARTS = 20
# The tray asks every nine seconds, and a machine is missed after some more.
MESH_S = 40
UP = re.compile(r"^(Ready|Offline: ready on this machine only)$")

SYSTEMD_XML = """
<node><interface name="org.freedesktop.systemd1.Manager">
  <method name="GetUnitFileState"><arg type="s" direction="in"/><arg type="s" direction="out"/>
  </method>
  <method name="StartUnit"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="o" direction="out"/></method>
  <method name="StopUnit"><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="o" direction="out"/></method>
</interface></node>"""


class Tray:
    """A running tray with a home of its own."""

    def __init__(self, desktop, home="home-a", named=True, listen=LISTEN):
        self.desktop, self.listen = desktop, listen
        self.home = desktop.folder(home) if named else None
        self.log_name = os.path.join(desktop.dir, f"tray-{time.monotonic_ns()}.log")
        self.log = open(self.log_name, "wb")
        self.process = self.start()

    def start(self, *more):
        args = [TRAY, *more]
        if self.home:
            args += ["--home", self.home, "--listen", self.listen]
        return self.desktop.run(*args, log=self.log)

    def item(self):
        """Its icon, as soon as there is one; never more than one."""
        items = wait_until("an icon", self.desktop.watcher.live_items)
        assert len(items) == 1, f"{len(items)} icons"
        return items[0]

    def wait_up(self):
        item = self.item()
        wait_until("a daemon that is up", lambda: UP.match(item.state()))
        return item

    def cli(self, *args, check=True, typed=""):
        home = ["--home", self.home] if self.home else []
        return subprocess.run([CLI, *home, *args], env=self.desktop.env, check=check, input=typed,
                              capture_output=True, text=True)

    def daemon_pid(self):
        answer = self.cli("--json", "status", check=False)
        return json.loads(answer.stdout)["pid"] if answer.returncode == 0 else None

    def wait_exit(self):
        wait_until("the end of the tray", lambda: self.process.poll() is not None)
        assert self.process.returncode == 0, f"the tray ended with {self.process.returncode}"

    def check_log(self, allowed=()):
        self.log.flush()
        with open(self.log_name, encoding="utf-8", errors="replace") as file:
            bad = [line for line in file if re.search(r"WARNING|CRITICAL|ERROR|ssertion|^[\d:]{8} (warn|error) ", line)
                   and not any(text in line for text in allowed)]
        assert not bad, "the log has: " + "".join(bad)

    def quit(self, allowed=()):
        self.item().click("Quit")
        self.wait_exit()
        self.check_log(allowed)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def exchange(url):
    """Does what the page does with its ticket; returns the HTTP status."""
    base, _, ticket = url.partition("?bootstrap=")
    body = json.dumps({"ticket": ticket}).encode()
    request = urllib.request.Request(base + "api/v1/auth/bootstrap-exchange", body,
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def wait_visit(desktop, before):
    visits = wait_until("the browser", lambda: desktop.opened()[before:])
    assert len(visits) == 1, visits
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?bootstrap=[0-9a-f]{64}", visits[0]), visits
    return visits[0]


def test_start(desktop):
    """the tray starts the daemon, shows its icon and its state, and Quit ends both"""
    desktop.show_tray()
    tray = Tray(desktop)
    item = tray.wait_up()
    assert item.get("Title").startswith("MeshHold")
    assert re.fullmatch("meshhold-(ready|offline)-symbolic", item.get("IconName"))
    icon = os.path.join(item.get("IconThemePath"), item.get("IconName") + ".svg")
    assert os.path.exists(icon), icon
    wait_until("the network", lambda: item.mesh() == "No network")
    assert item.get("Title") == "MeshHold: No network"
    labels = item.labels()
    assert labels[2:] == ["-", "Open", "Copy login link", "Start at login", "-", "Quit"], labels
    assert item.menu()[0][1].get("enabled") is False
    pid = tray.daemon_pid()
    assert pid and is_running(pid)
    tray.quit()
    assert not is_running(pid)


def test_open(desktop):
    """Open opens the page logged in, by a ticket that works once"""
    desktop.show_tray()
    tray = Tray(desktop)
    item = tray.wait_up()
    before = len(desktop.opened())
    item.click("Open")
    url = wait_visit(desktop, before)
    assert exchange(url) == 200
    assert exchange(url) == 401
    tray.quit(allowed=["auth login failed"])


def test_copy(desktop):
    """Copy login link puts a link on the clipboard and says so"""
    desktop.show_tray()
    tray = Tray(desktop)
    item = tray.wait_up()
    told = desktop.notifications.told
    before = len(told)
    item.click("Copy login link")
    wait_until("a notification", lambda: len(told) > before)
    assert told[-1] == ("The login link is copied", "It works once, for 60 seconds."), told
    assert exchange(desktop.clipboard()) == 200
    tray.quit()


def test_autostart(desktop):
    """Start at login writes an autostart entry for this home and removes it"""
    desktop.show_tray()
    tray = Tray(desktop, 'home "with" $igns')
    item = tray.wait_up()
    entry = os.path.join(desktop.env["XDG_CONFIG_HOME"], "autostart",
                         "com.meshhold.MeshHold.desktop")
    assert not item.is_checked("Start at login")
    item.click("Start at login")
    wait_until("the entry", lambda: os.path.exists(entry))
    subprocess.run(["desktop-file-validate", entry], check=True)
    key_file = GLib.KeyFile()
    key_file.load_from_file(entry, GLib.KeyFileFlags.NONE)
    line = key_file.get_string("Desktop Entry", "Exec").replace("%%", "%")
    words = GLib.shell_parse_argv(line)[1]
    assert words == [TRAY, "--home", tray.home], words
    wait_until("the check mark", lambda: item.is_checked("Start at login"))
    item.click("Start at login")
    wait_until("the removal", lambda: not os.path.exists(entry))
    wait_until("no check mark", lambda: not item.is_checked("Start at login"))
    tray.quit()


def test_kill(desktop):
    """a daemon that is killed is restarted, and the person is told"""
    desktop.show_tray()
    tray = Tray(desktop)
    item = tray.wait_up()
    told = desktop.notifications.told
    before = len(told)
    pid = tray.daemon_pid()
    os.kill(pid, signal.SIGKILL)
    wait_until("the word of it",
               lambda: "The daemon stopped; next start in 1 second" in item.history)
    wait_until("the way back", lambda: UP.match(item.state()))
    assert "Restarting…" in item.history, item.history
    assert told[before:] == [("The daemon stopped", "It will be started again."),
                             ("The daemon is running again", "")], told
    new = tray.daemon_pid()
    assert new and new != pid
    tray.quit()
    assert not is_running(new)


def test_ended(desktop):
    """a daemon that is ended on purpose stays down until Open"""
    desktop.show_tray()
    tray = Tray(desktop)
    item = tray.wait_up()
    told = len(desktop.notifications.told)
    tray.cli("quit")
    wait_until("its end", lambda: item.state() == "Stopped; Open starts it again")
    assert len(desktop.notifications.told) == told
    before = len(desktop.opened())
    item.click("Open")
    wait_visit(desktop, before)
    tray.wait_up()
    tray.quit()


def test_reason(desktop):
    """a daemon that cannot start is shown with its reason, and tried again"""
    desktop.show_tray()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        tray = Tray(desktop, listen=f"127.0.0.1:{taken.getsockname()[1]}")
        item = tray.item()
        item.menu()
        reason = re.compile(r"^Next start in \d+ seconds?: .*in use")
        wait_until("the reason", lambda: any(map(reason.match, item.history)))
        wait_until("the icon", lambda: item.get("IconName") == "meshhold-attention-symbolic")
        assert desktop.notifications.told[0][0] == "The daemon stopped"
    wait_until("a daemon that is up", lambda: UP.match(item.state()))
    item.click("Quit")
    tray.wait_exit()


def test_second(desktop):
    """a second start makes no second icon, it opens the page"""
    desktop.show_tray()
    tray = Tray(desktop)
    tray.wait_up()
    before = len(desktop.opened())
    second = tray.start()
    wait_until("the end of the second", lambda: second.poll() is not None)
    assert second.returncode == 0
    wait_visit(desktop, before)
    tray.item()
    tray.quit()


def test_open_option(desktop):
    """--open opens the page as soon as there is one"""
    desktop.show_tray()
    before = len(desktop.opened())
    tray = Tray(desktop)
    tray.wait_up()
    assert len(desktop.opened()) == before
    tray.quit()
    tray.process = tray.start("--open")
    wait_visit(desktop, before)
    tray.quit()


def test_found(desktop):
    """a daemon that runs already is used, and Quit leaves it running"""
    desktop.show_tray()
    home = desktop.folder("home-a")
    daemon = desktop.run(DAEMON, "--home", home, "--listen", LISTEN)
    tray = Tray(desktop)
    tray.wait_up()
    assert tray.daemon_pid() == daemon.pid
    tray.quit()
    assert tray.daemon_pid() == daemon.pid
    tray.cli("quit")
    wait_until("the end of the daemon", lambda: daemon.poll() is not None)
    assert daemon.returncode == 0


def test_terminated(desktop):
    """the end of the session ends the tray and its daemon"""
    desktop.show_tray()
    tray = Tray(desktop)
    tray.wait_up()
    pid = tray.daemon_pid()
    tray.process.send_signal(signal.SIGTERM)
    tray.wait_exit()
    assert not is_running(pid)
    tray.check_log()


def test_no_host(desktop):
    """without a place for icons there is a window; it goes when a place appears"""
    tray = Tray(desktop)
    wait_until("the window", lambda: desktop.window_is_visible("MeshHold"))
    desktop.show_tray()
    wait_until("no window", lambda: not desktop.window_is_visible("MeshHold"))
    tray.wait_up()
    desktop.watcher.set_hosts(0)
    wait_until("the window again", lambda: desktop.window_is_visible("MeshHold"))
    desktop.watcher.set_hosts(1)
    wait_until("no window again", lambda: not desktop.window_is_visible("MeshHold"))
    desktop.hide_tray()
    wait_until("the window once more", lambda: desktop.window_is_visible("MeshHold"))
    pid = tray.daemon_pid()
    window = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^MeshHold$"],
                            env=desktop.env, check=True, capture_output=True, text=True).stdout
    before = len(desktop.opened())
    subprocess.run(["xdotool", "windowfocus", "--sync", window.split()[0]], env=desktop.env,
                   check=True)
    subprocess.run(["xdotool", "key", "alt+o"], env=desktop.env, check=True)
    wait_visit(desktop, before)
    subprocess.run(["xdotool", "key", "alt+q"], env=desktop.env, check=True)
    tray.wait_exit()
    assert not is_running(pid)
    tray.check_log()


def test_no_bus(desktop):
    """without a session bus there is a window, too"""
    # Not just unset: some systems would launch a bus then.
    desktop.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    tray = Tray(desktop)
    wait_until("the window", lambda: desktop.window_is_visible("MeshHold"))
    pid = wait_until("the daemon", tray.daemon_pid)
    tray.process.send_signal(signal.SIGTERM)
    tray.wait_exit()
    assert not is_running(pid)


def test_no_display(desktop):
    """without a display the tray says what to do instead"""
    del desktop.env["DISPLAY"]
    result = subprocess.run([TRAY], env=desktop.env, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "meshhold login-url" in result.stderr, result.stderr


def test_german(desktop):
    """the menu speaks the language of the person"""
    desktop.env["LANGUAGE"] = "de"
    desktop.show_tray()
    tray = Tray(desktop)
    item = tray.item()
    wait_until("a daemon that is up", lambda: item.state() in ("Bereit", "Offline: nur auf diesem "
                                                               "Rechner bereit"))
    wait_until("the network", lambda: item.mesh() == "Kein Netz")
    assert item.labels()[3:] == ["Öffnen", "Anmeldelink kopieren", "Bei der Anmeldung starten", "-",
                                 "Beenden"], item.labels()
    item.click("Beenden")
    tray.wait_exit()


def missing_of(tray):
    """Blocks that the daemon of a tray does not have, of all vaults."""
    return sum(vault["missing_blocks"] for vault in json.loads(tray.cli("--json", "sync").stdout)["vaults"])


def shows(item, text):
    wait_until(f"“{text}”", lambda: re.fullmatch(text, item.mesh() or ""), MESH_S)


def test_mesh(desktop):
    """the machines that are there are counted, and whether the vaults are the same on them is told"""
    desktop.show_tray()
    pathlib.Path(desktop.folder("home-a"), "config.yaml").write_text(mh.LONELY, encoding="utf-8")
    with mh.Daemon() as partner:
        tray = Tray(desktop)
        item = tray.wait_up()
        tray.cli("network", "create", "home")
        shows(item, "1 machine online")
        url = tray.cli("network", "invite").stdout.strip()
        assert partner.post("/api/v1/networks", {"url": url}).status == 200
        shows(item, "2 machines online")
        vault = partner.vault("Shared")
        tray.cli("vault", "join", partner.get(f"/api/v1/vaults/{vault}/share-url").json["url"])
        shows(item, "2 machines online · in sync")
        assert item.get("Title") == "MeshHold: 2 machines online · in sync"

        # a partner that is slow leaves blocks on their way
        def limit(rate):
            reply = partner.request("PATCH", "/api/v1/sync/settings", {"upload_rate": rate})
            assert reply.status == 200, reply
        limit(1024)
        assert partner.upload(vault, "/large", os.urandom(16 * 1024 ** 2)).status == 200
        shows(item, r"2 machines online · syncing \d+ blocks")
        assert missing_of(tray) > 0
        limit(0)
        shows(item, "2 machines online · in sync")
        assert missing_of(tray) == 0

        # a new password ends every session, that of the tray as well
        tray.cli("passwd", typed="correct horse battery\n")
        tray.cli("vault", "set", "Shared", "--quota", "20MiB")
        assert partner.upload(vault, "/more", os.urandom(8 * 1024 ** 2)).status == 200
        shows(item, "2 machines online · 1 vault is not in sync")
        tray.cli("vault", "set", "Shared", "--quota", "0")
        tray.cli("sync", "--now")
        shows(item, "2 machines online · in sync")
        tray.cli("network", "disconnect")
        shows(item, "No network")
        tray.quit()


class Systemd(Server):
    """The user's service manager, as far as the tray knows it."""

    def __init__(self, desktop, state):
        self.desktop, self.state = desktop, state
        self.calls = []
        self.daemon = None
        super().__init__(desktop.bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                         SYSTEMD_XML)

    def GetUnitFileState(self, _sender, unit):
        self.calls.append(("state", unit))
        return GLib.Variant("(s)", (self.state,))

    def StartUnit(self, _sender, unit, mode):
        self.calls.append(("start", unit, mode))
        self.daemon = self.desktop.run(DAEMON, "--listen", LISTEN)
        return GLib.Variant("(o)", ("/job/1",))

    def StopUnit(self, _sender, unit, mode):
        self.calls.append(("stop", unit, mode))
        self.daemon.send_signal(signal.SIGTERM)
        return GLib.Variant("(o)", ("/job/2",))


def test_unit(desktop):
    """the user's own daemon is started and stopped as a unit of the service manager"""
    desktop.show_tray()
    systemd = Systemd(desktop, "enabled")
    tray = Tray(desktop, named=False)
    tray.wait_up()
    assert systemd.calls == [("state", "meshhold.service"),
                             ("start", "meshhold.service", "replace")], systemd.calls
    assert tray.daemon_pid() == systemd.daemon.pid
    tray.quit()
    assert systemd.calls[-1] == ("stop", "meshhold.service", "replace")
    wait_until("the end of the daemon", lambda: systemd.daemon.poll() is not None)
    systemd.close()


def test_many(desktop):
    """every one of many starts shows the icon"""
    desktop.show_tray()
    for _ in range(STARTS):
        tray = Tray(desktop)
        item = tray.item()
        assert item.labels()[-6:] == ["-", "Open", "Copy login link", "Start at login", "-", "Quit"]
        tray.quit()


TESTS = [test_start, test_open, test_copy, test_autostart, test_kill, test_ended, test_reason, test_second,
         test_open_option, test_found, test_terminated, test_no_host, test_no_bus,
         test_no_display, test_german, test_mesh, test_unit, test_many]


def main():
    wanted = sys.argv[2:]
    tests = [t for t in TESTS if not wanted or t.__name__ in wanted]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        try:
            with Desktop() as desktop:
                test(desktop)
            print(f"ok {number} - {test.__doc__}", flush=True)
        except Exception:  # any failure is reported with its trace
            failed += 1
            print(f"not ok {number} - {test.__doc__}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
