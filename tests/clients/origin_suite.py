"""Through yizhan from the scripted mirror: nothing leaves loopback, and every fault is one that was asked for."""
import http.client
import subprocess
import unittest
import urllib.parse

import clients
import tracing
from case import ClientCase, Options
from scenes import ANCHORS, FLEET, OARS, SCENES, staged


class OriginCase(ClientCase):
    suite = "origin"

    @classmethod
    def setUpClass(cls):
        if not Options.origin.is_file():
            raise unittest.SkipTest(f"the test origin is not built ({Options.origin})")

    def fleet(self):
        return self.enterContext(self.mirror(FLEET))

    def online(self, mirror, **more):
        return self.yizhan([mirror.index()], **more)

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
                 if method == "GET" and "/packages/" in path][:-len(told)]
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

    # ---- what goes wrong on the way

    def test_a_dead_mirror_with_nothing_stored_is_a_503(self):
        mirror = self.fleet()
        mirror.run("refuse mirror")
        with self.online(mirror) as server:
            _, outcome = self.install(server, "boats", hurried=True)
        self.failed(server, outcome)
        self.golden("all-mirrors-down", outcome)
        self.assertEqual({503}, set(self.answers(server, "boats")))

    def test_asks_again_for_a_page_after_a_503(self):
        self.asks_again("page-comes-back", "/simple/oars/")

    def test_asks_again_for_a_file_after_a_503(self):
        self.asks_again("file-comes-back", OARS)

    def asks_again(self, scene, part):
        """The answer has a Retry-After, and when the client asks again the mirror is back."""
        with staged(SCENES[scene], self) as stage:
            venv, outcome = self.install(stage.server, "oars==1.1", url=stage.url)
        self.golden(scene, outcome)
        asked = [exchange for exchange in stage.passage.asked(part) if exchange.path.endswith(part)]
        self.assertEqual(503, asked[0].status)
        self.assertTrue(asked[0].told("Retry-After"))
        if scene in self.client.gives_up:
            self.failed(stage.server, outcome)
            self.assertEqual([503], [exchange.status for exchange in asked])
            return
        self.succeeded(stage.server, outcome)
        self.has(venv, oars="1.1")
        statuses = [exchange.status for exchange in asked]
        if self.client.waits_as_told:
            self.assertEqual([503, 200], statuses)
        else:
            self.assertEqual({503}, set(statuses[:-1]))
            self.assertEqual(200, statuses[-1])

    def test_a_flipped_bit_reaches_nobody(self):
        mirror = self.fleet()
        mirror.run(f"fault mirror {OARS} flip=200")
        with self.online(mirror) as server:
            _, outcome = self.install(server, "oars==1.1", hurried=True)
        self.failed(server, outcome)
        self.golden("flipped-bit", outcome)
        self.assertEqual({503}, {status for method, path, status in server.requests()
                                 if method == "GET" and path.endswith(OARS)})
        # Nothing of it was kept, and yizhan's grudge against the mirror ends with the process.
        mirror.run("behave mirror")
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "oars==1.1")
        self.succeeded(server, outcome)
        self.has(venv, oars="1.1")

    def test_a_flipped_bit_costs_nothing_where_there_is_a_second_mirror(self):
        mirror = self.fleet()
        mirror.run(f"server second\npublish second\nfault mirror {OARS} flip=200\n")
        with self.yizhan([mirror.index(), mirror.index("second")]) as server:
            venv, outcome = self.install(server, "oars==1.1", hurried=True)
        self.succeeded(server, outcome)
        self.has(venv, oars="1.1")

    def test_does_not_notice_a_mirror_that_breaks_off_once(self):
        mirror = self.fleet()
        mirror.run(f"fault mirror {ANCHORS} cut=50% first=1 count=1 method=GET")
        with self.online(mirror) as server:
            venv, outcome = self.install(server, "anchors")
        self.succeeded(server, outcome)
        self.has(venv, anchors="1.0")
        self.assertEqual([200], [status for method, path, status in server.requests()
                                 if method == "GET" and path.endswith(ANCHORS)])

    def test_resumes_where_the_line_broke(self):
        self.resumes("line-breaks", 206)

    def test_begins_again_after_a_delivery_that_failed(self):
        """Nobody can say that its bytes were right, so who asks for the rest gets the whole file."""
        self.resumes("mirror-breaks-off", 200)

    def resumes(self, scene, status):
        """A cut that the client sees. Who asks for the rest is answered with `status`; who gives up needs a second
        run."""
        with staged(SCENES[scene], self) as stage:
            venv, outcome = self.install(stage.server, "anchors", url=stage.url)
            self.golden(scene, outcome)
            if self.client.after_a_cut == "fails":
                self.failed(stage.server, outcome)
                self.assertEqual(1, len(self.gets(stage, ANCHORS)))
                venv, outcome = self.install(stage.server, "anchors", url=stage.url)
                self.golden(f"{scene}-again", outcome)
        self.succeeded(stage.server, outcome)
        self.has(venv, anchors="1.0")
        first, second = self.gets(stage, ANCHORS)
        self.assertEqual(200, first.status)
        if self.client.after_a_cut == "asks for the rest":
            self.assertRegex(second.field("Range"), r"^bytes=[1-9]\d*-$")
            self.assertEqual(first.told("ETag"), second.field("If-Range"))
            self.assertEqual(status, second.status)
        else:
            self.assertEqual(("", 200), (second.field("Range"), second.status))

    @staticmethod
    def gets(stage, filename):
        return [exchange for exchange in stage.passage.asked(filename)
                if exchange.method == "GET" and exchange.path.endswith(filename)]

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
