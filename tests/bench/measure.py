"""What a server costs, read from outside: CPU time and memory of a process and all its children."""
import os
import pathlib
import time

import alone


def _parents():
    """Every process and its parent."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue  # it has ended since
            found[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def family(pid):
    """The process and everything that descends from it."""
    parents = _parents()
    members = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in members} - members
        if not more:
            return members
        members |= more


class CpuClock:
    """Seconds of CPU, user and system, that a family of processes has used since this was made.

    The processes' own clocks (clock_getcpuclockid(3)) count nanoseconds; /proc/PID/stat counts ticks of 10 ms, a
    seventh of what 1 GiB costs. A process that ends meanwhile is not counted.
    """

    def __init__(self, pid):
        self._since = {member: self._read(member) for member in family(pid)}

    @staticmethod
    def _read(pid):
        try:
            return time.clock_gettime((~pid << 3) | 2)
        except OSError:
            return None

    def seconds(self):
        now = {pid: self._read(pid) for pid in self._since}
        return sum(now[pid] - since for pid, since in self._since.items() if since is not None and now[pid] is not None)


def memory(pid):
    """MiB: `rss` of one process, `pss` of all. PSS counts what processes share once, so it is what a family of them
    takes from the machine; the RSS of a server of one process is never less than that."""
    pss = 0
    for member in family(pid):
        pss += _kilobytes(member, "Pss:")
    return {"rss": _kilobytes(pid, "Rss:") / 1024, "pss": pss / 1024}


def _kilobytes(pid, key):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1])
    except OSError:
        pass  # it has ended since
    return 0


def load_average():
    return os.getloadavg()[0]


def machine():
    """What the figures depend on."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release,
            "congestion_control": alone.congestion_control()}
