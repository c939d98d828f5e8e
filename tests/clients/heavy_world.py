"""One torch as it really is: tens of megabytes of libraries, 13,000 headers, its METADATA between them and torchgen; on an
index that knows no metadata, among links to the builds that are for other machines."""
import base64
import hashlib
import io
import zipfile

import wheel_world

LIBRARIES = 40 << 20
HEADERS = 13000  # of torch 2.5; they make a directory of 1.3 MB
OTHERS = 5000


class HeavyWorld(wheel_world.World):
    torch = "torch-2.14.1+cu132-cp311-cp311-manylinux_2_28_x86_64.whl"

    def _fill(self):
        self._list("whl", "cu132", "torch", self.torch, _heavy_wheel(self.torch))
        for number in range(OTHERS):
            filename = f"torch-2.{number % 15}.{number // 450}+cu1{number % 30:02}-cp3{number % 8 + 7}-none-win_amd64.whl"
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            self.pages["/whl/torch/"].append(f'<a href="/whl/{filename.replace("+", "%2B")}#sha256={digest}">{filename}</a><br/>\n')
        self._add("pypi", "", "filelock", "3.20.0", "py3-none-any", "")


def _heavy_wheel(filename):
    version = filename.split("-")[1]
    info = f"torch-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\nRequires-Dist: filelock\n"
    members = [("torch/lib/libtorch_cuda.so", bytes(LIBRARIES)),
               *((f"torch/include/ATen/ops/header_of_an_operator_{number}.h", b"") for number in range(HEADERS)),
               (f"{info}/METADATA", metadata.encode()),
               (f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {filename[:-4].split('-', 2)[2]}\n".encode())]
    record = "".join(f"{name},sha256={_digest(body)},{len(body)}\n" for name, body in members) + f"{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as wheel:
        for name, body in [*members, (f"{info}/RECORD", record.encode()), ("torchgen/__init__.py", b"")]:
            wheel.writestr(zipfile.ZipInfo(name), body)
    return out.getvalue()


def _digest(body):
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
