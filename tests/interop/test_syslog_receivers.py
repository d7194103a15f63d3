"""The output syslog against rsyslog, and against the input syslog."""

import json
import socket

import pytest

from support.logboom import free_port
from support.rsyslog import rsyslog
from support.wait import wait_until

SAMPLE = """<source>
  @type syslog
  tag in
  listen unixgram://{dir}/in
  severity_key severity
  facility_key facility
  <parse>
    structured_data nested
  </parse>
</source>
<match **>
  @type syslog
{parameters}  <buffer>
    flush_interval 50ms
    retry_wait 100ms
  </buffer>
</match>
"""
RSYSLOG = """global(workDirectory="{dir}")
module(load="imtcp")
module(load="imudp")
module(load="imuxsock" SysSock.Use="off")
input(type="imtcp" port="{port}" address="127.0.0.1")
input(type="imudp" port="{port}" address="127.0.0.1")
input(type="imuxsock" Socket="{dir}/rs" UseSpecialParser="off" ParseHostname="on" IgnoreTimestamp="off")
template(name="t" type="string" string="%pri%|%timereported:::date-rfc3339%|%hostname%|%app-name%|%procid%|%structured-data%|%msg%\\n")
if $inputname != "rsyslogd" then action(type="omfile" file="{dir}/out" template="t")
"""
MESSAGE = b'<155>1 2026-11-23T00:33:46.5Z web app 7 m [x@1 k="v \\"q\\""] hello there'


def send(directory, *messages):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, f"{directory}/in")


def is_bound(port):
    """Over UDP; nobody's port is taken for a moment to find out."""
    with open("/proc/net/udp", encoding="ascii") as sockets:
        return f":{port:04X} " in sockets.read()


def lines(directory):
    try:
        with open(f"{directory}/out", encoding="utf-8") as out:
            return out.read().splitlines()
    except FileNotFoundError:
        return []


@pytest.mark.parametrize("transport", ["tcp", "tcp counted", "udp", "unixgram"])
def test_rsyslog_takes_what_is_sent(logboom, short_dir, transport):
    port = free_port()
    protocol, _, counted = transport.partition(" ")
    base = {"protocol": protocol, "host": "127.0.0.1", "port": port, "path": f"{short_dir}/rs", "timezone": "+00:00"}
    if counted:
        base["frame_type"] = "octet_count"
    for form in ("rfc5424", "rfc3164"):
        parameters = "".join(f"  {name} {value}\n" for name, value in {**base, "message_format": form}.items())
        program = logboom(SAMPLE.format(dir=short_dir, parameters=parameters), name=form)
        with rsyslog(short_dir, RSYSLOG, port):
            if protocol == "udp":
                wait_until(lambda: is_bound(port), 10, "rsyslog's port")
            known = len(lines(short_dir))
            send(short_dir, MESSAGE)
            wait_until(lambda: len(lines(short_dir)) > known, 10, "a line of rsyslog", interval=0.05)
        priority, time, host, name, pid, data, text = lines(short_dir)[-1].split("|")
        assert (priority, host, name, pid, text.strip()) == ("155", "web", "app", "7", "hello there")
        assert time.startswith("2026-11-23T00:33:46")
        assert data == ('[x@1 k="v \\"q\\""]' if form == "rfc5424" else "-")
        assert program.stop()["delivered"] == 1


def test_a_receiver_that_comes_late_and_goes_gets_everything(logboom, short_dir):
    port = free_port()
    parameters = f"  protocol tcp\n  host 127.0.0.1\n  port {port}\n  message_format rfc5424\n"
    program = logboom(SAMPLE.format(dir=short_dir, parameters=parameters))
    send(short_dir, *(b"<13>a: early %d" % n for n in range(50)))
    program.wait_for_log("can't connect")
    with rsyslog(short_dir, RSYSLOG, port):
        wait_until(lambda: len(lines(short_dir)) >= 50, 15, "the early ones")
    send(short_dir, *(b"<13>a: late %d" % n for n in range(50)))
    with rsyslog(short_dir, RSYSLOG, port):
        wait_until(lambda: sum("late" in line for line in lines(short_dir)) >= 50, 15, "the late ones")
    texts = [line.rpartition("|")[2].strip() for line in lines(short_dir)]
    assert set(texts) == {f"{when} {n}" for when in ("early", "late") for n in range(50)}
    assert program.stop()["delivered"] == 100


def test_what_the_input_reads_of_the_output_is_the_same(logboom, short_dir):
    receiver = logboom(f"<source>\n  @type syslog\n  tag r\n  listen unix://{short_dir}/r\n  <parse>\n"
                       "    structured_data nested\n  </parse>\n</source>\n<match **>\n  @type stdout\n</match>\n",
                       name="receiver")
    program = logboom(SAMPLE.format(dir=short_dir, parameters=(
        f"  protocol unix\n  path {short_dir}/r\n  message_format rfc5424\n  frame_type octet_count\n")))
    send(short_dir, MESSAGE + b"\nof two lines")
    receiver.wait_for_lines(1)
    when, _, rest = receiver.stdout.lines()[0].partition(" +0000 ")
    tag, _, record = rest.partition(": ")
    assert (when, tag) == ("2026-11-23 00:33:46.500000000", "r.local3.err")
    assert json.loads(record) == {"host": "web", "ident": "app", "pid": "7", "msgid": "m",
                                  "message": "hello there\nof two lines",
                                  "structured_data": {"x@1": {"k": 'v "q"'}}}
    program.stop()


RELAY = """<source>
  @type syslog
  tag in
  listen unixgram://{dir}/in
</source>
<match **>
  @type syslog
  host 127.0.0.1
  port {port}
  protocol {protocol}
  timezone +00:00
{more}  <buffer>
    flush_interval 50ms
    retry_wait 100ms
  </buffer>
</match>
"""
RELAYED = (b"<27>Nov 23 00:33:46 vm sshd[7]: a\n",
           b'<155>1 2026-11-23T00:33:46.500000+00:00 web app 8 ID47 [x@1 k="v \\"q\\"" l=""][y@2 n="1"] b\n',
           b"<0>1 2026-11-23T00:33:46.000000+00:00 web app - - - c\n")


def read_lines(listener, count):
    connection, _ = listener.accept()
    connection.settimeout(10)
    with connection, connection.makefile("rb") as stream:
        return [stream.readline() for _ in range(count)]


def test_a_relay_without_any_parameters_sends_on_what_it_got(logboom, short_dir):
    for form, sent in (("rfc3164", RELAYED[:1]), ("rfc5424", RELAYED[1:])):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(10)
            program = logboom(RELAY.format(dir=short_dir, port=listener.getsockname()[1], protocol="tcp",
                                           more="" if form == "rfc3164" else f"  message_format {form}\n"), name=form)
            send(short_dir, *sent)
            assert read_lines(listener, len(sent)) == list(sent)
            assert program.stop()["delivered"] == len(sent)


def test_a_relay_over_relp_sends_on_what_it_got(logboom, short_dir):
    port = free_port()
    program = logboom(RELAY.format(dir=short_dir, port=port, protocol="relp", more="  message_format rfc5424\n"))
    receiving = RSYSLOG.replace("imtcp", "imrelp").replace("%msg%", "%msgid%|%msg%")
    with rsyslog(short_dir, receiving, port):
        send(short_dir, *RELAYED)
        wait_until(lambda: len(lines(short_dir)) == 3, 15, "three lines of rsyslog", interval=0.05)
        assert program.stop()["delivered"] == 3
    year = lines(short_dir)[0].split("|")[1][:4]
    assert lines(short_dir) == [
        f"27|{year}-11-23T00:33:46.000000+00:00|vm|sshd|7|-|-|a",
        '155|2026-11-23T00:33:46.500000+00:00|web|app|8|[x@1 k="v \\"q\\"" l=""][y@2 n="1"]|ID47|b',
        "0|2026-11-23T00:33:46.000000+00:00|web|app|-|-|-|c"]


def test_a_line_end_in_structured_data_forges_no_message(logboom, short_dir):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        program = logboom(RELAY.format(dir=short_dir, port=listener.getsockname()[1], protocol="tcp",
                                       more="  message_format rfc5424\n"))
        send(short_dir, b'<13>1 2026-11-23T00:33:46Z w a - - [x@1 k="v\n<0>1 - - forged - - - !"] b', b"<13>a: last")
        received = read_lines(listener, 2)
    assert b'[x@1 k="v#012<0>1 - - forged - - - !"] b\n' in received[0]
    assert received[1].endswith(b" last\n")
    program.stop()
