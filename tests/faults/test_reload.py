"""SIGHUP under load: nothing is lost, nothing comes twice, no connection is closed."""

import collections
import re
import signal
import socket
import statistics
import threading
import time

import pytest

from support.configs import forward_source
from support.forward import Client, message, packed
from support.logboom import free_port
from support.reload import configure, reload, reload_each, reload_for, written_events
from support.wait import wait_until

T = 1700000000

FILE = """@type file
  @id {id}
  path {id}
  append true
  <format>
    @type json
  </format>
  <buffer []>
    flush_interval 0.02
  </buffer>
"""
KEPT = "<match kept.**>\n  " + FILE.format(id="kept") + "</match>\n"


def grep(pattern):
    return f"""<filter **>
  @type grep
  @id sieve
  <exclude>
    key n
    pattern {pattern}
  </exclude>
</filter>
"""


def first(port, **source):
    return forward_source(port, **source) + grep("^a$") + KEPT + "<match **>\n  " + FILE.format(id="a") + "</match>\n"


def second(port, **source):
    return (forward_source(port, **source) + grep("^b$") + KEPT + """<match **>
  @type copy
  <store>
    @type null
  </store>
  <store>
  """ + FILE.format(id="b") + "</store>\n</match>\n")


def written(program, *names):
    """(client, n) of every line in these files."""
    return [(event["c"], event["n"]) for event in written_events(program, *names)]


class Sender(threading.Thread):
    """Numbered events until `end` is called; every second chunk under a tag of the output that stays."""

    def __init__(self, address, name, acks):
        super().__init__(daemon=True)
        self.client = Client(address)
        self.number, self.acks, self.sent, self.error = name, acks, 0, None
        self.longest_wait = 0.0  # for an ack
        self.ending = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                tag = ("kept.x", "other.x")[self.sent // 20 % 2]
                entries = [(T, {"c": self.number, "n": n}) for n in range(self.sent, self.sent + 20)]
                chunk = f"{self.number}-{self.sent}"
                if self.acks:
                    begin = time.monotonic()
                    self.client.send_and_wait(packed(tag, entries, {"chunk": chunk}), chunk)
                    self.longest_wait = max(self.longest_wait, time.monotonic() - begin)
                else:
                    self.client.send(b"".join(message(tag, *entry) for entry in entries))
                    time.sleep(0.001)
                self.sent += 20
        except Exception as error:  # what it is, the test says
            self.error = error

    def end(self):
        self.ending.set()
        self.join(20)
        assert self.error is None, f"client {self.number}: {self.error!r}"
        assert not self.client.closed(), f"the connection of client {self.number} was closed"


@pytest.mark.parametrize("source", [{}, {"send_keepalive_packet": "true"}], ids=["same source", "changed source"])
def test_reloads_under_load_lose_nothing_close_nothing_and_hold_nobody_up(logboom, source):
    port = free_port()
    texts = [second(port, **source), first(port)]
    program = logboom(first(port))
    senders = [Sender(program.address(), name, acks=name % 2 == 0) for name in range(8)]
    wait_until(lambda: all(sender.sent > 200 for sender in senders), what="events")
    reload_each(program, 50, texts)
    reload_for(program, 0.5, texts)  # signals that come while a reload is under way
    rss, descriptors = program.rss(), program.descriptors()
    took = reload_each(program, 200, texts)
    assert statistics.median(took) < 0.05 and max(took) < 5
    if not program.sanitized():
        assert program.rss() < rss + 16 * 1024 * 1024
    wait_until(lambda: program.descriptors() < descriptors + 40, what="descriptors that don't pile up")
    for sender in senders:
        sender.end()
    assert max(sender.longest_wait for sender in senders) < 5
    # What has left the pipeline writes what it has, and goes.
    reload(program, first(port))
    wait_until(lambda: program.descriptors() <= descriptors + 4, what="descriptors that are given back")
    summary = program.stop()
    expected = sum(sender.sent for sender in senders)
    counted = collections.Counter(written(program, "kept", "a", "b"))
    assert {pair for pair, times in counted.items() if times > 1} == set()
    assert len(counted) == expected
    assert summary["received"] == expected and summary["buffered"] == summary["dropped"] == 0
    assert len(written(program, "a")) > 0 and len(written(program, "b")) > 0


def test_fifty_reloads_cost_less_than_a_second_of_one_processor(logboom):
    """What a reload takes, whatever else the machine has to do."""
    port = free_port()
    texts = [second(port), first(port)]
    program = logboom(first(port))
    if program.sanitized():
        pytest.skip("what a sanitizer costs is no measure")
    reload_each(program, 10, texts)
    before = program.cpu_seconds()
    reload_each(program, 100, texts)
    assert program.cpu_seconds() - before < 2
    program.stop()


def test_a_wrong_configuration_is_refused_whole_and_the_running_one_goes_on(logboom):
    port = free_port()
    program = logboom(first(port))
    with Client(program.address()) as client:
        bad = second(port).replace("@type null", "@type nulll")
        line = next(n for n, text in enumerate(bad.splitlines(), 1) if "nulll" in text)
        bad += "<match x>\n  @type copy\n</match>\n"
        assert f"fluent.conf:{line}:" in reload(program, bad, "config error")
        program.wait_for_log(rf"config error: .*fluent.conf:{len(bad.splitlines()) - 2}:")
        program.wait_for_log("the reload is refused")
        client.send_and_wait(message("other", T, {"c": 0, "n": 1}, {"chunk": "c"}), "c")
        taken = free_port()
        with socket.create_server(("127.0.0.1", taken)):
            reload(program, first(taken), "in use")
        client.send_and_wait(message("other", T, {"c": 0, "n": 2}, {"chunk": "c"}), "c")
        with Client(("127.0.0.1", port)) as another:
            another.send_and_wait(message("other", T, {"c": 0, "n": 3}, {"chunk": "c"}), "c")
        reload(program, second(port), "reloaded: 2 of 6")
        client.send_and_wait(message("other", T, {"c": 0, "n": 4}, {"chunk": "c"}), "c")
    program.stop()
    assert written(program, "a") == [(0, 1), (0, 2), (0, 3)]
    assert written(program, "b") == [(0, 4)]


def test_a_removed_source_ends_its_connections_after_what_they_sent(logboom):
    port, other = free_port(), free_port()
    two = forward_source(port) + forward_source(other).replace("@id input", "@id second")
    program = logboom(two + KEPT + "<match **>\n  " + FILE.format(id="a") + "</match>\n")
    with Client(("127.0.0.1", port)) as stays, Client(("127.0.0.1", other)) as goes:
        goes.send(b"".join(message("other", T, {"c": 1, "n": n}) for n in range(100)))
        reload(program, first(port))
        goes.wait_closed()
        with pytest.raises(OSError):
            Client(("127.0.0.1", other))
        stays.send_and_wait(message("other", T, {"c": 0, "n": 0}, {"chunk": "c"}), "c")
        assert not stays.closed()
    assert program.stop()["received"] == 101
    assert sorted(written(program, "a")) == [(0, 0)] + [(1, n) for n in range(100)]


def test_a_source_that_moves_keeps_its_connections(logboom):
    port, other = free_port(), free_port()
    program = logboom(first(port))
    with Client(("127.0.0.1", port)) as client:
        client.send_and_wait(message("other", T, {"c": 0, "n": 0}, {"chunk": "c"}), "c")
        reload(program, second(other))
        client.send_and_wait(message("other", T, {"c": 0, "n": 1}, {"chunk": "c"}), "c")
        with Client(("127.0.0.1", other)) as new:
            new.send_and_wait(message("other", T, {"c": 0, "n": 2}, {"chunk": "c"}), "c")
        with pytest.raises(OSError):
            Client(("127.0.0.1", port))
    program.stop()
    assert written(program, "a") == [(0, 0)]
    assert written(program, "b") == [(0, 1), (0, 2)]


def test_counters_go_on_and_those_of_what_was_removed_are_kept_in_sum(logboom):
    port = free_port()
    program = logboom(first(port))
    with Client(program.address()) as client:
        for n in range(5):
            client.send_and_wait(message("kept.x", T, {"c": 0, "n": n}, {"chunk": "c"}), "c")
            client.send_and_wait(message("other", T, {"c": 0, "n": n}, {"chunk": "c"}), "c")
        reload(program, second(port))
        client.send_and_wait(message("kept.x", T, {"c": 0, "n": 9}, {"chunk": "c"}), "c")
    name = "logboom_output_delivered_events_total"
    program.wait_for_counter(name, 6, id="kept")
    program.wait_for_counter(name, 5, id="retired")
    counters = program.counters()
    assert counters.total(name, id="a") == 0
    assert counters.total("logboom_input_events_total", id="input") == 11
    program.stop()


def test_system_settings_that_need_a_restart_are_named(logboom):
    program = logboom("<system>\n  workers 1\n</system>\n" + first(0))
    reload(program, "<system>\n  workers 2\n  log_level debug\n</system>\n" + first(0), "workers.* needs a restart")
    assert re.search(r"1 workers", "\n".join(program.log_lines("ready")))
    program.stop()


def system(*lines, log=()):
    section = "".join(f"    {line}\n" for line in log)
    return ("<system>\n  workers 1\n" + "".join(f"  {line}\n" for line in lines) +
            (f"  <log>\n{section}  </log>\n" if log else "") + "</system>\n")


def test_system_settings_are_taken_where_that_is_possible(logboom):
    port = free_port()
    program = logboom(system() + first(port))

    def umask_of():
        return re.search(r"Umask:\s+(\d+)", open(f"/proc/{program.pid}/status").read()).group(1)

    before = umask_of()
    text = system("umask 027", "process_name boom", "file_permission 0600", log=["path own.log", "format json"])
    start = program.stderr.line_count()
    configure(program, text + first(port))
    program.send_signal(signal.SIGHUP)
    own = program.directory / "own.log"
    wait_until(lambda: own.exists() and '"message":"reloaded: ' in own.read_text(), what="lines in the log's file")
    assert not any("reloaded" in line for line in program.stderr.lines()[start:])
    assert umask_of() == "0027"
    assert open(f"/proc/{program.pid}/cmdline").read().rstrip("\0") == "boom"
    with Client(program.address()) as client:
        client.send_and_wait(message("other", T, {"c": 0, "n": 1}, {"chunk": "c"}), "c")
    wait_until(lambda: written(program, "a") == [(0, 1)], what="the event")
    assert (program.directory / "a.log").stat().st_mode & 0o777 == 0o600
    reload(program, system("log_level debug", "decompression_budget 1m") + first(port), r"\[info\]: reloaded:")
    assert umask_of() == before
    program.stop()


def test_a_log_file_that_cant_be_opened_refuses_the_reload(logboom):
    program = logboom(system() + first(0))
    bad = system("umask 0", log=["path /proc/none/own.log"])
    assert "/proc/none/own.log" in reload(program, bad + second(0), r"\[error\]")
    program.wait_for_log("the reload is refused")
    with Client(program.address()) as client:
        client.send_and_wait(message("other", T, {"c": 0, "n": 1}, {"chunk": "c"}), "c")
    program.stop()
    assert written(program, "a") == [(0, 1)]
