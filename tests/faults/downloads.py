"""How each client is asked for a row's file, and what it then has: the exit status and whether the bytes are right."""
import copy
import dataclasses
import hashlib
import pathlib
import subprocess
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

    def run(self, station, row, folder, retries=True, patience=clients.PATIENCE):
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
    """A client of tests/clients/versions.toml."""

    def __init__(self, client):
        self.client = client
        self.name = f"{client.tool}-{client.version}"
        self._making = threading.Lock()
        self._venv = None

    def prepare(self, folder):
        """Raises clients.Missing."""
        self.client.prepare()
        with self._making:
            if self._venv is None:
                self._venv = folder / f"venv-{self.name}"
                self.client.venv(self._venv)

    def run(self, station, row, folder, retries=True, patience=clients.PATIENCE):
        """`retries`: as many as the client makes by itself, else one. A run of more than `patience` seconds hangs."""
        client = copy.copy(self.client)
        client.patience = patience
        try:
            outcome = self._ask(client, station.url + "/simple/", row, folder, retries)
        except subprocess.TimeoutExpired as hung:
            return Run("hangs", NONE, str(hung.stdout or b"", "utf-8", "replace"))
        return Run(str(outcome.status), self._digest(row, folder) if outcome.status == 0 else NONE, outcome.words)


class Pip(_Real):
    def _ask(self, client, index, row, folder, retries):
        flags = ["--no-deps", *(client.one_retry if not retries else ())]
        return client.download(self._venv, folder / "home", index, [f"{row.project}=={row.version}"],
                                    folder / "got", flags=flags)

    def _digest(self, row, folder):
        path = folder / "got" / row.filename
        return _verdict(path.exists() and _digest(path) == row.about["sha256"])


class Uv(_Real):
    def _ask(self, client, index, row, folder, retries):
        # tests/clients has it at one; three is uv's own default.
        client.environment = {**client.environment, "UV_HTTP_RETRIES": "3" if retries else "1"}
        return client.install(self._venv, folder / "home", index, [f"{row.project}=={row.version}"],
                              flags=["--no-deps", "--target", folder / "got"])

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


def load():
    """Every client, not yet prepared: the plain one, and those of versions.toml."""
    kinds = {"pip": Pip, "uv": Uv}
    return [Plain(), *(kinds[client.tool](client) for client in clients.load())]
