"""Large files on their way in: yizhan beside curl, aria2c and the bare work, each against mirrors of the same script.

Everything is cold: an empty store before each download. Rates are the origin's, per connection and per server. What is
pulled is what the mirrors sent. A round measures all once; the table shows medians.
"""
import argparse
import dataclasses
import datetime
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import alone  # noqa: E402
import measure  # noqa: E402
import origin  # noqa: E402
import yizhan  # noqa: E402

FILE = "large-1.0-py3-none-any.whl"
GIGABIT = "119M"  # bytes per second of 1 Gbit/s, as the origin counts


@dataclasses.dataclass(frozen=True)
class Scene:
    """Mirrors and how they behave."""

    name: str
    title: str
    servers: tuple        # the words after `server NAME` for each
    faults: tuple = ()    # (mirror from 1, the words after `fault NAME FILE`)
    size: str = "1G"
    rate: float = 0.0     # MiB/s that all can bring together; 0: not a question
    peers: tuple = ("yizhan", "curl", "aria2c")


_FOUR = ("rate=20M connection-rate=10M",) * 4
SCENES = (
    Scene("one", "one mirror, 1 Gbit/s", (f"rate={GIGABIT}",), rate=119, peers=("yizhan", "curl", "pipeline")),
    Scene("unlimited", "one mirror as fast as this machine", ("",), peers=("yizhan", "curl", "pipeline")),
    Scene("dying", "three mirrors, 1 Gbit/s each, the first breaks off after every 100 MB", (f"rate={GIGABIT}",) * 3,
          faults=((1, "cut=100M"),), peers=("yizhan", "curl")),
    Scene("dying-alone", "one mirror, 1 Gbit/s, breaks off after every 100 MB", (f"rate={GIGABIT}",),
          faults=((1, "cut=100M"),), rate=119, peers=("yizhan", "curl")),
    Scene("four", "four mirrors, 10 MiB/s a connection, 20 MiB/s a server", _FOUR, rate=80),
    Scene("unequal", "four mirrors: 20, 10, 5 and 1 MiB/s", tuple(f"rate={rate}M" for rate in (20, 10, 5, 1)), rate=36),
    Scene("stalls", "the four, one stalls for good after 40 MB of each answer", _FOUR, faults=((2, "stall=40M@never"),), peers=("yizhan", "aria2c")),
    Scene("lies", "the four, one sends another file", _FOUR, faults=((2, "lie=7"),), peers=("yizhan", "aria2c")),
)


class Farm:
    """The mirrors of one scene, made anew for each measurement so that what they sent is this one's."""

    def __init__(self, build, folder, scene):
        lines = [f"wheel large 1.0 size={scene.size} seed=1"]
        for number, words in enumerate(scene.servers, 1):
            lines += [f"server m{number} address=127.0.0.{10 + number} {words}", f"publish m{number} only=large"]
        for number, words in scene.faults:
            lines.append(f"fault m{number} {FILE} {words}")
        self.scene = scene
        self._origin = origin.Origin(build / "tests/origin/origin", "\n".join(lines) + "\n", folder)

    def __enter__(self):
        self._origin.__enter__()
        about = self._origin.files[FILE]
        self.size, self.sha256, self.path = about["size"], about["sha256"], urllib.parse.quote(about["path"])
        self.names = [f"m{number}" for number in range(1, len(self.scene.servers) + 1)]
        self.urls = [self._origin.servers[name] + self.path for name in self.names]
        self.indexes = [self._origin.index(name) for name in self.names]
        return self

    def __exit__(self, *_):
        self._origin.run("open never\n")
        self._origin.__exit__()

    def pulled(self):
        return sum(request["sent"] for name in self.names for request in self._origin.requests(FILE, server=name))


def _curl(url, into, *more):
    return ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--output", str(into), *more, url]


def by_curl(farm, folder, _):
    command = _curl(farm.urls[0], folder / FILE, "--retry", "5", "--retry-all-errors", "--retry-delay", "1",
                    "--continue-at", "-")
    return subprocess.run(command, capture_output=True, timeout=300).returncode == 0, {}


def by_aria2c(farm, folder, _):
    """With what was its best on four mirrors, of 2 to 4 connections each and pieces of 1 to 8 MiB: 0.84 of their sum."""
    done = subprocess.run(
        ["aria2c", "--quiet", "--no-conf", f"--dir={folder}", f"--out={FILE}", "--split=8",
         "--max-connection-per-server=2", "--min-split-size=8M", "--piece-length=8M", "--file-allocation=none", "--timeout=4",
         "--max-tries=20", "--retry-wait=1", "--lowest-speed-limit=16K", "--uri-selector=adaptive", "--all-proxy=",
         f"--checksum=sha-256={farm.sha256}", *farm.urls], capture_output=True, timeout=300)
    return done.returncode == 0, {}


def by_yizhan(farm, folder, options):
    config = folder / "yizhan.toml"
    config.write_text('cache.min_free = "0B"\nhttp.drain_timeout = "0s"\n' + "".join(
        f'[[pypi.upstream]]\nurl = "{url}"\nfamily = "{name}"\nroot = {str(name == "m1").lower()}\n'
        for name, url in zip(farm.names, farm.indexes)), encoding="utf-8")
    with yizhan.Yizhan(options.build / "yizhan", folder / "store", settings=["--config", str(config)],
                       log=folder / "yizhan.log") as server:
        subprocess.run(_curl(server.url + "/simple/large/", folder / "page"), check=True, timeout=30)
        clock = measure.CpuClock(server._process.pid)
        began = time.monotonic()
        good, tries = False, 0
        while not good and tries < 3:  # a user whose download was cut tries again
            tries += 1
            good = subprocess.run(_curl(server.url + "/pypi" + farm.path, folder / FILE), capture_output=True,
                                  timeout=300).returncode == 0
        return good, {"seconds": time.monotonic() - began, "cpu": clock.seconds(), "tries": tries}


def by_pipeline(farm, folder, options):
    parts = urllib.parse.urlsplit(farm.urls[0])
    began = time.monotonic()
    done = subprocess.run([options.build / "tests/bench/pipeline", parts.hostname, str(parts.port), parts.path,
                           folder / FILE], capture_output=True, text=True, timeout=300)
    seconds = time.monotonic() - began
    return done.returncode == 0, {"seconds": seconds, "cpu": float(done.stdout.split()[0]) if done.stdout else 0.0}


HOW = {"yizhan": by_yizhan, "curl": by_curl, "aria2c": by_aria2c, "pipeline": by_pipeline}


def _right(farm, path):
    done = subprocess.run(["sha256sum", path], capture_output=True, text=True)
    return done.stdout[:64] == farm.sha256


def sample(scene, peer, options):
    """{"seconds", "pulled" (bodies), "cpu"?, "right"} of one download."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-bench-"))
    try:
        with Farm(options.build, folder, scene) as farm:
            began = time.monotonic()
            try:
                good, more = HOW[peer](farm, folder, options)
            except subprocess.TimeoutExpired:
                good, more = False, {}
            found = {"seconds": time.monotonic() - began, **more}
            found["right"] = good and _right(farm, folder / FILE)
            found["pulled"] = farm.pulled() / farm.size
            found["mib"] = farm.size / 2**20
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def first_byte(options):
    """Milliseconds from curl's last byte of a small cold wheel straight from the mirror to the first one through yizhan,
    the median over many wheels."""
    count = 40
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-bench-"))
    try:
        lines = [f"wheel small {number}.0 size=200K seed={number}" for number in range(1, count + 1)]
        lines += ["server m1 address=127.0.0.11", "publish m1"]
        with origin.Origin(options.build / "tests/origin/origin", "\n".join(lines) + "\n", folder) as there:
            with yizhan.Yizhan(options.build / "yizhan", folder / "store", upstreams=[there.index("m1")]) as server:
                subprocess.run(_curl(server.url + "/simple/small/", folder / "page"), check=True, timeout=30)
                straight, through = [], []
                for about in there.files.values():
                    path = urllib.parse.quote(about["path"])
                    for url, what, into in ((there.servers["m1"] + path, "%{time_total}", straight),
                                            (server.url + "/pypi" + path, "%{time_starttransfer}", through)):
                        done = subprocess.run(_curl(url, folder / "file", "--write-out", what), capture_output=True,
                                              text=True, check=True)
                        into.append(float(done.stdout) * 1000)
        return {"curl_total_ms": statistics.median(straight), "yizhan_first_byte_ms": statistics.median(through)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def medians(samples):
    found = {}
    for scene, peer, told in samples:
        found.setdefault((scene, peer), []).append(told)
    return {key: {"seconds": statistics.median(told["seconds"] for told in all_told),
                  "pulled": statistics.median(told["pulled"] for told in all_told),
                  "cpu": statistics.median(told.get("cpu", 0.0) for told in all_told),
                  "mib": all_told[0]["mib"],
                  "right": sum(told["right"] for told in all_told), "of": len(all_told)}
            for key, all_told in found.items()}


def markdown(found, scenes):
    lines = ["| | | seconds | MiB/s | of the sum | CPU s | pulled | right |", "|---|---|---:|---:|---:|---:|---:|---:|"]
    for scene in scenes:
        for peer in scene.peers:
            told = found.get((scene.name, peer))
            if not told:
                continue
            speed = told["mib"] / told["seconds"]
            share = f"{speed / scene.rate:.3f}" if scene.rate else ""
            cpu = f"{told['cpu']:.2f}" if told["cpu"] else ""
            lines.append(f"| {scene.title if peer == scene.peers[0] else ''} | {peer} | {told['seconds']:.2f} | {speed:,.0f} | "
                         f"{share} | {cpu} | {told['pulled']:.2f} | {told['right']}/{told['of']} |")
    return "\n".join(lines)


def parsed():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh downloads", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round with 128 MiB: a smoke run")
    parser.add_argument("-k", action="append", help="only scenes with this word in their name")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build/bench/downloads.json")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    options = parser.parse_args()
    options.json = options.json.resolve()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.build = options.build.resolve()
    return options


def main():
    options = parsed()
    alone.enter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    scenes = [scene for scene in SCENES if not options.k or any(word in scene.name for word in options.k)]
    if options.quick:
        options.rounds, scenes = 1, [dataclasses.replace(scene, size="128M") for scene in scenes]
    load = measure.load_average()
    samples = []
    for number in range(options.rounds):
        for scene in scenes:
            for peer in scene.peers:
                if shutil.which(peer) is None and peer in ("curl", "aria2c"):
                    continue
                told = sample(scene, peer, options)
                print(f"bench: {number} {scene.name} {peer} " + " ".join(f"{k}={v:.2f}" for k, v in told.items()), flush=True)
                samples.append((scene.name, peer, told))
    small = first_byte(options)
    found = medians(samples)
    print(f"\n{markdown(found, scenes)}\n\nfirst byte of a cold wheel of 200 KB: {small['yizhan_first_byte_ms']:.1f} ms; curl "
          f"straight has its last one after {small['curl_total_ms']:.1f} ms (load {load:.1f} before)")
    options.json.write_text(json.dumps({
        "date": datetime.date.today().isoformat(), "machine": measure.machine(), "load_average_before": load,
        "first_byte": small, "samples": samples,
        "medians": [{"scene": scene, "peer": peer, **told} for (scene, peer), told in found.items()]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
