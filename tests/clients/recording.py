"""What a client was seen to ask, kept in recorded/<client>.json, so that it can be asked again where that client is
missing; and what yizhan answered.

Of a request: its line, and the fields that decide what it gets. Of an answer: the status, the fields that clients act
on, and the digest of the body, or the words of a short plain text. What differs from run to run has a name instead.
"""
import ctypes
import gzip
import hashlib
import json
import pathlib
import re

import words

FOLDER = pathlib.Path(__file__).resolve().parent / "recorded"

ASKED = ("User-Agent", "Accept", "Accept-Encoding", "Cache-Control", "Pragma", "Range", "If-Range", "If-None-Match",
         "If-Modified-Since")
TOLD = ("Content-Type", "Content-Encoding", "Content-Length", "Content-Range", "Accept-Ranges", "Cache-Control", "ETag",
        "Vary", "Location", "Retry-After")
# Stands for the ETag of the last answer for the same path.
TOLD_ETAG = "<the ETag it was told>"


def path_of(name):
    return FOLDER / f"{name}.json"


def load(name):
    return json.loads(path_of(name).read_text(encoding="utf-8"))


def of(scenes):
    """The recording of scenes: name → rows, as rows() makes them. Fields that all requests share stand there once."""
    every = [row["fields"] for rows_ in scenes.values() for row in rows_]
    shared = {name: value for name, value in every[0].items() if all(fields.get(name) == value for fields in every)}
    for fields in every:
        for name in shared:
            del fields[name]
    return {"fields": shared, "scenes": scenes}


def write(name, recorded):
    """A line for each request, so that a change is a readable diff."""
    scenes = (f"{json.dumps(scene)}: [\n" + ",\n".join(json.dumps(row) for row in rows_) + "\n]"
              for scene, rows_ in recorded["scenes"].items())
    FOLDER.mkdir(exist_ok=True)
    path_of(name).write_text('{\n"fields": ' + json.dumps(recorded["fields"]) + ',\n"scenes": {\n' + ",\n".join(scenes) +
                             "\n}\n}\n", encoding="utf-8")


def fields_of(recorded, row):
    return {**recorded["fields"], **row["fields"]}


def rows(exchanges):
    """Requests and answers of a passage, as they are kept."""
    etags, found = {}, []
    for exchange in exchanges:
        found.append({"request": f"{exchange.method} {exchange.path}", "fields": _asked(exchange, etags),
                      "answer": answer(exchange)})
        if exchange.told("ETag"):
            etags[exchange.path] = exchange.told("ETag")
    return found


def _asked(exchange, etags):
    fields = {name: exchange.field(name) for name in ASKED if exchange.field(name)}
    known = etags.get(exchange.path)
    for name in ("If-Range", "If-None-Match"):
        if known and fields.get(name) == known:
            fields[name] = TOLD_ETAG
    if "User-Agent" in fields:
        # pip and uv tell the kernel's release: this machine's has no place here.
        fields["User-Agent"] = re.sub(r'("release": ?")[^"]*', r"\g<1>6.1.0", fields["User-Agent"])
    return fields


def answer(exchange):
    """What is asserted of an answer."""
    told = {name: exchange.told(name) for name in TOLD if exchange.told(name)}
    body = exchange.body
    coding = told.get("Content-Encoding")
    if coding:
        # The bytes are the compressor's business; what they hold is ours.
        body = gzip.decompress(body) if coding == "gzip" else _zstd(body)
        told["Content-Length"] = "<of the compressed bytes>"
        told["ETag"] = "<of the compressed bytes>"
    if told.get("ETag", "").startswith('"u-'):
        told["ETag"] = "<of a delivery under way>"
    seen = {"status": exchange.status, "fields": told}
    if told.get("Content-Type", "").startswith("text/plain"):
        seen["text"] = _text(body.decode())
        told["Content-Length"] = "<of the text>"
    elif not exchange.whole:
        seen["broke_off_at"] = exchange.size
    elif exchange.size:
        seen["sha256"] = hashlib.sha256(body).hexdigest() if coding else exchange.sha256
    return seen


def _text(body):
    """The mirror's port is another in every run."""
    return re.sub(r"127\.0\.1\.\d+(:| port )\d+", r"<mirror>", words.normalised(body, {}).rstrip("\n"))


def _zstd(compressed):
    """libzstd is here wherever yizhan is; Python learns of it in 3.14 only."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_isError.argtypes = [ctypes.c_size_t]
    room = ctypes.create_string_buffer(16 << 20)
    size = library.ZSTD_decompress(room, ctypes.c_size_t(len(room)), compressed, ctypes.c_size_t(len(compressed)))
    assert not library.ZSTD_isError(size), "not zstd"
    return room.raw[:size]
