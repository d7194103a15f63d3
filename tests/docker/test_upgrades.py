"""Containers log on while new processes take over."""

import time

from helpers import address, records
from support.configs import forward_to_stdout
from support.upgrade import become_subreaper, upgrade
from support.wait import wait_until

SCRIPT = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; [ $((i % 10)) = 0 ] && usleep 5000; done"
ACK = {"fluentd-request-ack": "true"}


def test_containers_log_through_upgrades(engine, logboom):
    become_subreaper()
    program = logboom(forward_to_stdout())
    for n in range(3):
        engine.run(SCRIPT, address(program), "-d", "--name", f"plain{n}")
        engine.run(SCRIPT, address(program), "-d", "--name", f"acked{n}", log=ACK)
    program.wait_for_lines(100)
    for _ in range(10):
        upgrade(program)
        time.sleep(0.05)
    program.wait_for_lines(18000, deadline=120)
    seen = {}
    for record in records(program):
        seen.setdefault(record["container_name"], []).append(int(record["log"]))
    assert set(seen) == {f"/{kind}{n}" for kind in ("plain", "acked") for n in range(3)}
    for name, numbers in seen.items():
        assert numbers == list(range(1, 3001)), f"{name}: {len(numbers)} lines"
    wait_until(lambda: program.counters().total("logboom_input_connections") in (0, 6), what="no other connection")
    program.stop()
