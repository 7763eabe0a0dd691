"""Raises the limit of open files: each connection needs one, and the usual soft limit is 1,024."""

import resource
from typing import Final

ENOUGH: Final = 1_000_000

SPARE_DESCRIPTORS: Final = 200
"""Kept free of clients' connections, for stores, logs, files and refused connections."""


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
