"""The mirrors of one row: a case, a size and a number of mirrors, written as a script of the origin.

One origin process carries all rows: its wheels are made and hashed once, and each row has servers of its own, so that
rows may run side by side and know nothing of each other. Same script, same bytes, same offsets in every run.
"""
import dataclasses
import pathlib
import shutil
import sys
import threading
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))

import origin  # noqa: E402

# Label → (project, size as the origin writes it, bytes).
SIZES = {"50K": ("small", "50K", 50 << 10), "40M": ("large", "40M", 40 << 20), "600M": ("huge", "600M", 600 << 20),
         "2.8G": ("giant", "2800M", 2800 << 20)}

# Each mirror: a tenth of a gigabit network's distance, and rates at which 40 MB take half a second on one connection.
SERVER = "rate=200M connection-rate=100M delay=10ms"
NEWEST, OLDER = "2.0", "1.0"
SERIAL = 100


def wheel(project, version=NEWEST):
    return f"{project}-{version}-py3-none-any.whl"


def wheels(sizes):
    lines = []
    for number, size in enumerate(sizes, 1):
        project, written, _ = SIZES[size]
        lines += [f"wheel {project} {OLDER} seed={number}",
                  f"wheel {project} {NEWEST} size={written} seed={100 + number}"]
    return "\n".join(lines) + "\n"


def _fetch(url, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as answer, open(path.with_suffix(".part"), "wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
    path.with_suffix(".part").rename(path)


@dataclasses.dataclass(frozen=True)
class Mirror:
    name: str  # m1, m2, …, in the order in which yizhan is told of them
    url: str   # of its index
    root: bool
    faulty: bool


class Farm:
    """The origin. A context manager."""

    def __init__(self, binary, folder, sizes, seconds):
        self._origin = origin.Origin(binary, wheels(sizes), folder, seconds)
        self._folder = folder
        self._ca = folder / "ca.pem"
        self._building, self._fetching = threading.Lock(), threading.Lock()

    def __enter__(self):
        self._origin.__enter__()
        self._ca.write_text(self._origin.ca, encoding="ascii")
        return self

    def __exit__(self, *_):
        self._origin.__exit__()

    @property
    def ca(self):
        return self._ca

    def about(self, size):
        """{"path", "size", "sha256"} of the wheel of this size."""
        return self._origin.files[wheel(SIZES[size][0])]

    def true_wheel(self, size):
        """The wheel of this size as a file, from a server that no row has."""
        path = self._folder / wheel(SIZES[size][0])
        with self._fetching:
            if not path.exists():
                there = self.run("server truth\npublish truth\n")["truth"]
                _fetch(there + urllib.parse.quote(self.about(size)["path"]), path)
                self.run("remove truth\n")
        return path

    def build(self, name, case, size, mirrors, many=False):
        return RowFarm(self, name, case, size, mirrors, many)

    def run(self, script):
        """Runs the lines; name → URL of every server that there is then."""
        with self._building:  # what the origin tells of its servers is learnt in order
            self._origin.run(script)
            return self._origin.servers

    def record(self, server):
        return self._origin.record(server)

    def ask(self, path, **query):
        return self._origin.ask(path, **query)


class RowFarm:
    """The servers of one row. A context manager: leaving removes them."""

    version = NEWEST

    def __init__(self, farm, name, case, size, mirrors, many):
        self._farm = farm
        self.case = case
        self.size = size
        self.project, _, _ = SIZES[size]
        self.filename = wheel(self.project)
        self.about = farm.about(size)
        self.gate = f"{name}-half"
        self._server = {f"m{n}": f"{name}-m{n}" for n in range(1, mirrors + 1)}
        if case.wall:
            self._server["wall"] = f"{name}-wall"
        self._count = mirrors
        self.faulty = self._choose_faulty(mirrors, many)
        self._root = self._choose_root(mirrors)

    def _choose_faulty(self, mirrors, many):
        """In the order of the mirrors: faulty ones come first, so that they are met."""
        if self.case.kill:
            count = mirrors
        elif self.case.each:
            count = len(self.case.each)
        else:
            count = mirrors - 1 if many else 1
        first = 2 if self.case.root_dead else 1
        return [f"m{n}" for n in range(first, first + count)]

    def _choose_root(self, mirrors):
        """The root is healthy unless the case is about it."""
        if self.case.root_faulty or self.case.root_dead or self.case.kill or mirrors == 1:
            return "m1"
        taken = len(self.faulty) + (1 if self.case.second else 0)
        return f"m{taken + 1}"

    def _words(self, line, mirror):
        words = {"m": self._server.get(mirror), "first": self._server.get("m1"), "wall": self._server.get("wall"),
                 "file": self.filename, "old": wheel(self.project, OLDER), "project": self.project, "gate": self.gate,
                 "path": urllib.parse.quote(self.about["path"]), "shorter": self.about["size"] - 1000,
                 "longer": self.about["size"] + 1000}
        for word, value in words.items():
            line = line.replace(f"<{word}>", str(value))
        return line

    def _serving(self):
        for number, (mirror, server) in enumerate(self._server.items(), 11):
            if mirror in self.faulty and self.case.url:
                continue
            faulty = mirror in self.faulty
            tls = "tls" if self.case.tls and mirror != "wall" else ""
            special = self.case.server if faulty and self.case.server else tls
            yield f"server {server} address=127.0.0.{number} {SERVER} {special}"
            dialect = self.case.publish if faulty and self.case.publish else f"serial={SERIAL}"
            yield f"publish {server} only={self.project} {self._words(dialect, mirror)}"

    def _failing(self):
        if self.case.root_dead:
            yield f"refuse {self._server['m1']}"
        lines = self.case.alone_lines if self._count == 1 and self.case.alone_lines else self.case.lines
        for place, mirror in enumerate(self.faulty):
            for line in self.case.each[place][0] if self.case.each else lines:
                yield self._words(line, mirror)
        if self.case.second and self._count > 1:
            for line in self.case.second:
                yield self._words(line, "m2")

    def script(self):
        return "\n".join(line for line in (*self._serving(), *self._failing()) if line) + "\n"

    def __enter__(self):
        there = self._farm.run(self.script())
        self._present = {name: there[server] for name, server in self._server.items() if server in there}
        self.mirrors = [Mirror(name, self._url(name), name == self._root, name in self.faulty)
                        for name in self._server if name != "wall"]
        return self

    def __exit__(self, *_):
        self._farm.run("".join(f"remove {self._server[name]}\n" for name in self._present))

    def _url(self, name):
        return self._present[name] + "/simple/" if name in self._present else self.case.url.replace("<name>", name)

    def wheel(self):
        return self._farm.true_wheel(self.size)

    def record(self, name):
        """What mirror `name` (or "wall") was asked so far, as the origin tells it; nothing where it has no server."""
        if name not in self._present:
            return {"requests": [], "connections": 0, "most_connections": 0}
        return self._farm.record(self._server[name])

    def file_gets(self, name):
        return [request for request in self.record(name)["requests"]
                if request["method"] == "GET" and request["path"] == self.about["path"]]

    def wait_gate(self, seconds):
        """Until an answer stands at this row's gate; False when none came to it."""
        return self._farm.ask("/wait", gate=self.gate, arrivals=1, seconds=seconds)["reached"]

    def open_gate(self):
        self._farm.ask("/open", gate=self.gate)
