"""Poetry, on a project that names yizhan as its only source."""
from client import Tool

_PROJECT = """\
[project]
name = "voyage"
version = "0.1.0"
requires-python = ">={python},<4"
dependencies = [{dependencies}]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "yizhan"
url = "{index}"
"""


class Poetry(Tool):
    tool = "poetry"
    reads_pieces = True
    locks = True
    # One worker, so that what it prints has one order.
    environment = {**Tool.environment, "POETRY_NO_INTERACTION": "1", "POETRY_INSTALLER_PARALLEL": "false"}
    # Of a traceback the frames' names stay; their source and lines are those of some release of Python.
    hidden = ((r"(?m)^ +(→ +)?\d+│.*\n", ""), (r"(?m)^( +at )\S*/(\S+\.py):\d+ in", r"\1\2 in"))

    def _project(self, home, index, dependencies=""):
        return self.project(home, _PROJECT.format(python=self.python, index=index, dependencies=dependencies))

    def install(self, venv, home, index, requirements, prefix=(), hurried=False, trusted=None):
        return self.run_in(self._project(home, index), venv, ["add", *requirements], prefix)

    def install_pinned(self, venv, home, index, pin, prefix=()):
        """Its digests stand in the lock file: made by itself, and then made to say what `pin` says."""
        folder = self._project(home, index, f'"{pin.project}=={pin.version}"')
        locked = self.run_in(folder, venv, ["lock"], prefix)
        if locked.status != 0:
            return locked
        self.say_digest(folder / "poetry.lock", pin)
        return self.run_in(folder, venv, ["install"], prefix)

    def lock(self, venv, home, index, requirement):
        """(The lock file, outcome)."""
        folder = self._project(home, index, f'"{requirement}"')
        return folder / "poetry.lock", self.run_in(folder, venv, ["lock"])

    def sync(self, venv, home, lock):
        """Installs what `lock` says."""
        return self.run_in(lock.parent, venv, ["install"])
