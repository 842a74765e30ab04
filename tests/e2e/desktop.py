# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop of its own for one test: X server, session bus, tray, notifications, browser."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from gi.repository import Gio, GLib

DEADLINE_S = 20

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
NOTIFICATIONS = "org.freedesktop.Notifications"

WATCHER_XML = """
<node><interface name="org.kde.StatusNotifierWatcher">
  <method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
  <method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
  <property name="RegisteredStatusNotifierItems" type="as" access="read"/>
  <property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
  <property name="ProtocolVersion" type="i" access="read"/>
  <signal name="StatusNotifierItemRegistered"><arg type="s"/></signal>
  <signal name="StatusNotifierHostRegistered"/>
  <signal name="StatusNotifierHostUnregistered"/>
</interface></node>"""

NOTIFICATIONS_XML = """
<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/></method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="out"/></method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
</interface></node>"""

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>"""


def wait_until(what, condition, deadline_s=DEADLINE_S):
    """Lets the loop run until condition() is true, and returns its value."""
    context = GLib.MainContext.default()
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s for: {what}")
        # Wakes the loop up for conditions that no source announces.
        tick = GLib.timeout_add(20, lambda: GLib.SOURCE_REMOVE)
        context.iteration(True)
        if context.find_source_by_id(tick):
            GLib.source_remove(tick)


class Server:
    """An object on the bus, whose methods are those of this class."""

    def __init__(self, bus, name, path, xml):
        self.bus = bus
        info = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
        self.interface = info.name
        self.path = path
        self.registration = bus.register_object(path, info, self._call, self._get, None)
        flags = Gio.BusNameOwnerFlags.NONE
        self.owned = Gio.bus_own_name_on_connection(bus, name, flags, None, None)

    def _call(self, _bus, sender, _path, _interface, method, values, invocation):
        invocation.return_value(getattr(self, method)(sender, *values.unpack()))

    def _get(self, _bus, _sender, _path, _interface, name):
        return getattr(self, "get_" + name)()

    def emit(self, name, values=None):
        self.bus.emit_signal(None, self.path, self.interface, name, values)

    def close(self):
        self.bus.unregister_object(self.registration)
        Gio.bus_unown_name(self.owned)


class Watcher(Server):
    """The place that shows icons."""

    def __init__(self, bus):
        self.items = []
        self.hosts = 1
        super().__init__(bus, WATCHER, "/StatusNotifierWatcher", WATCHER_XML)

    def RegisterStatusNotifierItem(self, sender, service):
        path = service if service.startswith("/") else "/StatusNotifierItem"
        item = Item(self.bus, sender, path)
        if not any(i.owner == sender and i.path == path for i in self.items):
            self.items.append(item)
            self.emit("StatusNotifierItemRegistered", GLib.Variant("(s)", (sender + path,)))

    def RegisterStatusNotifierHost(self, _sender, _service):
        self.hosts += 1

    def get_RegisteredStatusNotifierItems(self):
        return GLib.Variant("as", [i.owner + i.path for i in self.items])

    def get_IsStatusNotifierHostRegistered(self):
        return GLib.Variant("b", self.hosts > 0)

    def get_ProtocolVersion(self):
        return GLib.Variant("i", 0)

    def set_hosts(self, hosts):
        self.hosts = hosts
        self.emit("StatusNotifierHost" + ("Registered" if hosts else "Unregistered"))

    def live_items(self):
        """The icons whose programs still run."""
        self.items = [i for i in self.items if i.is_alive()]
        return self.items


class Notifications(Server):
    """Collects what programs tell the person."""

    def __init__(self, bus):
        self.told = []
        super().__init__(bus, NOTIFICATIONS, "/org/freedesktop/Notifications", NOTIFICATIONS_XML)

    def GetCapabilities(self, _sender):
        return GLib.Variant("(as)", (["body"],))

    def GetServerInformation(self, _sender):
        return GLib.Variant("(ssss)", ("test", "test", "1", "1.2"))

    def Notify(self, _sender, _app, replaces, _icon, title, body, _actions, _hints, _timeout):
        self.told.append((title, body))
        return GLib.Variant("(u)", (replaces or len(self.told),))

    def CloseNotification(self, _sender, _identity):
        return None


class Item:
    """An icon, as a panel sees it."""

    def __init__(self, bus, owner, path):
        self.bus, self.owner, self.path = bus, owner, path
        self.history = []
        bus.signal_subscribe(owner, MENU, "ItemsPropertiesUpdated", None, None,
                             Gio.DBusSignalFlags.NONE, self._on_update)

    def _on_update(self, _bus, _sender, _path, _interface, _signal, values):
        """Keeps every text the menu had, however short it was there, once it was looked at."""
        for _identity, props in values.unpack()[0]:
            if "label" in props:
                self.history.append(props["label"])

    def call(self, path, interface, method, values):
        """Calls the program without blocking the bus that we serve ourselves."""
        answers = []
        self.bus.call(self.owner, path, interface, method, values, None,
                      Gio.DBusCallFlags.NONE, 5000, None,
                      lambda bus, result: answers.append(result))
        wait_until(method, lambda: answers)
        return self.bus.call_finish(answers[0]).unpack()

    def is_alive(self):
        answer = self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "NameHasOwner",
                                    GLib.Variant("(s)", (self.owner,)), None,
                                    Gio.DBusCallFlags.NONE, 5000, None)
        return answer.unpack()[0]

    def get(self, name):
        return self.call(self.path, "org.freedesktop.DBus.Properties", "Get",
                         GLib.Variant("(ss)", (ITEM, name)))[0]

    def menu(self):
        """[(id, properties)] of the entries, from top to bottom."""
        return wait_until("a menu", self._read_menu)

    def _read_menu(self):
        """None while the icon is there and its menu is not yet: they come one after the other."""
        try:
            layout = self.call(self.get("Menu"), MENU, "GetLayout",
                               GLib.Variant("(iias)", (0, -1, [])))[1]
        except GLib.Error as error:
            if not error.matches(Gio.dbus_error_quark(), Gio.DBusError.UNKNOWN_METHOD):
                raise
            return None
        return [(child[0], child[1]) for child in layout[2]]

    def labels(self):
        return [props.get("label", "-").replace("_", "") for _, props in self.menu() if props.get("visible", True)]

    def state(self):
        """The first line of the menu."""
        return self.labels()[0]

    def mesh(self):
        """The second line, about the other machines; None while there is none."""
        line = self.labels()[1]
        return None if line == "-" else line

    def click(self, label):
        for identity, props in self.menu():
            if props.get("label", "").replace("_", "") == label:
                self.call(self.get("Menu"), MENU, "Event",
                          GLib.Variant("(isvu)", (identity, "clicked", GLib.Variant("i", 0), 0)))
                return
        raise AssertionError(f"no entry {label} in {self.labels()}")

    def is_checked(self, label):
        for _, props in self.menu():
            if props.get("label", "").replace("_", "") == label:
                return props.get("toggle-state") == 1
        raise AssertionError(f"no entry {label}")


class Desktop:
    """X server, bus, folders and environment; a context manager that cleans up after itself."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="meshhold-desktop-")
        self.processes = []
        self.watcher = None
        self.bus = None
        self.env = dict(os.environ)
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "MESHHOLD_HOME", "MESHHOLD_TOKEN",
                     "BROWSER", "DESKTOP_STARTUP_ID", "LANGUAGE"):
            self.env.pop(name, None)
        self.env.update(
            HOME=self.folder("home"), XDG_RUNTIME_DIR=self.folder("run"),
            XDG_CONFIG_HOME=self.folder("config"), XDG_DATA_HOME=self.folder("data"),
            XDG_CACHE_HOME=self.folder("cache"), XDG_CURRENT_DESKTOP="test",
            NO_AT_BRIDGE="1", GSETTINGS_BACKEND="memory", GIO_USE_VFS="local",
            LC_ALL="C.UTF-8", LANG="C.UTF-8", GDK_BACKEND="x11")

    def __enter__(self):
        try:
            self._start_x()
            self._start_bus()
            self._install_browser()
            self.notifications = Notifications(self.bus)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def folder(self, name):
        path = os.path.join(self.dir, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def _start_x(self):
        reader, writer = os.pipe()
        self.processes.append(subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp",
             "-noreset"],
            pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        os.close(writer)
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb does not start"
        self.env["DISPLAY"] = ":" + number

    def _start_bus(self):
        config = os.path.join(self.dir, "bus.xml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(BUS_CONFIG % os.path.join(self.dir, "bus"))
        bus = subprocess.Popen(["dbus-daemon", "--config-file=" + config, "--nofork",
                                "--print-address"], stdout=subprocess.PIPE, text=True)
        self.processes.append(bus)
        address = bus.stdout.readline().strip()
        assert address, "dbus-daemon does not start"
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        flags = Gio.DBusConnectionFlags
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
        self.bus.set_exit_on_close(False)

    def _install_browser(self):
        """A browser that only writes down what it was to open."""
        self.visits = os.path.join(self.dir, "visits")
        script = os.path.join(self.dir, "browser")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{self.visits}"\n')
        os.chmod(script, 0o700)
        applications = self.folder("data/applications")
        with open(os.path.join(applications, "browser.desktop"), "w", encoding="utf-8") as file:
            file.write("[Desktop Entry]\nType=Application\nName=Browser\n"
                       f"Exec={script} %u\nMimeType=x-scheme-handler/http;\n")
        with open(os.path.join(self.env["XDG_CONFIG_HOME"], "mimeapps.list"), "w",
                  encoding="utf-8") as file:
            file.write("[Default Applications]\nx-scheme-handler/http=browser.desktop\n")

    def opened(self):
        """Every address the browser was asked to open."""
        if not os.path.exists(self.visits):
            return []
        with open(self.visits, encoding="utf-8") as file:
            return file.read().split()

    def show_tray(self):
        self.watcher = Watcher(self.bus)

    def hide_tray(self):
        self.watcher.close()
        self.watcher = None

    def run(self, *args, log=None, **extra):
        """Starts a program on this desktop."""
        process = subprocess.Popen(args, env={**self.env, **extra}, stdin=subprocess.DEVNULL,
                                   stdout=log or sys.stderr, stderr=log or sys.stderr)
        self.processes.append(process)
        return process

    def window_is_visible(self, title):
        """Whether a window of this title is on the screen."""
        # A window that goes away meanwhile makes this fail, and the next look decides.
        tree = subprocess.run(["xwininfo", "-root", "-tree"], env=self.env, check=False,
                              capture_output=True, text=True).stdout
        for line in tree.splitlines():
            if f'"{title}"' not in line:
                continue
            stats = subprocess.run(["xwininfo", "-id", line.split()[0]], env=self.env, check=False,
                                   capture_output=True, text=True).stdout
            if "Map State: IsViewable" in stats:
                return True
        return False

    def clipboard(self):
        """The text that would be pasted now."""
        code = ("import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk, Gdk; "
                "print(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text() or '')")
        return subprocess.run([sys.executable, "-c", code], env=self.env, check=True, timeout=20,
                              capture_output=True, text=True).stdout.strip()
