#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people at random in two mirrored folders, while daemons are killed and networks come and go."""

import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402
from folders import Case, tree, write  # noqa: E402

SEEDS = range(*map(int, os.environ.get("MESHHOLD_TEST_SEEDS", "1:3").split(":")))
ROUNDS = 6


class Person:
    """Works in one folder: in a part that is theirs alone, and in one that is everybody's."""

    def __init__(self, name, folder, source):
        self.name, self.folder, self.source = name, folder, source
        self.own, self.shared = {}, {}  # what should be in the own part; contents written to the shared part this round
        self.other = None

    def own_path(self):
        return f"{self.name}/{self.source.choice('xyz')}/{self.source.randrange(8)}.txt"

    def write_own(self):
        path, data, mode = self.own_path(), self.source.randbytes(self.source.choice([0, 5, 5000])), self.source.choice([0o644, 0o600, 0o755])
        if self.source.random() < 0.5:
            write(self.folder / path, data, mode)
        else:  # as editors do
            write(self.folder / f"{path}.new", data, mode)
            os.rename(self.folder / f"{path}.new", self.folder / path)
        self.own[path] = (data, mode)

    def rename_own(self):
        if self.own:
            old, new = self.source.choice(sorted(self.own)), self.own_path()
            if old != new:
                (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
                os.rename(self.folder / old, self.folder / new)
                self.own[new] = self.own.pop(old)

    def rename_folder(self):
        old, new = (f"{self.name}/{c}" for c in self.source.sample("xyz", 2))
        if (self.folder / old).is_dir() and not (self.folder / new).exists():
            os.rename(self.folder / old, self.folder / new)
            self.own = {path.replace(f"{old}/", f"{new}/", 1): row for path, row in self.own.items()}

    def delete_own(self):
        if self.own:
            path = self.source.choice(sorted(self.own))
            (self.folder / path).unlink()
            del self.own[path]

    def chmod_own(self):
        if self.own:
            path, mode = self.source.choice(sorted(self.own)), self.source.choice([0o644, 0o700])
            (self.folder / path).chmod(mode)
            self.own[path] = (self.own[path][0], mode)

    def write_shared(self):
        path, data = f"shared/{self.source.randrange(3)}.txt", self.source.randbytes(20)
        write(self.folder / path, data)
        self.shared[path] = data

    def delete_shared(self):
        """what was not on this disk is not deleted by it"""
        path = f"shared/{self.source.randrange(3)}.txt"
        try:
            seen = (self.folder / path).read_bytes()
            (self.folder / path).unlink()
        except FileNotFoundError:
            return
        for person in (self, self.other):
            if person.shared.get(path) == seen:
                del person.shared[path]

    def write_either(self):
        """of a name that is a file for one and a folder for the other, both are kept"""
        number, data = self.source.randrange(3), self.source.randbytes(20)
        path = self.source.choice([f"shared/either{number}", f"shared/either{number}/in.txt"])
        try:
            write(self.folder / path, data)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            return
        self.shared[path] = data

    def act(self):
        self.source.choices([self.write_own, self.rename_own, self.rename_folder, self.delete_own, self.chmod_own, self.write_shared,
                             self.delete_shared, self.write_either], [6, 3, 1, 2, 1, 2, 1, 1])[0]()


class Random(Case):
    def disturb(self, source, daemons):
        """Returns what puts it right again."""
        daemon = source.choice(daemons)
        if source.random() < 0.5:
            daemon.kill()
            return lambda: (daemon.start(), daemon.login())
        network = daemon.get("/api/v1/networks").json["networks"][0]["id"]
        daemon.post("/api/v1/networks/disconnect")
        return lambda: daemon.post(f"/api/v1/networks/{network}/connect")

    def as_it_should_be(self, people):
        """Returns what is wrong, or nothing."""
        here, there = (tree(person.folder) for person in people)
        if here != there:
            return f"the folders differ: {[(p, here.get(p), there.get(p)) for p in sorted(here.keys() | there.keys()) if here.get(p) != there.get(p)]}"
        found = {p: row[:2] for p, row in here.items() if not p.startswith("shared/")}
        wanted = {**people[0].own, **people[1].own}
        if found != wanted:
            return f"not as it was made: {sorted(p for p in found.keys() | wanted.keys() if found.get(p) != wanted.get(p))}"
        contents = {row[0] for p, row in here.items() if p.startswith("shared/")}
        lost = [p for person in people for p, data in person.shared.items() if data not in contents]
        return f"lost of the shared part: {lost}" if lost else ""

    def play(self, seed):
        source = random.Random(seed)
        one, two, vault, here, there = self.pair()
        for daemon, folder in ((one, here), (two, there)):
            self.mirror(daemon, vault, folder, guard_percent=100)
        people = [Person("anna", here, source), Person("bela", there, source)]
        people[0].other, people[1].other = reversed(people)
        for round_ in range(ROUNDS):
            repair = self.disturb(source, [one, two]) if source.random() < 0.6 else None
            for person in people:
                person.shared.clear()
            for _ in range(source.randrange(5, 60)):
                source.choice(people).act()
            if repair is not None:
                repair()
            try:
                mh.wait_until(lambda: not self.as_it_should_be(people), 90)
            except AssertionError:
                states = [self.state(daemon, vault) for daemon in (one, two)]
                raise AssertionError(f"seed {seed}, round {round_}: {self.as_it_should_be(people)}: {states}") from None
        self.in_vault(one, vault, here)
        self.in_vault(two, vault, there)

    def test_people(self):
        """what either made in their own part is exactly that on both; of the shared part no last word is lost"""
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.play(seed)


if __name__ == "__main__":
    tap.main()
