"""A yizhan between a row's mirrors and its client, with a tap before it, and whom it blames for what went wrong."""
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))

import tap  # noqa: E402
import yizhan  # noqa: E402

_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# What is not the default: a full disk of this machine is no part of a row, and nobody waits for a last reader.
SETTINGS = ('cache.min_free = "0B"\nhttp.drain_timeout = "0s"\n'
            'relay.segments.first_look = "5s"\n')  # not 200 ms: what this machine does besides is no part of a row either
# The mirror named first is asked first, so that every row meets its fault.
IN_ORDER = 'relay.choice.within = 0.0\nrelay.choice.explore = 0.0\nrelay.score.prior_first_byte = "1min"\n'


def settings_text(mirrors, ca, further):
    lines = [SETTINGS, further, f'relay.ca_file = "{ca}"\n']
    for mirror in mirrors:
        lines.append(f'[[pypi.upstream]]\nurl = "{mirror.url}"\nfamily = "{mirror.name}"\n'
                     f"root = {str(mirror.root).lower()}\n")
    return "".join(lines)


class Station:
    """One yizhan with an empty store. A context manager; `url` is where clients ask, and stays over a restart."""

    def __init__(self, binary, folder, mirrors, ca, further=""):
        self._binary, self._folder = binary, folder
        self.mirrors = mirrors
        self._config = folder / "yizhan.toml"
        self._config.write_text(settings_text(mirrors, ca, further), encoding="utf-8")
        self._log = ""

    def __enter__(self):
        self._start()
        self._tap = tap.Tap(self._target())
        self._tap.__enter__()
        self.url = self._tap.url
        return self

    def __exit__(self, *_):
        self._tap.__exit__()
        self.stop()

    def _start(self):
        self._server = yizhan.Yizhan(self._binary, self._folder / "store", settings=["--config", str(self._config)],
                                     log=self._folder / "yizhan.log")
        self._server.__enter__()

    def _target(self):
        parts = urllib.parse.urlsplit(self._server.url)
        return parts.hostname, parts.port

    def kill_and_restart(self):
        self._server.kill()
        self._log += self._server.log()
        self._start()
        self._tap.target = self._target()

    def stop(self):
        """Ends it, so that nothing is pulled any more; twice does no harm."""
        if self._server:
            self._server.stop()
            self._log += self._server.log()
            self._server = None

    def take(self):
        """(longest silence, body bytes) of the client's last run."""
        return self._tap.take()

    def log(self):
        return self._log + (self._server.log() if self._server else "")

    def blamed(self):
        """Mirror's name → what it was charged with so far: mirror, policy, integrity, object."""
        endpoints = self.endpoints()
        return from_log(self.log(), self.mirrors) if endpoints is None else from_list(endpoints, self.mirrors)

    def wait_blamed(self, names, seconds=15):
        """blamed(), once all of `names` are in it or so long has passed: who lied is found out after the answer is cut, and
        where nobody else has the file by fetching all of it again: 600 MB at the mirror's 100 MB/s take 6 s."""
        until = time.monotonic() + seconds
        while not names <= (charged := self.blamed()).keys() and time.monotonic() < until:
            time.sleep(0.1)
        return charged

    def endpoints(self):
        """What /api/v1/mirrors says; None where this yizhan has no such page."""
        server = self._server  # another thread may stop it meanwhile
        try:
            with _LOOPBACK.open(server.url + "/api/v1/mirrors", timeout=5) as answer:
                return json.loads(answer.read())["endpoints"]
        except (OSError, ValueError, KeyError, AttributeError):
            return None


def from_list(endpoints, mirrors):
    """Who is charged with what by /api/v1/mirrors."""
    charged = {}
    for endpoint in endpoints:
        kinds = {kind for kind, count in endpoint["blamed"].items() if count}
        if kinds:
            charged.setdefault(name_of(endpoint["endpoint"], mirrors), set()).update(kinds)
    return charged


def name_of(url, mirrors):
    """The mirror's name; of a server that is nobody's mirror, "wall"."""
    netloc = urllib.parse.urlsplit(url).netloc
    return next((mirror.name for mirror in mirrors if urllib.parse.urlsplit(mirror.url).netloc == netloc), "wall")


# A source that failed, and one that lied, as the log has them.
_FAILED = re.compile(r"relay: \S+ at byte \d+: (https?://[^\s:/]+(?::\d+)?)\S* ?(.*)")
_LIED = re.compile(r"relay: \S+: wrong bytes from (.*?): ")
_KINDS = ((re.compile(r"\b(404|410) \(does not have it\)"), "object"),
          (re.compile(r"\b(403|429) \(does not want|HTML page instead"), "policy"),
          (re.compile(r"Content-Length of|more than the|says that the object has|fewer than"), "integrity"))


def from_log(log, mirrors):
    """Who is complained of in the log; what yizhan before the published list tells."""
    charged = {}
    for line in log.splitlines():
        if failed := _FAILED.search(line):
            kind = next((kind for words, kind in _KINDS if words.search(failed.group(2))), "mirror")
            charged.setdefault(name_of(failed.group(1), mirrors), set()).add(kind)
        elif lied := _LIED.search(line):
            for url in re.findall(r"https?://[^\s,]+", lied.group(1)):
                charged.setdefault(name_of(url.rstrip(":,"), mirrors), set()).add("integrity")
    return charged
