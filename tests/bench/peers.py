"""Who is measured: yizhan and what people would use instead, each started with its committed configuration.

A peer has a name, `places` (where it has the page, the file and the big file), and a `pid` while it runs. start() says
how many workers it gets and on which cores; stop() ends it and nothing else.
"""
import base64
import hashlib
import json
import pathlib
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import load

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

import machine  # noqa: E402  (tests/clients: the machine's pip and the folder for things fetched once)

PATIENCE = 60  # seconds; a start takes one, on a machine that compiles beside it some more

_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Unavailable(Exception):
    """This peer cannot be measured here; the reason is for a person."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Peer:
    """One server. `many`: it takes 1,000 connections with its usual settings."""

    name = label = ""
    many = False

    def __init__(self, folder, stage):
        self.folder = folder / self.name
        self.stage = stage
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.places = {}
        self.page_size, self.page_kind = 0, ""
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    @property
    def pid(self):
        return self._process.pid

    def version(self):
        """As the peer itself says it."""
        raise NotImplementedError

    def start(self, workers, cpus):
        self._process = self._spawn(self.command(workers), self.environment(), cpus)
        self._wait_until_it_answers()
        self.prepare()

    def command(self, workers):
        raise NotImplementedError

    def environment(self):
        return {}

    def prepare(self):
        """Called once it answers; fills `places`."""

    def stop(self):
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _spawn(self, command, environment, cpus):
        # Standard output and error into files: the access log of those that have no file of their own. However this
        # program ends, its servers end with it.
        with open(self.folder / "stdout.log", "ab") as out, open(self.folder / "stderr.log", "ab") as err:
            return subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "taskset", "--cpu-list",
                                     ",".join(map(str, cpus)), *map(str, command)],
                                    env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder), **environment},
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.folder)

    def _wait_until_it_answers(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start:\n" + (self.folder / "stderr.log").read_text()[-2000:])


class Yizhan(Peer):
    name = label = "yizhan"
    many = True

    def version(self):
        return subprocess.run([self.stage.yizhan, "--version"], capture_output=True, text=True).stdout.strip()

    def command(self, workers):
        return [self.stage.yizhan, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.folder / "data",
                "--upstream", self.stage.index, "--set", f"threads={workers}", "--set", "pypi.page_ttl=1d"]

    def prepare(self):
        self.places = {"page": self.url + self.stage.page, "file": f"{self.url}/pypi{self.stage.file}",
                       "big": f"{self.url}/pypi{self.stage.big}"}


class Nginx(Peer):
    many = True
    configuration = ""
    values = {}

    def version(self):
        return subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, text=True).stderr.rpartition("/")[2].strip()

    def command(self, workers):
        template = string.Template((HERE / self.configuration).read_text())
        text = template.substitute(self.values, WORKERS=workers, FOLDER=self.folder, LISTEN=f"127.0.0.1:{self.port}",
                                   ORIGIN=self.stage.front.removeprefix("http://"))
        (self.folder / "nginx.conf").write_text(text)
        # Where it was compiled to complain until its configuration is read; nobody may write there.
        return ["/usr/sbin/nginx", "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf"]

    def prepare(self):
        self.places = {"page": self.url + self.stage.page, "file": self.url + self.stage.file,
                       "big": self.url + self.stage.big}


class NginxCache(Nginx):
    name, label = "nginx-cache", "nginx proxy_cache"
    configuration = "nginx-cache.conf"


class NginxStatic(Nginx):
    name, label = "nginx-static", "nginx static"
    configuration = "nginx-static.conf"
    values = {"SENDFILE": "on"}

    def prepare(self):
        super().prepare()
        self.places["page"] = f"{self.url}/simple/page.json"
        root = self.folder / "root"
        for place in (self.stage.file, self.stage.big):
            self._keep(root, place)
        (root / "simple").mkdir(exist_ok=True)
        (root / "simple/page.json").write_bytes(self.stage.page_bytes)

    def _keep(self, root, place):
        target = root / place.removeprefix("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        with _LOOPBACK.open(self.stage.front + place, timeout=PATIENCE) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)


class NginxCopy(NginxStatic):
    """By read and write: over loopback the cheaper way on kernels before 6.5. For the big file alone."""

    name, label = "nginx-copy", "nginx static, sendfile off"
    many = False
    values = {"SENDFILE": "off"}

    def prepare(self):
        super().prepare()
        self.places = {"big": self.places["big"]}


class FromPypi(Peer):
    """A server that pip installs into a folder that is kept."""

    packages = ()

    def __init__(self, folder, stage):
        super().__init__(folder, stage)
        if not (self.home() / "ready").exists():
            raise Unavailable("it is not installed")
        self._bin = self.home() / "bin"

    @classmethod
    def home(cls):
        return machine.cache_folder() / f"bench-{cls.name}"

    @classmethod
    def install(cls):
        """By this machine's pip; for the only time that the benchmark needs a network."""
        home = cls.home()
        if (home / "ready").exists():
            return
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([machine.machine_pip(), "-m", "venv", home], check=True, stdin=subprocess.DEVNULL)
        done = subprocess.run([home / "bin/pip", "install", "--quiet", *cls.packages], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode == 0:
            (home / "ready").touch()
        else:
            print(f"bench: pip cannot install {' '.join(cls.packages)}: {done.stderr.strip()[-300:]}", file=sys.stderr)

    def version(self):
        said = subprocess.run([self._bin / "pip", "show", self.packages[0]], capture_output=True, text=True).stdout
        return next((line.partition(" ")[2] for line in said.splitlines() if line.startswith("Version:")), "?")

    def _add_file(self, page):
        """Where the page says the file is."""
        answer = json.loads(_LOOPBACK.open(urllib.request.Request(page, headers={
            "Accept": load.PAGE_FIELDS["Accept"]}), timeout=PATIENCE).read())
        self.places["file"] = urllib.parse.urljoin(page, answer["files"][0]["url"]).partition("#")[0]


class Devpi(FromPypi):
    """devpi-server as it comes: waitress with 50 threads; a mirror index of the origin."""

    name = label = "devpi"
    packages = ("devpi-server",)

    def command(self, workers):
        data = self.folder / "data"
        if not data.exists():
            subprocess.run([self._bin / "devpi-init", "--serverdir", data, "--no-root-pypi"], check=True,
                           stdin=subprocess.DEVNULL, capture_output=True, cwd=self.folder)
        return [self._bin / "devpi-server", "--serverdir", data, "--host", "127.0.0.1", "--port", self.port,
                "--mirror-cache-expiry", 86400]

    def prepare(self):
        token = self._call("POST", "/+login", {"user": "root", "password": ""})["result"]["password"]
        login = base64.b64encode(f"root:{token}".encode()).decode()
        self._call("PUT", "/root/bench", {"type": "mirror", "mirror_url": self.stage.index}, {"X-Devpi-Auth": login})
        pages = f"{self.url}/root/bench/+simple"
        self.places = {"page": f"{pages}/{self.stage.project}/"}
        self._add_file(f"{pages}/{self.stage.file_project}/")

    def _call(self, method, path, body, fields=()):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method=method, headers={
            "Content-Type": "application/json", "Accept": "application/json", **dict(fields)})
        with _LOOPBACK.open(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())


class Proxpi(FromPypi):
    """proxpi as its container starts it: gunicorn with one worker process and two threads."""

    name = label = "proxpi"
    packages = ("proxpi", "gunicorn")

    def command(self, workers):
        return [self._bin / "gunicorn", "--preload", "--bind", f"127.0.0.1:{self.port}", "--workers", 1, "--threads", 2,
                "--access-logfile", self.folder / "access.log", "proxpi.server:app"]

    def environment(self):
        return {"PROXPI_INDEX_URL": self.stage.index, "PROXPI_INDEX_TTL": "86400",
                "PROXPI_CACHE_DIR": str(self.folder / "cache"), "PROXPI_DOWNLOAD_TIMEOUT": "30"}

    def prepare(self):
        self.places = {"page": f"{self.url}/index/{self.stage.project}/"}
        self._add_file(f"{self.url}/index/{self.stage.file_project}/")


# yizhan first: the others hold the very page that it makes.
ALL = (Yizhan, NginxCache, NginxStatic, NginxCopy, Devpi, Proxpi)


def check(peer, stage):
    """Fetches everything once, so that it is stored, and again, so that it is a hit; the bytes are the right ones."""
    for what, url in peer.places.items():
        for _ in range(2):
            if what == "page":
                fields, body = load.fetch(url, what)
                if isinstance(peer, Nginx) and body != stage.page_bytes:
                    raise RuntimeError(f"{peer.name} has another page")
                peer.page_size = len(body)
                peer.page_kind = fields["Content-Type"] + ", " + (fields["Content-Encoding"] or "identity")
            elif what == "file":
                if hashlib.sha256(load.fetch(url, what)[1]).hexdigest() != stage.file_sha256:
                    raise RuntimeError(f"{peer.name} has another file")
            elif load.download(url) != stage.big_size:
                raise RuntimeError(f"{peer.name} has a big file of another size")
