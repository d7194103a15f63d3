"""The fluent-logger for Go (Debian: golang-github-fluent-fluent-logger-golang-dev), which Docker's driver uses too."""

import os
import pathlib
import shutil
import subprocess

import pytest

from support.certs import Authority
from support.configs import forward_to_stdout

GOPATH = pathlib.Path("/usr/share/gocode")
LIBRARY = GOPATH / "src/github.com/fluent/fluent-logger-golang/fluent"
COUNT = 2000
PREFIX = "2023-11-14 22:13:20."


@pytest.fixture(scope="session")
def go_client(tmp_path_factory):
    """The built client; Go's own cache makes later builds quick."""
    if not shutil.which("go") or not LIBRARY.is_dir():
        if os.environ.get("CI"):
            pytest.fail("golang or golang-github-fluent-fluent-logger-golang-dev is missing")
        pytest.skip("needs golang and golang-github-fluent-fluent-logger-golang-dev")
    target = tmp_path_factory.mktemp("go") / "client"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "CGO_ENABLED": "0"}
    environment.setdefault("GOCACHE", os.path.expanduser("~/.cache/go-build"))
    source = pathlib.Path(__file__).parent / "go_client" / "main.go"
    subprocess.run(["go", "build", "-o", str(target), str(source)], env=environment, check=True, timeout=300)
    return target


def send(go_client, program, *options, env=None):
    address = [] if "-network=unix" in options else [f"-port={program.port}"]
    subprocess.run([str(go_client), f"-count={COUNT}", *address, *options], check=True, timeout=60,
                   env={**os.environ, **(env or {})})


def expected(subsecond=False):
    return [f'{PREFIX}{n if subsecond else 0:09d} +0000 go.app: {{"n":{n}}}' for n in range(COUNT)]


@pytest.mark.parametrize("options", [
    (), ("-async",), ("-ack",), ("-async", "-ack"), ("-subsecond",), ("-subsecond", "-ack"), ("-json",),
    ("-json", "-ack"),
], ids=lambda options: "".join(options).strip("-") or "sync")
def test_every_event_arrives_once_and_in_order(logboom, go_client, options):
    program = logboom(forward_to_stdout())
    send(go_client, program, *options)
    program.wait_for_lines(COUNT)
    summary = program.stop()
    assert program.stdout.lines() == expected("-subsecond" in options)
    assert summary["received"] == summary["delivered"] == COUNT


@pytest.mark.parametrize("options", [(), ("-ack",)], ids=["sync", "ack"])
def test_a_unix_socket_takes_the_same_client(logboom, go_client, short_dir, options):
    program = logboom(forward_to_stdout(unix_path=f"{short_dir}/in.sock"))
    send(go_client, program, "-network=unix", f"-path={short_dir}/in.sock", *options)
    program.wait_for_lines(COUNT)
    assert program.stdout.lines() == expected()


@pytest.mark.parametrize("options", [(), ("-ack",)], ids=["no ack", "ack"])
def test_it_speaks_tls(logboom, go_client, tmp_path, options):
    ca = Authority(tmp_path / "ca")
    pair = ca.issue("server")
    transport = (f"  <transport tls>\n    cert_path {pair[0]}\n    private_key_path {pair[1]}\n  </transport>\n"
                 "</source>")
    program = logboom(forward_to_stdout().replace("</source>", transport))
    send(go_client, program, "-network=tls", *options, env={"SSL_CERT_FILE": str(ca.path)})
    program.wait_for_lines(COUNT)
    assert program.stdout.lines() == expected()
