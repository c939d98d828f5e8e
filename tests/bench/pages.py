"""Pages: the one that is matched to a machine, and how fast pages are read and written.

The project is torch with 5,000 builds under the names that PyTorch gives them, and PyPI's own beside them. Cold: the first
machine that asks an empty yizhan, the first after a restart, and one after the other of those that nobody has asked for yet;
all as pip asks, from the connection to the last byte; beside it how long the upstream alone takes for the two pages that
one is made of. Hot: beside an ordinary page of as many files. Reading and writing:
one page of 5,000 files in HTML and JSON, beside Python's html.parser and json with pip's own `packaging` for what names
and specifiers mean, and beside libxml2, which is asked for links only; a second there is one of the processor's.
"""
import argparse
import datetime
import gzip
import hashlib
import html
import html.parser
import itertools
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

import downloads  # puts tests/clients on the path
import alone
import load
import measure

import clients  # noqa: E402
import origin  # noqa: E402
import wheel_world  # noqa: E402
import yizhan  # noqa: E402

FILES = 5000
# "P" is a driver's last number: each makes a machine that nobody has asked for.
MACHINES = {"with a Python": "driver580.95.P-rtx_4090-cp312-manylinux_2_35_x86_64",
            "for every Python": "driver580.95.P-rtx_4090-manylinux_2_35_x86_64"}
PLATFORMS = {"linux_x86_64": "manylinux_2_28_x86_64", "win_amd64": "win_amd64", "linux_aarch64": "manylinux_2_28_aarch64"}
OTHERS = ("rocm6.0", "rocm6.1", "rocm6.2", "rocm6.4", "xpu", "cpu.cxx11.abi")


def _builds(others):
    """(release, local label or "", file name) of torch, newest first: what the tables know, and other vendors' labels."""
    for row in reversed(wheel_world.rows("torch_matrix")):
        for platform, tag in PLATFORMS.items():
            for python in wheel_world.pythons(row["python_min"], row["python_max"]):
                for label in ("", "cpu", *row[platform].split(), *others):
                    version = row["torch"] + (f"+{label}" if label else "")
                    yield row["torch"], label, f"torch-{version}-{python}-{wheel_world.abi(python, platform)}-{tag}.whl"


def _link(path, filename):
    """As the indexes write it today: digest, metadata, and what Pythons it is for."""
    digest = hashlib.sha256(path.encode()).hexdigest()
    return (f'<a href="{urllib.parse.quote(path)}#sha256={digest}" data-requires-python="&gt;=3.10" '
            f'data-dist-info-metadata="sha256={digest}" data-core-metadata="sha256={digest}">{html.escape(filename)}</a><br/>\n')


def _page(project, links):
    return f"<!DOCTYPE html><html><head><title>Links for {project}</title></head><body><h1>Links for {project}</h1>\n" \
           f"{''.join(links)}</body></html>\n"


def _pypi_path(filename):
    digest = hashlib.blake2b(filename.encode(), digest_size=32).hexdigest()
    return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{filename}"


def pytorch_page():
    return _page("torch", (_link(f"/whl/{label or 'cu102'}/{filename}", filename)
                           for _, label, filename in itertools.islice(_builds(OTHERS), FILES)))


def pypi_page():
    return _page("torch", (_link(_pypi_path(filename), filename) for _, label, filename in _builds(()) if not label))


def ordinary_page(project, builds):
    """As many links of the same kind."""
    names = (project + filename.removeprefix("torch") for filename in builds)
    return _page(project, (_link(f"/whl/cu130/{filename}", filename) for filename in names))


def _quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class World:
    """Both indexes on loopback; what they serve are pages alone."""

    def __init__(self, build, folder):
        pages = self.pages = {"/simple/torch/": pypi_page(), "/whl/torch/": pytorch_page()}
        self._origin = origin.Origin(build / "tests/origin/origin", "server m1\n" + "".join(
            f'serve m1 {path} text="{_quoted(text)}" type=text/html\n' for path, text in pages.items()), folder)

    def __enter__(self):
        self._origin.__enter__()
        self.url = self._origin.servers["m1"]
        return self

    def __exit__(self, *_):
        self._origin.__exit__()

    def show(self, path, text):
        self._origin.run(f'serve m1 {path} text="{_quoted(text)}" type=text/html\n')


class Machines:
    """Literals, each of a machine that has not asked before."""

    def __init__(self):
        self._numbers = itertools.count(10)

    def next(self, kind):
        return MACHINES[kind].replace("P", str(next(self._numbers)))


def served(options, world, store):
    return yizhan.Yizhan(options.build / "yizhan", store, [world.url + "/simple/"],
                         settings=["--set", f"pytorch.upstream={world.url}/whl/", "--set", "pypi.page_ttl=1d"])


def asked(url):
    """(milliseconds, names of the files listed) of one page, as pip asks."""
    began = time.monotonic()
    fields, body = load.fetch(url, "page")
    took = (time.monotonic() - began) * 1000
    listed = json.loads(gzip.decompress(body) if fields["Content-Encoding"] == "gzip" else body)["files"]
    return took, [file["filename"] for file in listed]


def upstream_alone(options, world):
    """Milliseconds, the median, that the upstream takes for the pages that a matched one is made of, one after the other."""
    def once():
        began = time.monotonic()
        for path in world.pages:
            load.fetch(world.url + path, "page")
        return (time.monotonic() - began) * 1000
    return statistics.median(once() for _ in range(options.rounds * 3))


def cold(options, world, folder):
    """{when: {kind: {"ms": […], "cpu_ms": […], "files": n}}}"""
    found = {when: {kind: {"ms": [], "cpu_ms": []} for kind in MACHINES} for when in ("empty store", "after a restart", "pages at hand")}
    machines = Machines()

    def note(when, kind, server):
        clock = measure.CpuClock(server._process.pid)
        took, files = asked(f"{server.url}/for/{machines.next(kind)}/simple/torch/")
        told = found[when][kind]
        told["ms"].append(took)
        told["cpu_ms"].append(clock.seconds() * 1000)
        told["files"] = len(files)

    for number, kind in itertools.product(range(options.rounds), MACHINES):
        store = folder / f"store-{number}-{kind.replace(' ', '-')}"
        with served(options, world, store) as server:
            note("empty store", kind, server)
        with served(options, world, store) as server:
            note("after a restart", kind, server)
            for _ in range(options.machines):
                note("pages at hand", kind, server)
    return found


def hot(options, world, folder):
    """{page: {"rate", "p50_ms", "p99_ms", "cpu_us", "bytes", "files"}}, the medians of the rounds."""
    server_cpus, load_cpus = load.split_cpus()
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, server_cpus)  # what is started inherits it
    samples = {}
    try:
        with served(options, world, folder / "store-hot") as server:
            os.sched_setaffinity(0, everywhere)
            matched = f"{server.url}/for/{Machines().next('with a Python')}/simple/torch/"
            world.show("/whl/plain/", ordinary_page("plain", asked(matched)[1]))
            for _ in range(options.rounds):
                for name, url in (("matched", matched), ("ordinary", server.url + "/pytorch/whl/plain/")):
                    _, files = asked(url)
                    _, body = load.fetch(url, "page")
                    clock = measure.CpuClock(server._process.pid)
                    told = load.wrk(url, "page", options.seconds, load_cpus)
                    samples.setdefault(name, []).append({
                        "rate": told["requests"] / told["seconds"], "cpu_us": clock.seconds() / told["requests"] * 1e6,
                        "p50_ms": told["p50_us"] / 1e3, "p99_ms": told["p99_us"] / 1e3, "bytes": len(body), "files": len(files)})
    finally:
        os.sched_setaffinity(0, everywhere)
    return {name: {key: statistics.median(sample[key] for sample in all_of) for key in all_of[0]}
            for name, all_of in samples.items()}


class _Links(html.parser.HTMLParser):
    """What pip does with a page: each link with its attributes and words."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self._words = [], None

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self._words = []
            self.found.append((dict(attributes), self._words))

    def handle_data(self, words):
        if self._words is not None:
            self._words.append(words)

    def handle_endtag(self, tag):
        if tag == "a":
            self._words = None


class Python:
    """The same work with what Python's installers are made of: names taken apart, addresses and specifiers understood."""

    def __init__(self, vendor):
        sys.path.insert(0, str(vendor))
        from packaging.specifiers import SpecifierSet
        from packaging.utils import parse_wheel_filename
        sys.path.remove(str(vendor))
        self._specifiers, self._wheel = SpecifierSet, parse_wheel_filename

    def _understood(self, filename, url, digest, python):
        return self._wheel(filename), urllib.parse.urljoin("http://127.0.0.1/simple/torch/", url), digest, \
            self._specifiers(python or "")

    def read_html(self, text):
        links = _Links()
        links.feed(text)
        links.close()
        for attributes, words in links.found:
            url, _, fragment = attributes["href"].partition("#")
            self._understood("".join(words), url, fragment, attributes.get("data-requires-python"))
        return len(links.found)

    def read_json(self, text):
        files = json.loads(text)["files"]
        for file in files:
            self._understood(file["filename"], file["url"], file["hashes"]["sha256"], file.get("requires-python"))
        return len(files)


def _rate(work, text, seconds):
    """MB a second, as page_speed counts them."""
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        assert work(text) == FILES
        done += len(text)
    return done / (time.process_time() - began) / 1e6


def speed(options, folder, python):
    """{"read html": {"yizhan": MB/s, …}, …}, the medians of the rounds."""
    pages = {"html": _page("torch", (_link(_pypi_path(filename), filename)
                                     for _, _, filename in itertools.islice(_builds(OTHERS), FILES)))}
    page = []
    for _, _, filename in itertools.islice(_builds(OTHERS), FILES):
        path = _pypi_path(filename)
        digest = hashlib.sha256(path.encode()).hexdigest()
        page.append({"filename": filename, "url": urllib.parse.quote(path), "hashes": {"sha256": digest},
                     "requires-python": ">=3.10", "core-metadata": {"sha256": digest}, "size": 900000000,
                     "upload-time": "2026-01-02T03:04:05.678901Z", "yanked": False})
    pages["json"] = json.dumps({"meta": {"api-version": "1.1"}, "name": "torch", "versions": [], "files": page})
    for name, text in pages.items():
        (folder / f"page.{name}").write_text(text, encoding="utf-8")
    rounds = {}
    for _ in range(options.rounds):
        told = json.loads(subprocess.run(
            [options.build / "tests/bench/page_speed", folder / "page.html", folder / "page.json", "torch",
             str(options.seconds / 4)], check=True, capture_output=True, text=True).stdout)
        for name, rate in told.items():
            peer, what = ("libxml2", name.removeprefix("libxml2 ")) if name.startswith("libxml2 ") else ("yizhan", name)
            rounds.setdefault((what, peer), []).append(rate)
        if python:
            for name, text in pages.items():
                work = getattr(python, f"read_{name}")
                rounds.setdefault((f"read {name}", "python"), []).append(_rate(work, text, options.seconds / 4))
    found = {}
    for (what, peer), rates in rounds.items():
        found.setdefault(what, {})[peer] = statistics.median(rates)
    return found


def packaging():
    """The `packaging` inside the newest pip of the client tests, or None where that cannot be had."""
    pip = [client for client in clients.load() if client.tool == "pip"][-1]
    try:
        pip.prepare()
    except clients.Missing as why:
        print(f"bench: Python is SKIPPED: {why}", file=sys.stderr)
        return None
    return Python(pip.site(pip.place / "venv") / "pip/_vendor")


def say(found):
    print("| The first page for a machine, ms | median | most | CPU | files listed |\n|---|---:|---:|---:|---:|")
    for when, kinds in found["cold"].items():
        for kind, told in kinds.items():
            print(f"| {when}, {kind} | {statistics.median(told['ms']):.1f} | {max(told['ms']):.1f} | "
                  f"{statistics.median(told['cpu_ms']):.1f} | {told['files']} |")
    print(f"\nThe upstream alone answers in {found['upstream_ms']:.1f} ms.")
    print("\n| Hot, one worker | matched | ordinary | |\n|---|---:|---:|---:|")
    matched, ordinary = found["hot"]["matched"], found["hot"]["ordinary"]
    for key, words, digits in (("rate", "requests/s", 0), ("cpu_us", "CPU µs/request", 1), ("p50_ms", "p50 ms", 2),
                               ("p99_ms", "p99 ms", 2), ("bytes", "bytes", 0), ("files", "files", 0)):
        print(f"| {words} | {matched[key]:,.{digits}f} | {ordinary[key]:,.{digits}f} | {matched[key] / ordinary[key]:.2f} |")
    print("\n| MB/s of text | yizhan | Python | libxml2 |\n|---|---:|---:|---:|")
    for what, rates in found["speed"].items():
        print(f"| {what} | {rates['yizhan']:.0f} | " + " | ".join(
            f"{rates[peer]:.1f} ({rates['yizhan'] / rates[peer]:.1f}×)" if peer in rates else ""
            for peer in ("python", "libxml2")) + " |")


def parsed():
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh pages", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of load in each sample; a quarter of it for each speed")
    parser.add_argument("--machines", type=int, default=10, help="new ones in each round, where the pages are at hand")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke run")
    parser.add_argument("--json", type=pathlib.Path, default=downloads.ROOT / "build/bench/pages.json")
    parser.add_argument("--build", type=pathlib.Path, default=downloads.ROOT / "build/release")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.machines = 1, 1, 3
    options.build, options.json = options.build.resolve(), options.json.resolve()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    return options


def main():
    options = parsed()
    python = packaging()
    alone.enter()
    before = measure.load_average()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yizhan-pages-"))
    try:
        with World(options.build, folder) as world:
            found = {"cold": cold(options, world, folder), "upstream_ms": upstream_alone(options, world),
                     "hot": hot(options, world, folder)}
        found["speed"] = speed(options, folder, python)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(found)
    print(f"\nload {before:.1f} before; {options.rounds} rounds")
    options.json.write_text(json.dumps({"date": datetime.date.today().isoformat(), "machine": measure.machine(),
                                        "load_average_before": before, **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
