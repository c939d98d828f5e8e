"""The clients of the benchmark: what they ask, and how they put load on a server."""
import http.client
import json
import os
import pathlib
import resource
import socket
import subprocess
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent

# What pip 26 sends for a page: JSON before HTML, compressed, and always asked again.
PAGE_FIELDS = {
    "User-Agent": 'pip/26.0 {"ci":null,"cpu":"x86_64","distro":{"id":"bookworm","libc":{"lib":"glibc","version":"2.36"},'
                  '"name":"Debian GNU/Linux","version":"12"},"implementation":{"name":"CPython","version":"3.11.2"},'
                  '"installer":{"name":"pip","version":"26.0"},"openssl_version":"OpenSSL 3.0.17 1 Jul 2025",'
                  '"python":"3.11.2","system":{"name":"Linux","release":"6.1.0"}}',
    "Accept-Encoding": "gzip, deflate",
    "Accept": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    "Connection": "keep-alive",
    "Cache-Control": "max-age=0",
}
# And for a file.
FILE_FIELDS = {**{name: PAGE_FIELDS[name] for name in ("User-Agent", "Connection")},
               "Accept-Encoding": "identity", "Accept": "*/*"}

BUSY = 64
IDLE = 1000


def fields_for(what):
    return PAGE_FIELDS if what == "page" else FILE_FIELDS


def connect(url, source=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60, source_address=source)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(connection, url, what):
    """One request; the answer's head has been read, and its status is 200."""
    connection.request("GET", urllib.parse.urlsplit(url).path, headers=fields_for(what))
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{url} answers {answer.status}: {answer.read(500)!r}")
    return answer


def fetch(url, what):
    """The fields and the body, as they came."""
    connection = connect(url)
    try:
        answer = ask(connection, url, what)
        return answer.headers, answer.read()
    finally:
        connection.close()


def wrk(url, what, seconds, cpus, beside=None):
    """64 busy connections from as many threads as `cpus`; `beside` is called every half second meanwhile."""
    command = ["taskset", "--cpu-list", ",".join(map(str, cpus)), "wrk", f"-t{len(cpus)}", f"-c{BUSY}",
               f"-d{seconds}s", "--latency", "-s", HERE / "report.lua"]
    for name, value in fields_for(what).items():
        command += ["-H", f"{name}: {value}"]
    process = subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    while True:
        try:
            said, _ = process.communicate(timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            if beside:
                beside()
    if process.returncode != 0:
        raise RuntimeError(f"wrk failed on {url}: {said}")
    figures = json.loads(said.splitlines()[-1])
    if figures["failed"] or not figures["requests"]:
        raise RuntimeError(f"{figures['failed']} of {figures['requests']} requests failed on {url}")
    return figures


_sink = memoryview(bytearray(1 << 20))


def download(url):
    """The bytes of one file over one connection; received and dropped, a MiB at a time."""
    connection = connect(url)
    try:
        answer = ask(connection, url, "big")
        size = 0
        while got := answer.readinto(_sink):
            size += got
        return size
    finally:
        connection.close()


class IdleConnections:
    """Keeps 1,000 connections open, each of which has been answered once. They come from an address of their own,
    because a server may allow one client fewer than that."""

    def __init__(self, url):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < IDLE + 200:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE + 200), hard))
        self._url = url

    def __enter__(self):
        self._open = []
        for _ in range(IDLE):
            connection = connect(self._url, ("127.0.0.2", 0))
            ask(connection, self._url, "page").read()
            self._open.append(connection)
        return self

    def __exit__(self, *_):
        for connection in self._open:
            connection.close()


def split_cpus():
    """(the server's, the load's) with one worker: a core each."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("bench: two cores are needed, one for the server and one for the load")
    return cpus[:1], cpus[1:2]
