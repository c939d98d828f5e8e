#!/usr/bin/env python3
"""Real package managers through a real yizhan.

    tests/clients/run.py [--build build/release] [-k WORD]... [--update-golden] [--list]

Two suites: `origin` (against the scripted mirror of tests/origin, nothing leaves loopback) and `real` (against the
index that this machine's pip is set up to use; SKIPPED where there is none). The clients are those of versions.toml;
they are fetched once into ~/.cache/yizhan-tests (or $YIZHAN_TEST_CACHE). Needs Python 3.11 and nothing else.
"""
import argparse
import importlib.util
import pathlib
import sys
import time
import unittest

if sys.version_info < (3, 11):
    sys.exit("tests/clients/run.py needs Python 3.11 (Debian 12: /usr/bin/python3)")

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import case  # noqa: E402
import clients  # noqa: E402


def name_of(test):
    """suite.client.what_it_does, for a test and for the class whose preparation was skipped or failed."""
    identity = test.id()
    if identity.startswith(("setUpClass", "tearDownClass")):
        return identity.partition("(")[2].rstrip(")").partition(".")[2]
    return f"{type(test).__name__}.{test._testMethodName.removeprefix('test_')}"


class Result(unittest.TestResult):
    """A line for each test as it ends, and the counts."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def _say(self, word, test, more=""):
        print(f"{word:<7} {name_of(test)}{more}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self._say("ok", test, f" ({time.monotonic() - self.started:.1f} s)")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say("SKIPPED", test, f": {reason}")

    def _broken(self, test, words):
        self._say("FAILED", test)
        if hasattr(test, "folder"):
            words += f"\nkept: {test.folder}"
        print("".join(f"        {line}\n" for line in words.splitlines()), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._broken(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._broken(test, self.errors[-1][1])


def suites():
    """The base classes of the suites that are here, by name."""
    import real_suite
    found = {"real": real_suite.RealCase}
    if importlib.util.find_spec("origin_suite"):
        import origin_suite
        found = {"origin": origin_suite.OriginCase, **found}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--yizhan", type=pathlib.Path, help="default: yizhan in the build folder")
    parser.add_argument("--origin", type=pathlib.Path, help="default: tests/origin/origin in the build folder")
    parser.add_argument("-k", action="append", default=[], metavar="WORD", help="only tests whose name has one of these")
    parser.add_argument("--suite", choices=["origin", "real"], action="append")
    parser.add_argument("--update-golden", action="store_true", help="write what the clients say; read the diff then")
    parser.add_argument("--keep", action="store_true", help="keep the folders of passed tests too")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()

    case.Options.yizhan = (options.yizhan or options.build / "yizhan").resolve()
    case.Options.origin = (options.origin or options.build / "tests/origin/origin").resolve()
    case.Options.update_golden = options.update_golden
    case.Options.keep = options.keep

    chosen = unittest.TestSuite()
    for name, base in suites().items():
        if options.suite and name not in options.suite:
            continue
        for client in clients.load():
            made = unittest.defaultTestLoader.loadTestsFromTestCase(case.cases_for(base, client))
            chosen.addTest(unittest.TestSuite(test for test in made
                                              if not options.k or any(word in name_of(test) for word in options.k)))
    if options.list:
        print(*(name_of(test) for group in chosen for test in group), sep="\n")
        return 0
    if not case.Options.yizhan.is_file():
        sys.exit(f"{case.Options.yizhan} is missing: build it first (cmake --build --preset release), or give --yizhan")

    result = Result()
    chosen.run(result)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped")
    return 1 if failed or not (result.passed or result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
