"""What a real Docker Engine's gelf driver sends."""

import json

import pytest

from support import docker_engine

SOURCE = """<source>
  @type gelf
  tag gelf
  bind 127.0.0.1
  port 0
  protocol_type {protocol}
</source>
<match **>
  @type stdout
  <format>
    @type json
  </format>
</match>
"""


def run(engine, program, protocol, script, *options, **log):
    log = {"gelf-address": f"{protocol}://127.0.0.1:{program.address(protocol)[1]}",
           **{key.replace("_", "-"): value for key, value in log.items()}}
    arguments = [part for key, value in log.items() for part in ("--log-opt", f"{key}={value}")]
    engine.cli("run", "--rm", "--network", "none", "--log-driver", "gelf", *arguments, *options,
               docker_engine.IMAGE, "sh", "-c", script)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_lines_short_and_long(engine, logboom, protocol):
    program = logboom(SOURCE.format(protocol=protocol))
    # What does not compress comes in chunks over UDP.
    script = "echo hello; head -c 9000 /dev/urandom | od -An -tx1 -v | tr -d ' \\n' | head -c 12000; echo; echo oops >&2"
    run(engine, program, protocol, script, "--name", "web", tag="t-{{.Name}}")
    program.wait_for_lines(3)
    records = [json.loads(line) for line in program.stdout.lines()]
    assert sorted(len(record["short_message"]) for record in records) == [4, 5, 12000]
    assert {record["short_message"]: record["level"] for record in records if len(record["short_message"]) < 9} == {
        "hello": 6, "oops": 3}
    for record in records:
        assert (record["container_name"], record["tag"], record["version"]) == ("web", "t-web", "1.1")
        assert "timestamp" not in record
    assert program.stop()["delivered"] == 3


def test_each_compression(engine, logboom):
    program = logboom(SOURCE.format(protocol="udp"))
    for kind in ("gzip", "zlib", "none"):
        run(engine, program, "udp", f"echo {kind}", gelf_compression_type=kind)
    program.wait_for_lines(3)
    assert [json.loads(line)["short_message"] for line in program.stdout.lines()] == ["gzip", "zlib", "none"]
