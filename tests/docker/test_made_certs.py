"""A real Docker Engine with the files of logboom certs, and with the lines that it prints."""

import json
import os
import shlex
import subprocess

import pytest

from support import docker_engine
from support.configs import file_match, forward_source
from support.forward import Client, message
from support.logboom import free_port
from support.made_certs import Certs
from support.reload import written_events
from support.wait import wait_until

LABELS = "<match **>\n  @type stdout\n</match>\n"


@pytest.fixture
def certs(tmp_path):
    return Certs(tmp_path / "certs")


def syslog_set(certs, client):
    """logboom's lines, and the log driver's options."""
    made = certs.json("syslog-driver", "localhost", "127.0.0.1", "--client", client, "--port", certs.port)
    daemon = json.loads(made["paste"]["daemon.json"]["text"])
    return made["paste"]["logboom"]["text"], daemon


def run(engine, text, options, check=True):
    arguments = [part for key, value in options.items() for part in ("--log-opt", f"{key}={value}")]
    return engine.cli("run", "--rm", "--network", "none", "--log-driver", "syslog", *arguments, docker_engine.IMAGE,
                      "echo", text, check=check)


def messages(program):
    return [json.loads(line.partition(": ")[2])["message"] for line in program.stdout.lines()]


def test_the_syslog_driver_with_its_client_certificate_and_the_revoked_one_refused(engine, logboom, certs):
    certs.port = free_port()
    lines, first = syslog_set(certs, "host1")
    _, second = syslog_set(certs, "host2")
    program = logboom(lines + LABELS)
    run(engine, "one", first["log-opts"])
    run(engine, "two", second["log-opts"])
    program.wait_for_lines(2)
    bare = {key: value for key, value in first["log-opts"].items() if key not in ("syslog-tls-cert", "syslog-tls-key")}
    run(engine, "nobody", bare, check=False)
    certs.run("revoke", "host1")
    program.wait_for_log("new certificates")
    start = program.stderr.line_count()
    run(engine, "revoked", first["log-opts"], check=False)
    program.wait_for_log("revoked", start=start)
    run(engine, "three", second["log-opts"])
    program.wait_for_lines(3)
    assert messages(program) == ["one", "two", "three"]


def test_the_syslog_driver_as_the_daemon_s_default(logboom, certs):
    certs.port = free_port()
    lines, daemon = syslog_set(certs, "host1")
    program = logboom(lines + LABELS)
    with docker_engine.running(config=daemon) as engine:
        engine.cli("run", "--rm", "--network", "none", docker_engine.IMAGE, "echo", "by default")
    program.wait_for_lines(1)
    assert messages(program) == ["by default"]


def docker(environment, *args):
    """The docker program with nothing set but what was pasted."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    return subprocess.run(["docker", *args], env={**clean, **environment}, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def test_dockerd_with_tlsverify_takes_the_client_and_nobody_else(certs):
    made = certs.json("docker-daemon", "127.0.0.1", "localhost", "--client", "ops", "--port", free_port())
    pasted = dict(line.removeprefix("export ").split("=", 1)
                  for line in made["paste"]["environment"]["text"].splitlines())
    environment = {name: shlex.split(value)[0] for name, value in pasted.items()}
    certs.run("client", "stranger")
    with docker_engine.running(config=json.loads(made["paste"]["daemon.json"]["text"])) as engine:
        assert docker(environment, "version").returncode == 0
        done = docker(environment, "images", "--format", "{{.Repository}}:{{.Tag}}")
        assert (done.returncode, done.stdout.strip()) == (0, docker_engine.IMAGE)
        folder = environment["DOCKER_CERT_PATH"]
        host = ["--tlsverify", "-H", environment["DOCKER_HOST"], "--tlscacert", f"{folder}/ca.pem"]
        assert docker({}, *host, "--tlscert", f"{folder}/cert.pem", "--tlskey", f"{folder}/key.pem",
                      "version").returncode == 0
        certificate, key = certs.pair("clients", "stranger")
        refused = docker({}, *host, "--tlscert", str(certificate), "--tlskey", str(key), "version")
        assert refused.returncode != 0 and "certificate" in refused.stderr
        assert docker({"DOCKER_HOST": environment["DOCKER_HOST"]}, "version").returncode != 0
        assert engine.daemon.poll() is None


def test_lines_go_from_the_fluentd_driver_over_mutual_tls_to_a_central_logboom(engine, logboom, certs):
    """Docker's fluentd driver speaks no TLS: a logboom on its node does that, with the lines that `certs forward` prints."""
    made = certs.json("forward", "localhost", "127.0.0.1", "--client", "node1", "--port", free_port())
    node_lines, central_lines = (made["paste"][name]["text"] for name in ("node", "logboom"))
    central = logboom(central_lines + file_match("**", "out"), name="central")
    soon = "  <buffer tag>\n    flush_interval 50ms\n  </buffer>\n</match>"
    node = logboom(forward_source() + node_lines.replace("</match>", soon), name="node")
    with Client(central.address()) as plain:
        plain.send(message("t", 1700000000, {"log": "plaintext"}))
        plain.wait_closed(5)
    engine.run("for i in $(seq 1 200); do echo line $i; done; echo err >&2", f"127.0.0.1:{node.port}", "--rm", "--name",
               "lines", log={"tag": "docker.{{.Name}}"})
    wait_until(lambda: len(written_events(central, "out")) == 201, 20, "all lines")
    assert node.stop()["delivered"] == 201
    assert central.stop()["received"] == 201
    events = written_events(central, "out")
    assert [event["log"] for event in events if event["source"] == "stdout"] == [f"line {n}" for n in range(1, 201)]
    assert [event["log"] for event in events if event["source"] == "stderr"] == ["err"]
    assert {event["container_name"] for event in events} == {"/lines"}
