"""Five hundred clients at once: what they cost together. Two questions, each answered by figures.

  cold   a file of 20 MB that nobody has yet, from three mirrors that break off, stall and come back: bytes pulled for
         each byte of the file, and how many clients got it whole
  slow   a file of 600 MB of which everybody takes 256 KiB/s: what the server's memory grows to in twenty seconds
"""
import argparse
import asyncio
import hashlib
import json
import pathlib
import shutil
import tempfile
import time
import urllib.parse

import downloads
import measure
import origin
import yizhan

CLIENTS = 500
FLAKY = """\
wheel large 1.0 size=20M seed=1
server m1 address=127.0.0.11 rate=50M connection-rate=20M delay=5ms
server m2 address=127.0.0.12 rate=50M connection-rate=20M delay=5ms
server m3 address=127.0.0.13 rate=50M connection-rate=20M delay=5ms
publish m1 only=large
publish m2 only=large
publish m3 only=large
fault m1 {file} cut=30% first=1 count=2
fault m2 {file} stall=20%@never first=1 count=1
fault m2 {file} reset=60% first=2 count=1
fault m3 {file} status=503 first=1 count=1
"""
BIG = "wheel large 1.0 size=600M seed=1\nserver m1 address=127.0.0.11 rate=200M\npublish m1 only=large\n"


class Server:
    """A yizhan before an origin that runs `script`; a context manager."""

    def __init__(self, options, script, names):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-herd-"))
        self._origin = origin.Origin(options.build / "tests/origin/origin", script.format(file=downloads.FILE), self._folder)
        self._options, self._names = options, names

    def __enter__(self):
        self._origin.__enter__()
        about = self._origin.files[downloads.FILE]
        self.size, self.sha256 = about["size"], about["sha256"]
        self.path = "/pypi" + urllib.parse.quote(about["path"])
        config = self._folder / "yizhan.toml"
        config.write_text('cache.min_free = "0B"\nhttp.drain_timeout = "0s"\nhttp.max_connections_per_client = 2000\n' + "".join(
            f'[[pypi.upstream]]\nurl = "{self._origin.index(name)}"\nfamily = "{name}"\nroot = {str(name == "m1").lower()}\n'
            for name in self._names), encoding="utf-8")
        self._server = yizhan.Yizhan(self._options.build / "yizhan", self._folder / "store",
                                     settings=["--config", str(config)], log=self._folder / "yizhan.log")
        self._server.__enter__()
        self.pid = self._server._process.pid
        parts = urllib.parse.urlsplit(self._server.url)
        self.host, self.port = parts.hostname, parts.port
        return self

    def __exit__(self, *_):
        self._server.__exit__(None, None, None)
        self._origin.run("open never\n")
        self._origin.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)

    def pulled(self):
        return sum(request["sent"] for name in self._names
                   for request in self._origin.requests(downloads.FILE, server=name)) / self.size

    async def client(self, path, rate=None, until=None):
        """The body's digest; with a rate only what comes until then, and no digest."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 16)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: close\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            digest = hashlib.sha256()
            while until is None or time.monotonic() < until:
                piece = await reader.read(1 << 16)
                if not piece:
                    break
                digest.update(piece)
                if rate:
                    await asyncio.sleep(len(piece) / rate)
            return digest.hexdigest()
        finally:
            writer.close()


async def cold(server):
    await server.client("/simple/large/")
    began = time.monotonic()
    got = await asyncio.gather(*(server.client(server.path) for _ in range(CLIENTS)), return_exceptions=True)
    return {"whole": sum(digest == server.sha256 for digest in got), "seconds": time.monotonic() - began}


async def slow(server):
    await server.client("/simple/large/")
    before = measure.memory(server.pid)["rss"]
    until = time.monotonic() + 20
    clients = [asyncio.ensure_future(server.client(server.path, 256 << 10, until)) for _ in range(CLIENTS)]
    most = 0.0
    while time.monotonic() < until:
        await asyncio.sleep(0.5)
        most = max(most, measure.memory(server.pid)["rss"])
    await asyncio.gather(*clients, return_exceptions=True)
    await asyncio.sleep(2)
    return {"before_mib": before, "most_mib": most, "after_mib": measure.memory(server.pid)["rss"]}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh herd", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=pathlib.Path, default=downloads.ROOT / "build/bench/herd.json")
    parser.add_argument("--build", type=pathlib.Path, default=downloads.ROOT / "build/release")
    options = parser.parse_args()
    options.build = options.build.resolve()
    downloads.alone.enter()
    with Server(options, FLAKY, ["m1", "m2", "m3"]) as server:
        found = {"cold": asyncio.run(cold(server))}
        found["cold"]["pulled"] = server.pulled()
    print(f"cold: {found['cold']['whole']} of {CLIENTS} have it whole after {found['cold']['seconds']:.1f} s; "
          f"{found['cold']['pulled']:.2f} bytes pulled for each byte of the file")
    with Server(options, BIG, ["m1"]) as server:
        found["slow"] = asyncio.run(slow(server))
    print(f"slow: {found['slow']['before_mib']:.0f} MiB resident before, {found['slow']['most_mib']:.0f} at most, "
          f"{found['slow']['after_mib']:.0f} afterwards")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
