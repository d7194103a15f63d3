"""SIGHUP and the sources that are no streams, and those whose address changes."""

import collections
import socket
import threading

from support.configs import file_match, forward_source
from support.forward import Client, heartbeat, message
from support.logboom import free_port
from support.reload import reload, reload_each, written_events
from support.wait import wait_until

T = 1700000000
OUT = file_match("**", "out")


def numbers(program, key="n"):
    return [event[key] for event in written_events(program, "out")]


class Caller(threading.Thread):
    """Makes a connection for each event and waits for its ack, until `end` is called."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.sent, self.error = address, 0, None
        self.ending = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                with Client(self.address) as client:
                    client.send_and_wait(message("t", T, {"n": self.sent}, {"chunk": "c"}), "c")
                self.sent += 1
        except Exception as error:  # what it is, the test says
            self.error = error

    def end(self):
        self.ending.set()
        self.join(20)
        assert self.error is None, f"after {self.sent} connections: {self.error!r}"


def answers(address):
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def bound(port, bind):
    return forward_source(port).replace("bind 127.0.0.1", f"bind {bind}") + OUT


def test_a_source_goes_to_another_address_of_its_port_and_no_connection_is_refused(logboom):
    port = free_port()
    program = logboom(bound(port, "127.0.0.1"))
    caller = Caller(("127.0.0.1", port))
    with Client(("127.0.0.1", port)) as stays:
        stays.send_and_wait(message("t", T, {"n": -1}, {"chunk": "c"}), "c")
        for n, bind in enumerate(["0.0.0.0", "127.0.0.1", "0.0.0.0", "127.0.0.2"]):
            before = caller.sent
            if bind == "127.0.0.2":
                caller.end()
            reload(program, bound(port, bind))
            wait_until(lambda: answers(("127.0.0.2", port)) == (bind != "127.0.0.1"), what=f"127.0.0.2 with {bind}")
            if bind != "127.0.0.2":
                wait_until(lambda: caller.sent > before + 20, what="connections after the reload")
                assert heartbeat(("127.0.0.1", port)) == b"\0"
            stays.send_and_wait(message("t", T, {"n": -2 - n}, {"chunk": "c"}), "c")
        assert not stays.closed()
    assert not answers(("127.0.0.1", port))
    program.stop()
    assert collections.Counter(numbers(program)) == collections.Counter(range(-5, caller.sent))


def test_an_address_that_another_source_keeps_is_refused_with_its_name(logboom):
    port = free_port()
    program = logboom(bound(port, "127.0.0.1"))
    other = f"<source>\n  @type tcp\n  @id other\n  tag t\n  port {port}\n  <parse>\n    @type none\n  </parse>\n</source>\n"
    line = reload(program, bound(port, "127.0.0.1") + other, "can't listen on")
    assert "source 'input' listens there" in line
    program.wait_for_log("the reload is refused")
    with Client(("127.0.0.1", port)) as client:
        client.send_and_wait(message("t", T, {"n": 0}, {"chunk": "c"}), "c")
    program.stop()


def udp(port, bind, **more):
    extra = "".join(f"  {name} {value}\n" for name, value in more.items())
    return (f"<source>\n  @type udp\n  @id datagrams\n  tag t\n  port {port}\n  bind {bind}\n"
            f"  receive_buffer_size 4m\n{extra}"
            "  <parse>\n    @type json\n  </parse>\n</source>\n") + OUT


def test_datagrams_are_taken_once_each_through_reloads(logboom):
    """The source stays, is changed, and goes to another address of its port."""
    port = free_port()
    texts = [udp(port, "127.0.0.1"), udp(port, "127.0.0.1", remove_newline="false"), udp(port, "0.0.0.0"),
             udp(port, "127.0.0.1").replace(" t\n", " u\n"), "# the same\n" + udp(port, "127.0.0.1")]
    program = logboom(texts[0])
    ending, sent = threading.Event(), [0]

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.connect(("127.0.0.1", port))
            while not ending.wait(0.0005):
                out.send(b'{"n":%d}' % sent[0])
                sent[0] += 1

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    reload_each(program, 25, texts, 25)
    ending.set()
    thread.join(10)
    wait_until(lambda: len(numbers(program)) >= sent[0], what="all datagrams")
    assert program.stop()["dropped"] == 0
    assert sorted(numbers(program)) == list(range(sent[0]))


def test_tasks_go_on_through_reloads_of_what_is_around_them(logboom):
    port = free_port()
    sources = """<source>
  @type sample
  @id ticks
  tag t
  rate 200
  auto_increment_key n
  sample {"from":"ticks"}
</source>
<source>
  @type exec
  @id child
  tag t
  command n=0; while [ $n -lt 2000 ]; do echo "{\\"from\\":\\"child\\",\\"n\\":$n}"; n=$((n+1)); done; exec cat
  <parse>
    @type json
  </parse>
</source>
"""
    texts = [sources + forward_source(port, send_keepalive_packet=value) + OUT for value in ("true", "false")]
    program = logboom(texts[0])
    reload_each(program, 20, texts, 25)
    wait_until(lambda: len(written_events(program, "out")) > 2200, what="events of both")
    program.stop()
    events = collections.defaultdict(list)
    for event in written_events(program, "out"):
        events[event["from"]].append(event["n"])
    assert events["child"] == list(range(2000)), "the command ran once, and all that it wrote was read"
    assert events["ticks"] == list(range(len(events["ticks"]))) and len(events["ticks"]) > 200


def test_a_command_of_a_changed_source_ends_and_the_new_one_runs(logboom):
    def source(word):
        return (f"<source>\n  @type exec\n  @id child\n  tag t\n  command echo '{{\"n\":\"{word}\"}}'; exec cat\n"
                "  <parse>\n    @type json\n  </parse>\n</source>\n") + OUT

    program = logboom(source("first"))
    wait_until(lambda: numbers(program) == ["first"], what="the first command's event")
    reload(program, source("second"))
    wait_until(lambda: numbers(program) == ["first", "second"], what="the second command's event")
    reload(program, OUT + forward_source())
    program.stop()
    assert numbers(program) == ["first", "second"]
