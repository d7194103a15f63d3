"""Nothing that containers write is lost: many at once, asynchronous, acked, killed, and across restarts."""

import collections
from concurrent.futures import ThreadPoolExecutor

from helpers import address, logs, records
from support.configs import forward_to_stdout
from support.logboom import free_port
from support.wait import wait_until

ACK = {"fluentd-request-ack": "true", "fluentd-retry-wait": "100ms"}


def test_200_containers_at_once_lose_nothing(engine, logboom):
    program = logboom(forward_to_stdout())
    script = "for i in 1 2 3 4 5; do echo $i; done"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: engine.run(script, address(program), "-d", "--name", f"many{n}"), range(200)))
    program.wait_for_lines(1000, deadline=60)
    seen = collections.defaultdict(list)
    for record in records(program):
        seen[record["container_name"]].append(record["log"])
    assert dict(seen) == {f"/many{n}": ["1", "2", "3", "4", "5"] for n in range(200)}
    assert program.stop()["delivered"] == 1000


def test_an_asynchronous_container_loses_nothing_while_it_runs(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("seq 1 1000; sleep 600", address(program), "-d", log={"fluentd-async": "true"})
    program.wait_for_lines(1000, deadline=20)
    assert logs(program) == [str(n) for n in range(1, 1001)]


def test_an_asynchronous_container_may_start_before_logboom(engine, logboom):
    port = free_port()
    options = {"fluentd-async": "true", "fluentd-retry-wait": "100ms"}
    engine.run("seq 1 10; sleep 600", f"127.0.0.1:{port}", "-d", log=options)
    program = logboom(forward_to_stdout(port))
    program.wait_for_lines(10, deadline=30)
    assert logs(program) == [str(n) for n in range(1, 11)]


def test_5000_acked_lines_of_one_stream_arrive_in_order(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("seq 1 5000", address(program), "--rm", log=ACK)
    program.wait_for_lines(5000)
    assert logs(program) == [str(n) for n in range(1, 5001)]
    assert program.stop()["received"] == 5000


def test_a_container_killed_in_mid_line_leaves_the_rest_intact(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("seq 1 10; while :; do printf half; done", address(program), "-d", "--name", "victim")
    program.wait_for_lines(12)
    engine.cli("kill", "victim")
    engine.run("echo other", address(program), "--rm", "--name", "witness")
    program.stdout.wait_line(lambda line: '"log":"other"' in line, 10)
    received = [record for record in records(program) if record["container_name"] == "/victim"]
    assert [record["log"] for record in received[:10]] == [str(n) for n in range(1, 11)]
    assert all(set(record["log"]) <= set("half") for record in received[10:])
    program.stop()


def test_restarts_lose_nothing_of_acked_containers(engine, logboom):
    port = free_port()
    config = forward_to_stdout(port)
    containers, lines = 4, 1500
    program = logboom(config, name="run0")
    runs = [program]
    script = f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo $i; [ $((i % 50)) = 0 ] && sleep 0.1; done"
    for number in range(containers):
        engine.run(script, f"127.0.0.1:{port}", "-d", "--name", f"seq{number}", log=ACK)
    for restart in range(1, 4):
        program.wait_for_lines(400, deadline=30)
        program.stop()
        program = logboom(config, name=f"run{restart}")
        runs.append(program)
    wait_until(lambda: not engine.cli("ps", "-q").stdout.strip(), 90, "the containers' end", interval=0.5)
    program.stop()
    seen = collections.defaultdict(set)
    for run in runs:
        for record in records(run):
            seen[record["container_name"]].add(int(record["log"]))
    assert all(run.stdout.line_count() > 0 for run in runs), "each run had its part"
    missing = {name: sorted(set(range(1, lines + 1)) - seen[name]) for name in (f"/seq{n}" for n in range(containers))}
    assert not any(missing.values()), missing


def test_a_container_that_floods_does_not_hold_up_another(engine, logboom):
    program = logboom(forward_to_stdout())
    engine.run("yes flood", address(program), "-d", "--name", "noisy")
    program.wait_for_lines(1000)
    engine.run("seq 1 20", address(program), "--rm", "--name", "quiet", deadline=60)
    program.stdout.wait_line(lambda line: '"/quiet"' in line and '"log":"20"' in line, 60)
    engine.cli("kill", "noisy")
    program.stop(deadline=60)
