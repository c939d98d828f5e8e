"""Through yizhan from the scripted mirror: nothing leaves loopback, and every fault is one that was asked for."""
import subprocess
import unittest

import clients
import origin
from case import ClientCase, Options

# A small fleet. `boats` needs oars 1.x; oars 2.0 is for a Python that no machine has, which a client knows only if the
# page says so. `lamps` 1.1 was yanked.
FLEET = """\
server mirror
wheel boats 1.0 requires="oars<3"
wheel oars 1.0
wheel oars 1.1
wheel oars 2.0 requires-python=">=3.99"
wheel lamps 1.0
wheel lamps 1.1 yanked="sinks in the rain"
wheel anchors 1.0 size=6M
publish mirror
"""
OARS = "oars-1.1-py3-none-any.whl"
ANCHORS = "anchors-1.0-py3-none-any.whl"


class OriginCase(ClientCase):
    suite = "origin"

    @classmethod
    def setUpClass(cls):
        if not Options.origin.is_file():
            raise unittest.SkipTest(f"the test origin is not built ({Options.origin})")

    def fleet(self):
        mirror = origin.Origin(Options.origin, FLEET, self.folder)
        self.enterContext(mirror)
        return mirror

    def online(self, mirror, settings=()):
        return self.yizhan([mirror.index()], settings=settings)

    def pinned(self, mirror, requirement, filename, digest=None):
        path = self.folder / "requirements.txt"
        path.write_text(f"{requirement} --hash=sha256:{digest or mirror.files[filename]['sha256']}\n", encoding="utf-8")
        return ["-r", path]

    def test_installs_a_tree_and_again_offline(self):
        mirror = self.fleet()
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "boats")
            self.succeeded(server, outcome)
            self.golden("install", outcome)
            self.install(server, "boats")
        self.every_file_came_through(server, venv, outcome)
        self.assertEqual({"boats": "1.0", "oars": "1.1"}, clients.distributions(self.client, venv))
        fetched = [request for request in mirror.requests(OARS) if request["method"] == "GET"]
        self.assertEqual(1, len(fetched), "two installations, one GET upstream")
        before = len(mirror.requests())
        files = clients.installed(self.client, venv)
        with self.yizhan(offline=True) as server:
            venv, outcome = self.install(server, "boats")
        self.succeeded(server, outcome)
        self.golden("install", outcome)
        self.assertEqual(files, clients.installed(self.client, venv))
        self.assertEqual(before, len(mirror.requests()), "offline asks nobody")

    def test_takes_hashes_that_fit_and_no_others(self):
        mirror = self.fleet()
        with self.online(mirror) as server:
            venv, fitting = self.install(server, *self.pinned(mirror, "oars==1.1", OARS), flags=["--require-hashes"])
            self.golden("hashes-fit", fitting)
            _, other = self.install(server, *self.pinned(mirror, "oars==1.1", OARS, "0" * 64), flags=["--require-hashes"])
            self.golden("hashes-do-not-fit", other)
        self.succeeded(server, fitting)
        self.every_file_came_through(server, venv, fitting)
        self.failed(server, other)

    def test_downloads_with_hashes(self):
        if not self.client.can_download:
            self.skipTest(f"{self.client.tool} has no download command")
        mirror = self.fleet()
        to = self.folder / "downloads"
        with self.online(mirror) as server:
            outcome = self.download(server, to, *self.pinned(mirror, "oars==1.1", OARS), flags=["--require-hashes"])
        self.succeeded(server, outcome)
        self.assertEqual(mirror.files[OARS]["sha256"], clients.digest(to / OARS))
        self.golden("download", outcome)

    def test_passes_by_a_yanked_file_unless_it_is_pinned(self):
        with self.online(self.fleet()) as server:
            venv, outcome = self.install(server, "lamps")
            self.succeeded(server, outcome)
            expected = "1.0" if self.client.knows_yanks else "1.1"
            self.assertEqual({"lamps": expected}, clients.distributions(self.client, venv))
            venv, outcome = self.install(server, "lamps==1.1")
        self.succeeded(server, outcome)
        self.assertEqual({"lamps": "1.1"}, clients.distributions(self.client, venv))
        self.golden("yanked", outcome)

    def test_names_what_does_not_exist(self):
        with self.online(self.fleet()) as server:
            _, outcome = self.install(server, "rudders")
        self.failed(server, outcome)
        self.golden("unknown-project", outcome)
        self.assertEqual([404], self.answers(server, "rudders"))

    def test_offline_says_what_is_missing(self):
        with self.yizhan(offline=True) as server:
            _, outcome = self.install(server, "boats")
        self.failed(server, outcome)
        self.golden("offline-miss", outcome)
        self.assertEqual({404}, set(self.answers(server, "boats")))

    def test_a_dead_mirror_with_nothing_stored_is_a_503(self):
        mirror = self.fleet()
        mirror.run("refuse mirror")
        with self.online(mirror) as server:
            _, outcome = self.install(server, "boats", flags=self.client.one_retry)
        self.failed(server, outcome)
        self.golden("all-mirrors-down", outcome)
        self.assertEqual({503}, set(self.answers(server, "boats")))

    def test_a_flipped_bit_reaches_nobody(self):
        mirror = self.fleet()
        mirror.run(f"fault mirror {OARS} flip=200")
        with self.online(mirror) as server:
            _, outcome = self.install(server, "oars==1.1", flags=self.client.one_retry)
        self.failed(server, outcome)
        self.golden("flipped-bit", outcome)
        self.assertEqual({503}, {status for method, path, status in server.requests()
                                 if method == "GET" and path.endswith(OARS)})
        # Nothing of it was kept, and yizhan's grudge against the mirror ends with the process.
        mirror.run("behave mirror")
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "oars==1.1")
        self.succeeded(server, outcome)
        self.assertEqual({"oars": "1.1"}, clients.distributions(self.client, venv))

    def test_a_flipped_bit_costs_nothing_where_there_is_a_second_mirror(self):
        mirror = self.fleet()
        mirror.run(f"server second\npublish second\nfault mirror {OARS} flip=200\n")
        with self.yizhan([mirror.index(), mirror.index("second")]) as server:
            venv, outcome = self.install(server, "oars==1.1", flags=self.client.one_retry)
        self.succeeded(server, outcome)
        self.assertEqual({"oars": "1.1"}, clients.distributions(self.client, venv))

    def test_a_cut_costs_a_second_try_at_most(self):
        mirror = self.fleet()
        mirror.run(f"fault mirror {ANCHORS} cut=50% first=1 count=1 method=GET")
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "anchors")
            if outcome.status != 0:
                venv, outcome = self.install(server, "anchors")
        self.succeeded(server, outcome)
        self.assertEqual({"anchors": "1.0"}, clients.distributions(self.client, venv))

    def test_a_host_name_that_is_not_loopback_by_name(self):
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost station.example\n", encoding="utf-8")
        prefix = ["unshare", "--mount", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$@"', "sh"]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
            self.skipTest("no mount namespace can be made here, so no name can be given to 127.0.0.1")
        with self.online(self.fleet()) as server:
            index = server.url.replace("127.0.0.1", "station.example") + "/simple/"
            for case, flags in (("http-by-name", []), ("http-by-name-trusted", self.client.trusting("station.example"))):
                venv, home = self.fresh()
                outcome = self.client.install(venv, home, index, ["oars==1.1"], prefix, flags)
                self.golden(case, outcome)
        self.succeeded(server, outcome)
