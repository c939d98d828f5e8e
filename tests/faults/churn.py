#!/usr/bin/env python3
"""Fifty objects through one yizhan while its six mirrors change their behaviour every few seconds.

    tests/faults/churn.py [--seconds 45] [--seed 1] [--readers 4] [--plot FILE.svg]

The objects are so large that they take about as long as asked for; --seconds 600 is the ten minutes of the promise. It
must show: nothing wrong, nothing failed, nobody kept waiting for 15 s, no mirror over its cap of requests for files (pages
do not count against it), and bytes and scores that go where the mirrors are good. moods.py says what a mirror can be like.
The plot has for each mirror what it could give, what yizhan thought of it (/api/v1/mirrors), and what was pulled from it.
"""
import argparse
import concurrent.futures
import dataclasses
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import types

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import farm  # noqa: E402
import matrix  # noqa: E402
import moods  # noqa: E402
import origin  # noqa: E402
import plain_client  # noqa: E402
import plot  # noqa: E402
import station  # noqa: E402
import verdict  # noqa: E402

OBJECTS = 50
# Bytes per second of each mirror while it is fast, and of all objects together, for their size.
RATES = {"m1": 6 << 20, "m2": 4 << 20, "m3": 8 << 20, "m4": 3 << 20, "m5": 5 << 20, "m6": 4 << 20}
TOGETHER = 8 << 20
# Connections that a mirror may see at once, where yizhan does not say what its cap is (facts/mirrors.md section 4).
CAP = 4
# How often a client asks that gets a 503, and the seconds between: pip's five retries.
ASKS, PAUSE = 6, 2.0
# Moods last seconds here and hours in the world; rests after faults are shortened likewise, or all mirrors rest most of
# the time.
HASTE = 'relay.breaker.fault_rest = "1s"\nrelay.breaker.fault_rest_cap = "10s"\nrelay.breaker.busy_rest = "3s"\n'
# Seconds between two looks, and after a change of mood until the score is held against it. A score is learnt on traffic:
# it is held against what it heard of, from so many bytes on.
LOOK, SETTLED, TAUGHT = 0.5, 2.0, 64 << 10


@dataclasses.dataclass
class Look:
    """What was seen of one mirror at one time."""

    time: float
    mirror: str
    could: float            # bytes per second
    pulled: int             # body bytes so far
    thought: float | None   # bytes per second; None: never tried, or yizhan does not tell
    cap: int | None
    blamed: int             # failures that yizhan has charged it with so far


class Weather:
    """The plan carried out, in a thread of its own."""

    def __init__(self, mirrors, changes):
        self._mirrors, self._changes = mirrors, changes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        before = dict.fromkeys(RATES, "fast")
        for change in self._changes:
            if self._stop.wait(max(0.0, self.started + change.at - time.monotonic())):
                return
            self._mirrors.run(moods.script(change, before[change.mirror], RATES[change.mirror]))
            before[change.mirror] = change.mood


class Watch:
    """Looks at mirrors and scores, in a thread of its own."""

    def __init__(self, mirrors, server, weather, changes, size):
        self._mirrors, self._server, self._weather, self._changes = mirrors, server, weather, changes
        self._size = size
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.looks = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(LOOK):
            now = time.monotonic() - self._weather.started
            endpoints = {station.name_of(e["endpoint"], self._server.mirrors): e for e in self._server.endpoints() or []}
            for name, rate in RATES.items():
                mood, _ = moods.mood_at(self._changes, name, now)
                endpoint = endpoints.get(name)
                self.looks.append(Look(now, name, rate * moods.WORTH[mood], pulled(self._mirrors, name),
                                       endpoint and thought_of(endpoint, self._size), endpoint and endpoint.get("cap"),
                                       sum(endpoint["blamed"].values()) if endpoint else 0))


def thought_of(endpoint, size):
    """The score, as bytes per second: what is expected of a request for an object of `size`, from the asking on. Nothing
    from one that rests or is expelled."""
    if endpoint["state"] in ("open", "expelled"):
        return 0.0
    kind = "small" if size < 1 << 20 else "medium" if size < 32 << 20 else "large"
    speed = next(speed for speed in endpoint["speeds"] if speed["size"] == kind)
    if not speed["tried"]:
        return None
    return size / (speed["first_byte_ms"] / 1000 + size / max(speed["bytes_per_second"], 1.0))


def pulled(mirrors, name):
    return sum(request["sent"] for request in mirrors.record(name)["requests"] if request["path"].endswith(".whl"))


def size_for(seconds):
    return max(TOGETHER * seconds // OBJECTS, 1 << 20)


def most_at_once(mirrors, name):
    """Requests for files that a mirror answered at the same time. One that is given up counts for a moment longer than
    we know of it, so what the first 50 ms overlap does not count."""
    steps = []
    for request in mirrors.record(name)["requests"]:
        begin, end = request["at_ms"] + 50, request["ended_ms"] or float("inf")
        if request["path"].endswith(".whl") and begin < end:
            steps += [(begin, 1), (end, -1)]
    running = most = 0
    for _, step in sorted(steps):
        running += step
        most = max(most, running)
    return most


def script(seconds):
    lines = [f"wheel object{n:02} 1.0 size={size_for(seconds)} seed={n}" for n in range(1, OBJECTS + 1)]
    for place, (name, rate) in enumerate(RATES.items(), 11):
        lines += [f"server {name} address=127.0.0.{place} rate={rate} delay=10ms", f"publish {name}"]
    return "\n".join(lines) + "\n"


def ask(server, project, filename):
    """One run, which asks again after a 503 as pip and uv do."""
    for _ in range(ASKS):
        done = plain_client.fetch(server.url + "/simple/", project, filename)
        if not done.words.startswith("503"):
            break
        time.sleep(PAUSE)
    return done


def fetch(server, mirrors, number):
    """One reader, one object: (words where it went wrong, how many runs it took)."""
    project = f"object{number:02}"
    filename = farm.wheel(project, "1.0")
    for run in (1, 2):
        done = ask(server, project, filename)
        if done.status == 0:
            right = done.sha256 == mirrors.files[filename]["sha256"]
            return "" if right else f"{filename}: wrong bytes", run
    return f"{filename}: {done.words}", run


def read_all(server, mirrors, readers, limit):
    """What fetch() says of every object; those that are not there after `limit` seconds have failed."""
    pool = concurrent.futures.ThreadPoolExecutor(readers)
    reading = [pool.submit(fetch, server, mirrors, number) for number in range(1, OBJECTS + 1)]
    started, outcomes = time.monotonic(), []
    try:
        for each in concurrent.futures.as_completed(reading, timeout=limit):
            outcomes.append(each.result())
            print(f"{len(outcomes):2} of {OBJECTS} after {time.monotonic() - started:.0f} s", flush=True)
    except TimeoutError:
        outcomes.append((f"{OBJECTS - len(outcomes)} objects are not there after {limit} s", 1))
        server.stop()  # which ends those that still read
    pool.shutdown(cancel_futures=True)
    return outcomes


def taught(look, looks, changes):
    """Whether yizhan could know: it had bytes or a failure of this mirror since its mood is what it is. A lie shows as a
    failure only, when the digest is looked at."""
    mood, since = moods.mood_at(changes, look.mirror, look.time)
    before = next((other for other in reversed(looks) if other.mirror == look.mirror and other.time <= since), None)
    if before is None:
        return look.pulled > 0
    return look.blamed > before.blamed or (mood != "lying" and look.pulled - before.pulled >= TAUGHT)


def agreement(looks, changes):
    """Of pairs of mirrors of which one is good and the other useless, the part in which the scores say so too."""
    right = total = 0
    known = [look for look in looks if look.thought is not None and taught(look, looks, changes)
             and look.time - moods.mood_at(changes, look.mirror, look.time)[1] >= SETTLED]
    for now in sorted({look.time for look in known}):
        tried = [look for look in known if look.time == now]
        for good in (look for look in tried if look.could >= RATES[look.mirror]):
            for bad in (look for look in tried if look.could <= RATES[look.mirror] / 20):
                total += 1
                right += good.thought > bad.thought
    return right / total if total else None


def bytes_from_good(looks):
    """The part of all pulled bytes that came from a mirror while it was fast."""
    good = everything = 0
    for name in RATES:
        mine = [look for look in looks if look.mirror == name]
        for before, after in zip(mine, mine[1:]):
            everything += after.pulled - before.pulled
            good += (after.pulled - before.pulled) * (max(before.could, after.could) >= RATES[name])
    return good / everything if everything else 1.0


def judge(told):
    """Why it is red; none where it is green."""
    yield from told.wrong
    if told.silence >= verdict.SILENCE:
        yield f"somebody waited {told.silence:.1f} s for a byte"
    for name, most in told.most.items():
        cap = max((look.cap for look in told.looks if look.mirror == name and look.cap), default=CAP)
        if most > cap:
            yield f"{name} had {most} requests for files at once, its cap is {cap}"
    if told.agreement is not None and told.agreement < 2 / 3:
        yield f"the scores are right about good and useless mirrors in {told.agreement:.0%} of cases only"


def run(options, folder):
    limit = options.seconds * 3 + 60
    changes = moods.plan(list(RATES), limit, options.seconds * 2 / 3, options.seed)
    with origin.Origin(options.origin, script(options.seconds), folder, limit + 300) as mirrors:
        (folder / "ca.pem").write_text(mirrors.ca, encoding="ascii")
        known = [farm.Mirror(name, mirrors.index(name), name == "m1", False) for name in RATES]
        with station.Station(options.yizhan, folder, known, folder / "ca.pem", HASTE) as server, \
                Weather(mirrors, changes) as weather, Watch(mirrors, server, weather, changes, size_for(options.seconds)) as watch:
            outcomes = read_all(server, mirrors, options.readers, limit)
            seconds = time.monotonic() - weather.started
            silence, served = server.take()
        most = {name: most_at_once(mirrors, name) for name in RATES}
        total = sum(pulled(mirrors, name) for name in RATES)
    return types.SimpleNamespace(
        worth=moods.WORTH, looks=watch.looks, changes=[change for change in changes if change.at < seconds], seconds=seconds,
        silence=silence, most=most, wrong=[words for words, _ in outcomes if words], served=served, pulled=total,
        again=sum(runs > 1 for words, runs in outcomes if not words), agreement=agreement(watch.looks, changes),
        good=bytes_from_good(watch.looks))


def words(told):
    scores = "unknown" if told.agreement is None else f"{told.agreement:.0%}"
    return (f"{OBJECTS} objects in {told.seconds:.0f} s, {len(told.changes)} changes of mood; {len(told.wrong)} failed or "
            f"wrong, {told.again} in a second run; longest silence {told.silence:.1f} s; "
            f"{told.pulled / max(told.served, 1):.2f} bytes pulled per byte served, {told.good:.0%} of them from fast "
            f"mirrors; scores right {scores}; most requests for files at once "
            + " ".join(f"{name}:{most}" for name, most in told.most.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE.svg")
    matrix.add_binaries(parser)
    options = matrix.with_binaries(parser.parse_args())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-churn-"))
    try:
        told = run(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    reasons = list(judge(told))
    print(words(told))
    if options.plot:
        options.plot.write_text(plot.svg(told, RATES, matrix.command("tests/faults/churn.py")), encoding="utf-8")
    for reason in reasons:
        print("FAILED", reason)
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
