"""Each connection is an open file; the usual soft limit of 1,024 is no limit for a crowd."""

import resource
from typing import Final

ENOUGH: Final = 1_000_000

SPARE_DESCRIPTORS: Final = 200
"""For everything that is no connection of a client: stores, logs, files, connections that are refused."""


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
