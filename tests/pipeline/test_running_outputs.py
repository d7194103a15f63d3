"""Outputs and the end: what is written while the program runs, and what when it stops."""

import pytest
from support.configs import forward_source
from support.forward import Client, message
from support.wait import wait_until

EXEC = """<match **>
  @type exec
  command sh -c 'cat "$0" >>got'
  <format>
    @type json
  </format>
  {buffer}
</match>
"""
NOT_AT_THE_END = """<match **>
  @type file
  path out/got
  <buffer>
    flush_mode interval
    flush_interval 1h
    flush_at_shutdown false
  </buffer>
</match>
"""


def put(program, count):
    with Client(program.address()) as client:
        client.send(b"".join(message("t", 1700000000, {"n": n}) for n in range(count)))
        wait_until(lambda: program.counters().total("logboom_output_events_total") == count, what="the events")


@pytest.mark.parametrize("interval", ["<buffer>\n    flush_interval 0.5\n  </buffer>", "flush_interval 0.5"])
def test_exec_is_given_its_events_by_the_interval(logboom, interval):
    program = logboom(forward_source() + EXEC.format(buffer=interval))
    got = program.directory / "got"
    put(program, 1)
    wait_until(lambda: got.exists() and got.read_text() == '{"n":0}\n', what="the command")
    program.stop()


@pytest.mark.parametrize("more, at", [("", '"2023-11-14T22:13:20Z"'), ("timezone +09:00", '"2023-11-15T07:13:20+09:00"'),
                                      ("time_type unixtime", "1700000000")])
def test_exec_injects_times_as_text_in_utc_where_nothing_else_is_said(logboom, more, at):
    inject = f"<inject>\n    time_key at\n    {more}\n  </inject>\n  <buffer>\n    flush_interval 0\n  </buffer>"
    program = logboom(forward_source() + EXEC.format(buffer=inject), env={"TZ": "Asia/Tokyo"})
    put(program, 1)
    program.stop()
    assert (program.directory / "got").read_text() == f'{{"n":0,"at":{at}}}\n'


@pytest.mark.parametrize("attempt", range(5))
def test_without_flush_at_shutdown_nothing_of_the_memory_is_written(logboom, attempt):
    program = logboom(forward_source() + NOT_AT_THE_END)
    put(program, 100)
    summary = program.stop()
    assert not list(program.directory.glob("out/*.log"))
    assert (summary["dropped"], summary["delivered"]) == (100, 0)
