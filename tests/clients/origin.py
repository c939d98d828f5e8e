"""The scripted mirror of tests/origin, as a child: what it serves, what it saw, and what it shall do next."""
import json
import subprocess
import urllib.parse
import urllib.request

# The control port is on loopback; a proxy of the machine has no part in it.
_LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Origin:
    """Runs `script` (tests/origin/script.hpp says what a script can say). A context manager: leaving ends it, and so do
    `seconds`."""

    def __init__(self, binary, script, folder, seconds=900):
        self._binary = binary
        self._seconds = str(seconds)
        self._script = folder / "origin.script"
        self._script.write_text(script, encoding="utf-8")

    def __enter__(self):
        self._process = subprocess.Popen([self._binary, self._script, self._seconds], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                         env={"PATH": "/usr/bin:/bin"})
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the origin did not start: " + self._process.communicate()[1])
        told = json.loads(line)
        self.control = told["control"]
        self.ca = told["ca"]
        self._learn(told)
        return self

    def _learn(self, told):
        self.files = told["files"]
        self.servers = {name: server["url"] for name, server in told["servers"].items()}

    def __exit__(self, *_):
        # It ends when its standard input does.
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    def index(self, server="mirror"):
        return self.servers[server] + "/simple/"

    def ask(self, path, /, **query):
        """A question to the control port (tests/origin/control.hpp)."""
        patience = 20 + query.get("seconds", 20)
        with _LOOPBACK.open(f"{self.control}{path}?{urllib.parse.urlencode(query)}", timeout=patience) as answer:
            return json.loads(answer.read())

    def run(self, script):
        request = urllib.request.Request(self.control + "/script", data=script.encode(), method="POST")
        with _LOOPBACK.open(request, timeout=20) as answer:
            self._learn(json.loads(answer.read()))

    def requests(self, path="", server="mirror"):
        """What the mirror was asked, oldest first; `path` as the origin takes it (a file name, or the whole path)."""
        return self.record(server, path)["requests"]

    def record(self, server, path=""):
        """{"requests": […], "connections", "open_connections", "most_connections"} of a mirror, or of one path there."""
        return self.ask("/record", server=server, **({"path": path} if path else {}))[server]
