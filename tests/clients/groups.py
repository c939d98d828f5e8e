"""A group is one suite for one client, run by a process of its own: several at a time, and all but the real suite in a
network where nothing exists but loopback, so that no test of theirs can send a packet anywhere else."""
import re
import subprocess
import sys
import threading
import unittest

import case
import clients
import fault_suite
import machine
import machines_suite
import origin_suite
import packaging_suite
import real_suite
import replay_suite
import report

_CLOSING = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped$")


class Group:
    def __init__(self, base, client, words):
        self.base, self.client = base, client
        self.case = case.cases_for(base, client)
        self.name = self.case.__name__
        made = unittest.defaultTestLoader.loadTestsFromTestCase(self.case)
        self.tests = [test for test in made if not words or any(word in report.name_of(test) for word in words)]

    @property
    def live(self):
        return issubclass(self.base, case.ClientCase)

    def run(self):
        """Here and now; (passed, failed, skipped)."""
        result = report.Result()
        unittest.TestSuite(self.tests).run(result)
        return result.counts()

    def command(self, arguments):
        fence = [] if self.base.suite == "real" else machine.network_namespace() or []
        return [*fence, sys.executable, "-u", *arguments, "--group", self.name]


def load(suites, words):
    """All that are asked for, of each suite and each client of versions.toml."""
    found = []
    for client in clients.load():
        bases = (replay_suite.ReplayCase, replay_suite.RecordCase, origin_suite.OriginCase, fault_suite.FaultCase,
                 machines_suite.case_for(client), real_suite.case_for(client))
        if packaging_suite.fits(client):
            bases += (packaging_suite.PackagingCase,)
        found += [Group(base, client, words) for base in bases if not suites or base.suite in suites]
    return [group for group in found if group.tests]


class Runner:
    """Runs groups, `jobs` at a time, and prints what they print: a test's lines stay together."""

    def __init__(self, arguments):
        self._arguments = arguments
        self._lock = threading.Lock()
        self.counts = [0, 0, 0]

    def fail(self, name, words):
        with self._lock:
            print(report.failure(name, words), end="", flush=True)
            self.counts[1] += 1

    def run(self, groups, jobs):
        left = list(groups)

        def work():
            while True:
                with self._lock:
                    if not left:
                        return
                    group = left.pop(0)
                self._one(group)

        workers = [threading.Thread(target=work) for _ in range(jobs)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _one(self, group):
        child = subprocess.Popen(group.command(self._arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, errors="replace")
        closing, block = None, []
        for line in child.stdout:
            # What belongs to a test's line is indented below it.
            if not line.startswith(" "):
                closing = self._say(block) or closing
                block = []
            block.append(line)
        closing = self._say(block) or closing
        status = child.wait()
        if closing is None:
            self.fail(group.name, f"ended with status {status} before its tests did")

    def _say(self, block):
        """Prints it, unless it is the group's closing line: that is counted, and given back."""
        closing = _CLOSING.match(block[0]) if block else None
        with self._lock:
            if closing:
                self.counts = [had + int(more) for had, more in zip(self.counts, closing.groups())]
            else:
                print("".join(block), end="", flush=True)
        return closing
