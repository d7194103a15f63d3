"""Name servers that don't answer: nobody waits for them who has something else to do."""

import contextlib
import json
import socket
import time

import pytest

from support.configs import forward_source
from support.forward import Client, packed
from support.logboom import free_port
from support.reload import reload
from support.silent_dns import environment
from support.wait import wait_until

T = 1700000000
CHUNK = "0123456789abcdefX"
IGNORED = "  ignore_network_errors_at_startup true\n"
SERVER = "  <server>\n    host logs.silent.test\n    port 24224\n  </server>\n"
REST = "<match **>\n  @type null\n</match>\n"


def sends(sections, params=IGNORED):
    return f"<match far.**>\n  @type forward\n  @id far\n{params}{sections}</match>\n"


def takes_events(program):
    begin = time.monotonic()
    with Client(program.address()) as client:
        client.send_and_wait(packed("near", [(T, {"n": 1})], {"chunk": CHUNK}), CHUNK)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("params", ["", "  expire_dns_cache 0\n", "  heartbeat_type udp\n"])
def test_an_output_begins_and_ends(logboom, params):
    program = logboom(forward_source() + sends(SERVER + SERVER.replace("logs", "more"), IGNORED + params) + REST,
                      env=environment())
    takes_events(program)
    assert program.stop(deadline=5)["delivered"] == 1


def test_a_reload_that_takes_the_output_away_keeps_nobody_waiting(logboom):
    port = free_port()
    program = logboom(forward_source(port) + sends(SERVER) + REST, env=environment())
    reload(program, forward_source(port) + REST, deadline=5)
    takes_events(program)
    reload(program, forward_source(port) + sends(SERVER) + REST, deadline=5)
    takes_events(program)
    program.stop(deadline=5)


def test_a_service_discovery_begins_and_ends(logboom):
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        section = (f"  <service_discovery>\n    @type srv\n    service fluentd\n    hostname example.test\n"
                   f"    dns_server_host 127.0.0.1:{silent.getsockname()[1]}\n  </service_discovery>\n")
        program = logboom(forward_source() + sends(section) + REST)
        assert program.log_lines("servers are not known yet: _fluentd._tcp.example.test: no name server answers")
        takes_events(program)
        program.stop(deadline=5)
    assert not program.log_lines("the servers stay as they are")


def test_a_chunk_on_its_way_is_kept(logboom, tmp_path):
    section = ("<match far.**>\n  @type syslog\n  host logs.silent.test\n  port 514\n  transport tcp\n"
               f"  <buffer>\n    @type file\n    path {tmp_path}/chunks\n    flush_mode immediate\n  </buffer>\n</match>\n")
    note = tmp_path / "asked"
    program = logboom(forward_source() + section + REST, env=environment(note))
    with Client(program.address()) as client:
        client.send_and_wait(packed("far", [(T, {"n": 1})], {"chunk": CHUNK}), CHUNK)
    wait_until(note.exists, 10, "the question for the server's address")
    assert program.stop(deadline=5)["buffered"] == 1
    assert not program.log_lines("does not come back")


JSON = "<match **>\n  @type stdout\n  <format>\n    @type json\n  </format>\n</match>\n"
ONE_WORKER = "<system>\n  workers 1\n</system>\n"


@contextlib.contextmanager
def connected_from(address, to):
    with contextlib.closing(socket.create_connection(to, source_address=(address, 0))) as connection:
        yield connection


def test_a_peer_whose_name_is_looked_up_delays_no_other(logboom):
    named = forward_source(source_hostname_key="host").replace("@id input", "@id named")
    program = logboom(ONE_WORKER + forward_source() + named + JSON, env=environment())
    with connected_from("127.0.0.2", program.address(index=1)) as peer:
        peer.sendall(packed("named", [(T, {"n": 2})]))
        takes_events(program)
        program.wait_for_lines(2)
    assert [json.loads(line) for line in program.stdout.lines()] == [{"n": 1}, {"n": 2, "host": "127.0.0.2"}]
    assert program.stop(deadline=5)["delivered"] == 2


def test_a_peer_that_waits_for_its_name_is_heard_at_the_end(logboom):
    program = logboom(forward_source(source_hostname_key="host") + JSON, env=environment())
    with connected_from("127.0.0.2", program.address()) as peer:
        peer.sendall(packed("named", [(T, {"n": 1})]))
        takes_events(program)
        assert program.stop(deadline=5)["delivered"] == 2


def test_datagrams_whose_senders_are_looked_up_delay_nobody(logboom):
    udp = ("<source>\n  @type udp\n  bind 127.0.0.1\n  port 0\n  tag u\n  source_hostname_key host\n"
           "  <parse>\n    @type none\n  </parse>\n</source>\n")
    program = logboom(ONE_WORKER + forward_source() + udp + JSON, env=environment())
    count = 40
    for n in range(count):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
            sender.bind((f"127.0.1.{n + 1}", 0))
            sender.sendto(b"hello", program.address("udp", 1))  # the first is for heartbeats
    takes_events(program)
    program.wait_for_lines(count + 1)
    hosts = {json.loads(line).get("host") for line in program.stdout.lines()}
    assert hosts == {None, *(f"127.0.1.{n + 1}" for n in range(count))}
    program.stop(deadline=5)
