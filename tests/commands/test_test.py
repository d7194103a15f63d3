"""logboom test: cases without sockets, and the cases of ../pipeline/offline."""

import json

from support.logboom import CHECKOUT

CONFIG = """\
<filter **>
  @type record_transformer
  <record>
    seen yes
  </record>
</filter>
<match a>
  @type null
  @id out
</match>
"""
INPUT = '{"tag":"a","record":{"n":1}}\n{"tag":"a","record":{"n":2}}\n'
RIGHT = '{"to":"out","tag":"a","record":{"n":1,"seen":"yes"}}\n{"to":"out","tag":"a","record":{"n":2,"seen":"yes"}}\n'


def case(name, expected=RIGHT, text=CONFIG, events=INPUT):
    files = {f"{name}/fluent.conf": text, f"{name}/input.jsonl": events}
    return files if expected is None else {**files, f"{name}/expected.jsonl": expected}


def test_the_cases_of_this_checkout_pass(command):
    done = command("test", str(CHECKOUT / "tests" / "pipeline" / "offline"), "--json")
    summary = json.loads(done.stdout)
    assert summary["failed"] == 0
    assert summary["cases"] >= 15


def test_a_folder_of_cases_has_a_line_for_each_and_a_sum(command):
    done = command("test", "cases", files={**case("cases/b"), **case("cases/deep/a")})
    assert done.stdout == "ok      b\nok      deep/a\n2 of 2 cases passed\n"


def test_a_failure_shows_what_was_expected_and_what_came(command):
    files = case("one", RIGHT.replace('"n":2,"seen":"yes"', '"n":2'))
    assert command("test", "one", files=files, expect=1).stdout == """\
FAILED  one
  out: (- expected, + came)
      {"to":"out","tag":"a","record":{"n":1,"seen":"yes"}}
    - {"to":"out","tag":"a","record":{"n":2}}
    + {"to":"out","tag":"a","record":{"n":2,"seen":"yes"}}
0 of 1 cases passed
"""


def test_json_has_the_same_as_data(command):
    done = command("test", ".", "--json", files={**case("good"), **case("bad", "")}, expect=1)
    summary = json.loads(done.stdout)
    assert (summary["cases"], summary["passed"], summary["failed"]) == (2, 1, 1)
    bad, good = summary["results"]
    assert (bad["name"], bad["status"]) == ("bad", "failed")
    assert bad["differences"] == [{"of": "out", "lines": ["+ " + line for line in RIGHT.splitlines()]}]
    assert good == {"name": "good", "status": "passed"}


def test_update_writes_what_came_once(command, tmp_path):
    assert "updated one" in command("test", "one", "--update", files=case("one", None)).stdout
    assert (tmp_path / "one" / "expected.jsonl").read_text() == RIGHT
    assert "ok      one" in command("test", "one", "--update").stdout
    command("test", "one")


def test_nothing_expected_is_a_failure(command):
    assert "--update" in command("test", "one", files=case("one", None), expect=1).stdout


def test_an_event_that_is_missing_and_one_too_many_are_found(command):
    command("test", "one", files=case("one", RIGHT + RIGHT.splitlines()[0] + "\n"), expect=1)
    command("test", "one", files=case("one", RIGHT.splitlines()[0] + "\n"), expect=1)
    command("test", "one", files=case("one", RIGHT.replace('"to":"out"', '"to":"elsewhere"')), expect=1)


def test_a_time_is_compared_where_it_is_expected(command):
    events = '{"tag":"a","time":5,"record":{}}\n'
    came = '{"to":"out","tag":"a","record":{"seen":"yes"}}\n'
    command("test", "one", files=case("one", came, events=events))
    command("test", "one", files=case("one", came.replace('"record"', '"time":5,"record"'), events=events))
    command("test", "one", files=case("one", came.replace('"record"', '"time":6,"record"'), events=events), expect=1)


def test_what_can_not_be_run_says_why_with_its_place(command):
    broken = {"conf": case("x", text="<match a>\n@type nil\n</match>\n"), "json": case("x", events="{\n"),
              "label": case("x", events='{"tag":"a","label":"@X","record":{}}\n'),
              "record": case("x", events='{"tag":"a","record":[]}\n'), "expected": case("x", '{"tag":"a"}\n')}
    texts = {name: command("test", "x", files=files, expect=1).stdout for name, files in broken.items()}
    assert "fluent.conf:2:7: unknown output plugin 'nil'" in texts["conf"]
    assert "input.jsonl:1: " in texts["json"] and "input.jsonl:1: 'record' must be" in texts["record"]
    assert "there is no <label @X>" in texts["label"]
    assert "expected.jsonl:1: 'to' is missing" in texts["expected"]


def test_a_folder_without_cases_is_a_failure(command, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no folder with" in command("test", "empty", expect=1).stdout
    command("test", "nowhere", expect=1)


def test_nothing_is_written_or_listened_to(command, tmp_path):
    text = "<source>\n@type forward\nport 1\n</source>\n<match **>\n@type file\n@id out\npath made/by/file\n</match>\n"
    expected = RIGHT.replace(',"seen":"yes"', "")
    command("test", "one", files=case("one", expected, text=text))
    assert not (tmp_path / "made").exists() and not (tmp_path / "one" / "made").exists()
