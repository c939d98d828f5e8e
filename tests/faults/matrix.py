#!/usr/bin/env python3
"""The fault matrix: every way in which a mirror fails, crossed with sizes and numbers of mirrors, through a real yizhan.

    tests/faults/matrix.py [--ci | --all] [-k WORD]... [--jobs 2] [--table FILE [--again]] [--list]

A row is CASE/SIZE/MIRRORS/CLIENT: the faulty mirror comes first, the others are healthy; 6-5bad has one healthy mirror
of six. cases.py says what each case is told to do and what must come of it, verdict.py what every row must show. Prints
a line for each row as it ends, then "N passed, N failed, N skipped".

--ci     about sixty rows that meet every case (the default)
--all    every row up to 600 MB; about two hours. --size 2.8G adds the largest, for a long evening
--table  also writes the rows as a table

The clients are one of our own (plain_client.py) and, of tests/clients/versions.toml, the newest pip, the oldest pip, and
uv. Everything runs in a network namespace of its own where this machine allows one, so that no packet can leave
loopback. Needs Python 3.11.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import traceback

if sys.version_info < (3, 11):
    sys.exit("tests/faults/matrix.py needs Python 3.11 (Debian 12: /usr/bin/python3)")

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "clients")]

import cases  # noqa: E402
import clients  # noqa: E402
import downloads  # noqa: E402
import farm  # noqa: E402
import machine  # noqa: E402
import pulse  # noqa: E402
import rows  # noqa: E402
import station  # noqa: E402
import table  # noqa: E402
import verdict  # noqa: E402

IN_NAMESPACE = "YIZHAN_FAULTS_IN_NAMESPACE"
# Seconds without time on a processor after which a red row proves nothing.
STARVED = 1.0


class Runner:
    """Runs rows, several at once, on one farm."""

    def __init__(self, options, mirrors, folder, drivers, beat):
        self._options, self._farm, self._folder, self._drivers = options, mirrors, folder, drivers
        self._pulse = beat
        self._number = 0
        self._counting = threading.Lock()

    def run(self, row):
        """Result of one row; never raises. One that went wrong while the machine had no time for it is run once more."""
        started = time.monotonic()
        result = self._run(row)
        starved = self._pulse.starved(started)
        if result.reasons and starved > STARVED:
            print(f"again   {row.name}: the machine had no time for it for {starved:.1f} s", flush=True)
            result = self._run(row)
        return result

    def _run(self, row):
        started = time.monotonic()
        with self._counting:
            self._number += 1
            name = f"r{self._number}"
        folder = self._folder / name
        folder.mkdir()
        try:
            why = self._impossible(row) or (rows.KNOWN_RED.get(row.name) if self._options.ci else None)
            if why:
                return table.Result(row, skipped=why)
            facts, reasons = self._measure(row, name, folder)
        except Exception:  # a bug of ours, or a yizhan that does not start or stop: the other rows go on
            facts, reasons = None, [traceback.format_exc()]
        result = table.Result(row, facts, reasons, seconds=time.monotonic() - started)
        if reasons and self._options.keep:
            result.kept = folder
        else:
            shutil.rmtree(folder, ignore_errors=True)
        return result

    def _impossible(self, row):
        try:
            self._drivers[row.client].prepare(self._folder)
        except clients.Missing as why:
            return str(why)
        if row.case.url and not os.environ.get(IN_NAMESPACE):
            return "no network namespace can be made here, and a name must not be asked for outside"
        return ""

    def _measure(self, row, name, folder):
        with self._farm.build(name, row.case, row.size, row.mirrors, row.many) as mirrors, \
                station.Station(self._options.yizhan, folder, mirrors.mirrors, self._farm.ca,
                                station.IN_ORDER) as server:
            expected = row.expected()
            runs, silence, served = [], 0.0, 0
            for number in (1, 2):
                killer = self._kill_midway(mirrors, server) if row.case.kill and number == 1 else None
                place = folder / f"run-{number}"
                place.mkdir()
                # A client that is to fail need not try for half a minute.
                patient = expected != cases.CLEAN_ERROR
                runs.append(self._drivers[row.client].run(server, mirrors, place, patient, row.patience()))
                if killer:
                    killer.join()
                waited, got = server.take()
                silence, served = max(silence, waited), served + got
                if runs[-1].status == "0" or expected != cases.CUT:
                    break
            _, guilty = row.case.charges(mirrors.faulty, row.mirrors)
            blamed = server.wait_blamed(guilty & self._met(row, mirrors) - self._silent_liars(row, mirrors))
            server.stop()
            facts = self._facts(row, mirrors, runs, silence, served, blamed)
            return facts, list(verdict.judge(row.case, row.mirrors, mirrors.faulty, facts))

    def _facts(self, row, mirrors, runs, silence, served, blamed):
        records = {mirror.name: mirrors.record(mirror.name) for mirror in mirrors.mirrors}
        pulled = sum(request["sent"] for name in records for request in mirrors.file_gets(name))
        return verdict.Facts(
            runs=runs, silence=silence, size=mirrors.about["size"], served=served, pulled=pulled,
            connections={name: (told["connections"], told["most_connections"]) for name, told in records.items()},
            met=self._met(row, mirrors), innocent=self._silent_liars(row, mirrors), blamed=blamed, wall_requests=len(mirrors.record("wall")["requests"]))

    @staticmethod
    def _met(row, mirrors):
        """Who was asked for the file; behind TLS, who was connected to. Refused connections leave no trace."""
        return {mirror.name for mirror in mirrors.mirrors
                if mirrors.file_gets(mirror.name) or (row.case.tls and mirrors.record(mirror.name)["connections"])}

    @staticmethod
    def _silent_liars(row, mirrors):
        """Who would have sent a wrong byte, and was never asked for it: of a file in segments each brings a part."""
        return {name for name, offset in row.case.flipped(mirrors.faulty, mirrors.about["size"]).items()
                if not any(request["offset"] <= offset < request["offset"] + request["sent"]
                           for request in mirrors.file_gets(name))}

    @staticmethod
    def _kill_midway(mirrors, server):
        def kill():
            if mirrors.wait_gate(seconds=30):
                server.kill_and_restart()
            mirrors.open_gate()

        killer = threading.Thread(target=kill)
        killer.start()
        return killer


def chosen(options):
    found = rows.ci() if not options.all else rows.every(options.size or ["50K", "40M", "600M"])
    if options.size and not options.all:
        found = rows.every(options.size)
    former = table.read(options.table) if options.again else {}
    return [row for row in found if (not options.k or any(word in row.name for word in options.k))
            and not table.is_ok(former.get(row.name, ""))]


def add_binaries(parser):
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--yizhan", type=pathlib.Path, help="default: yizhan in the build folder")
    parser.add_argument("--origin", type=pathlib.Path, help="default: tests/origin/origin in the build folder")


def with_binaries(options):
    """The options with both binaries found; ends the program where one is missing."""
    options.yizhan = (options.yizhan or options.build / "yizhan").resolve()
    options.origin = (options.origin or options.build / "tests/origin/origin").resolve()
    for binary in (options.yizhan, options.origin):
        if not binary.is_file():
            sys.exit(f"{binary} is missing: build it first (cmake --build --preset release), or name it")
    return options


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ci", action="store_true", help="the default")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--size", action="append", choices=list(farm.SIZES), help="every row of this size")
    parser.add_argument("-k", action="append", default=[], metavar="WORD", help="only rows whose name has one of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--again", action="store_true", help="only rows that are not ok in the table; those stay in it")
    add_binaries(parser)
    parser.add_argument("--keep", action="store_true", help="keep the folders of red rows")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.again and not (options.table and options.table.is_file()):
        parser.error("--again wants the --table of a run before")
    return with_binaries(options)


def enter_namespace():
    """Starts this program again where only loopback exists; returns where that cannot be. Clients that are missing are
    fetched before, while there is a network."""
    if os.environ.get(IN_NAMESPACE):
        return
    for driver in downloads.load()[1:]:
        try:
            driver.client.prepare()
        except clients.Missing:
            pass  # its rows will say so
    prefix = machine.network_namespace()
    if prefix:
        os.environ[IN_NAMESPACE] = "1"
        sys.stdout.flush()
        os.execvp(prefix[0], [*prefix, sys.executable, *sys.argv])


def run_all(options, wanted, folder):
    drivers = {driver.name: driver for driver in downloads.load()}
    sizes = [size for size in farm.SIZES if any(row.size == size for row in wanted)]
    results = []
    with farm.Farm(options.origin, folder, sizes, seconds=100 * len(wanted) + 600) as mirrors, \
            pulse.Pulse() as beat, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runner = Runner(options, mirrors, folder, drivers, beat)
        for done in concurrent.futures.as_completed([pool.submit(runner.run, row) for row in wanted]):
            results.append(done.result())
            print(results[-1].line(), flush=True)
    return sorted(results, key=lambda result: wanted.index(result.row))


def command(program="tests/faults/matrix.py"):
    """How this was called, without what belongs to one machine."""
    words, skip = [], False
    for word in sys.argv[1:]:
        if not skip and word not in ("--yizhan", "--origin", "--build", "--table"):
            words.append(word)
        skip = word in ("--yizhan", "--origin", "--build", "--table")
    return " ".join([program, *words])


def main():
    options = parse()
    wanted = chosen(options)
    if options.list:
        print(*(row.name for row in wanted), sep="\n")
        return 0
    enter_namespace()
    started = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-faults-"))
    try:
        results = run_all(options, wanted, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if options.table:
        former = table.read(options.table) if options.again else None
        options.table.write_text(table.text(results, command(), time.monotonic() - started, former), encoding="utf-8")
    passed, failed, skipped = table.counts(results)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not (passed or skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
