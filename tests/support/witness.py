"""A well-behaved connection that runs beside a fault and must notice nothing of it."""

import json
import threading
import time

from support.forward import Client, message


class Witness:
    """Sends numbered events with acks from entering to leaving; leaving checks that all were acked in time.

    `seen_in(lines)` then checks JSON lines of logboom's output for them: all there, once, in order.
    """

    def __init__(self, program, *, tag="witness", pause=0.002, patience=5.0):
        self._client = Client(program.address())
        self._tag = tag
        self._pause = pause
        self._patience = patience
        self._stop = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count = 0
        self.slowest = 0.0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        self._thread.join(self._patience + 5)
        self._client.close()
        if kind is None:
            assert self._error is None, f"the witness was disturbed after {self.count} events: {self._error!r}"
            assert self.count > 0

    def _run(self):
        try:
            while not self._stop.is_set():
                chunk = f"w{self.count}"
                start = time.monotonic()
                self._client.send_and_wait(
                    message(self._tag, 1700000000, {"witness": self.count}, {"chunk": chunk}), chunk, self._patience)
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.count += 1
                self._stop.wait(self._pause)
        except (OSError, AssertionError) as error:
            self._error = error

    def seen_in(self, lines):
        numbers = [json.loads(line)["witness"] for line in lines if line.startswith('{"witness":')]
        assert numbers == list(range(self.count))
