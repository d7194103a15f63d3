"""What a real Docker Engine's syslog driver sends, in each format over each transport, and what becomes of it."""

import json
import re
import socket

import pytest

from support import docker_engine
from support.certs import Authority

FORMATS = ("", "rfc3164", "rfc5424", "rfc5424micro")
SOURCE = """<source>
  @type syslog
  tag docker
  listen tcp://127.0.0.1:0, udp://127.0.0.1:0, unix://{dir}/stream, unixgram://{dir}/gram
{more}</source>
<match **>
  @type stdout
</match>
"""
LINE = re.compile(r"(\S+ \S+) \+0000 docker\.(\S+): (\{.*\})$")


def started(logboom, short_dir, **parameters):
    more = "".join(f"  {name} {value}\n" for name, value in parameters.items())
    return logboom(SOURCE.format(dir=short_dir, more=more))


def address(program, short_dir, transport):
    if transport in ("tcp", "udp"):
        return f"{transport}://127.0.0.1:{program.address(transport)[1]}"
    return f"{transport}://{short_dir}/{'stream' if transport == 'unix' else 'gram'}"


def run(engine, script, where, *options, check=True, **log):
    log = {"syslog-address": where, **{key.replace("_", "-"): value for key, value in log.items()}}
    arguments = [part for key, value in log.items() for part in ("--log-opt", f"{key}={value}")]
    engine.cli("run", "--rm", "--network", "none", "--log-driver", "syslog", *arguments, *options,
               docker_engine.IMAGE, "sh", "-c", script, check=check)


def events(program):
    return [(found[2], json.loads(found[3])) for found in map(LINE.match, program.stdout.lines())]


@pytest.mark.parametrize("transport", ["tcp", "udp", "unix", "unixgram"])
def test_every_format(engine, logboom, short_dir, transport):
    program = started(logboom, short_dir)
    for form in FORMATS:
        run(engine, "echo 'to stdout: [1] x'; echo; echo oops >&2", address(program, short_dir, transport),
            syslog_format=form, tag=f"fmt-{form or 'default'}")
    program.wait_for_lines(2 * len(FORMATS))
    for form in FORMATS:
        name = f"fmt-{form or 'default'}"
        mine = {tag: record for tag, record in events(program) if record["ident"] == name}
        assert {tag: record["message"] for tag, record in mine.items()} == {
            "daemon.info": "to stdout: [1] x", "daemon.err": "oops"}
        for record in mine.values():
            assert record["pid"].isdigit()
            assert record.get("host") == (None if form == "" else socket.gethostname())
            assert record.get("msgid") == (name if form.startswith("rfc5424") else None)
    assert program.stop()["delivered"] == 2 * len(FORMATS)


def test_every_format_over_tls_with_a_client_certificate(engine, logboom, tmp_path):
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("server")
    client, client_key = authority.issue("client")
    program = logboom(f"""<source>
  @type syslog
  tag docker
  bind 127.0.0.1
  port 0
  <transport tls>
    cert_path {certificate}
    private_key_path {key}
    client_cert_auth true
    ca_path {authority.path}
  </transport>
</source>
<match **>
  @type stdout
</match>
""")
    where = f"tcp+tls://localhost:{program.port}"
    run(engine, "echo nobody", where, check=False, syslog_tls_ca_cert=authority.path)
    for form in FORMATS:
        run(engine, "echo one; echo two", where, syslog_format=form, tag=f"fmt-{form or 'default'}",
            syslog_tls_ca_cert=authority.path, syslog_tls_cert=client, syslog_tls_key=client_key)
    program.wait_for_lines(2 * len(FORMATS))
    assert [(record["ident"], record["message"]) for _, record in events(program)] == [
        (f"fmt-{form or 'default'}", text) for form in FORMATS for text in ("one", "two")]
    assert program.stop()["delivered"] == 2 * len(FORMATS)


def test_the_tags_parts_become_fields(engine, logboom, short_dir):
    program = started(logboom, short_dir, tag_format='"{{.ImageName}}/{{.Name}}/{{.ID}}"')
    for form in FORMATS:
        run(engine, "echo hi", address(program, short_dir, "tcp"), "--name", "web.1", syslog_format=form,
            tag="{{.ImageName}}/{{.Name}}/{{.ID}}", syslog_facility="local3")
    program.wait_for_lines(len(FORMATS))
    for tag, record in events(program):
        assert tag == "local3.info"
        assert (record["image_name"], record["container_name"], record["message"]) == ("busybox:test", "web.1", "hi")
        assert re.fullmatch(r"[0-9a-f]{12}", record["container_id"])


def test_a_tag_with_blanks_is_one_name(engine, logboom, short_dir):
    program = started(logboom, short_dir)
    for form in FORMATS[1:]:
        run(engine, "echo hi", address(program, short_dir, "tcp"), syslog_format=form, tag="my app")
    program.wait_for_lines(3)
    assert {record["ident"] for _, record in events(program)} == {"my app"}


def test_cut_lines_are_joined_where_asked_to(engine, logboom, short_dir):
    program = started(logboom, short_dir, join_split_lines="true")
    script = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo next; head -c 100 /dev/zero | tr '\\0' y; echo"
    for transport in ("tcp", "udp"):
        run(engine, script, address(program, short_dir, transport), syslog_format="rfc5424")
    program.wait_for_lines(6)
    assert [len(record["message"]) for _, record in events(program)] == [40000, 4, 100] * 2
    program.stop()


def test_cut_lines_stay_apart_otherwise(engine, logboom, short_dir):
    program = started(logboom, short_dir)
    run(engine, "head -c 20000 /dev/zero | tr '\\0' x; echo", address(program, short_dir, "unix"))
    program.wait_for_lines(2)
    assert [len(record["message"]) for _, record in events(program)] == [16384, 3616]


def test_lines_of_a_host_that_is_no_allowed_sender_are_refused(engine, logboom, short_dir):
    program = started(logboom, short_dir, allowed_senders="192.0.2.0/24")
    # Docker may notice the reset at once, or with a line: then the container does not start.
    run(engine, "seq 1 100", address(program, short_dir, "tcp"), check=False)
    run(engine, "echo here", address(program, short_dir, "unix"))
    program.wait_for_lines(1)
    assert [record["message"] for _, record in events(program)] == ["here"]
    assert program.counters().total("logboom_input_errors_total", reason="sender_refused") >= 1
    assert len(program.log_lines(r"refused 127\.0\.0\.1")) == 1


def test_the_daemons_default(logboom, short_dir):
    program = started(logboom, short_dir)
    where = f"syslog-address={address(program, short_dir, 'tcp')}"
    with docker_engine.running("--log-driver", "syslog", "--log-opt", where) as engine:
        engine.cli("run", "--rm", "--network", "none", docker_engine.IMAGE, "echo", "by default")
    program.wait_for_lines(1)
    tag, record = events(program)[0]
    assert (tag, record["message"]) == ("daemon.info", "by default")
    assert re.fullmatch(r"[0-9a-f]{12}", record["ident"])
