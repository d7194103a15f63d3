"""What the Docker tests have in common."""

import json
import re

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}) \+0000 (\S+): (\{.*\})$")


def address(program):
    return f"127.0.0.1:{program.port}"


def events(program):
    """(time, tag, record) of each line of stdout, which must all have the form of the stdout output."""
    found = []
    for line in program.stdout.lines():
        match = LINE.match(line)
        assert match, f"not a line of the stdout output: {line!r}"
        found.append((match.group(1), match.group(2), json.loads(match.group(3))))
    return found


def records(program):
    return [record for _, _, record in events(program)]


def logs(program):
    return [record["log"] for record in records(program)]
