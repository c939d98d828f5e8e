#!/usr/bin/env python3
"""Real package managers through a real yizhan.

    tests/clients/run.py [--build build/release] [-k WORD]... [--update-golden] [--record] [--list]

Suites:
  replay    what each client was recorded to ask is asked again; needs none of them
  recorded  the live clients still ask what was recorded
  origin    the live clients and the scripted mirror of tests/origin: nothing leaves loopback
  faults    the same with a mirror or a line that fails
  machines  what the live clients choose for the machines of machines.toml, from small wheels under all the real names
  packaging index/ and Python's `packaging` are asked the same questions; no server, no network
  real      the live clients and the index that this machine's pip is set up to use; SKIPPED where there is none

The clients are those of versions.toml; they are fetched once into ~/.cache/yizhan-tests (or $YIZHAN_TEST_CACHE). What
they print to their users is compared with golden/, what they ask and are answered with recorded/. Needs Python 3.11 and
nothing else.
"""
import argparse
import os
import pathlib
import sys

if sys.version_info < (3, 11):
    sys.exit("tests/clients/run.py needs Python 3.11 (Debian 12: /usr/bin/python3)")

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import case  # noqa: E402
import clients  # noqa: E402
import groups  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--yizhan", type=pathlib.Path, help="default: yizhan in the build folder")
    parser.add_argument("--origin", type=pathlib.Path, help="default: tests/origin/origin in the build folder")
    parser.add_argument("-k", action="append", default=[], metavar="WORD", help="only tests whose name has one of these")
    parser.add_argument("--suite", choices=["replay", "recorded", "origin", "faults", "machines", "packaging", "real"],
                        action="append")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), metavar="N",
                        help="groups at a time; default: two per core, since clients wait much of their time")
    parser.add_argument("--update-golden", action="store_true", help="write what the clients say and yizhan answers; "
                                                                     "read the diff then")
    parser.add_argument("--record", action="store_true", help="write what the clients ask (suite recorded); likewise")
    parser.add_argument("--keep", action="store_true", help="keep the folders of passed tests too")
    parser.add_argument("--all-machines", action="store_true", help="suite machines: all of them, not only those that "
                                                                    "every change is tried with")
    parser.add_argument("--update-table", action="store_true", help="suite machines: write what the clients choose, "
                                                                    "matched and unmatched, to machine_picks/")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--group", help=argparse.SUPPRESS)  # one group, in this process
    return parser.parse_args()


def prepare(chosen, runner):
    """Fetches the clients, which the groups could not. Gives back the groups that can be run."""
    broken = set()
    for client in {group.client.name: group.client for group in chosen if group.live}.values():
        try:
            client.prepare()
        except clients.Missing:
            pass  # its group says so
        except Exception as problem:  # noqa: BLE001 (whatever it is, the other clients are tried)
            runner.fail(client.name, f"could not be prepared: {problem}")
            broken.add(client.name)
    return [group for group in chosen if not (group.live and group.client.name in broken)]


def main():
    given = options()
    case.Options.yizhan = (given.yizhan or given.build / "yizhan").resolve()
    case.Options.origin = (given.origin or given.build / "tests/origin/origin").resolve()
    case.Options.answers = (given.build / "tests/clients/packaging_answers").resolve()
    case.Options.update_golden = given.update_golden
    case.Options.record = given.record
    case.Options.keep = given.keep
    case.Options.all_machines = given.all_machines or given.update_table
    case.Options.update_table = given.update_table

    chosen = groups.load(["recorded"] if given.record else given.suite, given.k)
    if given.list:
        print(*(report.name_of(test) for group in chosen for test in group.tests), sep="\n")
        return 0
    if not case.Options.yizhan.is_file():
        sys.exit(f"{case.Options.yizhan} is missing: build it first (cmake --build --preset release), or give --yizhan")
    if given.group:
        counts = next(group for group in chosen if group.name == given.group).run()
    else:
        if machine.network_namespace() is None:
            print("no network namespace can be made here: nothing but the tests' own care keeps them on loopback")
        runner = groups.Runner(sys.argv)
        runner.run(prepare(chosen, runner), given.jobs)
        counts = runner.counts
    passed, failed, skipped = counts
    print(report.closing_line(passed, failed, skipped), flush=True)
    return 1 if failed or not (passed or skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
