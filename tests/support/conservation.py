"""The oracle of delivery: senders that number every event, and the balance of what they sent and what came out."""

import base64
import collections
import json
import random
import threading
import time

from support.forward import Client, compressed, entries_bytes, event_time, forward, message, packed

T = 1700000000
ODD = ["", "é", '"', "\\", "\t", "日本", "\u2028", "x" * 40, "y" * 700]


def payload(name, number):
    """What event `number` of a sender carries; anybody can tell whether it is intact."""
    rng = random.Random(f"{name}/{number}")
    return f"{name}/{number} " + "".join(rng.choices(ODD, k=rng.randrange(6)))


def record(name, number):
    return {"g": name, "n": number, "p": payload(name, number)}


Message = collections.namedtuple("Message", "chunk data numbers")


class Sender(threading.Thread):
    """Sends messages with chunk ids as a careful client does: what was not acked is sent again under the same id, over
    a new connection if need be. Now and then it throws a connection away before the ack comes.

    `acked` and `sent` are the numbers of the events; they stand still once it has ended.
    """

    def __init__(self, address, name, seed, *, largest=30, depth=3, loses=0.02, tag="t"):
        super().__init__(daemon=True)
        self.address, self.name, self.tag = address, name, tag
        self.largest, self.depth, self.loses = largest, depth, loses
        self.acked, self.sent, self.resent, self.error = set(), 0, 0, None
        self._rng = random.Random(seed)
        self._waiting = collections.deque()
        self._ending = threading.Event()
        self._abandoned = threading.Event()

    def finish(self, deadline=30.0):
        """No new messages; ends when everything sent is acked."""
        self._ending.set()
        self.join(deadline)
        if self.is_alive():
            self.abandon()
            raise AssertionError(f"{self.name}: {len(self._waiting)} messages were not acked in {deadline} s")
        assert self.error is None, self.error

    def abandon(self):
        """Ends now, whatever is acked."""
        self._ending.set()
        self._abandoned.set()
        self.join(10)

    def run(self):
        while not self._abandoned.is_set() and (self._waiting or not self._ending.is_set()):
            try:
                with Client(self.address, deadline=2.0) as client:
                    self._talk(client)
            except OSError:
                self._abandoned.wait(0.002)
            except Exception as error:  # told by finish()
                self.error = f"{self.name}: {error!r}"
                return

    def _talk(self, client):
        for sent in self._waiting:
            client.send(sent.data)
            self.resent += 1
        while not self._abandoned.is_set():
            while len(self._waiting) < self.depth and not self._ending.is_set():
                self._waiting.append(self._make())
                client.send(self._waiting[-1].data)
            if not self._waiting or self._rng.random() < self.loses:
                return
            answer = self._reply(client)
            if answer is None:
                return
            first = self._waiting.popleft()
            assert answer == {"ack": first.chunk}, f"{answer} instead of the ack of {first.chunk}"
            self.acked.update(first.numbers)

    def _reply(self, client):
        end = time.monotonic() + 60
        while not self._abandoned.is_set() and time.monotonic() < end:
            try:
                return client.reply(0.25)
            except TimeoutError:
                continue
        return None

    def _make(self):
        numbers = range(self.sent, self.sent + self._rng.randint(1, self.largest))
        self.sent = numbers.stop
        # As Fluentd and the fluent-logger libraries make them.
        chunk = base64.b64encode(self._rng.randbytes(16)).decode()
        entries = [(event_time(T + number % 3), record(self.name, number)) for number in numbers]
        kind = self._rng.randrange(5)
        if kind == 0:
            numbers = numbers[:1]
            self.sent = numbers.stop
            data = message(self.tag, *entries[0], {"chunk": chunk})
        elif kind == 1:
            data = forward(self.tag, entries, {"chunk": chunk})
        elif kind == 2:
            data = compressed(self.tag, entries_bytes(entries), "gzip", {"chunk": chunk})
        else:
            data = packed(self.tag, entries_bytes(entries), {"chunk": chunk})
        return Message(chunk, data, numbers)


class Delivered:
    """Everything that came out, event by event: (sender, number) → how often."""

    def __init__(self):
        self.count = collections.Counter()
        self.torn = []

    def add_lines(self, text, *, may_be_torn):
        """JSON lines. The last one may be torn where the writer was killed; else each one must be intact."""
        lines = text.split(b"\n")
        tail = lines.pop()
        for line in lines:
            self._add(line, may_be_torn)
        if tail:
            assert may_be_torn, f"the last line is not whole: {tail[-200:]!r}"
            self.torn.append(tail)

    def _add(self, line, may_be_torn):
        try:
            event = json.loads(line)
        except ValueError:
            assert may_be_torn, f"no event: {line[:300]!r}"
            self.torn.append(line)
            return
        name, number = event["g"], event["n"]
        assert event == record(name, number), f"event {number} of {name} was changed: {line[:300]!r}"
        self.count[name, number] += 1


def check(senders, delivered, *, exactly_once=True, all_acked=True, killed=0):
    """Each acked event came out, and once; each other one is one that was sent, intact."""
    acked = {(sender.name, number) for sender in senders for number in sender.acked}
    sent = {sender.name: sender.sent for sender in senders}
    lost = sorted(acked - set(delivered.count))
    assert not lost, f"{len(lost)} of {len(acked)} acked events are lost: {lost[:10]}"
    foreign = [key for key in delivered.count if key[1] >= sent.get(key[0], 0)]
    assert not foreign, f"nobody sent {foreign[:10]}"
    assert len(delivered.torn) <= killed, f"{len(delivered.torn)} torn lines: {delivered.torn[:3]}"
    if all_acked:
        assert len(acked) == sum(sent.values()) > 0
    if exactly_once:
        twice = sorted(key for key in acked if delivered.count[key] > 1)
        assert not twice, f"{len(twice)} acked events came more than once: {twice[:10]}"
    return len(acked)
