"""logboom check, and what --dry-run and a start say of a configuration that is wrong."""

import json

import pytest

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


SEVERAL = {
    "record_transformer": ("""\
<filter **>
  @type record_transformer
  enable_ruby true
  <record>
    a ${system("ls")}
    b ${1 +}
    c ${nothing(2)}
  </record>
  keep_keys a
  remove_keys $.[
</filter>
""", [(5, 7), (6, 7), (7, 7), (9, 13), (10, 15)]),
    "nested values": ("""\
<filter **>
  @type record_transformer
  enable_ruby true
  <record>
    a {"b": "${system('ls')}", "c": ["${1 +}", {"${nothing(2)}": "${tag}"}]}
  </record>
</filter>
""", [(5, 7), (5, 7), (5, 7)]),
    "record_modifier": ("""\
<filter **>
  @type record_modifier
  <record>
    a ${1 +}
    b ${system("ls")}
  </record>
  <replace>
    key a
    expression /(/
    replace b
  </replace>
</filter>
""", [(4, 7), (5, 7), (9, 16)]),
    "grep": ("""\
<filter **>
  @type grep
  <regexp>
    key $.[
    pattern /(/
  </regexp>
  <or>
    <exclude>
      key b
      pattern /[/
    </exclude>
  </or>
</filter>
""", [(4, 9), (5, 13), (10, 15)]),
    "redact": ("""\
<filter **>
  @type redact
  keys $.[
  patterns email, nothing, none
  <pattern>
    name a
    regexp /(/
  </pattern>
  <pattern>
    name b
    regexp /[/
  </pattern>
</filter>
""", [(3, 8), (4, 12), (4, 12), (7, 12), (11, 12)]),
    "rewrite_tag_filter": ("""\
<match **>
  @type rewrite_tag_filter
  <rule>
    key $.[
    pattern /(/
    tag a
  </rule>
  <rule>
    key b
    pattern /x/
    tag b.${tag_parts[0..1]}
  </rule>
</match>
""", [(4, 9), (5, 13), (11, 9)]),
}


@pytest.mark.parametrize("plugin", SEVERAL)
def test_a_plugin_says_everything_that_is_wrong_with_its_parameters(command, plugin):
    text, places = SEVERAL[plugin]
    errors = [p for p in check(command, text, expect=1) if p["severity"] == "error"]
    assert [(p["line"], p["column"]) for p in errors] == places


def test_refused_ruby_does_not_hide_the_rest_of_the_file(command):
    text = """\
<source>
  @type tcp
  tag "#{Socket.gethostname.split('.')[0]}"
  port "#{5000 + 1}"
  <parse>
    @type none
  </parse>
</source>
<filter **>
  @type record_transformer
  <record>
    a {"b": #{rand(3)}, "c": "#{`ls`}"}
  </record>
</filter>
<match **>
  @type stdot
</match>
"""
    problems = check(command, text, expect=1)
    assert [(p["line"], p["column"], p["rule"]) for p in problems if p["severity"] == "error"] == [
        (3, 10, "syntax"), (4, 16, "syntax"), (12, 15, "syntax"), (12, 33, "syntax"), (16, 9, "unknown-plugin")]
    yaml = "config:\n  - source:\n      $type: tcp\n      tag: !fluent/s \"#{rand(3)}\"\n  - match:\n      $type: stdot\n"
    done = command("check", "-c", "fluent.yaml", "--json", files={"fluent.yaml": yaml}, expect=1)
    assert [(p["line"], p["rule"]) for p in json.loads(done.stdout) if p["severity"] == "error"][0] == (4, "syntax")
    assert (6, "unknown-plugin") in [(p["line"], p["rule"]) for p in json.loads(done.stdout)]


WITHOUT_EFFECT = """\
stray 1
<system>
  strict_config_value false
  enable_size_metrics false
  enable_input_metrics no
  suppress_repeated_stacktrace false
</system>
<source>
  @type http
  blocking_timeout 3
</source>
<source>
  @type syslog
  tag s
  blocking_timeout 3
  <parse>
    @type json
    json_parser yajl
  </parse>
</source>
<source>
  @type sample
  tag t
  reuse_record true
</source>
<filter **>
  @type stdout
  @label @OTHER
</filter>
<match a>
  @type rewrite_tag_filter
  emit_mode record
  <rule>
    key a
    pattern /x/
    tag b
  </rule>
</match>
<worker 0>
  another 1
  <match **>
    @type file
    path out
    recompress false
    <format>
      @type json
      json_parser yajl
    </format>
    <buffer time>
      @type file
      path buffer
      path_suffix .buf
    </buffer>
  </match>
</worker>
"""


def test_what_has_no_effect_is_said_where_it_stands(command):
    problems = check(command, WITHOUT_EFFECT)
    assert [p["line"] for p in problems if p["rule"] == "no-effect"] == [1, 3, 4, 5, 6, 10, 15, 18, 24, 28, 32, 40, 44,
                                                                        47, 52]
    with_usual_values = (WITHOUT_EFFECT.replace("false", "true").replace("metrics no", "metrics yes")
                         .replace("blocking_timeout 3", "blocking_timeout 0.5").replace("yajl", "oj")
                         .replace("reuse_record true", "reuse_record false").replace("_mode record", "_mode batch")
                         .replace("path_suffix .buf", "path_suffix .log"))
    assert [line for line, rule in rules(check(command, with_usual_values)) if rule == "no-effect"] == [1, 28, 40]


def test_plugins_and_inline_text_may_stand_behind_the_command(command):
    done = command("check", "-c", "fluent.conf", "-p", ".", "-i", "<match x>\n  @type nothing\n</match>\n",
                   files={"fluent.conf": FINE}, expect=1)
    assert "inline:2:9: unknown output plugin 'nothing'" in done.stdout


def test_an_unknown_input_is_told_all_names_that_there_are(command):
    message = check(command, "<source>\n  @type nothing\n</source>\n", expect=1)[0]["message"]
    assert {"forward", "unix", "sample", "dummy"} <= set(message.rsplit("known: ", 1)[1].split(", "))
