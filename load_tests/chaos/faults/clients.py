"""Clients that stop reading, read slowly, disappear or send too much. Other clients must not be affected."""

import asyncio
import ctypes
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final

from load_tests.bench.server_metrics import sum_of
from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.stream_tab import Address
from load_tests.chaos.system import System

FAULTS = FaultList()

CLIENTS: Final = 60
SUFFER_S: Final = 8.0
GONE_WITHIN_S: Final = 40.0
SMALL_BUFFER: Final = 4_096
SO_ATTACH_FILTER: Final = 26
DROP_ALL: Final = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A socket filter of one instruction, "return 0": the kernel drops and never acknowledges received packets."""

Behave = Callable[[socket.socket], Awaitable[None]]


@FAULTS.add("60 clients that read nothing", "publish")
async def read_nothing(system: System, crowd: Crowd) -> None:
    async def nothing(_: socket.socket) -> None:
        await asyncio.sleep(SUFFER_S)

    await _with_clients(system, crowd, nothing)


@FAULTS.add("60 clients that read one byte a second", "publish")
async def read_slowly(system: System, crowd: Crowd) -> None:
    async def slowly(client: socket.socket) -> None:
        for _ in range(int(SUFFER_S)):
            await asyncio.get_running_loop().sock_recv(client, 1)
            await asyncio.sleep(1)

    await _with_clients(system, crowd, slowly)


@FAULTS.add("60 clients that disappear without FIN", "publish")
async def disappear(system: System, crowd: Crowd) -> None:
    async def drop_packets(client: socket.socket) -> None:
        program = ctypes.create_string_buffer(DROP_ALL)
        client.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program))
        )
        await asyncio.sleep(SUFFER_S)

    await _with_clients(system, crowd, drop_packets, must_be_closed=True)


@FAULTS.add("60 clients that send a second request on the stream", "publish")
async def pipeline(system: System, crowd: Crowd) -> None:
    async def pipelined(client: socket.socket) -> None:
        await asyncio.get_running_loop().sock_sendall(
            client, b"GET /healthz/live HTTP/1.1\r\nHost: second\r\n\r\n"
        )
        await asyncio.sleep(SUFFER_S)

    await _with_clients(system, crowd, pipelined, must_be_closed=True)


async def _with_clients(
    system: System, crowd: Crowd, behave: Behave, *, must_be_closed: bool = False
) -> None:
    """Open CLIENTS streams of the busiest room and let them misbehave.

    `must_be_closed`: the servers must close those streams by themselves.
    """
    before = await _open_streams(crowd, system)
    clients = await asyncio.gather(
        *(
            _open_stream(system.publishers[number % len(system.publishers)], crowd.rooms.ids[0])
            for number in range(CLIENTS)
        )
    )
    try:
        await asyncio.gather(*(behave(client) for client in clients), return_exceptions=True)
        if must_be_closed:
            await _wait_until_closed(system, crowd, before)
    finally:
        for client in clients:
            client.close()


async def _open_stream(address: Address, room_id: str) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, address)
    await loop.sock_sendall(client, f"GET /stream/v1/rooms/{room_id} HTTP/1.1\r\nHost: slow\r\n\r\n".encode())
    await loop.sock_recv(client, 15)
    return client


async def _wait_until_closed(system: System, crowd: Crowd, before: int) -> None:
    try:
        async with asyncio.timeout(GONE_WITHIN_S):
            while await _open_streams(crowd, system) > before:
                await asyncio.sleep(0.5)
    except TimeoutError:
        left = await _open_streams(crowd, system) - before
        system.findings.append(f"{left} streams of disappeared clients were open after {GONE_WITHIN_S:g} s")


async def _open_streams(crowd: Crowd, system: System) -> int:
    """The number of open streams by the servers' own metrics."""
    total = 0.0
    for server in system.publish:
        async with crowd.http.get(f"{server.base_url}/metrics") as answer:
            total += sum_of(await answer.text(), "hotchat_streams_open")
    return int(total)
