"""The X-Request-ID of a response: the caller's own if it is harmless, otherwise a new one."""

import re
from random import Random

# Ids must differ but need not be secret; a system call for random bytes costs more than the rest of a cached fetch.
_random_bits = Random().getrandbits
_HARMLESS = re.compile(rb"[A-Za-z0-9._~-]{1,64}\Z")


def request_id(given: bytes | None) -> bytes:
    """The given id if it is 1–64 unreserved characters, otherwise 16 random hex digits."""
    if given is not None and _HARMLESS.match(given):
        return given
    return b"%016x" % _random_bits(64)
