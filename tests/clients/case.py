"""What the suites share: a folder per test, yizhan on it, fresh environments and homes, and the questions asked of a run."""
import pathlib
import re
import shutil
import tempfile
import unittest

import clients
import origin
import scenes
import words
import yizhan


class Options:
    """What run.py was told."""

    yizhan = None         # path of the binary
    origin = None         # path of the test origin
    answers = None        # path of packaging_answers
    update_golden = False
    record = False        # write what the clients ask to recorded/
    keep = False          # leave the folders of passed tests too
    all_machines = False  # of machines.toml, not only those marked ci
    update_table = False  # write what the clients choose to machine_picks/


class Case(unittest.TestCase):
    """One yizhan and what comes to it. Subclasses are made for each client by `cases_for`."""

    client = None
    suite = ""
    needs_origin = True
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if cls.needs_origin and not Options.origin.is_file():
            raise unittest.SkipTest(f"the test origin is not built ({Options.origin})")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"yizhan-{self.client.name}-"))
        self.store = self.folder / "store"
        self.starts = 0
        self.addCleanup(self._clean)

    def _clean(self):
        outcome = self._outcome
        broken = any(test is self and problem for test, problem in outcome.result.failures + outcome.result.errors)
        if not broken and not Options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def mirror(self, script):
        return origin.Origin(Options.origin, script, self.folder)

    def yizhan(self, upstreams=(), **more):
        """`more`: as yizhan.Yizhan takes it."""
        self.starts += 1
        return yizhan.Yizhan(Options.yizhan, self.store, upstreams, log=self.folder / f"yizhan-{self.starts}.log", **more)

    @staticmethod
    def answers(server, part):
        """The statuses of what was asked for with `part` in its path, in order."""
        return [status for _, path, status in server.requests() if part in path]


class ClientCase(Case):
    """A live client."""

    hidden = ()  # what of a client's words depends on more than client and case: (pattern, replacement)

    def setUp(self):
        super().setUp()
        self.runs = 0

    def fresh(self):
        """(environment, home): nothing in either."""
        self.runs += 1
        venv = self.folder / f"venv-{self.runs}"
        self.client.venv(venv)
        return venv, self.folder / f"home-{self.runs}"

    def install(self, server, *requirements, url=None, **more):
        """A fresh environment, and what the client did there: (environment, outcome). `url`: where it is told to ask,
        if not `server` itself; `more`: as Client.install takes it."""
        venv, home = self.fresh()
        return venv, self.client.install(venv, home, (url or server.url) + "/simple/", requirements, server.beside(),
                                         **more)

    def install_pinned(self, server, pin):
        venv, home = self.fresh()
        return venv, self.client.install_pinned(venv, home, server.url + "/simple/", pin, server.beside())

    def download_pinned(self, server, pin, to):
        venv, home = self.fresh()
        return self.client.download_pinned(venv, home, server.url + "/simple/", pin, to, server.beside())

    def succeeded(self, server, outcome):
        self.assertEqual(0, outcome.status, f"{outcome.words}\n--- yizhan\n{server.log()}")

    def failed(self, server, outcome):
        self.assertNotEqual(0, outcome.status, f"{outcome.words}\n--- yizhan\n{server.log()}")

    def has(self, venv, **versions):
        self.assertEqual(versions, clients.distributions(self.client, venv))

    def golden(self, case, outcome):
        folders = {"work": self.folder, "environment": self.folder / f"venv-{self.runs}",
                   "home": self.folder / f"home-{self.runs}", "client": self.client.place}
        problem = words.compare(f"{self.suite}/{self.client.name}", case, outcome, folders, Options.update_golden,
                                (*self.client.hidden, *self.hidden))
        if problem:
            self.fail(problem)

    def every_file_came_through(self, server, venv, outcome):
        """No bypass: yizhan's log has a file of every distribution, and the client names no other server."""
        served = [path.rsplit("/", 1)[-1].lower() for method, path, status in server.requests()
                  if method == "GET" and status in (200, 206)]
        for name, version in clients.distributions(self.client, venv).items():
            start = re.compile(re.escape(name).replace(r"\-", "[-_.]+") + "-" + re.escape(version) + r"[-.]")
            if not any(start.match(path) and not path.endswith(".metadata") for path in served):
                self.fail(f"{name} {version} is installed, but yizhan's log has no file of it\n{server.log()}")
        elsewhere = [address for address in re.findall(r"https?://[^\s'\"<>)]+/(?:packages|simple|pypi)/\S*", outcome.words)
                     if not address.startswith(server.url + "/")]
        self.assertEqual([], elsewhere, "the client speaks of another server")


class FleetCase(ClientCase):
    """A live client, and the scripted mirror with its fleet (scenes.py): nothing leaves loopback."""

    def fleet(self):
        return self.enterContext(self.mirror(scenes.FLEET))

    def online(self, mirror, **more):
        return self.yizhan([mirror.index()], **more)


def cases_for(base, client):
    """The class of this suite's tests for this client; its setUpClass skips all of them where the client is missing."""

    @classmethod
    def prepare(cls):
        try:
            if issubclass(cls, ClientCase):
                cls.client.prepare()
        except clients.Missing as why:
            raise unittest.SkipTest(str(why)) from None
        super(made, cls).setUpClass()

    made = type(f"{base.suite}.{client.name}", (base,), {"client": client, "setUpClass": prepare})
    return made
