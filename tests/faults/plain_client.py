"""A plain HTTP client, as a careful download script is: one file, resumed as pip does it, and the digest of what came.

It finds the file on its project's page, and where an answer breaks off it asks on with Range and If-Range, up to five
times. A 200 to that starts it over. Statuses are not retried: another run is the runner's business.
"""
import dataclasses
import hashlib
import html.parser
import re
import socket
import ssl
import urllib.parse

# pip's: seconds without a byte after which it gives up, and how often it asks on.
PATIENCE = 15
RESUMES = 5
_BLOCK = 1 << 18


class Broken(Exception):
    """The answer ended before its end, or nothing came; says how."""


@dataclasses.dataclass
class Download:
    status: int = 1  # as a program's: 0 for a file that came to its end
    words: str = ""
    bytes: int = 0   # of the file that are here
    resumes: int = 0
    etag: str = ""   # of the answer that they are of
    hasher: object = dataclasses.field(default_factory=hashlib.sha256)

    @property
    def sha256(self):
        return self.hasher.hexdigest()


class _Links(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.hrefs = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.hrefs += [value for name, value in attrs if name == "href" and value]


class _Answer:
    """A connection with one GET on it and the head of what came back."""

    def __init__(self, url, fields, ca):
        parts = urllib.parse.urlsplit(url)
        try:
            self._socket = socket.create_connection((parts.hostname, parts.port), PATIENCE)
            if parts.scheme == "https":
                context = ssl.create_default_context(cafile=ca)
                self._socket = context.wrap_socket(self._socket, server_hostname=parts.hostname)
            lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "User-Agent: plain", "Connection: close",
                     *(f"{name}: {value}" for name, value in fields.items())]
            self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            self._read_head()
        except OSError as problem:
            raise Broken(f"{url}: {problem}") from None

    def _read_head(self):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._socket.recv(_BLOCK)
            if not more:
                raise Broken("the connection ended before an answer")
            data += more
        head, _, self._pending = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    def blocks(self):
        """The body as it comes. Raises Broken where it ends early."""
        try:
            if self.fields.get("transfer-encoding", "").lower() == "chunked":
                yield from self._chunked()
                return
            length = self.fields.get("content-length")
            left = int(length) if length is not None else None
            while left is None or left:
                data = self._some()
                if not data:
                    if left is not None:
                        raise Broken(f"the answer broke off, {left} bytes are missing")
                    return
                data = data if left is None else data[:left]
                left = None if left is None else left - len(data)
                yield data
        except OSError as problem:
            raise Broken(f"the answer broke off: {problem}") from None

    def _some(self):
        data, self._pending = self._pending, b""
        return data or self._socket.recv(_BLOCK)

    def _line(self):
        while b"\r\n" not in self._pending:
            more = self._socket.recv(_BLOCK)
            if not more:
                raise Broken("the answer broke off between chunks")
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\r\n")
        return line

    def _chunked(self):
        while left := int(self._line().split(b";")[0], 16):
            while left:
                data = self._some()
                if not data:
                    raise Broken("the answer broke off in a chunk")
                yield data[:left]
                self._pending = data[left:]
                left -= min(left, len(data))
            self._line()

    def text(self):
        return b"".join(self.blocks()).decode("utf-8", "replace")

    def close(self):
        self._socket.close()


def get(url, fields=None, ca=None):
    """(status, text) of a small resource. Raises Broken."""
    answer = _Answer(url, fields or {}, ca)
    try:
        return answer.status, answer.text()
    finally:
        answer.close()


def find(index, project, filename, ca=None):
    """The file's URL on the project's page, or (None, why not)."""
    page_url = f"{index}{project}/"
    status, page = get(page_url, {"Accept": "text/html"}, ca)
    if status != 200:
        return None, f"{page_url}: {status}: {page[:300]}"
    for href in _Links(page).hrefs:
        path, _ = urllib.parse.urldefrag(urllib.parse.urljoin(page_url, href))
        if urllib.parse.unquote(path.rsplit("/", 1)[-1]) == filename:
            return path, ""
    return None, f"{page_url} does not list {filename}"


def _status_words(answer):
    try:
        return f"{answer.status}: {answer.text()[:300]}"
    except Broken as problem:
        return f"{answer.status}: {problem}"


def _begins_at(answer):
    match = re.match(r"bytes (\d+)-", answer.fields.get("content-range", ""))
    return int(match.group(1)) if match else -1


def _receive(url, done, ca):
    """One answer, appended to what is there. Raises Broken where more may be had by asking on."""
    fields = {"Accept-Encoding": "identity"}
    if done.bytes:
        fields["Range"] = f"bytes={done.bytes}-"
        if done.etag:
            fields["If-Range"] = done.etag
    answer = _Answer(url, fields, ca)
    try:
        if answer.status == 200:
            done.bytes, done.hasher = 0, hashlib.sha256()
        elif answer.status != 206 or _begins_at(answer) != done.bytes:
            done.words = _status_words(answer)
            return
        done.etag = answer.fields.get("etag", "")
        for data in answer.blocks():
            done.hasher.update(data)
            done.bytes += len(data)
        done.status = 0
    finally:
        answer.close()


def download(url, ca=None, resumes=RESUMES):
    """Fetches `url`; never raises for what a server does."""
    done = Download()
    for attempt in range(resumes + 1):
        done.resumes = attempt
        try:
            _receive(url, done, ca)
            break
        except Broken as problem:
            done.words = str(problem)
            if not done.bytes:
                break
    return done


def fetch(index, project, filename, ca=None):
    """A whole run: the page, then the file."""
    try:
        url, why = find(index, project, filename, ca)
    except Broken as problem:
        url, why = None, str(problem)
    return download(url, ca) if url else Download(words=why)
