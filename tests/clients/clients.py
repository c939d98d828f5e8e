"""The clients: how each is installed once, and how each is asked to do what the tests want.

Every run has an empty environment and an empty home, so that no setting of the machine (PIP_FIND_LINKS, a cache, a
certificate) can help. The client's own cache lives in that home: a fresh home is a fresh cache.
"""
import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import tomllib
import zipfile

import machine

HERE = pathlib.Path(__file__).resolve().parent

# Seconds; a client that hangs longer has hung.
PATIENCE = 180


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int
    words: str  # standard output and error, as a user sees them


class Missing(Exception):
    """This client cannot be had on this machine; says why."""


class Client:
    """One version of one tool. `place` holds it, unpacked; environments are made for each test by `venv()`."""

    def __init__(self, version, python):
        self.version = version
        self.python = python
        self.name = f"{self.tool}-{version}-py{python}"

    @property
    def label(self):
        return self.name.replace(".", "_").replace("-", "_")

    def prepare(self):
        """Fetches and unpacks the client unless the cache has it. Raises Missing."""
        self.interpreter = machine.find_python(self.python)
        if self.interpreter is None:
            raise Missing(f"no Python {self.python} here (looked in ~/.pyenv/versions and PATH)")
        self.place = machine.cache_folder() / "clients" / self.name
        if (self.place / "complete").exists():
            return
        shutil.rmtree(self.place, ignore_errors=True)
        downloads = self.place / "wheel"
        downloads.mkdir(parents=True)
        fetched = subprocess.run(
            [machine.machine_pip(), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--ignore-requires-python", "--only-binary", ":all:", "--dest", downloads,
             f"{self.tool}=={self.version}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if fetched.returncode != 0:
            _, why = machine.real_index()
            if why:
                raise Missing(why)
            raise AssertionError(f"{self.tool} {self.version} could not be fetched: {fetched.stderr}")
        with zipfile.ZipFile(next(downloads.glob("*.whl"))) as wheel:
            wheel.extractall(self.place / "site")
        self.unpacked()
        (self.place / "complete").touch()

    def unpacked(self):
        pass

    def venv(self, folder):
        """A new virtual environment with nothing in it but what this tool brings."""
        subprocess.run([self.interpreter, "-m", "venv", "--without-pip", folder], check=True, stdin=subprocess.DEVNULL,
                       env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})

    def site(self, venv):
        return venv / f"lib/python{self.python}/site-packages"

    def run(self, home, arguments, prefix=(), extra=()):
        """Runs the client with `home` as its home and current folder."""
        home.mkdir(parents=True, exist_ok=True)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", **self.environment, **dict(extra)}
        done = subprocess.run([*prefix, *map(str, arguments)], env=environment, cwd=home, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=PATIENCE)
        return Outcome(done.returncode, done.stdout)


class Pip(Client):
    tool = "pip"
    # The null device as configuration file keeps pip from reading any, the machine's /etc/pip.conf included.
    environment = {"PIP_CONFIG_FILE": os.devnull}
    can_download = True
    one_retry = ("--retries", "1")

    @property
    def knows_yanks(self):
        """Since 19.2; older ones do not read the attribute."""
        return tuple(int(part) for part in self.version.split(".")[:2]) >= (19, 2)

    def trusting(self, host):
        """What lets it take plain http from this host."""
        return ["--trusted-host", host]

    def unpacked(self):
        # Compiled once here: a fresh environment would otherwise spend its first second on it.
        subprocess.run([self.interpreter, "-m", "compileall", "-q", self.place / "site"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def venv(self, folder):
        super().venv(folder)
        shutil.copytree(self.place / "site", self.site(folder), dirs_exist_ok=True, copy_function=_link)

    def _flags(self):
        return ["--disable-pip-version-check", *(["--progress-bar", "off"] if int(self.version.split(".")[0]) > 9 else [])]

    def install(self, venv, home, index, requirements, prefix=(), flags=()):
        return self.run(home, [venv / "bin/python", "-m", "pip", "install", *self._flags(), "-i", index, *flags,
                               *requirements], prefix)

    def download(self, venv, home, index, requirements, destination, prefix=(), flags=()):
        return self.run(home, [venv / "bin/python", "-m", "pip", "download", *self._flags(), "-i", index, "-d",
                               destination, *flags, *requirements], prefix)


class Uv(Client):
    tool = "uv"
    # The same for /etc/uv/uv.toml, and uv must not look for another Python than the one of the test.
    environment = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1",
                   "UV_HTTP_RETRIES": "1"}
    can_download = False
    knows_yanks = True
    one_retry = ()

    def trusting(self, _):
        return []  # takes plain http anyway

    def unpacked(self):
        next((self.place / "site").glob("uv-*.data/scripts/uv")).rename(self.place / "uv")
        (self.place / "uv").chmod(0o755)

    def install(self, venv, home, index, requirements, prefix=(), flags=()):
        # --link-mode: the cache may lie on another file system than the environment, and uv would say so.
        return self.run(home, [self.place / "uv", "pip", "install", "--link-mode", "copy", "--python",
                               venv / "bin/python", "--index-url", index, *flags, *requirements], prefix)


TOOLS = {"pip": Pip, "uv": Uv}


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def load():
    """Every client of versions.toml, not yet prepared."""
    table = tomllib.loads((HERE / "versions.toml").read_text(encoding="utf-8"))
    return [TOOLS[row["tool"]](row["version"], row["python"]) for row in table["client"]]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def installed(client, venv):
    """Path → sha256 of what an installation left in the environment, without what pip and Python made themselves."""
    site = client.site(venv)
    brought = {path.relative_to(client.place / "site").parts[0] for path in (client.place / "site").iterdir()}
    files = {}
    for path in sorted(site.rglob("*")):
        inside = path.relative_to(site)
        # RECORD lists the compiled files, whose names the client chooses; the rest of dist-info is from the wheel.
        own = inside.parts[0] in brought or path.suffix == ".pyc" or path.name in ("RECORD", "_virtualenv.py")
        if path.is_file() and not own:
            files[inside.as_posix()] = digest(path)
    return files


def distributions(client, venv):
    """Name → version of what is installed, read off the dist-info folders; names normalised as in PEP 503."""
    found = {}
    for path in client.site(venv).glob("*.dist-info"):
        name, version = path.name.removesuffix(".dist-info").split("-", 1)
        found[name.lower().replace("_", "-").replace(".", "-")] = version
    found.pop(client.tool, None)
    return found
