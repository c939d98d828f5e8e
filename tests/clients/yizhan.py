"""A yizhan under test: started as a child, its log read, stopped."""
import os
import pathlib
import queue
import re
import subprocess
import threading

import machine

# Request lines as the access log has them: the method, the path, and the status after it.
_REQUEST = re.compile(r"\b(GET|HEAD) (/\S*)(.*)$")
_STATUS = re.compile(r"(?<![\d.:])([1-5]\d\d)(?![\d.:])")
_READY = re.compile(r"listening on (http://\S+)")

# Seconds. A start is promised in under one; the rest is for a machine that compiles and tests beside it.
START_PATIENCE = 60
STOP_PATIENCE = 20


class Yizhan:
    """One `yizhan serve` on a free port of 127.0.0.1. A context manager: leaving stops it.

    Offline it runs in a network of its own where nothing but its loopback exists, unless `apart` is False. `trace` is
    a tracing.Trace that watches it."""

    def __init__(self, binary, data, upstreams=(), offline=False, environment=(), settings=(), apart=True, trace=None,
                 log=None):
        self.alone = offline and apart and machine.network_namespace() is not None
        self._command = [*(machine.network_namespace() if self.alone else []), *(trace.prefix if trace else []),
                         str(binary), "serve", "--listen", "127.0.0.1:0", "--data", str(data)]
        for upstream in upstreams:
            self._command += ["--upstream", upstream]
        if offline:
            self._command.append("--offline")
        self._command += settings
        self._trace = trace
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(pathlib.Path(data).parent),
                             **dict(environment)}
        self._log_path = log
        self._lines = []
        self._ready = queue.SimpleQueue()
        self.url = None

    def __enter__(self):
        self._process = subprocess.Popen(self._command, env=self._environment, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                         errors="replace", pass_fds=self._trace.inherited if self._trace else ())
        if self._trace:
            self._trace.started()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self._ready.get(timeout=START_PATIENCE)
        except queue.Empty:
            self.url = None
        if not self.url:
            self.stop()
            raise AssertionError("yizhan did not start: " + " ".join(self._command) + "\n" + self.log())
        return self

    def __exit__(self, *_):
        self.stop()

    def _read(self):
        with open(self._log_path or os.devnull, "a", encoding="utf-8") as copy:
            for line in self._process.stdout:
                self._lines.append(line)
                copy.write(line)
                copy.flush()
                ready = _READY.search(line)
                if ready:
                    self._ready.put(ready.group(1).rstrip("/"))
        self._ready.put(None)

    def beside(self):
        """The prefix for a client that must share this server's network."""
        return machine.join_namespace(self._process.pid) if self.alone else []

    def log(self):
        return "".join(self._lines)

    def requests(self):
        """(method, path, status) of every request. Only after stop(): the log is written a little later than answers."""
        assert self._process.poll() is not None, "stop yizhan before reading its log"
        found = []
        for line in list(self._lines):
            request = _REQUEST.search(line)
            status = request and _STATUS.search(request.group(3))
            if request and status:
                found.append((request.group(1), request.group(2).rstrip('"'), int(status.group(1))))
        return found

    def kill(self):
        """SIGKILL: what a power cut leaves."""
        self._process.kill()
        self._process.wait()
        self._reader.join(STOP_PATIENCE)

    def stop(self):
        """SIGTERM and its exit status; a server that does not leave in time is a failure of its own."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            status = self._process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"yizhan did not stop within {STOP_PATIENCE} s of SIGTERM\n{self.log()}") from None
        finally:
            self._reader.join(STOP_PATIENCE)
        return status
