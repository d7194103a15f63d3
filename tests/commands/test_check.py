"""logboom check, and what --dry-run and a start say of a configuration that is wrong."""

import json

FIVE_ERRORS = """\
<source>
  @type forward
  port many
  backlog few
</source>
<filter **>
  @type gerp
</filter>
<match a.{b>
  @type stdout
</match>
<match **>
  @type relabel
  @label @NOWHERE
</match>
"""

PLACES = [("fluent.conf", 3, "bad-value"), ("fluent.conf", 4, "bad-value"), ("fluent.conf", 7, "unknown-plugin"),
          ("fluent.conf", 9, "bad-pattern"), ("fluent.conf", 14, "missing-label")]

FINE = """\
<source>
  @type forward
  port 0
</source>
<match **>
  @type stdout
</match>
"""


def check(command, text, *args, expect=0):
    done = command("check", "-c", "fluent.conf", "--json", *args, files={"fluent.conf": text}, expect=expect)
    return json.loads(done.stdout)


def rules(problems):
    return [(problem["line"], problem["rule"]) for problem in problems]


def test_a_right_configuration_has_no_problems(command):
    assert check(command, FINE) == []
    assert "the configuration is right" in command("check", "-c", "fluent.conf").stdout


def test_all_five_errors_are_listed_in_their_order(command):
    problems = check(command, FIVE_ERRORS, expect=1)
    assert [(p["file"], p["line"], p["rule"]) for p in problems] == PLACES
    assert {p["severity"] for p in problems} == {"error"}
    assert set(problems[0]) == {"severity", "file", "line", "column", "message", "suggestion", "rule"}


def test_people_get_a_line_for_each_and_a_summary(command):
    lines = command("check", "-c", "fluent.conf", files={"fluent.conf": FIVE_ERRORS}, expect=1).stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["error"] * 5
    assert lines[0].startswith("error fluent.conf:3:8: parameter 'port'")
    assert lines[-1] == "fluent.conf: 5 errors, 0 warnings"


def test_a_dry_run_and_a_start_log_all_five(command):
    for args in (["--dry-run"], []):
        log = command("-c", "fluent.conf", *args, files={"fluent.conf": FIVE_ERRORS}, expect=1).stderr
        errors = [line for line in log.splitlines() if "[error]" in line]
        assert len(errors) == 5, log
        for line, (file, number, _) in zip(errors, PLACES):
            assert f"config error: {file}:{number}:" in line


def test_what_is_wrong_in_system_does_not_hide_the_rest(command):
    text = "<system>\n  workers none\n</system>\n<match **>\n  @type stdut\n</match>\n"
    assert rules(check(command, text, expect=1)) == [(2, "bad-value"), (5, "unknown-plugin")]
    log = command("-c", "fluent.conf", expect=1).stderr
    assert "fluent.conf:2:" in log and "fluent.conf:5:" in log


def test_a_broken_file_is_one_syntax_error(command):
    problems = check(command, "<match **>\n  @type stdout\n", expect=1)
    assert [problem["rule"] for problem in problems] == ["syntax"]
    assert [problem["rule"] for problem in json.loads(
        command("check", "-c", "none.conf", "--json", expect=1).stdout)] == ["syntax"]


def test_errors_inside_a_store_and_its_sections_are_found_together(command):
    problems = check(command, """\
<match **>
  @type copy
  copy_mode sideways
  <store>
    @type stdot
  </store>
  <store>
    @type stdout
    <format>
      @type jsno
    </format>
    <buffer>
      chunk_limit_size big
      flush_interval soon
    </buffer>
  </store>
</match>
""", expect=1)
    errors = [problem for problem in problems if problem["severity"] == "error"]
    assert rules(errors) == [(3, "bad-value"), (5, "unknown-plugin"), (10, "unknown-plugin"), (13, "bad-value"),
                             (14, "bad-value")]


def test_suggestions_name_what_was_meant(command):
    problems = check(command, "<label @OUTPUT>\n  <match **>\n    @type stdut\n  </match>\n</label>\n"
                              "<match **>\n  @type relabel\n  @label @OUTPTU\n</match>\n", expect=1)
    assert [problem["suggestion"] for problem in problems if problem["severity"] == "error"] == [
        "did you mean 'stdout'?", "did you mean '@OUTPUT'?"]


def test_lint_warns_and_strict_makes_that_an_error(command):
    text = FINE + "<match a.**>\n  @type null\n</match>\n<label @X>\n</label>\n"
    problems = check(command, text)
    assert rules(problems) == [(8, "unreachable-match"), (11, "label-without-match"), (11, "unused-label")]
    assert {problem["severity"] for problem in problems} == {"warning"}
    assert "fluent.conf:5:1" in problems[0]["message"]
    assert {problem["severity"] for problem in check(command, text, "--strict", expect=1)} == {"error"}
    assert "unreachable" in command("check", "-c", "fluent.conf").stdout


def test_a_dry_run_logs_what_lint_finds_and_ends_with_0(command):
    log = command("--dry-run", "-c", "fluent.conf",
                  files={"fluent.conf": FINE + "<match a.**>\n  @type null\n</match>\n"}).stderr
    assert "[warn]: fluent.conf:8:1: <match a.**> is never reached" in log


def test_unknown_parameters_are_warnings_with_near_names(command):
    problems = check(command, FINE.replace("port 0", "port 0\n  prot 1"))
    assert rules(problems) == [(4, "unknown-parameter")]
    assert problems[0]["suggestion"] == "did you mean 'port'?"
