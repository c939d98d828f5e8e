"""Through yizhan from the scripted mirror, which does as it should: what is there, and what is not."""
import http.client
import re
import subprocess
import urllib.parse

import case
import clients
import tracing
from case import FleetCase
from scenes import OARS


class OriginCase(FleetCase):
    suite = "origin"

    # ---- what should work

    def test_installs_a_tree_and_again_offline(self):
        mirror = self.fleet()
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "boats")
            self.succeeded(server, outcome)
            self.golden("install", outcome)
            self.install(server, "boats")
        self.every_file_came_through(server, venv, outcome)
        self.has(venv, boats="1.0", oars="1.1")
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
        pin = clients.Pin("oars", "1.1", mirror.files[OARS]["sha256"])
        with self.online(mirror) as server:
            venv, fitting = self.install_pinned(server, pin)
            self.golden("hashes-fit", fitting)
            nothing, other = self.install_pinned(server, pin.but_other_bytes())
            self.golden("hashes-do-not-fit", other)
        self.succeeded(server, fitting)
        self.every_file_came_through(server, venv, fitting)
        self.has(venv, oars="1.1")
        self.failed(server, other)
        self.has(nothing)

    def test_downloads_with_hashes(self):
        if not self.client.can_download:
            self.skipTest(f"{self.client.tool} has no download command")
        mirror = self.fleet()
        to = self.folder / "downloads"
        pin = clients.Pin("oars", "1.1", mirror.files[OARS]["sha256"])
        with self.online(mirror) as server:
            outcome = self.download_pinned(server, pin, to)
        self.succeeded(server, outcome)
        self.assertEqual(pin.sha256, clients.digest(to / OARS))
        self.golden("download", outcome)

    def test_resolves_with_metadata(self):
        """sails 2.0 needs oars that do not exist: whoever goes back to 1.0 need not have fetched 2.0 to know."""
        mirror = self.fleet()
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "sails>=1")
            self.golden("resolves", outcome)
            told = {name: self.ask(server, "/pypi" + mirror.files[name]["path"] + ".metadata")
                    for name in ("sails-1.0-py3-none-any.whl", OARS)}
        files = [path.rsplit("/", 1)[-1] for method, path, status in server.requests()
                 if method == "GET" and "/packages/" in path]
        for name in told:  # our own questions; two cores write the log, so they need not stand last
            files.remove(name + ".metadata")
        wheels = [name for name in files if name.endswith(".whl")]
        metadata = {name.removesuffix(".metadata") for name in files if name.endswith(".metadata")}
        if not self.client.backtracks:
            self.failed(server, outcome)
            return
        self.succeeded(server, outcome)
        self.has(venv, sails="1.0", oars="1.1")
        if self.client.knows_metadata:
            self.assertLessEqual({"sails-2.0-py3-none-any.whl", *told}, metadata)
            self.assertEqual(sorted(told), sorted(wheels), "the wheels that were installed, each once, and no other")
        else:
            self.assertEqual(set(), metadata)
            self.assertIn("sails-2.0-py3-none-any.whl", wheels)
        for name, text in told.items():
            project, version = name.split("-")[:2]
            place = self.client.site(venv) / f"{project}-{version}.dist-info/METADATA"
            self.assertEqual(place.read_bytes(), text, f"{name}: what is resolved with is what is installed")

    def test_resolves_without_metadata(self):
        """The same with large wheels, of which only some clients read no more than they must."""
        mirror = self.fleet()
        mirror.run('wheel masts 1.0 size=5M requires="oars<3"\nwheel masts 2.0 size=5M requires="oars>=9"\n'
                   "publish mirror metadata=no\n")
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "masts>=1")
        self.golden("resolves-without-metadata", outcome)
        read = {status for method, path, status in server.requests()
                if method == "GET" and path.endswith("/masts-2.0-py3-none-any.whl")}
        self.assertEqual({206} if self.client.reads_pieces else {200}, read)
        if not self.client.backtracks:
            self.failed(server, outcome)
            return
        self.succeeded(server, outcome)
        self.every_file_came_through(server, venv, outcome)
        self.has(venv, masts="1.0", oars="1.1")

    def test_passes_by_a_yanked_file_unless_it_is_pinned(self):
        with self.online(self.fleet()) as server:
            venv, outcome = self.install(server, "lamps")
            self.succeeded(server, outcome)
            self.has(venv, lamps="1.0" if self.client.knows_yanks else "1.1")
            self.golden("yanked-passed-by", outcome)
            venv, outcome = self.install(server, "lamps==1.1")
        self.succeeded(server, outcome)
        self.has(venv, lamps="1.1")
        self.golden("yanked", outcome)

    def test_installs_what_there_was_at_a_date(self):
        """`kites` 2.0 came in 2025; of its requirement's versions too only those of that day are there."""
        mirror = self.fleet()
        mirror.run('wheel kites 1.0 requires="oars<3" uploaded=2024-03-01T00:00:00Z\n'
                   'wheel kites 2.0 requires="oars<3" uploaded=2025-03-01T00:00:00Z\n'
                   "wheel oars 1.2 uploaded=2025-03-01T00:00:00Z\npublish mirror\n")
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "kites", url=server.url + "/before/2024-06-30")
            self.succeeded(server, outcome)
            self.has(venv, kites="1.0", oars="1.1")
            later, today = self.install(server, "kites")
        self.succeeded(server, today)
        self.has(later, kites="2.0", oars="1.2")
        self.every_file_came_through(server, venv, outcome)
        self.assertEqual([], [path for _, path, _ in server.requests()
                              if path.startswith("/before/") and not path.endswith("/")], "a file has one path")

    def test_a_lock_goes_out_of_the_lab_and_comes_back(self):
        if not self.client.locks:
            self.skipTest(f"{self.client.name} makes no lock files with URLs of files")
        with self.online(self.fleet()) as server:
            venv, home = self.fresh()
            lock, outcome = self.client.lock(venv, home, server.url + "/simple/", "boats")
            self.succeeded(server, outcome)
            made = lock.read_bytes()
            self.rewrite(lock, "canonical", server.url)
            public = lock.read_bytes()
            self.assertNotIn(server.url.encode(), public)
            self.assertEqual(re.findall(rb"sha256:[0-9a-f]{64}", made), re.findall(rb"sha256:[0-9a-f]{64}", public))
            self.rewrite(lock, "lab", server.url)
            self.assertEqual(made, lock.read_bytes())
            outcome = self.client.sync(venv, home, lock)
        self.succeeded(server, outcome)
        self.has(venv, boats="1.0", oars="1.1")
        self.every_file_came_through(server, venv, outcome)

    def rewrite(self, lock, target, lab):
        done = subprocess.run([case.Options.yizhan, "lock", "rewrite", "--to", target, "--lab", lab, lock],
                              capture_output=True, text=True, env={"HOME": str(self.folder)})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn("left", done.stdout)

    # ---- what is not there

    def test_names_what_does_not_exist(self):
        with self.online(self.fleet()) as server:
            _, outcome = self.install(server, "rudders")
        self.failed(server, outcome)
        self.golden("unknown-project", outcome)
        self.assertEqual({404}, set(self.answers(server, "rudders")))

    def test_offline_says_what_is_missing(self):
        with self.yizhan(offline=True) as server:
            _, outcome = self.install(server, "boats")
        self.failed(server, outcome)
        self.golden("offline-miss", outcome)
        self.assertEqual({404}, set(self.answers(server, "boats")))

    def test_offline_speaks_to_nobody(self):
        if tracing.refused():
            self.skipTest(tracing.refused())
        mirror = self.fleet()
        online, offline = tracing.Trace(), tracing.Trace()
        with self.online(mirror, trace=online) as server:
            self.install(server, "boats")
        address = urllib.parse.urlsplit(mirror.index())
        self.assertIn((address.hostname, address.port), online.contacts(), "the trace sees nothing")
        # All that a client may want: what is there, what is not, and a page that is there without its file.
        with self.yizhan([mirror.index()], offline=True, trace=offline) as server:
            venv, outcome = self.install(server, "boats")
            self.install(server, "rudders")
            self.install(server, "oars==1.0")
        self.succeeded(server, outcome)
        self.has(venv, boats="1.0", oars="1.1")
        self.assertEqual([], offline.contacts())

    def test_a_host_name_that_is_not_loopback_by_name(self):
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 localhost station.example\n", encoding="utf-8")
        prefix = ["unshare", "--mount", "sh", "-c", f'mount --bind "{hosts}" /etc/hosts && exec "$@"', "sh"]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
            self.skipTest("no mount namespace can be made here, so no name can be given to 127.0.0.1")
        with self.online(self.fleet()) as server:
            index = server.url.replace("127.0.0.1", "station.example") + "/simple/"
            for case, trusted in (("http-by-name", None), ("http-by-name-trusted", "station.example")):
                venv, home = self.fresh()
                outcome = self.client.install(venv, home, index, ["oars==1.1"], prefix, trusted=trusted)
                self.golden(case, outcome)
                if trusted or not self.client.refuses_http:
                    self.succeeded(server, outcome)
                    self.has(venv, oars="1.1")
                else:
                    self.failed(server, outcome)

    @staticmethod
    def ask(server, path):
        """The body that yizhan answers with."""
        address = urllib.parse.urlsplit(server.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body
