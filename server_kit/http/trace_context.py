"""W3C Trace Context: the `traceparent` that links the Kafka record of an event to the request that caused it."""

import re
from random import Random

# Ids must differ but need not be secret; see request_id.py.
_random_bits = Random().getrandbits
_VALID = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


def valid_traceparent(given: bytes | None) -> str | None:
    """The header's value if it is a valid traceparent of version 00, otherwise None."""
    return given.decode("ascii") if given is not None and _VALID.match(given) else None


def new_traceparent() -> str:
    """Start a trace: random ids, not sampled. Source: W3C Trace Context, level 1."""
    return f"00-{_random_bits(128):032x}-{_random_bits(64):016x}-00"
