"""logboom explain: the way of an event."""

import json

CONFIG = """\
<source>
  @type forward
  @id in
  port 0
</source>
<source>
  @type forward
  @id other
  port 0
  @label @SIDE
</source>
<filter app.**>
  @type record_transformer
  <record>
    seen yes
  </record>
</filter>
<match db.*>
  @type null
</match>
<match app.**>
  @type copy
  <store>
    @type file
    @id everything
    path /nowhere/at/all/app
  </store>
  <store>
    @type relabel
    @label @SIDE
  </store>
</match>
<label @SIDE>
  <match app.web>
    @type stdout
  </match>
</label>
"""


def explain(command, *args, expect=0, text=CONFIG):
    done = command("explain", "-c", "fluent.conf", "--json", *args, files={"fluent.conf": text}, expect=expect)
    return json.loads(done.stdout)


def test_each_rule_is_named_with_what_it_does(command):
    told = explain(command, "app.web", "--record", '{"a":1}')
    keep, skip, match = told["path"]
    assert (keep["rule"], keep["position"], keep["result"]) == ("filter", "fluent.conf:12:1", "changed")
    assert keep["records"] == [{"a": 1, "seen": "yes"}]
    assert (skip["matches"], skip["why"]) == (False, "part 1 is 'app', not 'db'")
    assert match["output"]["type"] == "copy"
    file, relabel = match["output"]["stores"]
    assert file["id"] == "everything" and file["settings"] == {"path": "/nowhere/at/all/app"}
    assert relabel["label"] == "@SIDE"
    assert relabel["path"][0]["output"]["type"] == "stdout"


def test_people_read_it_line_by_line(command):
    lines = command("explain", "-c", "fluent.conf", "app.web", "--record", '{"a":1}',
                    files={"fluent.conf": CONFIG}).stdout.splitlines()
    assert lines == [
        "tag app.web, from the top level",
        'record {"a":1}',
        "* fluent.conf:12:1 <filter app.**> record_transformer: changes it to",
        '  {"a":1,"seen":"yes"}',
        "- fluent.conf:18:1 <match db.*> null: no, part 1 is 'app', not 'db'",
        "* fluent.conf:21:1 <match app.**> copy",
        "  * fluent.conf:23:3 <store> file",
        "    => ends in file, id everything, path /nowhere/at/all/app",
        "  * fluent.conf:28:3 <store> relabel",
        "    on in <label @SIDE>:",
        "      * fluent.conf:34:3 <match app.web> stdout",
        "        => ends in stdout, id out_stdout:34",
    ]


def test_what_nothing_takes_ends_with_status_3(command):
    told = explain(command, "web", expect=3)
    assert told["unmatched"] and told["path"][-1] == {"end": "unmatched"}
    assert explain(command, "app.other", expect=3)["unmatched"], "the copy that goes to @SIDE is taken by nothing"


def test_the_event_enters_where_it_is_told_to(command):
    for args in (["--label", "@SIDE"], ["--source", "other"]):
        told = explain(command, "app.web", *args)
        assert told["label"] == "@SIDE" and len(told["path"]) == 1
    command("explain", "-c", "fluent.conf", "x", "--label", "@NONE", expect=1)
    command("explain", "-c", "fluent.conf", "x", "--source", "none", expect=1)


def test_all_sources_with_one_label_make_it_the_way_in(command):
    text = "<source>\n@type forward\nport 0\n@label @A\n</source>\n<label @A>\n<match **>\n@type null\n</match>\n</label>\n"
    assert explain(command, "x", text=text)["label"] == "@A"


def test_the_record_is_dockers_if_none_is_given(command):
    assert set(explain(command, "app.web")["record"]) == {"container_id", "container_name", "source", "log"}
    command("explain", "-c", "fluent.conf", "x", "--record", "no", expect=1)
    command("explain", "-c", "fluent.conf", "x", "--record", "[1]", expect=1)


def test_a_filter_that_holds_says_what_comes_out_when_nothing_more_comes(command):
    text = """\
<filter **>
  @type concat
  key log
  multiline_start_regexp /^start/
</filter>
<match **>
  @type null
</match>
"""
    step = explain(command, "x", "--record", '{"log":"start"}', text=text)["path"][0]
    assert step["result"] == "held"


def test_a_circle_of_labels_is_told(command):
    text = "<match **>\n@type relabel\n@label @A\n</match>\n<label @A>\n<match **>\n@type relabel\n@label @ROOT\n</match>\n</label>\n"
    told = explain(command, "x", text=text)
    assert told["path"][0]["output"]["path"][0]["output"]["path"] == [{"end": "loop"}]


def test_a_wrong_configuration_is_refused_with_all_errors(command):
    done = command("explain", "-c", "fluent.conf", "x", expect=1,
                   files={"fluent.conf": "<match a>\n@type nil\n</match>\n<match>\n@type nul\n</match>\n"})
    assert done.stderr.count("config error: fluent.conf:") == 2


def test_nothing_is_opened(command, tmp_path):
    command("explain", "-c", "fluent.conf", "a", files={"fluent.conf": "<match **>\n@type file\npath here/a\n</match>\n"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fluent.conf"]


def test_what_a_filter_prints_is_not_part_of_the_explanation(command):
    text = "<filter **>\n  @type stdout\n</filter>\n<match **>\n  @type null\n</match>\n"
    assert [rule["type"] for rule in explain(command, "app", text=text)["path"]] == ["stdout", "null"]
