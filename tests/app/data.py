#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations, desktop files, icons and manual pages. MESHHOLD_BUILD_DIR is the build directory."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["MESHHOLD_BUILD_DIR"])
sys.path.insert(0, str(TOP / "tests/lib"))
import tap  # noqa: E402

PO = TOP / "po"
TRANSLATABLE = re.compile(r'\b(_|N_) \("|g_dngettext \(')


def run(*args, **more):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **more)


def messages(path):
    """Every message of a catalogue, without its translation."""
    text = run("msgcat", "--no-wrap", "--no-location", path).stdout
    return set(re.findall(r'^msgid "(.+)"$|^msgid ""\n((?:".*"\n)+)', text, re.MULTILINE))


class Translations(unittest.TestCase):
    def listed(self):
        return [line for line in (PO / "POTFILES").read_text().split("\n") if line]

    def test_every_source_is_listed(self):
        sources = {str(path.relative_to(TOP)) for path in (TOP / "app").rglob("*.c")
                   if TRANSLATABLE.search(path.read_text())}
        listed = {name for name in self.listed() if name.endswith(".c")}
        self.assertEqual(listed, sources)

    def test_template_is_fresh(self):
        with tempfile.TemporaryDirectory() as folder:
            fresh = pathlib.Path(folder) / "fresh.pot"
            result = run("xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
                         "--keyword=g_dngettext:2,3", "-f", PO / "POTFILES", "-D", TOP, "-o", fresh)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertGreater(len(messages(fresh)), 100)
            self.assertEqual(messages(PO / "meshhold.pot"), messages(fresh),
                             "run: ninja -C build meshhold-update-po")

    def test_languages_are_complete(self):
        languages = (PO / "LINGUAS").read_text().split()
        self.assertIn("de", languages)
        for language in languages:
            with self.subTest(language):
                path = PO / (language + ".po")
                result = run("msgfmt", "--check", "-o", os.devnull, path)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(messages(path), messages(PO / "meshhold.pot"))
                for what in ("--untranslated", "--only-fuzzy"):
                    self.assertEqual(run("msgattrib", what, "--no-obsolete", path).stdout, "", what)


class Desktop(unittest.TestCase):
    def check(self, *args):
        result = run(*args)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_desktop_file(self):
        path = BUILD / "data/com.meshhold.MeshHold.desktop"
        self.check("desktop-file-validate", "--warn-kde", path)
        self.assertIn("Comment[de]=Ihre Rechner als eine private Cloud", path.read_text())

    def test_metainfo(self):
        path = BUILD / "data/com.meshhold.MeshHold.metainfo.xml"
        self.check("appstreamcli", "validate", "--no-net", "--pedantic", "--explain", path)
        self.assertIn('xml:lang="de"', path.read_text())

    def test_icons(self):
        names = {path.name for path in (TOP / "data/icons").glob("*.svg")}
        for state in ("starting", "ready", "offline", "attention"):
            self.assertIn(f"meshhold-{state}-symbolic.svg", names)
        for name in names:
            with self.subTest(name):
                root = tree.parse(TOP / "data/icons" / name).getroot()
                self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
                self.assertTrue((BUILD / "data/icons" / name).exists())
                if "symbolic" not in name:
                    continue
                # Panels give these a colour of their own, which a stroke would not take.
                self.assertEqual(root.get("viewBox"), "0 0 16 16")
                for shape in root.iter():
                    self.assertIsNone(shape.get("stroke"))

    def test_manual_pages(self):
        for path in (TOP / "data/man").glob("*.1"):
            with self.subTest(path.name):
                result = run("man", "--warnings", "-l", path,
                             env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn("SYNOPSIS", result.stdout)

    def test_manual_page_has_every_key(self):
        """every key of config.yaml is described, and none that there is not"""
        keys = re.findall(r'^  \{ "([a-z_.]+)", KEY_', (TOP / "daemon/core/config-file.c").read_text(), re.MULTILINE)
        self.assertGreater(len(keys), 20)
        page = (TOP / "data/man/meshholdd.1").read_text().split(".SH CONFIGURATION")[1]
        self.assertEqual(re.findall(r"^\.BR ([a-z_.]+) ", page.split(".SH SEE ALSO")[0], re.MULTILINE), sorted(
            keys, key=lambda key: page.find(f".BR {key} ")))

    def test_manual_page_has_every_option(self):
        page = (TOP / "data/man/meshhold.1").read_text().replace("\\-", "-")
        listed = self.check(BUILD / "app/meshhold", "help")
        commands = re.findall(r"^  (\S+(?: [a-z]+)?)", listed, re.MULTILINE)
        self.assertGreater(len(commands), 15)
        for command in commands:
            if command == "help":
                continue
            with self.subTest(command):
                self.assertRegex(page, rf'(?m)^\.B[IR]? "?{re.escape(command)}\b')
                text = self.check(BUILD / "app/meshhold", "help", *command.split())
                for option in re.findall(r"--[a-z-]+", text):
                    self.assertIn(option, page)

    def test_completion(self):
        self.check("bash", "-n", TOP / "data/meshhold.bash-completion")
        words = (TOP / "data/meshhold.bash-completion").read_text()
        for command in re.findall(r"^  ([a-z-]+(?: [a-z]+)?)", self.check(BUILD / "app/meshhold", "help"),
                                  re.MULTILINE):
            for word in command.split():
                self.assertRegex(words, rf"\b{word}\b")


if __name__ == "__main__":
    tap.main()
