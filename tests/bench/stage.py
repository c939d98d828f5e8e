"""What all peers serve: an index on the scripted origin with a page of 10 KB, a file of 100 KB and one of 1 GiB."""
import pathlib
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

import origin  # noqa: E402

# So many releases make a page of 10 KB as pip asks for it: JSON, gzip. Uncompressed it has 33 KB.
RELEASES = 73

_SCRIPT = "\n".join([
    "server mirror", "server front",
    *(f'wheel catalog 1.{i} requires-python=">=3.8"' for i in range(RELEASES)),
    "wheel small 1.0 size={small}", "wheel large 1.0 size={large}",
    "publish mirror", "publish front",
    'serve mirror /simple/ text="<a href=\\"catalog/\\">catalog</a><a href=\\"small/\\">small</a>" type=text/html',
])
_SMALL_FILE = "small-1.0-py3-none-any.whl"
_BIG_FILE = "large-1.0-py3-none-any.whl"


class Stage:
    """A context manager: leaving ends the origin. `index` is what a caching proxy has as its upstream; `front` has the
    same files, and the page once show_page() has said what it is: what plain HTTP caches put before."""

    project, file_project = "catalog", "small"
    page = "/simple/catalog/"

    def __init__(self, build, folder, small, large):
        self.yizhan = build / "yizhan"
        self._origin = origin.Origin(build / "tests/origin/origin", _SCRIPT.format(small=small, large=large), folder)

    def __enter__(self):
        self._origin.__enter__()
        self.index = self._origin.index("mirror")
        self.front = self._origin.servers["front"]
        small, big = self._origin.files[_SMALL_FILE], self._origin.files[_BIG_FILE]
        self.file, self.file_sha256 = urllib.parse.quote(small["path"]), small["sha256"]
        self.big, self.big_size = urllib.parse.quote(big["path"]), big["size"]
        self.page_bytes = b""
        return self

    def __exit__(self, *_):
        self._origin.__exit__()

    def show_page(self, fields, body):
        """The front serves these very bytes from now on, so that every plain HTTP server sends what yizhan sends."""
        self.page_bytes = body
        text = "".join(f"\\x{byte:02x}" for byte in body)
        self._origin.run(f'serve front {self.page} text="{text}" type="{fields["Content-Type"]}" '
                         f'header="Content-Encoding: {fields["Content-Encoding"]}" '
                         f'header="Vary: Accept, Accept-Encoding"')
