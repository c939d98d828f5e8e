"""Whom a process speaks to, by strace: every connect, and every datagram with an address of its own."""
import functools
import os
import re
import subprocess
import threading

# What carries an address to somebody else.
_CALLS = "connect,sendto,sendmsg,sendmmsg"
# The addresses in strace's words; families that never leave the machine (AF_UNIX, AF_NETLINK) are none.
_ADDRESS = re.compile(r'sa_family=AF_INET6?\b.*?(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")')
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")


@functools.cache
def refused():
    """Why nothing can be traced here; None where it can."""
    try:
        tried = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True)
    except FileNotFoundError:
        return "strace is not installed (deploy/setup.sh --test)"
    return f"ptrace is refused here: {tried.stderr.strip()}" if tried.returncode != 0 else None


class Trace:
    """Give it to a Yizhan; `contacts()` after that has stopped."""

    def __init__(self):
        self._read, self._write = os.pipe()
        # -D: the traced process stays our child and gets our signals; strace is its grandchild. The pipe ends when both
        # have, so that nothing has to be waited for.
        self.prefix = ["strace", "-D", "-f", "-qq", "-e", f"trace={_CALLS}", "-o", f"/proc/self/fd/{self._write}"]
        self.inherited = (self._write,)

    def started(self):
        os.close(self._write)
        self._lines = []
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self):
        with os.fdopen(self._read, encoding="utf-8", errors="replace") as pipe:
            self._lines.extend(pipe)

    def contacts(self):
        """(address, port) of everybody on an internet address, loopback's included, in order."""
        self._reader.join(20)
        assert not self._reader.is_alive(), "strace did not end with the process that it watched"
        found = []
        for line in self._lines:
            address = _ADDRESS.search(line)
            if address:
                found.append((address.group(1) or address.group(2), int(_PORT.search(line).group(1))))
        return found
