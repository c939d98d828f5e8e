"""Resolvers that ask for two hundred projects, uv fifty at a time and pip one after the other: straight at one mirror,
through a yizhan that has nothing, and through one that has everything. The mirror is 50 ms away; their own caches are
empty each time. Medians of the rounds.
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
import urllib.parse

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


def _newest(tool):
    """The client of the client tests, fetched where it is not here yet."""
    pinned = [client for client in clients.load() if client.tool == tool]
    if not pinned:
        raise SystemExit(f"versions.toml pins no {tool}")
    pinned[-1].prepare()
    return pinned[-1].place


def _by_uv(place, folder, url):
    done = subprocess.run([place / "uv", "pip", "compile", "--quiet", "--no-config", "--python-version", "3.11", "--index-url",
                           url, "--output-file", folder / "out.txt", folder / "requirements.in"],
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "UV_CACHE_DIR": str(folder / "cache"),
                               "UV_NO_PROGRESS": "1"}, capture_output=True, text=True, timeout=300)
    return done, (folder / "out.txt").read_text().splitlines() if done.returncode == 0 else []


def _by_pip(place, folder, url):
    host = urllib.parse.urlsplit(url).hostname
    done = subprocess.run([place / "venv/bin/python", "-m", "pip", "install", "--isolated", "--dry-run", "--ignore-installed",
                           "--quiet", "--no-cache-dir", "--disable-pip-version-check", "--report", folder / "report.json",
                           "--index-url", url, "--trusted-host", host, "--requirement", folder / "requirements.in"],
                          env={"PATH": os.environ["PATH"], "HOME": str(folder)}, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return done, []
    report = json.loads((folder / "report.json").read_text())
    return done, [f"{row['metadata']['name']}=={row['metadata']['version']}" for row in report["install"]]


RESOLVERS = {"uv": _by_uv, "pip": _by_pip}


def resolve(tool, place, url, names, folder):
    """Seconds that it took. What it left stays: ext4 without a journal looks at every inode that was freed in the last
    seconds before it takes one, and a resolver's cache of before made the next one's files a quarter dearer."""
    folder.mkdir()
    (folder / "requirements.in").write_text("\n".join(names) + "\n", encoding="utf-8")
    began = time.monotonic()
    done, lines = RESOLVERS[tool](place, folder, url)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found = sum("==2.0" in line for line in lines)
    assert found == len(names), f"{found} of {len(names)} resolved"
    return seconds


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh resolve", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tools", type=lambda text: text.split(","), default=list(RESOLVERS))
    parser.add_argument("--json", type=pathlib.Path, default=downloads.ROOT / "build/bench/resolve.json")
    parser.add_argument("--build", type=pathlib.Path, default=downloads.ROOT / "build/release")
    options = parser.parse_args()
    places = {tool: _newest(tool) for tool in options.tools}
    downloads.alone.enter()
    build = options.build.resolve()
    script, names = _script()
    found = {tool: {"straight": [], "cold": [], "warm": []} for tool in options.tools}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-resolve-"))
    try:
        with origin.Origin(build / "tests/origin/origin", script, folder) as there:
            for number in range(options.rounds):
                for tool, place in places.items():
                    def take(how, url):
                        found[tool][how].append(resolve(tool, place, url, names, folder / f"{tool}-{how}-{number}"))

                    take("straight", there.index("m1"))
                    with yizhan.Yizhan(build / "yizhan", folder / f"{tool}-{number}",
                                       upstreams=[there.index("m1")]) as server:
                        take("cold", server.url + "/simple/")
                        take("warm", server.url + "/simple/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    medians = {tool: {name: statistics.median(seconds) for name, seconds in mine.items()} for tool, mine in found.items()}
    for tool, mine in medians.items():
        for name, seconds in mine.items():
            print(f"{tool:3} {name:9} {seconds:6.2f} s   {seconds / mine['straight']:.2f} of straight")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"medians": medians, "rounds": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
