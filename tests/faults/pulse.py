"""Whether this machine gives us time at all. Deadlines can only be judged where what is judged gets to run: on a machine
that compiles beside, at a better priority, a start takes half a minute, and a row is red for no fault of yizhan's."""
import hashlib
import threading
import time

_WORK = bytes(1 << 20)  # a millisecond or less of hashing
# Seconds between two beats, and for one beat's work. With as many others as cores it takes a few hundredths.
_REST, _STARVED = 0.2, 0.1


class Pulse:
    """Does a millisecond of work five times a second and sees how long it takes. A context manager."""

    def __init__(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._starved = []  # (when, seconds)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(_REST):
            started = time.monotonic()
            hashlib.sha256(_WORK).digest()
            took = time.monotonic() - started
            if took > _STARVED:
                self._starved.append((started, took))

    def starved(self, since):
        """Seconds since then in which the machine gave us no time worth the name."""
        return sum(took for when, took in self._starved if when >= since)
