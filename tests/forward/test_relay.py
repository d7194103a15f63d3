"""Two logbooms and more, one behind the other: what goes in at the first comes out at the last."""

import json
import random
import signal
import time

import pytest

from support.configs import forward_source
from support.conservation import Delivered, Sender, check
from support.forward import Client, compressed, entries_bytes, event_time, forward, json_message, message, packed
from support.forward_server import Receiver
from support.logboom import Logboom, free_port
from support.relay import relay, servers
from support.wait import wait_until

T = 1700000000
ACKS = "  require_ack_response true\n  keepalive true\n  heartbeat_interval 100ms\n  recover_wait 300ms\n"


def central(port, directory):
    """A file for each of its own chunks, named by its id: one that is written again after a kill is the same one."""
    return (f"<system>\n  root_dir {directory}/state\n</system>\n" + forward_source(port) + f"""<match **>
  @type file
  @id out
  path {directory}/chunks/${{chunk_id}}
  append false
  <format>
    @type json
  </format>
  <buffer []>
    @type file
    flush_interval 20ms
    flush_at_shutdown true
  </buffer>
</match>
""")


DIALECTS = {
    "message": lambda entries: b"".join(message("t", *entry) for entry in entries),
    "forward": lambda entries: forward("t", entries),
    "packed": lambda entries: packed("t", entries),
    "gzip": lambda entries: compressed("t", entries_bytes(entries), "gzip"),
    "zstd": lambda entries: compressed("t", entries_bytes(entries), "zstd"),
    "json": lambda entries: b"".join(json_message("t", when, record) for when, record in entries),
}


@pytest.mark.parametrize("compress", ["text", "gzip", "zstd"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_goes_through(logboom, dialect, compress):
    last = logboom(forward_source() + "<match **>\n  @type stdout\n</match>\n", name="last")
    first = logboom(relay(servers(last.port), f"  compress {compress}\n"), name="first")
    when = T if dialect == "json" else event_time(T, 5)
    entries = [(when, {"n": n, "log": "é" * (n % 50), "deep": {"a": [1, None, 2.5]}}) for n in range(200)]
    with Client(first.address()) as client:
        client.send(DIALECTS[dialect](entries))
    last.wait_for_lines(200)
    assert first.stop()["delivered"] == 200
    assert last.stop()["received"] == 200
    lines = last.stdout.lines()
    nanoseconds = 0 if dialect == "json" else 5
    assert [line.partition(": ")[0] for line in lines] == [f"2023-11-14 22:13:20.{nanoseconds:09d} +0000 t"] * 200
    assert [json.loads(line.partition(": ")[2]) for line in lines] == [record for _, record in entries]


def test_acks_reach_back_through_both(logboom):
    """The sender's ack says `delivered`: the last one has the event."""
    with Receiver() as receiver:
        config = relay(servers(receiver.port), "  require_ack_response true\n", buffer="flush_interval 1h")
        program = logboom(config.replace("  @id input\n", "  @id input\n  ack delivered\n"))
        with Client(program.address()) as client:
            client.send_and_wait(packed("t", [(T, {"n": 1})], {"chunk": "0123456789abcdefX"}), "0123456789abcdefX")
            assert receiver.records() == [{"n": 1}]


def start_senders(address, seed, count=3):
    rng = random.Random(seed)
    senders = [Sender(address, f"s{n}", rng.random()) for n in range(count)]
    for sender in senders:
        sender.start()
    return senders


def delivered_by(home):
    """What a central logboom has, each of its chunks once."""
    chunks = {}
    for path in sorted(home.glob("chunks/*.log")):
        chunks.setdefault(path.name.partition("_")[0], []).append(path.read_bytes())
    out = Delivered()
    for name, copies in chunks.items():
        assert len(set(copies)) == 1, f"the chunk {name} came again, and is another one"
        out.add_lines(copies[0], may_be_torn=False)
    return out


def test_nothing_acked_is_lost_when_the_server_is_killed_and_started_again(logboom, tmp_path):
    """It remembers the ids of the chunks on its disk, so that nothing comes twice either."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    port = free_port()
    home = tmp_path / "home"
    first = logboom(relay(servers(port), ACKS), name="first")
    last = Logboom(central(port, home), home)
    senders = start_senders(first.address(), seed)
    try:
        for _ in range(15):
            last.start()
            time.sleep(rng.uniform(0.05, 0.4))
            last.kill()
        last.start()
        for sender in senders:
            sender.finish(60)
        first.stop(60)
        last.stop(60)
    finally:
        for sender in senders:
            sender.abandon()
        last.kill()
    assert check(senders, delivered_by(home), exactly_once=True) == sum(sender.sent for sender in senders) > 0


def test_nothing_acked_is_lost_when_one_of_three_is_killed_at_random(logboom, tmp_path):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    ports = [free_port() for _ in range(3)]
    homes = [tmp_path / f"home{n}" for n in range(3)]
    lasts = [Logboom(central(port, home), home).start() for port, home in zip(ports, homes)]
    first = logboom(relay(servers(*ports), ACKS), name="first")
    senders = start_senders(first.address(), seed)
    kills = 12
    try:
        for _ in range(kills):
            time.sleep(rng.uniform(0.05, 0.3))
            victim = rng.randrange(3)
            lasts[victim].kill()
            time.sleep(rng.choice([0, 0, 0.5]))
            lasts[victim].start()
        for sender in senders:
            sender.finish(60)
        first.stop(60)
        for last in lasts:
            last.stop(60)
    finally:
        for sender in senders:
            sender.abandon()
        for last in lasts:
            last.kill()
    # Each of them knows the chunks that it has. Two may have one that was sent to a server that then stayed away.
    out = Delivered()
    for home in homes:
        have = delivered_by(home)
        assert have.count and set(have.count.values()) == {1}
        out.count.update(have.count)
    sent = sum(sender.sent for sender in senders)
    assert check(senders, out, exactly_once=False) == sent
    twice = sum(count > 1 for count in out.count.values())
    assert twice < sent / 4, f"{twice} of {sent} came twice"


@pytest.mark.parametrize("how", [signal.SIGTERM])
def test_an_orderly_restart_of_the_server_loses_and_doubles_nothing(logboom, tmp_path, how):
    port = free_port()
    home = tmp_path / "home"
    first = logboom(relay(servers(port), ACKS), name="first")
    last = Logboom(central(port, home), home)
    senders = start_senders(first.address(), 1)
    try:
        for _ in range(5):
            last.start()
            time.sleep(0.2)
            last.stop(number=how)
        last.start()
        for sender in senders:
            sender.finish(60)
        first.stop(60)
        last.stop(60)
    finally:
        for sender in senders:
            sender.abandon()
        last.kill()
    check(senders, delivered_by(home), exactly_once=True)


def test_what_can_not_be_sent_is_still_there_after_a_restart(logboom, tmp_path):
    """With a buffer on disk; the chunk's id is the same then, and the server knows it."""
    port = free_port()
    config = relay(servers(port), ACKS, system=f"<system>\n  root_dir {tmp_path}/state\n</system>\n",
                   buffer="@type file\n    flush_mode immediate\n    retry_wait 50ms\n    retry_max_interval 200ms")
    first = logboom(config, name="first")
    with Client(first.address()) as client:
        client.send_and_wait(packed("t", [(T, {"n": 1})], {"chunk": "0123456789abcdefX"}), "0123456789abcdefX")
    first.kill()
    with Receiver(port, answer=lambda *_: b"") as receiver:
        second = logboom(config, name="second")
        (before,) = receiver.wait_for_messages(1)
        second.kill()
        receiver.answer = None
    with Receiver(port) as receiver:
        third = logboom(config, name="third")
        (after,) = receiver.wait_for_messages(1)
        assert after.raw == before.raw
        wait_until(lambda: third.counters().total("logboom_output_delivered_events_total", id="out") == 1, 10, "delivery")
        third.stop()
