# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs unittest cases and reports them as TAP, one line a case."""

import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    def __init__(self, stream):
        super().__init__()
        self.stream, self.count = stream, 0

    def line(self, word, test, note=""):
        self.count += 1
        name = test.id().removeprefix("__main__.").replace("#", "")
        print(f"{word} {self.count} - {name}{note}", file=self.stream, flush=True)

    def diagnose(self, text):
        for row in text.rstrip().splitlines():
            print("#", row, file=self.stream, flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line("not ok", test)
        self.diagnose("".join(traceback.format_exception(*err)))

    addError = addFailure

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line("ok", test, f" # SKIP {reason}")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(subtest, err)


def main():
    """Runs the cases of the calling script; the arguments are names of cases to run."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    loader = unittest.defaultTestLoader
    module = sys.modules["__main__"]
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = TapResult(sys.stdout)
    suite.run(result)
    print(f"1..{result.count}", flush=True)
    sys.exit(0 if result.wasSuccessful() and result.count else 1)
