#!/usr/bin/env python3
"""What is stored already, asked of yizhan and of what people would use instead, side by side.

Started by run.sh. Two phases, one worker on a core of its own and two workers on both; in each, every peer is started
and warmed, then the rounds go over all scenarios and in each over all peers: A B C, A B C, so that what drifts on the
machine hits all alike.
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import alone
import load
import measure
import peers
import stage
import table

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BEGIN, END = "<!-- bench hits -->", "<!-- end of bench hits -->"
DOWNLOADS = 3  # of 1 GiB in each sample


def requests(peer, what, seconds, cpus, beside=None):
    """64 busy connections for some seconds."""
    clock = measure.CpuClock(peer.pid)
    figures = load.wrk(peer.places[what], what, seconds, cpus, beside)
    return {"rate": figures["requests"] / figures["seconds"], "cpu_us": clock.seconds() / figures["requests"] * 1e6,
            "p50_ms": figures["p50_us"] / 1e3, "p99_ms": figures["p99_us"] / 1e3, "requests": figures["requests"]}


def big(peer, _seconds, _cpus):
    clock, since = measure.CpuClock(peer.pid), time.monotonic()
    gib = sum(load.download(peer.places["big"]) for _ in range(DOWNLOADS)) / (1 << 30)
    return {"cpu_s_per_gib": clock.seconds() / gib, "gib_per_s": gib / (time.monotonic() - since)}


def many(peer, seconds, cpus):
    with load.IdleConnections(peer.places["page"]):
        seen = [resident(peer)]
        figures = requests(peer, "page", seconds, cpus, lambda: seen.append(resident(peer)))
        seen.append(resident(peer))
    return {**figures, "rss_idle": seen[0], "rss": max(seen)}


def resident(peer):
    """RSS of a server of one process, else the PSS of all: shared pages count once."""
    family = measure.family(peer.pid)
    return measure.memory(peer.pid)["rss" if len(family) == 1 else "pss"]


SCENARIOS = {
    "page": lambda peer, seconds, cpus: requests(peer, "page", seconds, cpus),
    "file": lambda peer, seconds, cpus: requests(peer, "file", seconds, cpus),
    "big": big,
    "many": many,
}


def suits(scenario, peer):
    return peer.many if scenario == "many" else scenario in peer.places


class Phase:
    """All peers with one worker each, or all with two."""

    def __init__(self, workers, scenarios, options):
        self.workers, self.scenarios, self.options = workers, scenarios, options
        server, client = load.split_cpus()
        both = server + client
        self.server_cpus, self.load_cpus = (server, client) if workers == "one" else (both, both)

    def run(self, note):
        """The samples; `note` learns what the peers are."""
        options = self.options
        samples = []
        work = options.json.parent
        with contextlib.ExitStack() as ends:
            folder = pathlib.Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hits-", dir=work)))
            before = os.sched_getaffinity(0)
            ends.callback(os.sched_setaffinity, 0, before)
            os.sched_setaffinity(0, self.load_cpus)
            on_stage = ends.enter_context(stage.Stage(options.build, folder, "100K", options.big))
            running = self._start(folder, on_stage, ends, note)
            time.sleep(options.rest)
            samples += [self._sample("idle", peer, 0, {"rss": resident(peer)}) for peer in running if suits("many", peer)]
            for number in range(options.rounds):
                for scenario in self.scenarios:
                    for peer in running:
                        if suits(scenario, peer):
                            figures = SCENARIOS[scenario](peer, options.seconds, self.load_cpus)
                            samples.append(self._sample(scenario, peer, number, figures))
                            say(self.workers, number, scenario, peer.name, figures)
        return samples

    def _start(self, folder, on_stage, ends, note):
        running = []
        for kind in self.options.peers:
            try:
                peer = kind(folder, on_stage)
            except peers.Unavailable as why:
                print(f"bench: {kind.name} is SKIPPED: {why}", file=sys.stderr)
                note["skipped"][kind.name] = str(why)
                continue
            ends.callback(peer.stop)
            peer.start(1 if self.workers == "one" else 2, self.server_cpus)
            if kind is peers.Yizhan:
                on_stage.show_page(*load.fetch(peer.places["page"], "page"))
            peers.check(peer, on_stage)
            note["peers"][peer.name] = {"label": peer.label, "version": peer.version(),
                                        "page": {"bytes": peer.page_size, "type": peer.page_kind}}
            running.append(peer)
        return running

    def _sample(self, scenario, peer, number, figures):
        return {"workers": self.workers, "scenario": scenario, "peer": peer.name, "round": number,
                "load_average": measure.load_average(), **figures}


def say(*words):
    *words, figures = words
    print("bench:", *words, " ".join(f"{name}={value:.6g}" for name, value in figures.items()), file=sys.stderr, flush=True)


def write_readme(text):
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def headline(note):
    """What the table was measured on, and what was asked."""
    where, kinds = note["machine"], note["peers"]
    versions = ", ".join(f"{kind['label']} {kind['version'].removeprefix('yizhan ')}" for kind in kinds.values())
    pages = ", ".join(f"{kind['label']} {kind['page']['bytes']:,}" for kind in kinds.values() if kind["page"]["bytes"])
    return (f"{where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, loopback with {where['congestion_control']}, "
            f"{note['date']}; medians of {note['rounds']} rounds of {note['seconds']} s, in brackets how many times better "
            f"yizhan is (below 1: worse). "
            f"64 connections, kept alive, access log on everywhere. The page is asked as pip 26 asks (JSON, gzip); its "
            f"bytes: {pages}. {versions}.")


def parsed():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh hits", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of load in each sample")
    parser.add_argument("--quick", action="store_true", help="one round of a second, and 64 MiB for the 1 GiB: a smoke run")
    parser.add_argument("--peers", type=lambda text: text.split(","), help="only these; yizhan is one of them always")
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build/bench/hits.json")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    options = parser.parse_args()
    options.big, options.rest = "1G", 2
    if options.quick:
        options.rounds, options.seconds, options.big, options.rest = 1, 1, "64M", 0
    unknown = set(options.peers or ()) - {kind.name for kind in peers.ALL}
    if unknown:
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    options.peers = [kind for kind in peers.ALL
                     if not options.peers or kind is peers.Yizhan or kind.name in options.peers]
    options.json = options.json.resolve()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    return options


def main():
    options = parsed()
    for kind in options.peers:
        if issubclass(kind, peers.FromPypi):
            kind.install()
    alone.enter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers and their folders go
    note = {"date": datetime.date.today().isoformat(), "machine": measure.machine(), "rounds": options.rounds,
            "seconds": options.seconds, "load_average_before": measure.load_average(), "peers": {}, "skipped": {}}
    samples = Phase("one", ["page", "file", "big"], options).run(note)
    samples += Phase("two", ["page", "file", "many"], options).run(note)
    labels = {name: kind["label"] for name, kind in note["peers"].items()}
    text = headline(note) + "\n\n" + table.markdown(samples, labels)
    goals = table.targets(samples)
    options.json.write_text(json.dumps({
        **note, "samples": samples,
        "medians": [{"workers": workers, "scenario": scenario, **by_peer}
                    for (workers, scenario), by_peer in table.medians(samples).items()],
        "targets": [{"target": words, "value": value, "met": met} for words, value, met in goals]}, indent=1) + "\n")
    print(text, *table.target_lines(samples), sep="\n")
    print(f"\nwritten: {options.json}")
    if note["load_average_before"] > 0.5:
        print(f"The load average was {note['load_average_before']:.1f} at the start: this machine was not at rest, and "
              f"the figures are worth little.")
    if options.readme:
        write_readme(text)


if __name__ == "__main__":
    main()
