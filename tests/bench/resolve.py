"""A resolver that asks for two hundred projects: uv straight at one mirror, through a yizhan that has nothing, and through
one that has everything. The mirror is 50 ms away; uv's own cache is empty each time. Medians of the rounds.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import downloads
import origin
import yizhan

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))

import clients  # noqa: E402

PROJECTS = 200


def _script():
    names = [f"part{number}" for number in range(PROJECTS)]
    lines = []
    for number, name in enumerate(names):
        needs = f' requires="{names[number // 2]}>=1"' if number else ""
        lines += [f"wheel {name} {version}.0{needs}" for version in (1, 2)]
    return "\n".join([*lines, "server m1 address=127.0.0.11 delay=50ms", "publish m1"]) + "\n", names


def _uv():
    """The pinned uv of the client tests, fetched where it is not here yet."""
    for client in clients.load():
        if client.tool == "uv":
            client.prepare()
            return client.place / "uv"
    raise SystemExit("versions.toml pins no uv")


def resolve(uv, url, names):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-resolve-"))
    try:
        (folder / "requirements.in").write_text("\n".join(names) + "\n", encoding="utf-8")
        began = time.monotonic()
        done = subprocess.run([uv, "pip", "compile", "--quiet", "--no-config", "--python-version", "3.11", "--index-url", url,
                               "--output-file", folder / "out.txt", folder / "requirements.in"],
                              env={"PATH": os.environ["PATH"], "HOME": str(folder), "UV_CACHE_DIR": str(folder / "cache"),
                                   "UV_NO_PROGRESS": "1"}, capture_output=True, text=True, timeout=300)
        seconds = time.monotonic() - began
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        found = sum("==2.0" in line for line in (folder / "out.txt").read_text().splitlines())
        assert found == len(names), f"{found} of {len(names)} resolved"
        return seconds
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh resolve", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--uv", type=pathlib.Path, help="default: the one that the client tests pin")
    parser.add_argument("--json", type=pathlib.Path, default=downloads.ROOT / "build/bench/resolve.json")
    parser.add_argument("--build", type=pathlib.Path, default=downloads.ROOT / "build/release")
    options = parser.parse_args()
    uv = options.uv or _uv()
    downloads.alone.enter()
    script, names = _script()
    found = {"straight": [], "cold": [], "warm": []}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-resolve-"))
    try:
        with origin.Origin(options.build.resolve() / "tests/origin/origin", script, folder) as there:
            for number in range(options.rounds):
                found["straight"].append(resolve(uv, there.index("m1"), names))
                with yizhan.Yizhan(options.build.resolve() / "yizhan", folder / f"store-{number}",
                                   upstreams=[there.index("m1")]) as server:
                    found["cold"].append(resolve(uv, server.url + "/simple/", names))
                    found["warm"].append(resolve(uv, server.url + "/simple/", names))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    for name, seconds in medians.items():
        print(f"{name:9} {seconds:6.2f} s   {seconds / medians['straight']:.2f} of straight")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"medians": medians, "rounds": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
