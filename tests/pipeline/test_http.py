"""The http input with real clients: Python's, and curl where it is installed."""

import gzip
import http.client
import json
import socket
import subprocess

import pytest

from support.configs import JSON_MATCH

SOURCE = """<source>
  @type http
  bind 127.0.0.1
  port 0
{extra}</source>
"""

TAGGED = """<match **>
  @type stdout
  <format>
    @type json
  </format>
  <inject>
    tag_key tag
  </inject>
</match>
"""


@pytest.fixture
def server(logboom):
    return logboom(SOURCE.format(extra="") + TAGGED)


def connect(program):
    return http.client.HTTPConnection(*program.address(), timeout=10)


def post(connection, path, body, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, body, {"Content-Type": "application/json", **names})
    response = connection.getresponse()
    return response.status, response.read()


def events(program, count):
    program.wait_for_lines(count)
    return [json.loads(line) for line in program.stdout.lines()]


def test_one_connection_brings_many_requests(server):
    connection = connect(server)
    for n in range(20):
        assert post(connection, "/app/log", json.dumps({"n": n})) == (200, b"")
    assert post(connection, "/z", gzip.compress(b'[{"n":20},{"n":21}]'), Content_Encoding="gzip") == (200, b"")
    connection.close()
    assert events(server, 22) == [{"n": n, "tag": "app.log" if n < 20 else "z"} for n in range(22)]
    assert server.stop()["received"] == 22


def test_a_chunked_body_of_several_megabytes(server):
    body = json.dumps([{"n": n, "text": "x" * 1000} for n in range(3000)]).encode()
    pieces = (body[at:at + 10000] for at in range(0, len(body), 10000))
    connection = connect(server)
    connection.request("POST", "/big", pieces, {"Content-Type": "application/json"}, encode_chunked=True)
    assert connection.getresponse().status == 200
    assert [event["n"] for event in events(server, 3000)] == list(range(3000))


def test_refused_requests_say_why_and_the_connection_goes_on(server):
    connection = connect(server)
    status, body = post(connection, "/t", b"{no json")
    assert status == 400 and b"not JSON" in body
    assert post(connection, "/t", b'{"a":1}')[0] == 200
    assert events(server, 1) == [{"a": 1, "tag": "t"}]


def test_a_body_beyond_the_limit_gets_413_although_it_is_still_being_sent(logboom):
    program = logboom(SOURCE.format(extra="  body_size_limit 1k\n") + JSON_MATCH)
    with socket.create_connection(program.address(), timeout=10) as client:
        client.sendall(b"POST /t HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(100000))
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
        client.sendall(bytes(100000))


def test_pipelined_requests_are_all_answered_before_the_program_stops(server):
    request = b"GET /t?json={} HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(server.address(), timeout=10) as client:
        client.sendall(request * 100)
        server.wait_for_lines(100)
        server.stop()
        answers = b"".join(iter(lambda: client.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 100


def test_curl(server, tmp_path):
    url = "http://{}:{}".format(*server.address())
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"text": "x" * 2_000_000}))

    def curl(*arguments):
        command = ["curl", "-s", "-S", "-w", "%{http_code}", "--max-time", "20", *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    assert curl("-d", 'json={"a":"b c"}', url + "/form") == "200"
    json_type = ("-H", "Content-Type: application/json")
    assert curl(*json_type, "-H", "Expect: 100-continue", "--data-binary", f"@{large}", url + "/large") == "200"
    assert curl(*json_type, "-H", "Transfer-Encoding: chunked", "-d", '{"c":1}', url + "/c") == "200"
    assert [event["tag"] for event in events(server, 3)] == ["form", "large", "c"]
