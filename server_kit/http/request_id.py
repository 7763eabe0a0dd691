"""X-Request-ID on every response: the caller's own when it is harmless, else a new one."""

import re
from random import Random

# Ids need to differ, not to be secret; asking the kernel costs more than the rest of a cached fetch.
_random_bits = Random().getrandbits
_HARMLESS = re.compile(rb"[A-Za-z0-9._~-]{1,64}\Z")


def request_id(given: bytes | None) -> bytes:
    """The caller's id (1–64 unreserved characters) or 16 random hex digits."""
    if given is not None and _HARMLESS.match(given):
        return given
    return b"%016x" % _random_bits(64)
