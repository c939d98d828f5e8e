"""pip, any version since 9: its wheel is laid into the environment, so that no Python needs one of its own."""
import email
import os
import subprocess
import zipfile

from client import Client


class Pip(Client):
    tool = "pip"
    # The null device as configuration file keeps pip from reading any, the machine's /etc/pip.conf included.
    environment = {"PIP_CONFIG_FILE": os.devnull}
    hidden = ((r"(pip-[a-z]+)-\w+/", r"\1-<random>/"),)
    can_download = True
    refuses_http = True

    def __init__(self, *row, **more):
        super().__init__(*row, **more)
        self.knows_platforms = self.release >= (19, 3)
        self.knows_yanks = self.release >= (19, 2)
        self.backtracks = self.release >= (20, 3)
        # 22.3 reads PEP 658 too, but in JSON only under the name that PEP 714 gave up because of it.
        self.knows_metadata = self.release >= (23, 2)
        # pylock.toml (PEP 751): 25.1 writes it, 26 reads it.
        self.locks = self.release >= (26,)
        self.after_a_cut = "asks for the rest" if self.release >= (25, 2) else "fails"

    def fetch(self):
        self.fetch_wheel()

    def _make_venv(self, folder):
        super()._make_venv(folder)
        for path in (self.place / "site").iterdir():
            path.rename(self.site(folder) / path.name)
        # Compiled once here: every environment would otherwise spend its first second on it.
        subprocess.run([self.interpreter, "-m", "compileall", "-q", self.site(folder)], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def _ask(self, command, venv, home, index, arguments, prefix):
        quiet = ["--progress-bar", "off"] if self.release >= (10,) else []
        return self.run(home, [venv / "bin/python", "-m", "pip", command, "--disable-pip-version-check", *quiet, "-i",
                               index, *arguments], prefix)

    def install(self, venv, home, index, requirements, prefix=(), hurried=False, trusted=None):
        flags = [*(["--retries", "1"] if hurried else []), *(["--trusted-host", trusted] if trusted else [])]
        return self._ask("install", venv, home, index, [*flags, *requirements], prefix)

    def resolve(self, venv, home, index, requirements):
        """What would be installed, in words; installs nothing."""
        return self._ask("install", venv, home, index, ["--dry-run", *requirements], ())

    def lock(self, venv, home, index, requirement):
        """(The lock file, outcome)."""
        lock = home / "pylock.toml"
        return lock, self._ask("lock", venv, home, index, ["-o", lock, requirement], ())

    def sync(self, venv, home, lock):
        """Installs what `lock` says, and asks nobody what there is."""
        return self.run(home, [venv / "bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-index",
                               "-r", lock])

    def install_pinned(self, venv, home, index, pin, prefix=()):
        return self._ask("install", venv, home, index, _require(home, pin), prefix)

    def download_pinned(self, venv, home, index, pin, to, prefix=()):
        return self._ask("download", venv, home, index, ["-d", to, "--no-deps", *_require(home, pin)], prefix)

    def choose(self, venv, home, index, requirements, target, prefix=(), extra_index=None, find_links=None):
        to = home / "chosen"
        platforms = target.platforms()
        if self.release < (20, 3):  # takes one
            platforms = [target.old_platform()]
        flags = ["-d", to, "--only-binary", ":all:", "--implementation", "cp", "--python-version",
                 target.python if self.release < (19, 3) else target.version, "--abi", target.abi,
                 *(word for platform in platforms for word in ("--platform", platform)),
                 *(["--extra-index-url", extra_index] if extra_index else []),
                 *(["-f", find_links] if find_links else [])]
        self.said = self._ask("download", venv, home, index, [*flags, *requirements], prefix)
        return {project: version for project, version in map(_taken, to.glob("*.whl"))} if to.exists() else {}


def _taken(path):
    """("torch", "1.3.0 cu101"): where the name has no label, the wheel's summary has."""
    project, version = path.name.split("-")[:2]
    with zipfile.ZipFile(path) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        label = email.message_from_bytes(wheel.read(name))["Summary"]
    return project.replace("_", "-"), version if "+" in version or not label else f"{version} {label}"


def _require(home, pin):
    home.mkdir(parents=True, exist_ok=True)
    path = home / "requirements.txt"
    path.write_text(f"{pin.project}=={pin.version} --hash=sha256:{pin.sha256}\n", encoding="utf-8")
    return ["--require-hashes", "-r", path]
