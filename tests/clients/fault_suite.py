"""Through yizhan from a scripted mirror that is gone, lies or breaks off, and over a line that breaks."""
from case import FleetCase
from scenes import ANCHORS, OARS, SCENES, staged


class FaultCase(FleetCase):
    suite = "faults"

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
