"""PyPI and PyTorch's tree of wheels as they stand: tiny real wheels under the real names for every release, tag, Python
and platform that config/data/ knows. Which of them runs where is for machines.toml to say, by hand."""
import base64
import csv
import gzip
import hashlib
import http.server
import io
import pathlib
import urllib.parse
import zipfile

import listener

DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "config/data"
LINUX, WINDOWS, AARCH64 = "linux_x86_64", "win_amd64", "linux_aarch64"


def release(version):
    return tuple(int(part) for part in version.split("."))


def rows(table):
    with open(DATA / f"{table}.csv", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def abi(python, platform):
    if python == "cp27":
        return "cp27m" if platform == WINDOWS else "cp27mu"
    return python + ("m" if int(python[3:]) < 8 else "")


def pythons(least, most):
    """The CPythons from "2.7" to "3.7" as torch was built for them: after 2.7 came 3.5."""
    first, last = release(least), release(most)
    if last[0] == 2:
        return ["cp27"]
    found = ["cp27"] if first[0] == 2 else []
    return found + [f"cp3{minor}" for minor in range(max(first[1], 5) if first[0] == 3 else 5, last[1] + 1)]


def made_wheel(project, version, tag, label, requires):
    """The bytes of a wheel that pip installs. Its Summary says the label, which its name may leave out."""
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
    metadata += f"Summary: {label}\n" if label else ""
    metadata += "".join(f"Requires-Dist: {need}\n" for need in requires)
    members = {f"{name}.py": f"label = '{label}'\n", f"{info}/METADATA": metadata,
               f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: world\nRoot-Is-Purelib: false\nTag: {tag}\n"}
    lines = [f"{path},sha256={_record_hash(text)},{len(text)}\n" for path, text in members.items()]
    members[f"{info}/RECORD"] = "".join(lines) + f"{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as wheel:
        for path, text in members.items():
            wheel.writestr(zipfile.ZipInfo(path), text)
    return out.getvalue()


def _record_hash(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class World(listener.Listener):
    """All files by their path, and pages by theirs. Serves them on a port of loopback: a context manager."""

    def __init__(self):
        self.files, self.pages = {}, {}
        self.sent = []  # (path, bytes of the body)
        self._fill()

    def _fill(self):
        self._torch()
        self._tensorflow()
        self._others()

    # ---- what there is

    def _add(self, index, folder, project, version, tag, label, requires=()):
        filename = f"{project.replace('-', '_')}-{version}-{tag}.whl"
        body = made_wheel(project, version, tag, label, requires)
        self._list(index, folder, project, filename, body)

    def _list(self, index, folder, project, filename, body):
        digest = hashlib.sha256(body).hexdigest()
        if index == "pypi":
            spelled = hashlib.blake2b(body, digest_size=32).hexdigest()
            path = f"/packages/{spelled[:2]}/{spelled[2:4]}/{spelled[4:]}/{filename}"
            pages = [f"/simple/{project}/"]
        else:
            path = f"/whl/{folder}/{filename}"
            pages = [f"/whl/{project}/", f"/whl/{folder}/{project}/"]
        self.files[path] = body
        link = f'<a href="{urllib.parse.quote(path)}#sha256={digest}">{filename}</a><br/>\n'
        for page in pages:
            self.pages.setdefault(page, []).append(link)

    def _torch(self):
        extra = {row["torch"]: row for row in rows("torch_extra")}
        shared = {}  # partner and version → {(python, platform): tags}, where several releases have it
        for row in rows("torch_matrix"):
            built = pythons(row["python_min"], row["python_max"])
            for platform in (LINUX, WINDOWS, AARCH64):
                tags = row[platform].split()
                for python in built:
                    if (platform == WINDOWS and python == "cp27") or (platform == AARCH64 and release(row["torch"]) < (1, 10)):
                        continue
                    self._builds("torch", row["torch"], row, extra, platform, python, tags, ())
                    for vision in row["torchvision"].split():
                        self._builds("torchvision", vision, row, extra, platform, python, tags,
                                     [f"torch (=={row['torch']})"])
                    for partner in ("torchaudio", "torchtext"):
                        if row[partner]:
                            known = shared.setdefault((partner, row[partner]), {})
                            known.setdefault((python, platform), (row, set()))[1].update(tags)
        for (partner, version), built in shared.items():
            for (python, platform), (row, tags) in built.items():
                # torchaudio's last release asks for any torch: it serves several.
                needs = ["torch"] if version == "2.11.0" else [f"torch (=={row['torch']})"]
                self._builds(partner, version, row, extra, platform, python, sorted(tags), needs)
        for python in ("cp39", "cp310", "cp311", "cp312"):
            for version in ("2.9.1", "2.14.1"):
                self._add("pypi", "", "torch", version, f"{python}-{python}-macosx_11_0_arm64", "cpu")
            self._add("pypi", "", "torchvision", "0.29.1", f"{python}-{python}-macosx_11_0_arm64", "cpu", ["torch (==2.14.1)"])
            self._add("pypi", "", "torchaudio", "2.11.0", f"{python}-{python}-macosx_11_0_arm64", "cpu", ["torch"])

    def _builds(self, project, version, row, extra, platform, python, tags, requires):
        """One release for one Python on one platform: PyPI's build, the CPU's and one for each tag."""
        notes = extra[row["torch"]]
        new = release(row["torch"]) >= (2, 6)
        wheel_platform = {LINUX: "manylinux_2_28_x86_64" if new else LINUX, WINDOWS: WINDOWS,
                          AARCH64: "manylinux_2_28_aarch64" if new else "manylinux2014_aarch64"}[platform]
        tag = f"{python}-{abi(python, platform)}-{wheel_platform}"
        neutral = project == "torchtext" or (project == "torchaudio" and release(version) < (0, 10)) or \
            (project == "torchvision" and release(version) < (0, 3))
        if neutral:
            self._add("pypi", "", project, version, tag, "any", requires)
            return
        cuda = {LINUX: notes["pypi_linux_cuda"], WINDOWS: "", AARCH64: notes["pypi_aarch64_cuda"]}[platform]
        if notes["pypi_linux_cuda"]:
            self._add("pypi", "", project, version, tag, "cu" + cuda.replace(".", "") if cuda else "cpu", requires)
        plain_cpu = notes["untagged"] == "all"
        if platform != AARCH64 or new:
            self._add("whl", "cpu", project, version if plain_cpu else f"{version}+cpu", tag, "cpu", requires)
        for cu in tags:
            plain = notes["untagged"] in ("all", cu)
            self._add("whl", cu, project, version if plain else f"{version}+{cu}", tag, cu, requires)
        if platform == LINUX and release(row["torch"]) >= (2, 0):
            self._add("whl", "rocm6.4", project, f"{version}+rocm6.4", tag, "rocm6.4", requires)
            self._add("whl", "xpu", project, f"{version}+xpu", tag, "xpu", requires)

    def _tensorflow(self):
        for row in rows("tf_matrix"):
            if row["os"] != "linux":
                continue
            version = row["tensorflow"]
            number = release(version)
            # Windows has the same Pythons but for 2.7, also where its builds lost the GPU.
            for platform in ("manylinux2010_x86_64" if number < (2, 9) else "manylinux_2_17_x86_64.manylinux2014_x86_64",
                             WINDOWS):
                built = [python for part in row["python"].split()
                         for python in pythons(*(part.split("-") * 2)[:2])]  # "3.5-3.8", or "2.7" alone
                for python in built:
                    if (platform == WINDOWS and python == "cp27") or python in ("cp33", "cp34"):
                        continue
                    tag = f"{python}-{abi(python, platform)}-{platform}"
                    self._add("pypi", "", "tensorflow", version, tag, "")
                    if number < (2, 12):
                        self._add("pypi", "", "tensorflow-gpu", version, tag, "")

    def _others(self):
        """What needs a certain torch, and what PyTorch's tree has under a version that a client prefers to PyPI's."""
        self._add("pypi", "", "lamps", "1.0", "py3-none-any", "", ["torch (==2.11.0)"])
        self._add("pypi", "", "lamps", "2.0", "py3-none-any", "", ["torch (==2.12.0)"])
        tag = "cp312-cp312-manylinux_2_28_x86_64"
        self._add("pypi", "", "triton", "3.5.0", tag, "")
        self._add("whl", "cu128", "triton", "3.5.0+git0abc123", tag, "")

    # ---- how it is served

    def handler(self):
        world = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                world.answer(self)

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, handler):
        path = urllib.parse.unquote(urllib.parse.urlsplit(handler.path).path)
        kind, body, status = "application/octet-stream", self.files.get(path), 200
        if path in self.pages:
            name = path.rstrip("/").rsplit("/", 1)[-1]
            kind = "text/html"
            body = f"<!DOCTYPE html><html><body><h1>Links for {name}</h1>\n{''.join(self.pages[path])}</body></html>".encode()
        if body is None:
            kind, body, status = "text/plain", b"nothing here\n", 404
        compressed = status == 200 and path in self.pages and "gzip" in handler.headers.get("Accept-Encoding", "")
        body = gzip.compress(body) if compressed else body
        first, last = 0, len(body)
        asked = handler.headers.get("Range", "")
        if status == 200 and asked.startswith("bytes=") and path in self.files:
            begin, _, end = asked[6:].partition("-")
            first = int(begin) if begin else max(0, last - int(end))
            last = min(last, int(end) + 1) if begin and end else last
            status = 206
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        if compressed:
            handler.send_header("Content-Encoding", "gzip")
        if status == 206:
            handler.send_header("Content-Range", f"bytes {first}-{last - 1}/{len(body)}")
        handler.send_header("Accept-Ranges", "bytes")
        handler.send_header("Content-Length", str(last - first))
        handler.end_headers()
        if handler.command == "GET":
            self.sent.append((path, last - first))
            handler.wfile.write(body[first:last])

    def pulled(self, part=""):
        """Bytes of the bodies that were sent, of paths with `part` in them."""
        return sum(size for path, size in self.sent if part in path)
