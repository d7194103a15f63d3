"""Inputs that go on by themselves until the program stops: how many events they bring depends on the time."""

import json
import os

from support.configs import JSON_MATCH

SAMPLE = """<source>
  @type dummy
  tag test
  rate 200
  dummy [{"level":"info"},{"level":"error"}]
  auto_increment_key n
</source>
"""

EXEC = """<source>
  @type exec
  tag test
  command echo run
  run_interval 0.1
  <parse>
    @type none
  </parse>
</source>
"""

ENDLESS = """<source>
  @type exec
  tag test
  command while :; do echo $$; sleep 0.05; done
  <parse>
    @type none
  </parse>
</source>
"""


def test_sample_counts_its_events_and_loses_none(logboom):
    program = logboom(SAMPLE + JSON_MATCH)
    program.wait_for_lines(100)
    summary = program.stop()
    lines = [json.loads(line) for line in program.stdout.lines()]
    assert lines == [{"level": ("info", "error")[n % 2], "n": n} for n in range(len(lines))]
    assert summary["received"] == summary["delivered"] == len(lines)


def test_exec_runs_again_and_again(logboom):
    program = logboom(EXEC + JSON_MATCH)
    program.wait_for_lines(5)
    program.stop()
    assert set(program.stdout.lines()) == {'{"message":"run"}'}


def test_exec_is_ended_with_the_program(logboom):
    program = logboom(ENDLESS + JSON_MATCH)
    program.wait_for_lines(3)
    program.stop()
    pid = json.loads(program.stdout.lines()[0])["message"]
    assert not os.path.exists(f"/proc/{pid}")
