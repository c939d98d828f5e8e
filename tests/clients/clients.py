"""The clients of versions.toml, and what an installation left behind."""
import hashlib
import pathlib
import tomllib

from client import Missing, Outcome, Pin  # noqa: F401 (the suites' names for them)
from pdm_client import Pdm
from pip_client import Pip
from poetry_client import Poetry
from uv_client import Uv

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = {"pip": Pip, "uv": Uv, "poetry": Poetry, "pdm": Pdm}


def load():
    """Every client of versions.toml, not yet prepared."""
    table = tomllib.loads((HERE / "versions.toml").read_text(encoding="utf-8"))
    return [TOOLS[row.pop("tool")](**row) for row in table["client"]]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def installed(client, venv):
    """Path → sha256 of what an installation left in the environment, without what pip and Python made themselves."""
    site = client.site(venv)
    brought = {path.name for path in client.site(client.place / "venv").iterdir()}
    files = {}
    for path in sorted(site.rglob("*")):
        inside = path.relative_to(site)
        # RECORD lists the compiled files, whose names the client chooses; the rest of dist-info is from the wheel.
        own = inside.parts[0] in brought or path.suffix == ".pyc" or path.name in ("RECORD", "_virtualenv.py")
        if path.is_file() and not own:
            files[inside.as_posix()] = digest(path)
    return files


def distributions(client, venv):
    """Name → version of what is installed, read off the dist-info folders; names normalised as in PEP 503."""
    found = {}
    for path in client.site(venv).glob("*.dist-info"):
        name, version = path.name.removesuffix(".dist-info").split("-", 1)
        found[name.lower().replace("_", "-").replace(".", "-")] = version
    found.pop(client.tool, None)
    return found
