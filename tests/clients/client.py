"""What the clients have in common: fetched once, an environment for each test, an empty home for each run.

Every run has an empty environment and an empty home, so that no setting of the machine (PIP_FIND_LINKS, a cache, a
certificate) can help. The client's own cache lives in that home: a fresh home is a fresh cache.
"""
import dataclasses
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

import machine

HERE = pathlib.Path(__file__).resolve().parent

# Seconds; a client that hangs longer has hung.
PATIENCE = 300


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int
    words: str  # standard output and error, as a user sees them


@dataclasses.dataclass(frozen=True)
class Pin:
    """One file of one project, by its digest."""

    project: str
    version: str
    sha256: str

    def but_other_bytes(self):
        return dataclasses.replace(self, sha256="0" * 64)


class Missing(Exception):
    """This client cannot be had on this machine; says why."""


class Client:
    """One version of one tool. `place` holds it, unpacked; environments are made for each test by `venv()`.

    A subclass says how the tool is asked, and what it can do; what it can do is what the tests expect of it."""

    tool = ""
    environment = {}
    can_download = False   # has a command that downloads and does not install
    knows_yanks = True     # PEP 592
    knows_platforms = True # takes wheels for manylinux2014 and what came after it
    knows_metadata = True  # PEP 658: resolves with .metadata and without the wheel
    reads_pieces = False   # takes the metadata out of a wheel's end where there is no .metadata
    backtracks = True      # tries an older version where the newest one's requirements cannot be met
    after_a_cut = "fails"  # of a file; or "asks again", or "asks for the rest"
    waits_as_told = True   # as long as Retry-After says, rather than by a clock of its own
    gives_up = ()          # the scenes with a 503 after which it does not ask again (scenes.py)
    locks = False          # writes a lock file whose URLs lead to files, and installs from it: lock() and sync()
    refuses_http = False   # takes plain http from a host that is not loopback only where it is told to
    hidden = ()            # what of its words differs from run to run: (pattern, replacement)

    def __init__(self, version, python, real="one"):
        self.version = version
        self.release = tuple(int(part) for part in version.split("."))
        self.python = python
        self.real = real
        self.name = f"{self.tool}-{version}-py{python}"
        # Another layout, another folder: several trees of one machine share the cache.
        self.place = machine.cache_folder() / "clients-2" / self.name

    # ---- what a tool says of itself

    def install(self, venv, home, index, requirements, prefix=(), hurried=False, trusted=None):
        """Installs into `venv` from `index`. `hurried`: one retry at most. `trusted`: a host whose http will do."""
        raise NotImplementedError

    def install_pinned(self, venv, home, index, pin, prefix=()):
        """Installs what `pin` names, and nothing whose digest differs."""
        raise NotImplementedError

    def choose(self, venv, home, index, requirements, target, prefix=(), extra_index=None, find_links=None):
        """What it takes for a machine that is not this one: {project: version}, empty where it finds nothing. A version
        without a label has the wheel's own after it, where the tool says which wheel it is: "1.3.0 cu101". `said` is its Outcome."""
        raise NotImplementedError

    def fetch(self):
        """Puts the tool into `place`; the machine's own pip and index may be used."""
        raise NotImplementedError

    # ---- what is the same for all

    def prepare(self):
        """Fetches the client unless the cache has it. Raises Missing."""
        self.interpreter = machine.find_python(self.python)
        if self.interpreter is None:
            raise Missing(f"no Python {self.python} here (looked in ~/.pyenv/versions and PATH); "
                          f"what it was recorded to ask is replayed: replay.{self.name}")
        self.place.parent.mkdir(exist_ok=True)
        with open(f"{self.place}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # somebody else may be at it
            complete = self.place / "complete"
            if complete.exists() and complete.read_text(encoding="utf-8") == self.recipe():
                return
            shutil.rmtree(self.place, ignore_errors=True)
            self.place.mkdir()
            self.fetch()
            self._make_venv(self.place / "venv")
            complete.write_text(self.recipe(), encoding="utf-8")

    def recipe(self):
        """What decides how `place` is made: a place that was made otherwise is made anew."""
        return f"{self.interpreter}\n"

    def machine_pip(self, *arguments):
        """The machine's pip, with the machine's settings: for fetching clients, never as a client."""
        done = subprocess.run([machine.machine_pip(), "-m", "pip", "--quiet", "--disable-pip-version-check",
                               *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            _, why = machine.real_index()
            if why:
                raise Missing(why)
            raise AssertionError(f"{self.tool} {self.version} could not be fetched: {done.stderr}")

    def fetch_wheel(self):
        """The tool's own wheel, unpacked into `site`."""
        self.machine_pip("download", "--no-deps", "--ignore-requires-python", "--only-binary", ":all:", "--dest",
                         self.place / "wheel", f"{self.tool}=={self.version}")
        with zipfile.ZipFile(next((self.place / "wheel").glob("*.whl"))) as wheel:
            wheel.extractall(self.place / "site")

    def _make_venv(self, folder):
        subprocess.run([self.interpreter, "-m", "venv", "--without-pip", folder], check=True, stdin=subprocess.DEVNULL,
                       env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})

    def venv(self, folder):
        """A new virtual environment with nothing in it but what this tool brings: a copy of the one in `place`."""
        shutil.copytree(self.place / "venv", folder, symlinks=True, copy_function=_link)

    def site(self, venv):
        return venv / f"lib/python{self.python}/site-packages"

    def run(self, home, arguments, prefix=(), extra=(), folder=None):
        """Runs the client with `home` as its home and for what it leaves behind, in `folder` (default: home)."""
        home.mkdir(parents=True, exist_ok=True)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8",
                       **self.environment, **dict(extra)}
        done = subprocess.run([*prefix, *map(str, arguments)], env=environment, cwd=folder or home,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=PATIENCE)
        return Outcome(done.returncode, done.stdout)


class Tool(Client):
    """A client with dependencies, in a virtual environment of its own: `place`/tool. All of them are pinned in
    pinned/<tool>-<version>.txt, so that what it prints does not change with what its dependencies publish."""

    # Sets have one order, and so what is done for each of their members has.
    environment = {"PYTHONHASHSEED": "0", "NO_COLOR": "1", "COLUMNS": "200"}

    def pins(self):
        return HERE / f"pinned/{self.tool}-{self.version}.txt"

    def recipe(self):
        return super().recipe() + self.pins().read_text(encoding="utf-8")

    def fetch(self):
        self._make_venv(self.place / "tool")
        self.machine_pip("--python", self.place / "tool/bin/python", "install", "--no-deps", "--only-binary", ":all:",
                         "-r", self.pins())

    def project(self, home, text):
        """A folder with this pyproject.toml."""
        folder = home / "voyage"
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(text, encoding="utf-8")
        return folder

    def run_in(self, folder, venv, arguments, prefix=(), extra=()):
        """Runs the tool on the project in `folder`, with `venv` active."""
        return self.run(folder.parent, [self.place / "tool/bin" / self.tool, *arguments], prefix,
                        {"VIRTUAL_ENV": str(venv), **dict(extra)}, folder)

    @staticmethod
    def say_digest(lock, pin):
        """Makes a lock file that holds one project, with one file, say the digest of `pin`."""
        text = lock.read_text(encoding="utf-8")
        text, count = re.subn(r'(\bhash = "sha256:)[0-9a-f]{64}"', rf'\g<1>{pin.sha256}"', text)
        assert count == 1, f"expected one digest in {lock}:\n{text}"
        lock.write_text(text, encoding="utf-8")


def _link(source, target):
    """A copy that costs nothing: installers write new files and change none."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system
        shutil.copy2(source, target, follow_symlinks=False)
