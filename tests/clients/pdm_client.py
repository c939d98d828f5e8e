"""PDM, on a project whose index is yizhan."""
from client import Tool

_PROJECT = """\
[project]
name = "voyage"
version = "0.1.0"
requires-python = ">={python}"
dependencies = [{dependencies}]

[tool.pdm]
distribution = false

[[tool.pdm.source]]
name = "pypi"
url = "{index}"
verify_ssl = {verify}
"""


class Pdm(Tool):
    tool = "pdm"
    # One worker, so that what it prints has one order.
    environment = {**Tool.environment, "PDM_CHECK_UPDATE": "0", "PDM_NON_INTERACTIVE": "1", "PDM_INSTALL_PARALLEL": "0"}
    hidden = ((r"(pdm-[a-z]+)-\w+\.log", r"\1-<random>.log"), (r"\b\d:\d\d:\d\d\b", "<time>"))
    after_a_cut = "asks again"
    gives_up = ("page-comes-back",)
    refuses_http = True
    locks = True

    def _project(self, home, index, dependencies="", verify=True):
        return self.project(home, _PROJECT.format(python=self.python, index=index, dependencies=dependencies,
                                                  verify=str(verify).lower()))

    def install(self, venv, home, index, requirements, prefix=(), hurried=False, trusted=None):
        return self.run_in(self._project(home, index, verify=trusted is None), venv, ["add", *requirements], prefix)

    def install_pinned(self, venv, home, index, pin, prefix=()):
        """Its digests stand in the lock file: made by itself, and then made to say what `pin` says."""
        folder = self._project(home, index, f'"{pin.project}=={pin.version}"')
        locked = self.run_in(folder, venv, ["lock"], prefix)
        if locked.status != 0:
            return locked
        self.say_digest(folder / "pdm.lock", pin)
        return self.run_in(folder, venv, ["sync"], prefix)

    def lock(self, venv, home, index, requirement):
        """(The lock file, with the URLs of files in it, outcome)."""
        folder = self._project(home, index, f'"{requirement}"')
        return folder / "pdm.lock", self.run_in(folder, venv, ["lock", "--static-urls"])

    def sync(self, venv, home, lock):
        """Installs what `lock` says."""
        return self.run_in(lock.parent, venv, ["sync"])
