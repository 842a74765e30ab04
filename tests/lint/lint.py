#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of CONTRIBUTING.md that a program can check."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

TOP = pathlib.Path(os.environ.get("MESHHOLD_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(TOP / "tests/lib"))
import tap  # noqa: E402

LEVELS = {"base": 0, "crypto": 1, "db": 2, "net": 2, "http": 3, "core": 4, "modules": 5}
APART = {("db", "net"), ("net", "db")}  # the same level, and they do not know each other
MAX_FUNCTION, MAX_NESTING, MAX_PARAMETERS, MAX_FILE = 80, 4, 6, 1000
BANNED = {
    "strcpy": "g_strlcpy or g_strdup", "strcat": "GString", "sprintf": "g_strdup_printf",
    "vsprintf": "g_strdup_vprintf", "gets": "a bounded read", "atoi": "g_ascii_string_to_signed",
    "atol": "g_ascii_string_to_signed", "system": "g_spawn", "popen": "GSubprocess",
    "tmpnam": "g_file_open_tmp", "mktemp": "g_file_open_tmp", "rand": "mh_random_bytes",
    "g_error": "a GError", "abort": "a GError", "g_assert_not_reached": "a GError",
    "g_task_run_in_thread": "a named pool", "g_main_context_invoke": "an idle source",
    "strtok": "g_strsplit", "alloca": "the heap", "usleep": "a timer", "g_usleep": "a timer",
    "sleep": "a timer",
}
IMPOSED = {"on_signal": 7}  # parameters that a library's callback type asks for


def files(*patterns):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
                            cwd=TOP, capture_output=True, text=True, check=True)
    return [TOP / name for name in listed.stdout.splitlines() if (TOP / name).is_file()]


def c_sources():
    return [p for p in files("daemon/*.c", "daemon/*.h", "app/*.c", "app/*.h")]


def strip(text):
    """Blanks comments and strings, keeping the lines."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(path):
    """Yields (name, first line, body lines, parameters) of each function of a C file."""
    lines = strip(path.read_text(encoding="utf-8")).splitlines()
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = start - 1
            while head > 0 and not re.match(r"^[A-Za-z_]\w* \(", lines[head]):
                head -= 1
            signature = " ".join(lines[head:start])
            match = re.match(r"^([A-Za-z_]\w*) \((.*)\)", signature)
            if match:
                yield match[1], head + 1, lines[start : number + 1], match[2]
            start = None


def nesting(body):
    """The deepest nesting of control statements, by braces: GNU style indents each by four."""
    deepest = max((len(line) - len(line.lstrip()) for line in body if line.strip() == "{"), default=0)
    return deepest // 4 + (1 if deepest % 4 else 0)


def split_parameters(text):
    depth, count = 0, 1
    if text.strip() in ("", "void"):
        return 0
    for c in text:
        depth += (c == "(") - (c == ")")
        count += c == "," and depth == 0
    return count


class Layers(unittest.TestCase):
    def includes(self):
        for path in files("daemon/*.c", "daemon/*.h"):
            own = path.relative_to(TOP / "daemon").parts
            for name in re.findall(r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.M):
                yield path.relative_to(TOP), own, pathlib.PurePosixPath(name).parts

    def test_levels(self):
        """a file includes its own folder and lower levels only"""
        wrong = []
        for path, own, included in self.includes():
            if own[0] not in LEVELS or included[0] not in LEVELS:
                continue
            if LEVELS[included[0]] > LEVELS[own[0]] or (own[0], included[0]) in APART:
                wrong.append(f"{path} includes {'/'.join(included)}")
        self.assertEqual(wrong, [])

    def test_requires(self):
        """a module sees another only through its public header, and only if it requires it"""
        wrong = []
        for path, own, included in self.includes():
            if own[0] != "modules" or len(own) < 3 or included[0] != "modules" or len(included) < 3:
                continue
            module, other = own[1], included[1]
            if module == other:
                continue
            if included[-1] != f"{other}.h":
                wrong.append(f"{path} includes a private header of {other}")
            if other not in self.requires(module):
                wrong.append(f"{path} uses {other} without requiring it")
        self.assertEqual(wrong, [])

    def requires(self, module):
        text = "".join(p.read_text() for p in (TOP / "daemon/modules" / module).glob("*.c"))
        match = re.search(r"requires\[\] = \{([^}]*)\}", text)
        return re.findall(r'"(\w+)"', match[1]) if match else []

    def test_app_and_daemon_are_apart(self):
        """the tray and the command line know only the GLib helpers of the daemon"""
        wrong = []
        for path in files("app/*.c", "app/*.h"):
            for name in re.findall(r'^#include "([^"]+)"', path.read_text(encoding="utf-8"), re.M):
                top = name.split("/")[0]
                if top in LEVELS and top != "base":
                    wrong.append(f"{path.relative_to(TOP)} includes {name}")
        self.assertEqual(wrong, [])

    def test_portable_folders_have_no_ifdef_of_systems(self):
        wrong = []
        for path in c_sources():
            if re.search(r"^#\s*if.*(_WIN32|__linux__|__APPLE__|G_OS_)", path.read_text(), re.M):
                wrong.append(str(path.relative_to(TOP)))
        self.assertEqual(wrong, [])


class Limits(unittest.TestCase):
    def test_functions(self):
        """at most 80 lines, 4 levels, 6 parameters"""
        wrong = []
        for path in [p for p in c_sources() if p.suffix == ".c"]:
            for name, line, body, parameters in functions(path):
                where = f"{path.relative_to(TOP)}:{line} {name}"
                if len(body) - 2 > MAX_FUNCTION:
                    wrong.append(f"{where} has {len(body) - 2} lines")
                if nesting(body) > MAX_NESTING:
                    wrong.append(f"{where} nests {nesting(body)} deep")
                if split_parameters(parameters) > IMPOSED.get(name, MAX_PARAMETERS):
                    wrong.append(f"{where} has {split_parameters(parameters)} parameters")
        self.assertEqual(wrong, [])

    def test_files(self):
        """at most 1000 lines"""
        wrong = []
        for path in files("*.c", "*.h", "*.py", "*.ts", "*.tsx", "*.mjs", "*.css"):
            count = len(path.read_text(encoding="utf-8").splitlines())
            if count > MAX_FILE:
                wrong.append(f"{path.relative_to(TOP)} has {count} lines")
        self.assertEqual(wrong, [])

    def test_no_mutable_state_at_file_scope(self):
        wrong = []
        for path in [p for p in c_sources() if p.suffix == ".c"]:
            for line in strip(path.read_text(encoding="utf-8")).splitlines():
                if re.match(r"^(static )?[A-Za-z_][\w ]*[ *]+\w+(\[[^\]]*\])*( =.*)?;$", line) and not re.match(
                        r"^(typedef|extern|return|struct \w+;|static (const|inline))|.*\bconst\b|^G_DEFINE|.*\(", line):
                    wrong.append(f"{path.relative_to(TOP)}: {line}")
        self.assertEqual(wrong, [])


class Words(unittest.TestCase):
    def test_banned_calls(self):
        wrong = []
        for path in c_sources():
            for number, line in enumerate(strip(path.read_text(encoding="utf-8")).splitlines(), 1):
                for name in re.findall(r"(?<![\w.>])(\w+) ?\(", line):
                    if name in BANNED:
                        wrong.append(f"{path.relative_to(TOP)}:{number} {name}: use {BANNED[name]}")
                if re.search(r"\bgoto\b", line):
                    wrong.append(f"{path.relative_to(TOP)}:{number} goto")
        self.assertEqual(wrong, [])

    def test_every_source_names_its_licence(self):
        wrong = [str(p.relative_to(TOP)) for p in files("*.c", "*.h", "*.py", "*.sh")
                 if "SPDX-License-Identifier: GPL-3.0-or-later" not in p.read_text(encoding="utf-8")[:300]]
        self.assertEqual(wrong, [])

    def test_config_h_comes_first(self):
        wrong = []
        for path in [p for p in c_sources() if p.suffix == ".c"]:
            first = re.search(r"^#include (.*)", path.read_text(encoding="utf-8"), re.M)
            if first and first[1] != '"config.h"':
                wrong.append(str(path.relative_to(TOP)))
        self.assertEqual(wrong, [])

    def test_no_unfinished_work(self):
        """no word of unfinished work, and no path of anybody's machine"""
        pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented|/root/|/home/\w+/")
        wrong = []
        for path in files("*.c", "*.h", "*.ts", "*.tsx", "*.yaml", "*.md", "dev"):
            if "LICENSE" in path.name:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if pattern.search(line):
                    wrong.append(f"{path.relative_to(TOP)}:{number} {line.strip()[:60]}")
        self.assertEqual(wrong, [])

    def test_lock_files_name_no_host(self):
        wrong = [str(p) for p in files("*package-lock.json") if '"resolved": "http' in p.read_text()]
        self.assertEqual(wrong, [])

    def test_spelling(self):
        listed = [str(p) for p in files("*.c", "*.h", "*.md", "*.yaml", "*.py", "*.ts", "*.tsx")]
        result = subprocess.run(["codespell", "-L", "ordner,ect,te,nd,ot,ser,parms,stdio,inout,ist,oder,als,fo,hel,crate",
                                 *listed], capture_output=True, text=True)
        self.assertFalse(result.stdout, result.stdout)


class Docs(unittest.TestCase):
    def test_public_functions_are_documented(self):
        """every function of a header below daemon/ has a comment before it, or stands in a commented group"""
        wrong = []
        for path in files("daemon/*.h"):
            if "private" in path.name:
                continue
            paragraphs = re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))
            covered = False
            for paragraph in paragraphs:
                code = strip(paragraph)
                names = re.findall(r"\b(mh_\w+) \(", code)
                if "/*" in paragraph:
                    covered = True
                elif names and not re.search(r"G_DEFINE|^#define", code, re.M):
                    covered = covered and "typedef" not in code
                trivial = all(re.search(r"_(new|free|ref|unref|quark)$", name) for name in names)
                if names and not covered and not trivial and "#define" not in code:
                    wrong.append(f"{path.relative_to(TOP)}: {names[0]}")
                if not names:
                    covered = "/*" in paragraph and not code.strip()
                else:
                    covered = False
        self.assertEqual(wrong, [])

    def test_modules_have_a_readme(self):
        wrong = [p.name for p in (TOP / "daemon/modules").iterdir() if p.is_dir() and not (p / "README.md").is_file()]
        self.assertEqual(wrong, [])


class Contract(unittest.TestCase):
    """The contracts against the table of documented routes."""

    def operations(self):
        import yaml
        for path in files("daemon/modules/*.yaml"):
            for route, item in yaml.safe_load(path.read_text())["paths"].items():
                for method, node in item.items():
                    yield path.parent.name, route, method.upper(), node

    def test_ids_paths_and_access_match(self):
        documented = {r["id"]: r for r in json.loads((TOP / "tests/data/routes.json").read_text())}
        wrong = []
        for module, route, method, node in self.operations():
            mh = node["x-mh"]
            if mh["id"].startswith("x-"):
                continue  # an addition of ours
            want = documented.get(mh["id"])
            if want is None or (want["method"], want["path"], want["auth"]) != (method, route, mh["access"]):
                wrong.append(f"{module}: {mh['id']} {method} {route} {mh['access']}")
        self.assertEqual(wrong, [])

    def test_only_documented_routes_take_a_token_in_the_query(self):
        documented = {r["id"] for r in json.loads((TOP / "tests/data/routes.json").read_text())
                      if r["auth"] == "token-query-ok" and r["system"] == "meshhold"}
        ours = {node["x-mh"]["id"] for _, _, _, node in self.operations() if node["x-mh"]["access"] == "token-query-ok"}
        self.assertEqual(len(documented), 11)
        self.assertLessEqual(ours, documented)


class Format(unittest.TestCase):
    def test_clang_format(self):
        listed = [str(p) for p in files("*.c", "*.h")]
        result = subprocess.run(["clang-format", "--dry-run", *listed], cwd=TOP, capture_output=True, text=True)
        wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "warning:" in line})
        self.assertEqual([os.path.relpath(name, TOP) for name in wrong], [], "run ./dev format")


if __name__ == "__main__":
    tap.main()
