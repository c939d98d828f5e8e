"""The stage of all suites but the real one: a small fleet on a scripted mirror, yizhan before it, and what goes wrong on the way.

A scene is played by a live client, or by a sender that repeats what that client was recorded to ask.
"""
import contextlib
import dataclasses
import typing

import origin
import passage

# A small fleet. `boats` needs oars 1.x; oars 2.0 is for a Python that no machine has, which a client knows only if the
# page says so. `sails` 2.0 needs oars that do not exist, so who can goes back to 1.0. `lamps` 1.1 was yanked.
FLEET = """\
server mirror
wheel boats 1.0 requires="oars<3"
wheel oars 1.0
wheel oars 1.1
wheel oars 2.0 requires-python=">=3.99"
wheel sails 1.0 requires="oars<3"
wheel sails 2.0 requires="oars>=9"
wheel lamps 1.0
wheel lamps 1.1 yanked="sinks in the rain"
wheel anchors 1.0 size=6M
publish mirror
"""
OARS = "oars-1.1-py3-none-any.whl"
ANCHORS = "anchors-1.0-py3-none-any.whl"


class MirrorComesBack(passage.Course):
    """The mirror is gone until the client has been told so (503, Retry-After) about `path`."""

    def __init__(self, mirror, path, gone, back):
        self._mirror, self._path, self._back = mirror, path, back
        mirror.run(gone)

    def answered(self, exchange):
        if exchange.status == 503 and exchange.path.endswith(self._path) and self._back:
            self._mirror.run(self._back)
            self._back = None


class MirrorBreaksOff(passage.Course):
    """The only mirror breaks off half way, and once more before the next byte: more than yizhan can hide. The first
    break waits until the client has all that was sent, so that every run is cut at the same byte."""

    def __init__(self, mirror):
        self._mirror, self._half = mirror, mirror.files[ANCHORS]["size"] * 50 // 100
        mirror.run(f"fault mirror {ANCHORS} stall=50%@half cut=50% first=1 count=1 method=GET\n"
                   f"fault mirror {ANCHORS} cut=0 first=2 count=1 method=GET\n")

    def received(self, exchange):
        if exchange.path.endswith(ANCHORS) and exchange.size == self._half:
            self._mirror.run("open half")


class LineBreaks(passage.Course):
    """The connection between client and yizhan breaks once, after the first mebibyte of the anchors."""

    def __init__(self, _):
        self._broken = False

    def cut_after(self, exchange):
        if self._broken or exchange.method != "GET" or not exchange.path.endswith(ANCHORS):
            return None
        self._broken = True
        return 1 << 20


@dataclasses.dataclass(frozen=True)
class Scene:
    requirement: str
    offline: bool = False
    course: typing.Callable = lambda mirror: passage.Course()


def _page_comes_back(mirror):
    return MirrorComesBack(mirror, "/simple/oars/", "refuse mirror", "listen mirror")


def _file_comes_back(mirror):
    return MirrorComesBack(mirror, OARS, f"fault mirror {OARS} status=503", "behave mirror")


# What is recorded and replayed.
SCENES = {
    "install": Scene("boats"),
    "resolves": Scene("sails>=1"),
    "yanked": Scene("lamps==1.1"),
    "unknown-project": Scene("rudders"),
    "offline-miss": Scene("boats", offline=True),
    "page-comes-back": Scene("oars==1.1", course=_page_comes_back),
    "file-comes-back": Scene("oars==1.1", course=_file_comes_back),
    "mirror-breaks-off": Scene("anchors", course=MirrorBreaksOff),
    "line-breaks": Scene("anchors", course=LineBreaks),
}


@dataclasses.dataclass
class Stage:
    """A scene ready to be played at `url`; `passage` has what was said."""

    mirror: origin.Origin
    server: object  # the Yizhan
    passage: passage.Passage

    @property
    def url(self):
        return self.passage.url


@contextlib.contextmanager
def staged(scene, test):
    """Sets up the scene with `test`'s folder and binaries (a case.ClientCase)."""
    with contextlib.ExitStack() as stack:
        mirror = stack.enter_context(test.mirror(FLEET))
        course = scene.course(mirror)
        server = stack.enter_context(test.yizhan([] if scene.offline else [mirror.index()], offline=scene.offline,
                                                 apart=False))
        yield Stage(mirror, server, stack.enter_context(passage.Passage(server.url, course)))
