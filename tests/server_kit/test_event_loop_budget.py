"""One iteration of the event loop parses a bounded amount, however much arrives at once."""

import asyncio
import socket
from collections import Counter
from random import Random

import uvicorn
from uvicorn.server import ServerState

from chat_server.fastpath.routes import CHEAP_READS as READS
from chat_server.settings import ChatSettings
from server_kit.http.asgi import Receive, Scope, Send
from server_kit.http.connections import Connections, guarded_protocol
from server_kit.http.event_loop_budget import (
    BYTES_PER_COST,
    MAX_COST,
    OTHER_COST,
    POST_COST,
    READ_COST,
    EventLoopBudget,
    cost_of,
)
from server_kit.limits.shares import Shares

POST = b"POST /%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
GET = b"GET /api/v1/rooms/%d HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_post_and_a_large_body_cost_more_than_a_read() -> None:
    assert READ_COST < POST_COST < OTHER_COST < MAX_COST
    assert cost_of(GET, READS) == READ_COST
    assert cost_of(b"GET /api/v1/rooms?q=a HTTP/1.1\r\n\r\n", READS) == READ_COST
    assert cost_of(b"GET /api/v1/roomsX/a HTTP/1.1\r\n\r\n", READS) == OTHER_COST
    assert cost_of(b"GET /docs HTTP/1.1\r\n\r\n", READS) == OTHER_COST
    assert cost_of(POST, READS) == POST_COST
    assert cost_of(POST + b"x" * 16_384, READS) == POST_COST + 16_384 // BYTES_PER_COST
    assert cost_of(b"DELETE / HTTP/1.1\r\n\r\n", READS) == OTHER_COST


async def test_waiting_connections_of_one_address_resume_in_order_of_arrival() -> None:
    budget, resumed = EventLoopBudget(), list[int]()

    def parse(number: int) -> None:
        resumed.append(number)
        budget.spent += MAX_COST // 2

    budget.begin()
    budget.spent = MAX_COST
    for number in range(5):
        budget.wait("an address", lambda number=number: parse(number))  # type: ignore[misc]
    counts = []
    while budget.spent:
        await asyncio.sleep(0)
        counts.append(len(resumed))
    assert resumed == list(range(5))
    assert counts == [2, 4, 5, 5]


async def test_addresses_take_turns() -> None:
    budget, resumed = EventLoopBudget(), list[str]()
    budget.begin()
    for number in range(100):
        budget.wait("a flood", lambda number=number: resumed.append(f"flood {number}"))  # type: ignore[misc]
    budget.wait("somebody else", lambda: resumed.append("somebody else"))
    while budget.spent:
        await asyncio.sleep(0)
    assert resumed.index("somebody else") == 1
    assert resumed[2:] == [f"flood {number}" for number in range(1, 100)]


async def begun_by_iteration(requests: list[bytes]) -> list[int]:
    """Send each request on its own connection before the server reads any; returns how many began per iteration."""
    loop = asyncio.get_running_loop()
    iteration, begun, answered = 0, Counter[int](), asyncio.Event()

    def count_iterations() -> None:
        nonlocal iteration
        iteration += 1
        if not answered.is_set():
            loop.call_soon(count_iterations)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun[iteration] += 1
        if begun.total() == len(requests):
            answered.set()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard = Connections(
        Shares(ChatSettings(hotchat_secret="s" * 32), Random(1)), 10_000, loop.time, Random(1), READS
    )
    config = uvicorn.Config(app, http=guarded_protocol(guard), ws="none", log_config=None)
    config.load()
    state = ServerState()
    server = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]
        "127.0.0.1",
        0,
    )
    port = server.sockets[0].getsockname()[1]
    clients = []
    try:
        for _ in requests:
            client = socket.socket()
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            clients.append(client)
        while len(state.connections) < len(requests):
            await asyncio.sleep(0)
        for client, request in zip(clients, requests, strict=True):
            client.send(request)
        loop.call_soon(count_iterations)
        async with asyncio.timeout(10):
            await answered.wait()
        for client in clients:
            answer = await asyncio.wait_for(loop.sock_recv(client, 1_000), 5)
            assert answer.startswith(b"HTTP/1.1 204")
    finally:
        for client in clients:
            client.close()
        server.close()
        for transport in list(state.connections):
            transport.transport.abort()
    assert guard.budget.waiting == 0
    return sorted(begun.values())


async def test_a_bounded_number_of_simultaneous_posts_begins_in_one_iteration() -> None:
    begun = await begun_by_iteration([POST % number for number in range(150)])
    assert sum(begun) == 150
    assert max(begun) <= MAX_COST // POST_COST


async def test_a_bounded_number_of_simultaneous_reads_begins_in_one_iteration() -> None:
    begun = await begun_by_iteration([GET % number for number in range(300)])
    assert sum(begun) == 300
    assert max(begun) <= MAX_COST
