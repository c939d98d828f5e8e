"""What this machine has: Pythons, a folder for things fetched once, and the package index its pip is set up to use."""
import functools
import glob
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request

# What yizhan may need of the machine's environment to reach the real index; the clients get none of it.
NETWORK_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
                     "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def cache_folder():
    folder = pathlib.Path(os.environ.get("YIZHAN_TEST_CACHE") or pathlib.Path.home() / ".cache/yizhan-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_python(version):
    """The interpreter of "3.6", newest patch release first; None where there is none that starts."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    found = sorted(glob.glob(str(pyenv / f"versions/{version}.*/bin/python{version}")),
                   key=lambda path: [int(part) for part in pathlib.Path(path).parts[-3].split(".") if part.isdigit()],
                   reverse=True)
    # Debian's own before others of the same version: it is what a bare machine has.
    for place in ("/usr/bin", *os.environ.get("PATH", "").split(":")):
        candidate = os.path.join(place, f"python{version}")
        if os.access(candidate, os.X_OK) and "/shims" not in candidate:
            found.insert(0, candidate) if place == "/usr/bin" else found.append(candidate)
    for candidate in found:
        answer = subprocess.run([candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                                capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return pathlib.Path(candidate)
    return None


def machine_pip():
    """A Python with a pip that reads this machine's configuration; used to fetch the clients, never as a client."""
    home = cache_folder() / "machine-pip"
    python = home / "bin/python"
    if not python.exists():
        base = find_python("3.11") or pathlib.Path("/usr/bin/python3")
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([base, "-m", "venv", home], check=True, stdin=subprocess.DEVNULL)
    return python


# Asks pip itself: configuration files, environment and built-in default in pip's own order.
_ASK_PIP = """
import json
from pip._internal.commands import create_command
from pip._internal.models.index import PyPI
options, _ = create_command("install").parser.parse_args([])
print(json.dumps({"url": options.index_url, "cert": options.cert, "proxy": options.proxy,
                  "none": bool(options.no_index), "default": options.index_url == PyPI.simple_url}))
"""


class Index:
    """The package index that pip uses here: its address, and what yizhan needs in its environment to reach it."""

    def __init__(self, url, environment, default):
        self.url = url.rstrip("/") + "/"
        self.environment = environment
        self.default = default  # nobody configured it: it is the one pip was built with

    def unreachable(self):
        """Why it cannot be used for tests; None where it answers."""
        if "@" in self.url.split("//", 1)[-1].split("/", 1)[0]:
            return "the machine's package index wants credentials, which yizhan takes from its settings only"
        context = ssl.create_default_context(cafile=self.environment.get("SSL_CERT_FILE"))
        request = urllib.request.Request(self.url + "six/", headers={"Accept": "text/html", "User-Agent": "yizhan-tests"})
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:
                answer.read()
                return None
        except (OSError, ValueError) as problem:
            return f"the machine's package index does not answer: {problem}"


@functools.cache
def real_index():
    """(Index, None), or (None, why there is none to test with)."""
    answer = subprocess.run([machine_pip(), "-c", _ASK_PIP], capture_output=True, text=True)
    if answer.returncode != 0:
        return None, f"pip could not be asked for its index: {answer.stderr.strip().splitlines()[-1:]}"
    said = json.loads(answer.stdout)
    if said["none"] or not said["url"]:
        return None, "pip is told to use no index on this machine"
    environment = {name: os.environ[name] for name in NETWORK_VARIABLES if name in os.environ}
    if said["cert"]:
        environment.setdefault("SSL_CERT_FILE", said["cert"])
    if said["proxy"]:
        environment.setdefault("https_proxy", said["proxy"])
        environment.setdefault("http_proxy", said["proxy"])
    index = Index(said["url"], environment, said["default"])
    why = index.unreachable()
    return (None, why) if why else (index, None)


@functools.cache
def network_namespace():
    """The command prefix that runs a program where only loopback exists; None where this machine forbids it."""
    inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    # Root needs no user namespace, and a container may allow one and not the other.
    for flags in (["--net"], ["--net", "--map-root-user"]):
        prefix = ["unshare", *flags, *inside]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
            return prefix
    return None


def join_namespace(pid):
    """The command prefix that runs a program beside process `pid`, which network_namespace() started."""
    prefix = network_namespace()
    own_user = ["--user", "--preserve-credentials"] if "--map-root-user" in prefix else []
    return ["nsenter", "--target", str(pid), "--net", *own_user]


if __name__ == "__main__":
    # For scripts: the index's address, "default" or "configured", and NAME=VALUE lines of what is needed to reach it.
    index, why = real_index()
    if index is None:
        raise SystemExit(why)
    print(index.url, "default" if index.default else "configured",
          *(f"{name}={value}" for name, value in index.environment.items()), sep="\n")
