"""Ports for servers that start later."""

import socket
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from local_stack.ports import DRAWN_FROM, LOOPBACK, free_port

OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not OUTGOING.exists(), reason="only Linux shows this range as a file")
def test_no_outgoing_connection_takes_a_free_port_before_its_server_does() -> None:
    first_outgoing = int(OUTGOING.read_text().split()[0])
    assert max(free_port() for _ in range(50)) < first_outgoing


def test_each_call_returns_another_port() -> None:
    first = free_port()
    draws = chain([first], range(*DRAWN_FROM))
    assert free_port(draw=lambda: next(draws)) != first


def test_a_port_in_use_is_left_out() -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as server:
        port = server.getsockname()[1]
        draws = chain([port], range(*DRAWN_FROM))
        assert free_port(draw=lambda: next(draws)) != port


def test_a_machine_without_a_free_port_raises() -> None:
    taken = free_port()
    with pytest.raises(OSError, match="no free port"):
        free_port(draw=lambda: taken)
