"""What the runner prints: a line for each test as it ends, what went wrong below it, and the counts."""
import time
import unittest


def name_of(test):
    """suite.client.what_it_does, for a test and for the class whose preparation was skipped or failed."""
    identity = test.id()
    if identity.startswith(("setUpClass", "tearDownClass")):
        return identity.partition("(")[2].rstrip(")").partition(".")[2]
    return f"{type(test).__name__}.{test._testMethodName.removeprefix('test_')}"


def closing_line(passed, failed, skipped):
    return f"{passed} passed, {failed} failed, {skipped} skipped"


def failure(name, words):
    return f"FAILED  {name}\n" + "".join(f"        {line}\n" for line in words.splitlines())


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def addSuccess(self, test):
        self.passed += 1
        print(f"ok      {name_of(test)} ({time.monotonic() - self.started:.1f} s)", flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"SKIPPED {name_of(test)}: {reason}", flush=True)

    def _broken(self, test, words):
        if hasattr(test, "folder"):
            words += f"\nkept: {test.folder}"
        print(failure(name_of(test), words), end="", flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._broken(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._broken(test, self.errors[-1][1])

    def counts(self):
        return self.passed, len(self.failures) + len(self.errors), len(self.skipped)
