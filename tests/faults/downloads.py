"""How each client is asked for a row's file, and what it then has: the exit status and whether the bytes are right."""
import dataclasses
import hashlib
import pathlib
import sys
import threading
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

import clients  # noqa: E402
import plain_client  # noqa: E402

RIGHT, WRONG, NONE = "right", "WRONG", "none"

@dataclasses.dataclass
class Run:
    status: str  # the exit status, or "hangs"
    digest: str  # of the file that the client has then: right, WRONG or none
    words: str


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verdict(matches):
    return RIGHT if matches else WRONG


class Plain:
    """tests/faults/plain_client.py."""

    name = "plain"

    def prepare(self, folder):
        pass

    def run(self, station, row, folder, retries=True, patience=60):
        # A thread, so that one that hangs can be left behind.
        said = []
        worker = threading.Thread(
            target=lambda: said.append(plain_client.fetch(station.url + "/simple/", row.project, row.filename)),
            daemon=True)
        worker.start()
        worker.join(patience)
        if not said:
            return Run("hangs", NONE, f"no end after {patience:.0f} s")
        done = said[0]
        digest = _verdict(done.sha256 == row.about["sha256"]) if done.status == 0 else NONE
        return Run(str(done.status), digest, done.words)


class _Real:
    """A client of tests/clients/versions.toml, asked for one wheel and none of its requirements."""

    def __init__(self, client, extra=()):
        self.client = client
        self.name = f"{client.tool}-{client.version}"
        self._extra = dict(extra)  # further environment
        self._making = threading.Lock()
        self._venv = None

    def prepare(self, folder):
        """Raises clients.Missing."""
        with self._making:
            if self._venv is None:
                self.client.prepare()
                self.client.venv(folder / f"venv-{self.name}")
                self._venv = folder / f"venv-{self.name}"

    def run(self, station, row, folder, retries=True, patience=60):
        """`retries`: as many as the client makes by itself, else one. A run of more than `patience` seconds hangs."""
        command = self._command(station.url + "/simple/", f"{row.project}=={row.version}", folder / "got")
        outcome = self.client.run(folder / "home", command, ["timeout", "--kill-after=5", f"{patience:.0f}"],
                                  {**self._extra, **self._retries(retries)})
        if outcome.status in (124, 137):  # timeout's own
            return Run("hangs", NONE, outcome.words)
        return Run(str(outcome.status), self._digest(row, folder) if outcome.status == 0 else NONE, outcome.words)


class Pip(_Real):
    def _command(self, index, requirement, target):
        quiet = ["--progress-bar", "off"] if release(self.client) >= (10,) else []
        return [self._venv / "bin/python", "-m", "pip", "download", "--disable-pip-version-check", *quiet, "--no-deps",
                "-i", index, "-d", target, requirement]

    def _retries(self, many):
        return {} if many else {"PIP_RETRIES": "1"}

    def _digest(self, row, folder):
        path = folder / "got" / row.filename
        return _verdict(path.exists() and _digest(path) == row.about["sha256"])


class Uv(_Real):
    def _command(self, index, requirement, target):
        return [self.client.place / "uv", "pip", "install", "--link-mode", "copy", "--python", self._venv / "bin/python",
                "--no-deps", "--index-url", index, "--target", target, requirement]

    def _retries(self, many):
        return {"UV_HTTP_RETRIES": "3" if many else "1"}  # three is its default

    def _digest(self, row, folder):
        """uv keeps no wheel: every member of the true one must lie there, but for RECORD, which is uv's own."""
        with zipfile.ZipFile(row.wheel()) as wheel:
            for name in wheel.namelist():
                if name.endswith("/RECORD"):
                    continue
                with wheel.open(name) as member:
                    wanted = hashlib.file_digest(member, "sha256").hexdigest()
                path = folder / "got" / name
                if not path.exists() or _digest(path) != wanted:
                    return WRONG
        return RIGHT


def release(client):
    return tuple(int(part) for part in client.version.split("."))


def pips():
    """The newest and the oldest pip of versions.toml."""
    found = sorted((client for client in clients.load() if client.tool == "pip"), key=release)
    return [found[-1], *found[:-1][:1]]


def load():
    """Every client of the matrix, not yet prepared: the plain one, the newest pip, the oldest, and uv."""
    uv = next(client for client in clients.load() if client.tool == "uv")
    return [Plain(), *map(Pip, pips()), Uv(uv)]
