"""Lines that Docker cuts into fragments come out whole behind `concat`."""

from helpers import address, logs, records
from support.configs import forward_source

JOINED = """<filter **>
  @type concat
  key log
  use_partial_metadata true
  flush_interval 1s
</filter>
<match **>
  @type stdout
</match>
"""
METADATA = {"partial_message", "partial_id", "partial_ordinal", "partial_last"}


def test_long_lines_come_out_whole(engine, logboom):
    program = logboom(forward_source() + JOINED)
    engine.run("head -c 40000 /dev/zero | tr '\\0' x; echo; head -c 16384 /dev/zero | tr '\\0' y; echo; echo next",
               address(program), "--rm")
    program.wait_for_lines(3)
    assert logs(program) == ["x" * 40000, "y" * 16384, "next"]
    assert not any(METADATA & set(record) for record in records(program))
    figures = program.stop()
    assert (figures["delivered"], figures["merged"]) == (3, 3)


def test_both_streams_at_once_come_out_whole(engine, logboom):
    program = logboom(forward_source() + JOINED)
    engine.run("(head -c 100000 /dev/zero | tr '\\0' e; echo) >&2 & head -c 100000 /dev/zero | tr '\\0' o; echo; wait",
               address(program), "--rm")
    program.wait_for_lines(2)
    assert {record["source"]: record["log"] for record in records(program)} == {"stdout": "o" * 100000,
                                                                               "stderr": "e" * 100000}


def test_text_without_a_newline_at_the_end_comes_out(engine, logboom):
    program = logboom(forward_source() + JOINED)
    engine.run("echo whole; head -c 20000 /dev/zero | tr '\\0' z", address(program), "--rm")
    program.wait_for_lines(2)
    assert logs(program) == ["whole", "z" * 20000]
    assert not any(METADATA & set(record) for record in records(program))
