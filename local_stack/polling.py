"""Waits for a condition instead of sleeping for a fixed time."""

import time
from collections.abc import Callable

POLL_S = 0.02


class DeadlinePassed(Exception):
    """A condition did not become true in time. The text is a complete sentence."""


def wait_until(condition: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Poll `condition` until it is true. Raises DeadlinePassed("<what> did not happen within …") after `within_s`."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= deadline:
            raise DeadlinePassed(f"{what} did not happen within {within_s:g} s")
        time.sleep(POLL_S)
