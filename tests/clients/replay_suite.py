"""Plays again what each client was recorded to ask, whether or not this machine has that client, and compares what
yizhan answers. `run.py --record` makes the recordings, from the live clients; `--update-golden` writes down new answers
to the requests as they were recorded."""
import http.client
import time
import urllib.parse

import recording
import tracing
from case import Case, ClientCase, Options
from scenes import FLEET, SCENES, staged


class ReplayCase(Case):
    suite = "replay"

    def test_offline_speaks_to_nobody(self):
        """What every client was seen to ask, also of those that this machine lacks; live ones are in the suite
        "origin"."""
        if tracing.refused():
            self.skipTest(tracing.refused())
        recorded = recording.load(self.client.name)
        online, offline = tracing.Trace(), tracing.Trace()
        with self.mirror(FLEET) as mirror:
            with self.yizhan([mirror.index()], trace=online) as server:
                _repeat(server.url, recorded, "install")
            before = len(mirror.requests())
            with self.yizhan([mirror.index()], offline=True, apart=False, trace=offline) as server:
                for name in SCENES:
                    _repeat(server.url, recorded, name)
            self.assertEqual(before, len(mirror.requests()))
        address = urllib.parse.urlsplit(mirror.index())
        self.assertIn((address.hostname, address.port), online.contacts(), "the trace sees nothing")
        self.assertEqual([], offline.contacts())
        found = {path: status for _, path, status in server.requests()}
        self.assertIn(200, [status for path, status in found.items() if "/boats-1.0" in path], "what is there is served")
        self.assertIn(404, [status for path, status in found.items() if "/rudders" in path])


def _repeat(url, recorded, name):
    """All that the client asked in this scene."""
    sender = Sender(url)
    for row in recorded["scenes"][name]:
        sender.send(row["request"], recording.fields_of(recorded, row))


def _replays(name):
    def test(self):
        recorded = recording.load(self.client.name)
        self.assertEqual(list(SCENES), list(recorded["scenes"]), "run.py --record knows other scenes")
        rows = recorded["scenes"][name]
        with staged(SCENES[name], self) as stage:
            _repeat(stage.url, recorded, name)
        answers = [recording.answer(exchange) for exchange in stage.passage.exchanges]
        if Options.update_golden:
            for row, answer in zip(rows, answers, strict=True):
                row["answer"] = answer
            recording.write(self.client.name, recorded)
            return
        for row, answer in zip(rows, answers, strict=True):
            self.assertEqual(row["answer"], answer, f"{row['request']}\n--- yizhan\n{stage.server.log()}")
    return test


for _name in SCENES:
    setattr(ReplayCase, f"test_{_name.replace('-', '_')}", _replays(_name))


class Sender:
    """Repeats requests as they were recorded, and minds what it is told as the client did."""

    def __init__(self, url):
        self._address = urllib.parse.urlsplit(url)
        self._etags = {}  # by path
        self._later = {}  # by path: seconds that a 503 said to wait

    def send(self, request, fields):
        """On a connection of its own, with these fields in this order and no others but Host."""
        method, path = request.split(" ")
        # Not for the mirror, which is back already: yizhan answers who comes too early with what it has just learnt.
        time.sleep(self._later.pop(path, 0))
        connection = http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=60)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in fields.items():
            # Who was told none, since what it asks for is not there offline, has one of another day.
            told = self._etags.get(path, '"another"')
            connection.putheader(name, told if value == recording.TOLD_ETAG else value)
        connection.endheaders()
        try:
            answer = connection.getresponse()
            self._mind(path, answer)
            answer.read()
        except http.client.IncompleteRead:
            pass  # as the scene has it
        finally:
            connection.close()

    def _mind(self, path, answer):
        if answer.headers["ETag"]:
            self._etags[path] = answer.headers["ETag"]
        if answer.headers["Retry-After"]:
            self._later[path] = int(answer.headers["Retry-After"])


class RecordCase(ClientCase):
    """A live client, seen through a passage."""

    suite = "recorded"

    def test_asks_what_was_recorded(self):
        if Options.record:
            recording.write(self.client.name,
                            recording.of({name: recording.rows(self.play(name)) for name in SCENES}))
            return
        recorded = recording.load(self.client.name)
        expected = [(row["request"], _told(recording.fields_of(recorded, row))) for row in recorded["scenes"]["install"]]
        seen = [(row["request"], _told(row["fields"])) for row in recording.rows(self.play("install"))]
        # Sorted, because uv asks for several things at once.
        self.assertEqual(sorted(expected), sorted(seen))

    def play(self, name):
        self.store = self.folder / f"store-{name}"
        with staged(SCENES[name], self) as stage:
            self.install(stage.server, SCENES[name].requirement, url=stage.url)
        return stage.passage.exchanges


def _told(fields):
    """As something that sorts. Of the User-Agent only the name and version: the rest describes the machine."""
    return sorted({**fields, "User-Agent": fields["User-Agent"].split(" ")[0]}.items())
