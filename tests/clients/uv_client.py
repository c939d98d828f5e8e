"""uv, by its pip interface."""
import re

from client import Client


class Uv(Client):
    tool = "uv"
    reads_pieces = True
    # No /etc/uv/uv.toml, and no other Python than the one of the test.
    environment = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}

    after_a_cut = "asks again"
    locks = True
    waits_as_told = False

    def fetch(self):
        self.fetch_wheel()
        next((self.place / "site").glob("uv-*.data/scripts/uv")).rename(self.place / "uv")
        (self.place / "uv").chmod(0o755)

    def _install(self, venv, home, index, arguments, prefix, extra=()):
        # --link-mode: the cache may lie on another file system than the environment, and uv would say so.
        return self.run(home, [self.place / "uv", "pip", "install", "--link-mode", "copy", "--python",
                               venv / "bin/python", "--index-url", index, *arguments], prefix, extra)

    def install(self, venv, home, index, requirements, prefix=(), hurried=False, trusted=None):
        return self._install(venv, home, index, requirements, prefix, {"UV_HTTP_RETRIES": "1"} if hurried else {})

    def resolve(self, venv, home, index, requirements):
        """What would be installed, in words; installs nothing."""
        return self._install(venv, home, index, ["--dry-run", *requirements], ())

    def lock(self, venv, home, index, requirement):
        """A project that needs `requirement`, locked: (the lock file, outcome)."""
        folder = home / "voyage"
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "voyage"\nversion = "0.1.0"\nrequires-python = ">={self.python}"\n'
            f'dependencies = ["{requirement}"]\n[[tool.uv.index]]\nurl = "{index}"\ndefault = true\n', encoding="utf-8")
        return folder / "uv.lock", self._in_project(folder, ["lock"])

    def sync(self, venv, home, lock):
        """Installs what `lock` says, and asks nobody what there is."""
        return self._in_project(lock.parent, ["sync", "--frozen", "--no-install-project", "--link-mode", "copy"],
                                {"UV_PROJECT_ENVIRONMENT": str(venv)})

    def _in_project(self, folder, arguments, extra=()):
        # The index stands in the project; UV_NO_CONFIG would hide it.
        return self.run(folder.parent, ["env", "-u", "UV_NO_CONFIG", self.place / "uv", *arguments], (),
                        {"UV_PYTHON": self.interpreter, **dict(extra)}, folder)

    def install_pinned(self, venv, home, index, pin, prefix=()):
        home.mkdir(parents=True, exist_ok=True)
        path = home / "requirements.txt"
        path.write_text(f"{pin.project}=={pin.version} --hash=sha256:{pin.sha256}\n", encoding="utf-8")
        return self._install(venv, home, index, ["--require-hashes", "-r", path], prefix)

    def choose(self, venv, home, index, requirements, target, prefix=(), extra_index=None, find_links=None):
        home.mkdir(parents=True, exist_ok=True)
        (home / "requirements.in").write_text("\n".join(requirements) + "\n", encoding="utf-8")
        self.said = self.run(home, [self.place / "uv", "pip", "compile", "--no-header", "--no-annotate", "--only-binary",
                               ":all:", "--python", venv / "bin/python", "--python-version", target.version,
                               "--python-platform", target.uv_platform(), "--index-url", index,
                               *(["--extra-index-url", extra_index] if extra_index else []),
                               *(["--find-links", find_links] if find_links else []),
                               home / "requirements.in"], prefix)
        return dict(line.split("==") for line in self.said.words.splitlines() if re.fullmatch(r"[a-z0-9-]+==\S+", line))
