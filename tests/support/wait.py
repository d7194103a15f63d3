"""Waiting for conditions, always with a deadline."""

import time


def wait_until(condition, deadline=10.0, what="the condition", interval=0.01):
    """Calls `condition` until it returns something true, and returns that. Fails after `deadline` seconds."""
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline} s in vain for {what}")
        time.sleep(interval)
