"""Another configuration for a program that runs, and what its outputs have written."""

import json
import os
import signal
import time


def configure(program, text):
    """In one step, as an operator should."""
    new = program.directory / "fluent.conf.new"
    new.write_text(text)
    os.replace(new, program.config_path)


def reload(program, text, pattern="reloaded:", deadline=10.0):
    """Sends SIGHUP and waits for a line of the log; returns the line."""
    start = program.stderr.line_count()
    configure(program, text)
    program.send_signal(signal.SIGHUP)
    return program.wait_for_log(pattern, deadline, start)


def reload_for(program, seconds, texts, each_second=50):
    """Reloads one text after the other; returns how many of the signals were followed."""
    start = program.stderr.line_count()
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        configure(program, texts[n % len(texts)])
        program.send_signal(signal.SIGHUP)
        n += 1
        time.sleep(1 / each_second)
    return sum("reloaded:" in line for line in program.stderr.lines()[start:])


def reload_each(program, count, texts, each_second=50):
    """Reloads one text after the other, and waits for each of them; returns the seconds that each took."""
    took = []
    for n in range(count):
        begin = time.monotonic()
        reload(program, texts[n % len(texts)])
        took.append(time.monotonic() - begin)
        time.sleep(max(0, 1 / each_second - took[-1]))
    return took


def whole_lines(text):
    """But for the last one, if it is being written."""
    return text[:text.rfind("\n") + 1].splitlines()


def written_events(program, *names):
    """The records in these outputs' files, in order."""
    lines = []
    for name in names:
        path = program.directory / f"{name}.log"
        lines += whole_lines(path.read_text()) if path.exists() else []
    return [json.loads(line) for line in lines]
