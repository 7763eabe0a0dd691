"""Ports and addresses of this machine."""

import errno
import socket
from contextlib import closing

LOOPBACK = "127.0.0.1"


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port that was free a moment ago."""
    with closing(socket.socket()) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


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
