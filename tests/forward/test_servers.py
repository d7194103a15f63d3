"""out_forward: which server gets a chunk, when one is lost and comes back, and where servers come from."""

import contextlib
import json
import os
import socket
import struct
import threading
import time

import pytest

from support.forward import Client, packed
from support.forward_server import Receiver, UdpHeartbeats, ack, withhold
from support.logboom import binary, free_port
from support.relay import relay, servers
from support.wait import wait_until

T = 1700000000
QUICK = "  heartbeat_interval 50ms\n  recover_wait 200ms\n"
CHUNK = "0123456789abcdefX"


class Feed:
    """A connection that sends numbered events, one chunk each."""

    def __init__(self, program):
        self.client = Client(program.address())
        self.sent = 0

    def send(self, count=1):
        for _ in range(count):
            self.client.send_and_wait(packed(f"t.{self.sent}", [(T, {"n": self.sent})], {"chunk": CHUNK}), CHUNK)
            self.sent += 1


def numbers(*receivers):
    return sorted(record["n"] for receiver in receivers for record in receiver.records())


def wait_until_up(program, port, up, deadline=10.0):
    wait_until(lambda: program.counters().total("logboom_forward_server_up", server=f"127.0.0.1:{port}") == up, deadline,
               f"the server {port} to be {'up' if up else 'lost'}", interval=0.05)


def test_shares_follow_the_weights(logboom):
    with Receiver() as heavy, Receiver() as light, Receiver() as none:
        program = logboom(relay(servers(heavy.port, light.port, none.port,
                                        more=["weight 30", "weight 10", "weight 0"]), "  keepalive true\n"))
        Feed(program).send(40)
        wait_until(lambda: len(numbers(heavy, light)) == 40, 10, "all events")
        assert (len(heavy.messages), len(light.messages), len(none.messages)) == (30, 10, 0)


def test_a_lost_server_is_left_out_and_comes_back(logboom):
    first, second = Receiver(), Receiver()
    with first, second:
        program = logboom(relay(servers(first.port, second.port), QUICK + "  keepalive true\n"))
        feed = Feed(program)
        feed.send(4)
        wait_until(lambda: len(numbers(first, second)) == 4, 10, "events")
        program.wait_for_counter("logboom_forward_sent_events_total", 4)
        first.stop()
        feed.send(10)
        wait_until(lambda: len(numbers(first, second)) == 14, 10, "events")
        wait_until_up(program, first.port, 0)
        before = len(second.messages)
        with Receiver(first.port) as again:
            wait_until_up(program, first.port, 1)
            feed.send(10)
            wait_until(lambda: len(numbers(first, second, again)) == 24, 10, "events")
            assert len(again.messages) == 5
            assert len(second.messages) - before == 5
            assert program.stop()["delivered"] == 24
    assert numbers(first, second, again) == list(range(24))
    assert len(program.log_lines(f"127.0.0.1:{first.port} is lost: ")) == 1
    assert len(program.log_lines(f"127.0.0.1:{first.port} is back")) == 1


@pytest.mark.parametrize("acks", ["true", "false"])
def test_a_standby_takes_over_and_its_connection_is_given_up_afterwards(logboom, acks):
    main, standby = Receiver(), Receiver()
    with main, standby:
        program = logboom(relay(servers(main.port, standby.port, more=["name main", "standby true"]),
                                QUICK + f"  keepalive true\n  require_ack_response {acks}\n"))
        feed = Feed(program)
        feed.send(5)
        main.wait_for_messages(5)
        program.wait_for_counter("logboom_forward_sent_events_total", 5)
        assert not standby.messages
        main.stop()
        feed.send(5)
        standby.wait_for_messages(5)
        with Receiver(main.port) as again:
            program.wait_for_log(f"the server main \\(127.0.0.1:{main.port}\\) is back")
            feed.send(5)
            again.wait_for_messages(5)
            assert len(standby.messages) == 5
            talking = lambda: standby.connections - standby.silent_connections  # noqa: E731
            wait_until(lambda: talking() == 1 and not standby.open, 5, "the standby's connection to be given up")
            assert program.stop()["delivered"] == 15
    assert numbers(main, standby, again) == list(range(15))


def test_a_larger_priority_waits(logboom):
    with Receiver() as near, Receiver() as far:
        program = logboom(relay(servers(far.port, near.port, more=["priority 1"]), QUICK))
        feed = Feed(program)
        feed.send(5)
        near.wait_for_messages(5)
        program.wait_for_counter("logboom_forward_sent_events_total", 5)
        near.stop()
        feed.send(5)
        far.wait_for_messages(5)
        assert numbers(near, far) == list(range(10))


def test_a_server_that_is_silent_is_lost_by_its_heartbeats(logboom):
    with Receiver() as receiver, UdpHeartbeats(receiver.port) as heartbeats:
        program = logboom(relay(servers(receiver.port), QUICK + "  heartbeat_type udp\n  phi_threshold 3\n"
                                                                "  hard_timeout 30s\n"))
        wait_until(lambda: heartbeats.count > 10, 10, "heartbeats")
        heartbeats.answers = False
        program.wait_for_log("is lost: .*; its heartbeats stay away \\(phi ", 20)
        heartbeats.answers = True
        program.wait_for_log("is back")
        heartbeats.answers = False
        program.wait_for_log("is lost: ", 20)


def test_servers_of_a_static_service_discovery(logboom):
    with Receiver() as named, Receiver() as heavy, Receiver() as light, Receiver() as spare:
        static = f"""  <service_discovery>
    @type static
    <service>
      name heavy
      host 127.0.0.1
      port {heavy.port}
      weight 20
    </service>
    <service>
      host 127.0.0.1
      port {light.port}
      weight 10
    </service>
    <service>
      host 127.0.0.1
      port {spare.port}
      standby true
    </service>
  </service_discovery>
"""
        program = logboom(relay(servers(named.port, more=["weight 10"]), "  require_ack_response true\n  keepalive true\n" + QUICK
                                + static))
        feed = Feed(program)
        feed.send(40)
        wait_until(lambda: len(numbers(named, heavy, light)) == 40, 10, "all events")
        assert [len(receiver.messages) for receiver in (named, heavy, light, spare)] == [10, 20, 10, 0]
        light.stop()
        feed.send(40)
        program.wait_for_log(f"127.0.0.1:{light.port} is lost: ")
        wait_until(lambda: set(numbers(named, heavy, light, spare)) == set(range(80)), 10, "all events")
        assert spare.messages
        assert program.counters().total("logboom_forward_sent_events_total", server="heavy") > 20
        assert program.stop()["delivered"] == 80


def test_hard_timeout(logboom):
    port = free_port()
    program = logboom(relay(servers(port), QUICK + "  phi_failure_detector false\n  hard_timeout 500ms\n"))
    program.wait_for_log(f"127.0.0.1:{port} is lost: .*Connection refused; no heartbeat within hard_timeout")


def test_without_heartbeats_a_lost_server_is_tried_again(logboom):
    with Receiver() as first:
        port = first.port
        program = logboom(relay(servers(port), "  heartbeat_type none\n  recover_wait 300ms\n"))
        feed = Feed(program)
        feed.send()
        program.wait_for_counter("logboom_forward_sent_events_total", 1)
    feed.send()
    program.wait_for_log(f"127.0.0.1:{port} is lost: .*Connection refused")
    with Receiver(port) as again:
        again.wait_for_messages(1)
        program.wait_for_log(f"127.0.0.1:{port} is back")
        assert program.stop()["delivered"] == 2
    assert len(program.log_lines("is lost")) == 1


def test_a_lost_server_is_used_where_there_is_no_other(logboom):
    """A restart that takes a moment delays a chunk by its retry, not by recover_wait."""
    with Receiver() as first:
        port = first.port
        program = logboom(relay(servers(port), "  recover_wait 1h\n"))
        feed = Feed(program)
        feed.send()
        first.wait_for_messages(1)
    feed.send()
    program.wait_for_log("is lost")
    with Receiver(port) as again:
        again.wait_for_messages(1)
        feed.send()
        again.wait_for_messages(2)


def test_an_ack_that_is_withheld_brings_the_chunk_to_another_server(logboom):
    with Receiver(answer=withhold) as silent, Receiver() as good:
        program = logboom(relay(servers(silent.port, good.port, more=["weight 1000", "weight 1"]),
                                "  require_ack_response true\n  ack_response_timeout 1s\n"))
        Feed(program).send()
        silent.wait_for_messages(1)
        good.wait_for_messages(1)
        assert silent.messages[0].chunk == good.messages[0].chunk
        assert program.stop()["delivered"] == 1
        assert program.log_lines(f"127.0.0.1:{silent.port} is lost: .*the ack does not come")


def test_a_chunk_whose_ack_was_lost_goes_to_the_same_server_again(logboom):
    """There it is known already."""
    first, second = Receiver(answer=withhold), Receiver(answer=withhold)
    with first, second:
        program = logboom(relay(servers(first.port, second.port), "  require_ack_response true\n"))
        Feed(program).send()
        (had,) = wait_until(lambda: [r for r in (first, second) if r.messages], 5, "a message")
        had.answer = ack
        had.reset()
        had.wait_for_messages(2)
        assert had.messages[0].raw == had.messages[1].raw
        assert program.stop()["delivered"] == 1
        assert len(first.messages) + len(second.messages) == 2


def test_secondary_gets_what_no_server_takes(logboom):
    port = free_port()
    config = relay(servers(port), "  <secondary>\n    @type file\n    path saved\n    append true\n    <format>\n"
                                  "      @type json\n    </format>\n  </secondary>\n",
                   buffer="flush_mode immediate\n    retry_max_times 1\n    retry_wait 10ms")
    program = logboom(config)
    Feed(program).send()
    wait_until(lambda: list(program.directory.glob("saved*.log")), 10, "the file")
    program.stop()
    assert [json.loads(line) for line in next(program.directory.glob("saved*.log")).read_text().splitlines()] == [{"n": 0}]


def sd_file(path):
    return f"  <service_discovery>\n    @type file\n    path {path}\n  </service_discovery>\n"


def replace(path, text):
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_servers_from_a_file_come_and_go_while_it_runs(logboom, tmp_path, ending):
    path = tmp_path / f"sd.{ending}"
    with Receiver() as first, Receiver() as second:
        path.write_text(json.dumps([{"host": "127.0.0.1", "port": first.port}]))
        program = logboom(relay(sd_file(path), QUICK + "  keepalive true\n"))
        feed = Feed(program)
        feed.send(4)
        first.wait_for_messages(4)
        replace(path, json.dumps([{"host": "127.0.0.1", "port": second.port}]))
        wait_until(lambda: feed.send() or second.messages, 10, "the second server", interval=0.1)
        replace(path, "[{")
        program.wait_for_log("the servers stay as they are: .*sd")
        count = len(first.messages)
        feed.send(5)
        wait_until(lambda: len(numbers(first, second)) == feed.sent, 10, "all events")
        assert len(first.messages) == count
        assert numbers(first, second) == list(range(feed.sent))


def test_a_file_that_is_not_there_is_an_error(logboom):
    program = logboom(relay(sd_file("/no/such/file")), wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines("/no/such/file: can't be read")


class Dns:
    """Answers SRV and A questions, over UDP. `services`: (priority, weight, port, target); `hosts`: name → address."""

    def __init__(self):
        self.services, self.hosts, self.questions = [], {}, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def close(self):
        self.socket.close()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                question, peer = self.socket.recvfrom(512)
                self.questions += 1
                self.socket.sendto(self._answer(question), peer)

    @staticmethod
    def _name(name):
        return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"

    def _answer(self, question):
        end = question.index(b"\0", 12) + 5
        (kind,) = struct.unpack(">H", question[end - 4:end - 2])
        asked = question[12:end - 4]
        answers = []
        if kind == 33 and asked == self._name("_fluentd._tcp.example.test"):
            answers = [struct.pack(">HHH", *service[:3]) + self._name(service[3]) for service in self.services]
        if kind == 1:
            answers = [socket.inet_aton(address) for name, address in self.hosts.items() if self._name(name) == asked]
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data for data in answers)
        code = 0 if answers else 3
        return question[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(answers), 0, 0) + question[12:end] + records


def test_servers_from_dns(logboom):
    dns = Dns()
    with contextlib.closing(dns), Receiver() as first, Receiver() as second, Receiver() as far:
        dns.hosts = {"a.example.test": "127.0.0.1"}
        dns.services = [(5, 0, first.port, "a.example.test"), (9, 1, far.port, "a.example.test")]
        section = (f"  <service_discovery>\n    @type srv\n    service fluentd\n    hostname example.test\n"
                   f"    dns_server_host 127.0.0.1:{dns.port}\n    interval 1s\n  </service_discovery>\n")
        program = logboom(relay(section, QUICK))
        feed = Feed(program)
        feed.send(3)
        first.wait_for_messages(3)
        dns.services = [(5, 1, second.port, "a.example.test"), (9, 1, far.port, "a.example.test")]
        wait_until(lambda: feed.send() or second.messages, 10, "the second server", interval=0.1)
        dns.services = []
        program.wait_for_log("the servers stay as they are: _fluentd._tcp.example.test: ")
        feed.send(3)
        wait_until(lambda: len(numbers(first, second)) == feed.sent, 10, "all events")
        assert not far.messages


@pytest.mark.skipif(os.geteuid() != 0, reason="another /etc/hosts needs root")
def test_a_name_that_leads_elsewhere_takes_a_kept_connection_with_it(logboom, tmp_path, monkeypatch):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 logs.test\n")
    wrapper = tmp_path / "logboom"
    wrapper.write_text(f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind {hosts} /etc/hosts && exec \"$@\"' sh "
                       f"{binary()} \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("LOGBOOM", str(wrapper))
    with Receiver() as old, Receiver(old.port, address="127.0.0.2") as new:
        section = f"  <server>\n    host logs.test\n    port {old.port}\n  </server>\n"
        program = logboom(relay(section, "  keepalive true\n  heartbeat_type none\n  expire_dns_cache 1s\n"))
        feed = Feed(program)
        feed.send(3)
        old.wait_for_messages(3)
        hosts.write_text("127.0.0.2 logs.test\n")
        wait_until(lambda: not old.open, 10, "the end of the old connection")
        feed.send(3)
        new.wait_for_messages(3)
        assert numbers(old, new) == list(range(6))


def test_reload_keeps_the_output_and_its_connection(logboom):
    from support.reload import reload
    with Receiver() as receiver:
        text = relay(servers(receiver.port), "  keepalive true\n  heartbeat_type none\n", port=free_port())
        program = logboom(text)
        feed = Feed(program)
        feed.send(3)
        receiver.wait_for_messages(3)
        reload(program, text + "<match other>\n  @type null\n</match>\n")
        feed.send(3)
        receiver.wait_for_messages(6)
        assert receiver.connections == 1
        assert program.stop()["delivered"] == 6


def test_servers_are_verified_at_the_start_where_asked_for(logboom):
    program = logboom(relay(servers(free_port()), "  verify_connection_at_startup true\n"), wait=False)
    assert program.wait_exit() == 1
    assert program.log_lines("can't be reached: .*Connection refused")


def test_a_server_that_takes_long_to_answer_delays_no_other_heartbeat(logboom):
    """One that accepts nothing (its backlog is full) and one that works."""
    with socket.socket() as full, Receiver() as good:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", port))
        program = logboom(relay(servers(port, good.port), QUICK + "  connect_timeout 1s\n  hard_timeout 2s\n"))
        program.wait_for_log(f"127.0.0.1:{port} is lost", 20)
        time.sleep(0.5)
        assert not program.log_lines(f"127.0.0.1:{good.port} is lost")
        for filler in fillers:
            filler.close()
