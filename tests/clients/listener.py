"""An HTTP server on a free port of 127.0.0.1, in threads of its own: what test doubles between clients and yizhan share."""
import http.server
import threading


class Listener:
    """A context manager; `url` is where it listens. Subclasses give `handler()`: the class that answers requests."""

    def handler(self):
        raise NotImplementedError

    def __enter__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
