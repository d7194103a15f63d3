"""Rounds with a sink across a network that is half-open, slow, ends connections in the middle, or answers nonsense."""

import pathlib
import random

from support.configs import forward_source
from support.conservation import Delivered, check
from support.rounds import Running, pause, wait_for_acks
from support.syslog_sink import SyslogSink

OUTPUT = """<match **>
  @type syslog
  host 127.0.0.1
  port {port}
  protocol {protocol}
  timeout {timeout}
  <format>
    @type json
  </format>
  <buffer []>
    flush_interval 10ms
    chunk_limit_size 64k
    retry_wait 20ms
    retry_max_interval 50ms
    total_limit_size 4m
  </buffer>
</match>
"""


class ToSink(Running):
    """Running, with such a sink. `may_lose`: connections that it ends take what it had not read with them."""

    def __init__(self, directory, seed, protocol, *, timeout="0.2s", may_lose=False, **options):
        self.sink, self.may_lose = SyslogSink(protocol, seed), may_lose
        config = forward_source() + OUTPUT.format(port=self.sink.port, protocol=protocol, timeout=timeout)
        super().__init__(pathlib.Path(directory), seed, config, delivered=self._received, memory=4 << 20, **options)

    def __enter__(self):
        self.sink.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        try:
            super().__exit__(*error)
        finally:
            self.sink.end()

    def misbehave(self, *modes):
        for mode in self.rng.sample(modes, k=len(modes)):
            wait_for_acks(self.senders, 10)
            self.sink.mode = mode
            pause(self.rng.uniform(0.05, 0.3))
            self.sink.mode = "up"

    def check(self, summary, delivered):
        sent = sum(sender.sent for sender in self.senders)
        assert summary["delivered"] == sent, (summary, sent)
        if not self.may_lose:
            return check(self.senders, delivered, exactly_once=self.exactly_once)
        lost = [sender for sender in self.senders if any((sender.name, n) not in delivered.count for n in sender.acked)]
        assert self.sink.broken or not lost, f"{lost} miss events, and no connection was broken"
        for sender in self.senders:
            sender.acked = {n for n in sender.acked if (sender.name, n) in delivered.count}
        return check(self.senders, delivered, exactly_once=False, all_acked=False)

    def _received(self):
        self.sink.end()
        delivered = Delivered()
        text = b"".join(message[message.index(b"{"):] + b"\n" for message in self.sink.messages)
        delivered.add_lines(text, may_be_torn=False)
        return delivered


def relp_sink(directory, seed):
    """Whatever it does, what it has not answered comes again."""
    with ToSink(directory, seed, "relp", exactly_once=False) as running:
        running.misbehave("half_open", "slow", "closes", "garbage", "misnumbered")


def tcp_sink(directory, seed):
    """It keeps its connections: nothing is lost, and nothing comes twice, however long it reads nothing."""
    with ToSink(directory, seed, "tcp", timeout="30s") as running:
        running.misbehave("half_open", "slow", "garbage", "half_open")


def tcp_sink_that_closes(directory, seed):
    """It ends connections: what comes out is intact, and the accounts balance."""
    with ToSink(directory, seed, "tcp", may_lose=True) as running:
        running.misbehave("closes", "half_open", "slow", "closes")


ROUNDS = {round.__name__: round for round in (relp_sink, tcp_sink, tcp_sink_that_closes)}
