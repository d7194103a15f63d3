"""Memory follows what was received, whatever a peer does with it."""

import contextlib
import gzip
import resource
import threading

import pytest

from support.configs import forward_source, forward_to_json
from support.forward import Client, compressed, message, pack, zstd
from support.wait import wait_until
from support.witness import Witness

MEBI = 1 << 20
T = 1700000000
CONNECTIONS = 5000
NULL_OUTPUT = "<match witness>\n  @type null\n</match>\n<match **>\n  @type null\n</match>\n"


def grown(program, before):
    """Bytes of the high-water mark since `before`; nothing for sanitized builds, whose memory is not their own."""
    return 0 if program.sanitized() else program.hwm() - before


def bomb(kind, mebibytes):
    """A compressed body that unpacks to one record with a string of so many MiB (and promises 4 GiB)."""
    pack_part = gzip.compress if kind == "gzip" else zstd
    head = b"\x92\xce\x65\x53\xf1\x00\x81\xa1a\xdb\xff\xff\xff\xff"
    return pack_part(head) + pack_part(b"x" * (16 * MEBI)) * (mebibytes // 16)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_zip_bomb_closes_its_connection_and_costs_no_more_than_the_limit(logboom, kind):
    program = logboom(forward_to_json())
    body = bomb(kind, 2048)
    before = program.hwm()
    with Witness(program, patience=20) as witness:
        clients = [Client(program.address()) for _ in range(3)]
        for client in clients:
            client.send(pack(["t", body, {"compressed": kind, "chunk": "boom"}]))
        for client in clients:
            client.wait_closed(deadline=30)
            client.close()
    assert grown(program, before) < 640 * MEBI, "the budget is 512 MiB for all together"
    program.stop()
    witness.seen_in(program.stdout.lines())
    assert all(line.startswith('{"witness"') for line in program.stdout.lines())


def test_a_bomb_of_small_records_keeps_memory_bounded(logboom):
    program = logboom(forward_source() + NULL_OUTPUT)
    entries = pack([T, {"n": 1}]) * 2_000_000
    before = program.hwm()
    with Client(program.address()) as client:
        client.send_and_wait(compressed("t", entries, option={"chunk": "c"}), "c", deadline=30)
    assert grown(program, before) < 420 * MEBI
    assert program.stop(deadline=30)["received"] == 2_000_000


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 500:
        pytest.skip(f"only {hard} descriptors allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_5000_connections_with_one_byte_each_cost_little_and_still_work(logboom, many_descriptors):
    program = logboom(forward_to_json(backlog=4096))
    event = message("t", T, {"n": 1})
    before = program.hwm()
    clients = []
    with Witness(program, pause=0.01) as witness:
        for _ in range(CONNECTIONS):
            clients.append(Client(program.address()))
            clients[-1].send(event[:1])
        program.wait_for_counter("logboom_input_connections", CONNECTIONS)
        assert grown(program, before) < 60 * MEBI, "12 KiB a connection"
        for client in clients:
            client.send(event[1:])
        wait_until(lambda: program.stdout.line_count() >= CONNECTIONS + witness.count, 30, "all events")
    for client in clients:
        client.close()
    summary = program.stop()
    assert summary["delivered"] == CONNECTIONS + witness.count
    witness.seen_in(program.stdout.lines())


def test_idle_connections_give_their_memory_back(logboom, many_descriptors):
    program = logboom(forward_source(backlog=4096) + NULL_OUTPUT)
    with Client(program.address()) as first:
        first.send_and_wait(message("t", T, {"log": "x" * 200}, {"chunk": "c"}), "c")
    before = program.rss()
    clients = [Client(program.address()) for _ in range(2000)]
    for client in clients:
        client.send(message("t", T, {"log": "x" * 200}) * 100)
    for client in clients:
        client.send_and_wait(message("t", T, {}, {"chunk": "c"}), "c")
    if not program.sanitized():
        wait_until(lambda: program.rss() - before < 2000 * 8192 + 24 * MEBI, 15, "memory to go back")
    for client in clients:
        client.close()
    assert program.stop()["received"] == 1 + 2000 * 101


def test_a_client_that_reads_no_acks_is_paused_and_loses_nothing(logboom):
    program = logboom(forward_to_json())
    count = 20_000
    chunk = "{:06d}" + "c" * 4000
    before = program.hwm()
    slow = Client(program.address(), deadline=60)
    sent = 0

    def send_all():
        nonlocal sent
        with contextlib.suppress(OSError):
            for number in range(count):
                slow.send(message("t", T, {"n": number}, {"chunk": chunk.format(number)}))
                sent = number + 1

    sender = threading.Thread(target=send_all, daemon=True)
    with Witness(program) as witness:
        sender.start()
        wait_until(lambda: sent > 500, what="the first messages")
        seen = witness.count
        wait_until(lambda: witness.count > seen + 200, what="the witness, beside a client that reads nothing")
        assert grown(program, before) < 64 * MEBI
        for number in range(count):
            assert slow.reply(20) == {"ack": chunk.format(number)}
        sender.join(10)
    assert grown(program, before) < 64 * MEBI
    slow.close()
    program.stop()
    witness.seen_in(program.stdout.lines())


def test_a_flood_to_a_fast_output_keeps_memory_bounded(logboom):
    program = logboom(forward_source() + NULL_OUTPUT)
    block = message("t", T, {"log": "x" * 200}) * 5000
    before = program.hwm()
    with Client(program.address(), deadline=60) as client:
        for _ in range(100):
            client.send(block)
        client.send_and_wait(message("t", T, {}, {"chunk": "end"}), "end", deadline=60)
    assert grown(program, before) < 64 * MEBI
    assert program.stop()["received"] == 500_001


def test_running_out_of_descriptors_is_survived_without_spinning(logboom):
    program = logboom(forward_to_json())
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (program.descriptors() + 30,) * 2)
    clients = [Client(program.address()) for _ in range(60)]
    clients[0].send_and_wait(message("t", T, {"n": 0}, {"chunk": "c"}), "c")
    seen = program.cpu_seconds()
    program.wait_for_log(r"\[(warn|error)\]", deadline=10)
    assert program.cpu_seconds() - seen < 2.0
    for client in clients[:40]:
        client.close()
    clients[59].send_and_wait(message("t", T, {"n": 1}, {"chunk": "c"}), "c")
    for client in clients[40:]:
        client.close()
    program.stop()
    assert len(program.log_lines(r"\[(warn|error)\]")) < 20


def test_100000_tags_are_routed_right_in_bounded_memory(logboom):
    program = logboom(forward_source() + "<match docker.** *.web.*>\n  @type null\n</match>\n"
                      "<match docker_host.**>\n  @type stdout\n</match>\n")
    before = program.hwm()
    with Client(program.address(), deadline=60) as client:
        for _ in range(2):
            for start in range(0, 100_000, 1000):
                numbers = range(start, start + 1000)
                client.send(b"".join(message(f"docker.{n:064x}", T, {"n": n}) for n in numbers))
        client.send(b"".join(message(f"c{n}.{'web' if n % 2 else 'db'}.x", T, {"n": n}) for n in range(1000)))
        client.send_and_wait(message("docker_host.x", T, {"n": 1}, {"chunk": "end"}), "end", deadline=60)
    assert grown(program, before) < 64 * MEBI
    summary = program.stop()
    assert (summary["delivered"], summary["unmatched"]) == (200_501, 500)
    assert len(program.stdout.lines()) == 1
    assert len(program.log_lines(r"\[warn\]")) < 50, "unmatched tags do not flood the log"
