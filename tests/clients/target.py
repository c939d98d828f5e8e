"""A machine that is not this one, as clients are told of it: taken from the literal that yizhan's URLs name it by."""
import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Target:
    python: str    # "36"
    platform: str  # "win_amd64", "manylinux_2_35_x86_64", "linux_x86_64"

    @classmethod
    def of(cls, literal):
        words = literal.removesuffix("-wsl2").removesuffix("-only").split("-")
        python = next(word for word in words if re.fullmatch(r"cp\d+", word))
        return cls(python.removeprefix("cp"), words[-1])

    @property
    def version(self):
        return f"{self.python[0]}.{self.python[1:]}"

    @property
    def hides(self):
        """Whether its pip may be one that knows no yanks."""
        return (int(self.python[0]), int(self.python[1:])) <= (3, 7)

    @property
    def abi(self):
        if self.python == "27":
            return "cp27m" if self.platform.startswith("win") else "cp27mu"
        return f"cp{self.python}" + ("m" if self.hides else "")

    def platforms(self):
        """Every platform tag that it takes, best first: clients that are told of one do not think of the others."""
        glibc = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", self.platform)
        if self.platform == "linux_x86_64":
            newest, arch = 28, "x86_64"
        elif glibc:
            newest, arch = int(glibc.group(1)), glibc.group(2)
        elif self.platform.startswith("macosx_14"):
            return [f"macosx_{major}_0_arm64" for major in (14, 13, 12, 11)]
        else:
            return [self.platform]
        old = ["manylinux2014", "manylinux2010", "manylinux1"] if arch == "x86_64" else ["manylinux2014"]
        return [*(f"manylinux_2_{minor}_{arch}" for minor in range(newest, 16, -1)), *(f"{name}_{arch}" for name in old),
                f"linux_{arch}"]

    @property
    def linux(self):
        return self.platform.startswith(("linux", "manylinux"))

    def old_platform(self):
        """The one tag that a pip before 20.3 can be told, and that wheels of torch had."""
        return "linux_x86_64" if self.linux else self.platform

    def uv_platform(self):
        if self.platform.startswith("win"):
            return "x86_64-pc-windows-msvc"
        if self.platform.startswith("macosx"):
            return "aarch64-apple-darwin"
        glibc = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", self.platform)
        if not glibc:
            return "x86_64-manylinux_2_28"
        known = max(minor for minor in (17, 28, *range(31, 41)) if minor <= int(glibc.group(1)))
        return f"{glibc.group(2)}-manylinux_2_{known}"
