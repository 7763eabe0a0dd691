"""Ports and addresses of this machine."""

import errno
import random
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Final

LOOPBACK = "127.0.0.1"

DRAWN_FROM: Final = (20_000, 32_767)
"""Below the ports of outgoing connections: one of those could take a port before its server listens there."""

MAX_DRAWS: Final = 1_000

_drawn: set[int] = set()


def _draw() -> int:
    return random.SystemRandom().randint(*DRAWN_FROM)


def free_port(host: str = LOOPBACK, *, draw: Callable[[], int] = _draw) -> int:
    """A TCP port that nobody uses, another one at every call. Raises OSError if there is none."""
    for port in (draw() for _ in range(MAX_DRAWS)):
        if port not in _drawn and why_unusable(host, port) is None:
            _drawn.add(port)
            return port
    raise OSError(errno.EADDRINUSE, f"no free port from {DRAWN_FROM[0]} to {DRAWN_FROM[1]}")


def why_unusable(host: str, port: int) -> str | None:
    """Why we cannot listen there, as the end of a sentence; None if we can.

    It also notices listeners that share their port (SO_REUSEPORT).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is already taken"
            return f"cannot be used ({error.strerror or error})"
        return None


def accepts(host: str, port: int) -> bool:
    """True if a connection can be opened now."""
    try:
        with closing(socket.create_connection((host, port), timeout=1)):
            return True
    except OSError:
        return False


def lan_address() -> str | None:
    """This machine's address in its network, or None. Connecting a UDP socket sends nothing."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address
