"""A wire tap between a client and yizhan: how long the client waited for a byte, and how many bytes of bodies it got.

Clients do not tell when their bytes came; the tap does, for all of them alike. It passes bytes on unchanged. It also
keeps its port while the yizhan behind it is killed and started again.
"""
import collections
import re
import socket
import threading
import time

_BLOCK = 1 << 18
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
_UNKNOWN = float("inf")  # a body that ends with the connection


class Conversation:
    """One connection's requests and answers, followed by their bytes: HTTP/1.1 without request bodies.

    `longest_silence` is the longest time for which the client had asked and nothing came; time between an answer and
    the next request is the client's own. `body_bytes` counts those of GET answers with status 200 and 206.
    """

    def __init__(self):
        self.longest_silence = 0.0
        self.body_bytes = 0
        self._asked = collections.deque()  # methods of requests that are not answered in full
        self._request_head = b""
        self._head = b""                   # of the answer under way, until it is whole
        self._left = 0                     # body bytes still to come
        self._chunks = None                # a chunked body's reader
        self._counts = False
        self._last = None                  # when something last happened

    def request(self, data, now):
        self._request_head += data
        while b"\r\n\r\n" in self._request_head:
            head, _, self._request_head = self._request_head.partition(b"\r\n\r\n")
            if not self._asked:
                self._last = now
            self._asked.append(head.split(b" ", 1)[0])

    def answer(self, data, came, passed_on):
        """`passed_on`: when the client had taken it; that it is slow to read is no silence of ours."""
        self._silence(came)
        self._last = passed_on
        while data:
            if self._left or self._chunks:
                data = self._body(data)
            else:
                data = self._take_head(data)

    def ended(self, now):
        """The connection is closed by either side; an answer that is still owed was silence up to now."""
        self._silence(now)
        self._asked.clear()

    def _silence(self, now):
        if self._asked:
            self.longest_silence = max(self.longest_silence, now - self._last)

    def _take_head(self, data):
        head, end, rest = (self._head + data).partition(b"\r\n\r\n")
        if not end:
            self._head = head
            return b""
        self._head = b""
        status = int(head.split(b" ", 2)[1])
        if status < 200:  # an interim answer; the real one follows
            return rest
        method = self._asked[0] if self._asked else b"GET"
        length, head = _LENGTH.search(head), head + b"\r\n"
        self._counts = method == b"GET" and status in (200, 206)
        if method == b"HEAD" or status in (204, 304):
            self._left = 0
        elif _CHUNKED.search(head):
            self._chunks = _Chunks()
        else:
            self._left = int(length.group(1)) if length else _UNKNOWN
        if not self._left and not self._chunks:
            self._answered()
        return rest

    def _body(self, data):
        if self._chunks:
            count, rest, over = self._chunks.feed(data)
            self.body_bytes += count if self._counts else 0
            if over:
                self._chunks = None
                self._answered()
            return rest
        count = min(self._left, len(data))
        self.body_bytes += count if self._counts else 0
        self._left -= count
        if not self._left:
            self._answered()
        return data[count:]

    def _answered(self):
        if self._asked:
            self._asked.popleft()


class _Chunks:
    """A chunked body (RFC 9112 section 7.1), without trailers: sizes as lines, then so many bytes and a line end."""

    def __init__(self):
        self._line, self._left, self._last = b"", 0, False

    def feed(self, data):
        """(bytes of content, what is left of `data`, whether the body is over)"""
        count = 0
        while data:
            if self._left:
                taken = min(self._left, len(data))
                count += taken
                self._left -= taken
                data = data[taken:]
                continue
            line, end, data = (self._line + data).partition(b"\r\n")
            self._line = b"" if end else line
            if end and self._last:
                return count, data, True
            if end and line:
                self._left = int(line.split(b";")[0], 16)
                self._last = not self._left
        return count, data, False


class Tap:
    """Listens on a port of its own and passes on to `target` (host, port), which may change. A context manager."""

    def __init__(self, target):
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._conversations = []
        self._sockets = []
        self._threads = []
        self._lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            _close(*self._sockets)

    def take(self):
        """(longest silence in seconds, body bytes) since the last call. The client has ended: its connections are over."""
        with self._lock:
            found, self._conversations = self._conversations, []
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(5)
        return (max((c.longest_silence for c in found), default=0.0), sum(c.body_bytes for c in found))

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            conversation = Conversation()
            thread = threading.Thread(target=self._serve, args=(client, conversation), daemon=True)
            with self._lock:
                self._conversations.append(conversation)
                self._threads.append(thread)
                self._sockets.append(client)
            thread.start()

    def _serve(self, client, conversation):
        try:
            server = socket.create_connection(self.target)
        except OSError:  # nobody is behind the tap at the moment
            _close(client)
            return
        with self._lock:
            self._sockets.append(server)
        back = threading.Thread(target=_pump_answers, args=(server, client, conversation), daemon=True)
        back.start()
        _pump_requests(client, server, conversation)
        back.join()
        conversation.ended(time.monotonic())
        for each in (client, server):
            each.close()
        with self._lock:
            self._sockets = [s for s in self._sockets if s not in (client, server)]


def _pump_requests(client, server, conversation):
    try:
        while data := client.recv(_BLOCK):
            conversation.request(data, time.monotonic())
            server.sendall(data)
    except OSError:
        pass
    _close(client, server)


def _pump_answers(server, client, conversation):
    try:
        while data := server.recv(_BLOCK):
            came = time.monotonic()
            client.sendall(data)
            conversation.answer(data, came, time.monotonic())
    except OSError:
        pass
    _close(client, server)


def _close(*sockets):
    """Whoever leaves takes the other side along: a half-closed connection has no use here."""
    for each in sockets:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
