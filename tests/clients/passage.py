"""A pass-through on loopback between a client and yizhan: notes what each of them said, and can cut what goes back.

Requests go on byte for byte as far as HTTP tells them apart: line, fields and their order stay; answers likewise.
"""
import dataclasses
import hashlib
import http.client
import http.server
import threading
import urllib.parse

import listener

CHUNK = 64 * 1024


@dataclasses.dataclass
class Exchange:
    method: str
    path: str
    fields: list            # (name, value), as the client sent them
    status: int = 0
    answer: list = dataclasses.field(default_factory=list)  # (name, value), as yizhan sent them
    body: bytes = b""       # of an answer of at most a chunk; of a longer one only size and digest are kept
    size: int = 0           # body bytes that yizhan sent
    sha256: str = ""
    whole: bool = True      # all the bytes that the answer's head announced

    def field(self, name):
        return _find(self.fields, name)

    def told(self, name):
        return _find(self.answer, name)


def _find(fields, name):
    return next((value for key, value in fields if key.lower() == name.lower()), "")


class Course:
    """What a passage does about an exchange; this one lets everything through."""

    def answered(self, exchange):
        """The head of the answer is here, and nothing of it has reached the client."""

    def received(self, exchange):
        """So much of the body is here (`exchange.size`), and has reached the client."""

    def cut_after(self, exchange):
        """None, or how many bytes of the body the client gets; then its connection ends. What yizhan sends is read to
        its end first, so that the client's next request finds it at rest."""
        return None


class Passage(listener.Listener):
    """Listens on 127.0.0.1, or wherever told. A context manager."""

    def __init__(self, target, course=None):
        self._target = urllib.parse.urlsplit(target)
        self._course = course or Course()
        self._lock = threading.Lock()
        self.exchanges = []

    def asked(self, part):
        """The exchanges with `part` in their path, oldest first."""
        return [exchange for exchange in self.exchanges if part in exchange.path]

    def handler(self):
        passage = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                passage._pass(self)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        return Handler

    def _pass(self, client):
        exchange = Exchange(client.command, client.path, list(client.headers.items()))
        with self._lock:
            self.exchanges.append(exchange)
        upstream = http.client.HTTPConnection(self._target.hostname, self._target.port, timeout=60)
        try:
            upstream.putrequest(exchange.method, exchange.path, skip_host=True, skip_accept_encoding=True)
            for name, value in exchange.fields:
                upstream.putheader(name, value)
            upstream.endheaders()
            answer = upstream.getresponse()
            exchange.status, exchange.answer = answer.status, answer.getheaders()
            self._course.answered(exchange)
            self._send(client, exchange, answer)
        except OSError:  # the client has left
            client.close_connection = True
        finally:
            upstream.close()

    def _send(self, client, exchange, answer):
        limit = self._course.cut_after(exchange)
        hash_, kept = hashlib.sha256(), bytearray()
        if limit is None:
            client.wfile.write(_head(exchange, answer))
        for piece in _pieces(answer):
            hash_.update(piece)
            exchange.size += len(piece)
            if len(kept) < max(CHUNK, limit or 0):
                kept += piece
            if limit is None:
                client.wfile.write(piece)
                self._course.received(exchange)
        exchange.sha256 = hash_.hexdigest()
        exchange.body = bytes(kept) if exchange.size <= CHUNK else b""
        exchange.whole = exchange.method == "HEAD" or str(exchange.size) == exchange.told("Content-Length")
        if limit is not None:
            client.wfile.write(_head(exchange, answer) + kept[:limit])
        if limit is not None or not exchange.whole:
            client.close_connection = True


def _head(exchange, answer):
    assert not exchange.told("Transfer-Encoding"), "yizhan always says how long its answers are"
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in exchange.answer)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _pieces(answer):
    """The body as it comes, up to where it breaks off."""
    while True:
        try:
            piece = answer.read1(CHUNK)
        except (http.client.HTTPException, OSError):
            return
        if not piece:
            return
        yield piece
