#!/usr/bin/env python3
"""clang-tidy 19 over what changed since origin/main (else since the commit before this one, else everything).

    deploy/tidy.py [--build build/release] [--all | FILE...]

A changed header is looked at through the source of the same name, else through one source that includes it. What was
found clean is remembered by content in ~/.cache/yizhan-tests/tidy, so a second run costs nothing. Sources that do not
fit into --seconds are named and counted as skipped.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"
# GoogleTest's macros cost the analyzer a minute per file (68 s of 69 s measured) and teach it nothing about our code.
TEST_CHECKS = "--checks=-clang-analyzer-*"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's name for a tree with nothing in it


def git(*arguments):
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def changed_files():
    """Paths from the root: what differs from the base in commits, index and work tree, and what git does not know yet."""
    head = git("rev-parse", "--verify", "HEAD")
    base = git("merge-base", "HEAD", "origin/main") if head else None
    if not base or base == head:
        base = (git("rev-parse", "--verify", "HEAD~1") if head else None) or EMPTY_TREE
    names = (git("diff", "--name-only", "--diff-filter=d", base) or "").splitlines()
    names += (git("ls-files", "--others", "--exclude-standard") or "").splitlines()
    print(f"tidy: against {base[:12]}", flush=True)
    return [name for name in names if name.endswith((".cpp", ".hpp")) and (ROOT / name).is_file()]


class Sources:
    """The build's translation units, and what each was last compiled from."""

    def __init__(self, build):
        self.build = build
        self.commands = {}
        for entry in json.loads((build / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["directory"], entry["file"]).resolve()
            if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
                self.commands[path.relative_to(ROOT).as_posix()] = entry
        self.needs = self._dependencies()

    def _dependencies(self):
        """Object → files it was made from: ninja noted them when it compiled."""
        said = subprocess.run(["ninja", "-C", str(self.build), "-t", "deps"], capture_output=True, text=True).stdout
        found, current = {}, None
        for line in said.splitlines():
            if line and not line.startswith(" "):
                current = found.setdefault(line.split(":", 1)[0], [])
            elif line.strip() and current is not None:
                current.append((self.build / line.strip()).resolve())
        # CMake 3.25 does not write "output" into the database; the command says it.
        outputs = {name: re.search(r" -o (\S+) ", entry["command"]) for name, entry in self.commands.items()}
        return {name: found.get(output.group(1), []) for name, output in outputs.items() if output}

    def through(self, name):
        """The source to look at for `name`: itself, its namesake, or one that includes it; None where there is none."""
        if name in self.commands:
            return name
        namesake = name.removesuffix(".hpp") + ".cpp"
        if namesake in self.commands:
            return namesake
        header = (ROOT / name).resolve()
        return next((source for source, files in sorted(self.needs.items()) if header in files), None)

    def key(self, name):
        """Changes when anything does that clang-tidy would see: None where the compiler left no list."""
        files = self.needs.get(name)
        if not files:
            return None
        digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
        digest.update(self.commands[name]["command"].replace(str(ROOT), "").encode())
        for path in sorted(files):
            if path.is_relative_to(ROOT):
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
            elif path.exists():
                state = path.stat()
                digest.update(f"{path} {state.st_size} {state.st_mtime_ns}".encode())
        return digest.hexdigest()


def look(sources, name, deadline):
    if time.monotonic() > deadline:
        return name, None, "", 0.0
    started = time.monotonic()
    checks = [TEST_CHECKS] if name.startswith("tests/") else []
    done = subprocess.run([TIDY, "--quiet", "-p", str(sources.build), *checks, str(ROOT / name)], capture_output=True,
                          text=True)
    noise = "warnings generated", "Suppressed ", "Use -header-filter", "Use -system-headers"
    words = [line for line in (done.stdout + done.stderr).splitlines() if not any(part in line for part in noise)]
    return name, done.returncode == 0, "\n".join(words), time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--seconds", type=float, default=420, help="start no further source after this long")
    parser.add_argument("--count", type=pathlib.Path, help="write 'passed failed skipped' there")
    options = parser.parse_args()

    build = options.build.resolve()
    if not (build / "compile_commands.json").is_file():
        sys.exit(f"tidy: {build} is not configured: run cmake --preset {build.name}, then build")
    sources = Sources(build)
    if options.all:
        names = sorted(sources.commands)
    else:
        names = [os.path.relpath(name, ROOT) for name in options.files] or changed_files()
    chosen = {}
    for name in names:
        source = sources.through(name)
        if source:
            chosen.setdefault(source, []).append(name)
        else:
            print(f"tidy: {name}: no source of {build.name} includes it")

    memory = pathlib.Path(os.environ.get("YIZHAN_TEST_CACHE") or pathlib.Path.home() / ".cache/yizhan-tests", "tidy")
    memory.mkdir(parents=True, exist_ok=True)
    keys = {name: sources.key(name) for name in chosen}
    known = {name for name, key in keys.items() if key and (memory / key).exists()}
    print(f"tidy: {len(chosen)} sources, {len(known)} known to be clean", flush=True)

    passed, failed, skipped = len(known), 0, 0
    deadline = time.monotonic() + options.seconds
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        waiting = [pool.submit(look, sources, name, deadline) for name in chosen if name not in known]
        for future in concurrent.futures.as_completed(waiting):
            name, clean, words, seconds = future.result()
            if clean is None:
                skipped += 1
                print(f"SKIPPED {name}: no time left")
            elif clean:
                passed += 1
                print(f"ok      {name} ({seconds:.0f} s)", flush=True)
                if keys[name]:
                    (memory / keys[name]).touch()
            else:
                failed += 1
                print(f"FAILED  {name} ({seconds:.0f} s)\n{words}", flush=True)
    if options.count:
        options.count.write_text(f"{passed} {failed} {skipped}\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
