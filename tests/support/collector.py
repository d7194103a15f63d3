"""Reads a pipe in a thread and lets a test wait for what comes out of it."""

import threading
import time


class Collector:
    """Everything a pipe has delivered so far, as bytes and as whole lines. Owns the file object given to it."""

    def __init__(self, stream, name):
        self._stream = stream
        self._name = name
        self._changed = threading.Condition()
        self._tail = bytearray()
        self._lines = []
        self._ended = False
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = self._stream.read1(1 << 20)
            except (OSError, ValueError):
                data = b""
            with self._changed:
                if not data:
                    self._ended = True
                    self._changed.notify_all()
                    return
                self._tail += data
                *whole, rest = bytes(self._tail).split(b"\n")
                self._lines.extend(whole)
                self._tail = bytearray(rest)
                self._changed.notify_all()

    def lines(self):
        """The whole lines so far, decoded (what is not UTF-8 becomes U+FFFD)."""
        with self._changed:
            return [line.decode("utf-8", "replace") for line in self._lines]

    def raw(self):
        with self._changed:
            return b"".join(line + b"\n" for line in self._lines) + bytes(self._tail)

    def line_count(self):
        with self._changed:
            return len(self._lines)

    def wait_line_count(self, count, deadline):
        """Waits for `count` whole lines; much cheaper than a predicate over all of them."""
        self._wait(lambda: len(self._lines) >= count, deadline, lambda: f"{count} lines, have {len(self._lines)}")

    def wait_line(self, matches, deadline, start=0):
        """Waits for a line, from index `start` on, of which `matches(line)` is true. Returns (index, line)."""
        found = []
        position = start

        def look():
            nonlocal position
            while position < len(self._lines):
                line = self._lines[position].decode("utf-8", "replace")
                if matches(line):
                    found.append((position, line))
                    return True
                position += 1
            return False

        self._wait(look, deadline, lambda: "a line that matches")
        return found[0]

    def wait(self, predicate, deadline):
        """Waits until `predicate(text)` is true of everything that came so far; returns the text."""
        text = ""

        def look():
            nonlocal text
            text = (b"\n".join(self._lines + [bytes(self._tail)])).decode("utf-8", "replace")
            return predicate(text)

        self._wait(look, deadline, lambda: "output that satisfies the predicate")
        return text

    def join(self, deadline):
        self._thread.join(deadline)

    def _wait(self, condition, deadline, what):
        end = time.monotonic() + deadline
        with self._changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0 or self._ended:
                    why = "it ended" if self._ended else f"{deadline} s passed"
                    last = b"\n".join(self._lines[-20:]).decode("utf-8", "replace")
                    raise AssertionError(f"{self._name}: {why} without {what()}; the last lines:\n{last}")
                self._changed.wait(left)
