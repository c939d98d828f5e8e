#!/usr/bin/env python3
"""Who survives what: the rows of the matrix for what people would use instead of yizhan, in one table.

    tests/faults/peers.py [-k WORD]... [--jobs 2] [--table FILE]

Every case with a 40 MB file and three mirrors (six where the case needs them), the faulty one first, for
  yizhan   the newest pip through yizhan
  pip      the newest pip straight at the first mirror
  nginx    the newest pip through nginx's proxy_cache with proxy_next_upstream over all mirrors (nginx.conf)
  aria2c   aria2c with the digest and the file's URL on every mirror
  curl     curl with retries at the first mirror; it knows no digest
with their limits set low, so that none loses by patience. Whoever fails is run a second time, as a user would.
nginx, aria2c and curl come from deploy/setup.sh --bench --test; who is not here is left out by name.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import types
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import cases  # noqa: E402
import downloads  # noqa: E402
import farm  # noqa: E402
import matrix  # noqa: E402
import station  # noqa: E402

SIZE = "40M"
# Seconds that a run may take. Nobody waits longer for 40 MB that come in half a second.
PATIENCE = 60


@dataclasses.dataclass
class Survival:
    """How one peer came through one case."""

    words: str
    seconds: float = 0.0

    def __str__(self):
        return f"{self.words} ({self.seconds:.0f} s)" if self.seconds >= 3 else self.words


class Peer:
    """`meet` goes round `run`, which is one run of it; contexts that last over both runs are made by `around`."""

    program = ""  # what has to be installed

    def __init__(self, tools):
        self.tools = tools

    def missing(self):
        return self.program and shutil.which(self.program, path="/usr/sbin:/usr/bin:/bin") is None

    def around(self, row, folder):
        return Direct(row.mirrors[0].url.removesuffix("/simple/"))

    def meet(self, row, folder):
        started, before = time.monotonic(), 0
        with self.around(row, folder) as where:
            for number, good in ((1, "ok"), (2, "ok in the second run")):
                place = folder / f"{self.name}-{number}"
                place.mkdir()
                run = self.run(where, row, place)
                if run.digest == downloads.RIGHT:
                    return Survival(good, time.monotonic() - started)
                if run.digest == downloads.WRONG:
                    return Survival("**wrong bytes**", time.monotonic() - started)
                if run.status == "hangs":
                    return Survival("hangs", time.monotonic() - started)
                before = time.monotonic() - started
        return Survival("fails", before)


class Direct:
    """No server in between: the first mirror itself."""

    def __init__(self, url):
        self.url = url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class PipStraight(Peer):
    name = "pip"

    def run(self, where, row, place):
        return self.tools.pip.run(where, row, place, patience=PATIENCE)


class PipThroughYizhan(PipStraight):
    name = "yizhan"

    def around(self, row, folder):
        return station.Station(self.tools.options.yizhan, folder, row.mirrors, self.tools.farm.ca)


class PipThroughNginx(PipStraight):
    name = "nginx"
    program = "nginx"

    def around(self, row, folder):
        return Nginx(row, folder / "nginx", self.tools.farm.ca)


class Program(Peer):
    """One that is given an output file on its command line."""

    def run(self, where, row, place):
        target = place / row.filename
        try:
            done = subprocess.run(self.command(row, target), cwd=place, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=PATIENCE, env={"PATH": "/usr/bin:/bin", "HOME": str(place)})
        except subprocess.TimeoutExpired:
            return downloads.Run("hangs", downloads.NONE, "")
        if done.returncode != 0:
            return downloads.Run(str(done.returncode), downloads.NONE, done.stderr)
        with open(target, "rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == row.about["sha256"]
        return downloads.Run("0", downloads.RIGHT if right else downloads.WRONG, "")


class Curl(Program):
    name = program = "curl"

    def command(self, row, target):
        return ["curl", "--silent", "--show-error", "--fail", "--location", "--retry", "5", "--retry-all-errors",
                "--retry-delay", "1", "--connect-timeout", "3", "--speed-limit", "16384", "--speed-time", "5", "--cacert",
                self.tools.farm.ca, "--continue-at", "-", "--output", target, file_urls(row)[0]]


class Aria2(Program):
    name = program = "aria2c"

    def command(self, row, target):
        return ["aria2c", "--quiet", "--no-conf", f"--checksum=sha-256={row.about['sha256']}", "--connect-timeout=3",
                "--timeout=5", "--max-tries=5", "--retry-wait=1", "--lowest-speed-limit=16K", "--split=3",
                "--max-connection-per-server=1", "--allow-overwrite=true", f"--ca-certificate={self.tools.farm.ca}",
                f"--dir={target.parent}", f"--out={target.name}", *file_urls(row)]


def file_urls(row):
    path = urllib.parse.quote(row.about["path"])
    return [mirror.url.removesuffix("/simple/") + path for mirror in row.mirrors]


class Nginx:
    """A context manager; raises Refused where nginx does not take its configuration."""

    class Refused(Exception):
        pass

    def __init__(self, row, folder, ca):
        for name in ("", "cache"):
            (folder / name).mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        parts = [urllib.parse.urlsplit(mirror.url) for mirror in row.mirrors]
        servers = "\n".join(f"        server {part.netloc}{' backup' if place else ''};" for place, part in enumerate(parts))
        text = (HERE / "nginx.conf").read_text(encoding="utf-8")
        for word, value in {"FOLDER": folder, "PORT": port, "SERVERS": servers, "CA": ca,
                            "SCHEME": parts[-1].scheme}.items():
            text = text.replace(f"@{word}@", str(value))
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        self._port, self._folder = port, folder
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self):
        # Started by root its worker would be nobody, who may not enter the folder.
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(["/usr/sbin/nginx", "-p", self._folder, "-c", self._folder / "nginx.conf", *user],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                         text=True)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise Nginx.Refused(self._process.stderr.read())
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)  # it has no other way to say that it listens
        self.__exit__()
        raise Nginx.Refused("it does not listen")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)
        self._process.stderr.close()


PEERS = (PipThroughYizhan, PipStraight, PipThroughNginx, Aria2, Curl)


def survive(peer, case, number, tools, folder):
    """One cell."""
    if peer.missing():
        return Survival("not installed")
    folder = folder / f"p{number}-{peer.name}"
    folder.mkdir()
    mirrors = 3 if 3 in case.mirrors else 6
    try:
        with tools.farm.build(f"p{number}{peer.name}", case, SIZE, mirrors) as row:
            met = peer.meet(row, folder)
            if not case.wall_asked and row.record("wall")["requests"]:
                met.words += ", over plain http"
            return met
    except Nginx.Refused as why:
        print(f"{case.name}: nginx does not start: {why}", flush=True)
        return Survival("does not start")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def text(found, peers, command):
    lines = ["# Who survives what", "", f"Made by `{command}`; do not edit. Its first words say what each column is.", "",
             "| the first mirror | " + " | ".join(peer.name for peer in peers) + " |", "|---" * (len(peers) + 1) + "|"]
    for case in cases.CASES:
        cells = [str(found[case.name, peer.name]) for peer in peers if (case.name, peer.name) in found]
        if cells:
            lines.append(f"| {case.name} | " + " | ".join(cells) + " |")
    total = len({name for name, _ in found})
    survived = [sum(found[name, peer.name].words.startswith("ok") for name in {name for name, _ in found}) for peer in peers]
    lines.append(f"| **survived, of {total}** | " + " | ".join(f"**{count}**" for count in survived) + " |")
    return "\n".join(lines) + "\n"


def run_all(options, folder):
    newest, *_ = downloads.pips()
    with farm.Farm(options.origin, folder, [SIZE], seconds=7200) as mirrors:
        tools = types.SimpleNamespace(options=options, farm=mirrors,
                                      pip=downloads.Pip(newest, {"PIP_CERT": str(mirrors.ca)}))
        tools.pip.prepare(folder)
        peers = [kind(tools) for kind in PEERS]
        # With yizhan killed there is nothing to compare: the others have nobody in between.
        wanted = [case for case in cases.CASES
                  if not case.kill and (not options.k or any(word in case.name for word in options.k))]
        found = {}
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            cells = {pool.submit(survive, peer, case, number, tools, folder): (case.name, peer.name)
                     for number, case in enumerate(wanted) for peer in peers}
            for done in concurrent.futures.as_completed(cells):
                found[cells[done]] = done.result()
                print(*cells[done], found[cells[done]], flush=True)
    return text(found, peers, matrix.command("tests/faults/peers.py"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", action="append", default=[], metavar="WORD", help="only cases whose name has one of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE")
    matrix.add_binaries(parser)
    options = matrix.with_binaries(parser.parse_args())
    matrix.enter_namespace()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-peers-"))
    try:
        table = run_all(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table)
    if options.table:
        options.table.write_text(table, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
