"""Through yizhan from the index that this machine's pip is set up to use. A few small packages, each fetched once."""
import unittest

import clients
import machine
from case import ClientCase

# requests 2.27.1 is the last that pip 21.3.1 on Python 3.6 can install, and needs four others, two of them unpinned.
TREE = "requests==2.27.1"
TREE_NAMES = {"requests", "urllib3", "certifi", "idna", "charset-normalizer"}
# Its own author's digest, so that the client checks what yizhan and the index say.
SIX = clients.Pin("six", "1.16.0", "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254")
SIX_FILE = "six-1.16.0-py2.py3-none-any.whl"
# Yanked by its authors with a reason; installable where it is pinned.
YANKED = "attrs==21.1.0"
UNKNOWN = "yizhan-tests-no-such-project"


class RealCase(ClientCase):
    suite = "real"
    needs_origin = False
    index = None
    # Whether a file lies under PyPI's own path or under its digest depends on the machine's index.
    hidden = ((r"http://<yizhan>/pypi/[^\s#]+/", "http://<yizhan>/pypi/.../"),)

    @classmethod
    def setUpClass(cls):
        cls.index, why = machine.real_index()
        if why:
            raise unittest.SkipTest(why)

    def online(self):
        return self.yizhan([self.index.url], environment=self.index.environment)

    def installs_twice(self, requirement, names):
        with self.online() as server:
            venv, outcome = self.install(server, requirement)
        self.succeeded(server, outcome)
        self.every_file_came_through(server, venv, outcome)
        files = clients.installed(self.client, venv)
        found = clients.distributions(self.client, venv)
        self.assertLessEqual(names, set(found))
        with self.yizhan(offline=True) as server:
            venv, outcome = self.install(server, requirement)
        self.succeeded(server, outcome)
        self.every_file_came_through(server, venv, outcome)
        self.assertEqual(found, clients.distributions(self.client, venv))
        self.assertEqual(files, clients.installed(self.client, venv))


class OneRealCase(RealCase):
    """For clients with which one installation is enough."""

    def test_installs_and_installs_again_with_the_network_gone(self):
        self.installs_twice(f"{SIX.project}=={SIX.version}", {SIX.project})


class AllRealCase(RealCase):
    def test_installs_and_installs_again_with_the_network_gone(self):
        self.installs_twice(TREE, TREE_NAMES)

    def test_checks_hashes(self):
        with self.online() as server:
            venv, fitting = self.install_pinned(server, SIX)
            self.golden("hashes-fit", fitting)
            _, other = self.install_pinned(server, SIX.but_other_bytes())
            self.golden("hashes-do-not-fit", other)
        self.succeeded(server, fitting)
        self.every_file_came_through(server, venv, fitting)
        self.failed(server, other)

    def test_downloads(self):
        if not self.client.can_download:
            self.skipTest(f"{self.client.tool} has no download command")
        to = self.folder / "downloads"
        with self.online() as server:
            outcome = self.download_pinned(server, SIX, to)
        self.succeeded(server, outcome)
        self.assertEqual([SIX_FILE], [path.name for path in to.iterdir()])
        self.assertEqual(SIX.sha256, clients.digest(to / SIX_FILE))
        self.golden("download", outcome)

    def test_names_what_does_not_exist(self):
        with self.online() as server:
            _, outcome = self.install(server, UNKNOWN)
        self.failed(server, outcome)
        self.golden("unknown-project", outcome)
        self.assertEqual([404], self.answers(server, UNKNOWN))

    def test_warns_of_a_yank(self):
        with self.online() as server:
            venv, outcome = self.install(server, YANKED)
        self.succeeded(server, outcome)
        self.every_file_came_through(server, venv, outcome)
        self.golden("yanked", outcome)

    def test_offline_says_what_is_missing(self):
        with self.yizhan(offline=True) as server:
            _, outcome = self.install(server, "six==1.16.0")
        self.failed(server, outcome)
        self.golden("offline-miss", outcome)
        self.assertEqual({404}, set(self.answers(server, "/six")))


def case_for(client):
    return AllRealCase if client.real == "all" else OneRealCase
