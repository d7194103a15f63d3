"""What a real Docker Engine's fluentd driver sends, line by line, and what becomes of it."""

import re

from helpers import address, events, logs, records
from support.configs import forward_source, forward_to_stdout

MATCH_DOCKER = "<match docker.**>\n  @type stdout\n</match>\n"
TAG = {"tag": "docker.{{.ImageName}}.{{.Name}}.{{.ID}}"}


def test_hello_prints_the_documented_line(engine, logboom):
    program = logboom(forward_source() + MATCH_DOCKER)
    engine.run("echo; echo 'Hello from Docker!'; echo", address(program), "--rm", "--name", "hello", log=TAG)
    program.wait_for_lines(3)
    for (when, tag, record), text in zip(events(program), ["", "Hello from Docker!", ""]):
        assert when.endswith(".000000000")
        assert re.fullmatch(r"docker\.busybox:test\.hello\.[0-9a-f]{12}", tag)
        container = record.pop("container_id")
        assert re.fullmatch(r"[0-9a-f]{64}", container) and container.startswith(tag.rpartition(".")[2])
        assert record == {"container_name": "/hello", "source": "stdout", "log": text}
    assert program.stop()["delivered"] == 3
    assert not program.log_lines(r"\[(warn|error)\]")


def test_the_default_tag_does_not_match_and_a_hint_says_so(engine, logboom):
    program = logboom(forward_source() + MATCH_DOCKER)
    engine.run("echo lost", address(program), "--rm")
    program.wait_for_log(r"\[warn\]: .*[0-9a-f]{12}")
    assert program.stop()["unmatched"] == 1


def test_stdout_and_stderr_are_told_apart(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("echo out; echo err >&2", address(program), "--rm")
    program.wait_for_lines(2)
    assert {record["source"]: record["log"] for record in records(program)} == {"stdout": "out", "stderr": "err"}


def test_carriage_returns_tabs_quotes_and_bad_utf8_survive_as_json(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run(r"""printf 'a\r\n\tb "c" \\\n\303\251\n\377x\n'""", address(program), "--rm")
    program.wait_for_lines(4)
    assert logs(program) == ["a\r", '\tb "c" \\', "é", "\ufffdx"]


def test_a_line_of_40000_bytes_arrives_as_three_fragments(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("head -c 40000 /dev/zero | tr '\\0' x; echo", address(program), "--rm")
    program.wait_for_lines(3)
    parts = records(program)
    assert [part["log"] for part in parts] == ["x" * 16384, "x" * 16384, "x" * 7232]
    assert [part["partial_message"] for part in parts] == ["true"] * 3
    assert [part["partial_ordinal"] for part in parts] == ["1", "2", "3"]
    assert [part["partial_last"] for part in parts] == ["false", "false", "true"]
    assert len({part["partial_id"] for part in parts}) == 1
    assert re.fullmatch(r"[0-9a-f]{64}", parts[0]["partial_id"])


def test_a_line_of_exactly_16384_bytes_is_a_fragment_and_an_empty_end(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("head -c 16384 /dev/zero | tr '\\0' y; echo; echo next", address(program), "--rm")
    program.wait_for_lines(3)
    first, last, following = records(program)
    assert (first["log"], first["partial_last"]) == ("y" * 16384, "false")
    assert (last["log"], last["partial_last"]) == ("", "true")
    assert following["log"] == "next" and "partial_message" not in following


def test_text_without_a_newline_at_the_end_arrives(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("echo whole; printf rest", address(program), "--rm")
    program.wait_for_lines(2)
    assert logs(program) == ["whole", "rest"]


def test_sub_second_precision_keeps_the_nanoseconds(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("for i in 1 2 3; do echo $i; sleep 0.01; done", address(program), "--rm",
               log={"fluentd-sub-second-precision": "true"})
    program.wait_for_lines(3)
    times = [when for when, _, _ in events(program)]
    assert times == sorted(times) and len(set(times)) == 3
    assert any(not when.endswith("000000") for when in times)


def test_labels_and_environment_are_fields_of_the_record(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("echo hi", address(program), "--rm", "--label", "app=web shop", "--label", "other=no",
               "--env", "STAGE=prod", "--env", "SECRET=no", log={"labels": "app", "env": "STAGE"})
    program.wait_for_lines(1)
    record = records(program)[0]
    assert (record["log"], record["app"], record["STAGE"]) == ("hi", "web shop", "prod")
    assert "other" not in record and "SECRET" not in record


def test_a_unix_socket_takes_containers_too(engine, logboom, short_dir):
    program = logboom(forward_to_stdout(unix_path=f"{short_dir}/in.sock"))
    engine.run("seq 1 100", f"unix://{short_dir}/in.sock", "--rm")
    program.wait_for_lines(100)
    assert logs(program) == [str(n) for n in range(1, 101)]


def test_docker_logs_of_a_stopped_container_disturbs_nothing(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("echo before", address(program), "--name", "stopped")
    engine.cli("logs", "stopped", check=False)
    engine.run("echo after", address(program), "--rm")
    program.wait_for_lines(2)
    assert logs(program) == ["before", "after"]
    program.stop()
    assert not program.log_lines(r"\[(warn|error)\]")
