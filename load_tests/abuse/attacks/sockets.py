"""Below HTTP: silent sockets, incomplete, slow and huge requests, pipelining, unread responses."""

import asyncio
from collections.abc import Callable
from typing import Final

from load_tests.abuse.attack import AttackList
from load_tests.abuse.attacker import Attacker, Connection
from load_tests.abuse.drill import Drill

ATTACKS = AttackList()
SOCKETS: Final = 1_010
CLOSED_WITHIN_S: Final = 75.0
"""The longest deadline is that of an idle connection: 65 s."""
HEAD_MIB: Final = 48
HEAD_REFUSED_AT_BYTES: Final = 4 << 20
"""The server reads 32 KiB, drops 1 MiB more, and aborts (connections.py). The rest waits in the kernel: 128 KiB at the
sender, whose buffer is small, and what the server's receive buffer has grown to meanwhile; 1.1 to 1.9 MiB in all were
seen. With the sender's default buffer, which grows to 4 MiB, a client can send 6 MiB before it notices the refusal."""
SERVERS: Final = ("chat", "publish")


async def _hold_open(
    drill: Drill, opening: Callable[[Attacker, str], bytes], *, sockets: int = SOCKETS
) -> None:
    """Open `sockets` to each server, send `opening` on each, and expect the servers to close them all."""
    attacker = drill.attacker()
    await drill.start_measuring()
    held: list[Connection] = []

    async def open_one(number: int) -> None:
        server = SERVERS[number % 2]
        connection = await attacker.connect(server)
        if connection is not None:
            await connection.send(opening(attacker, server))
            held.append(connection)

    await drill.flood(open_one, calls=2 * sockets, workers=64)
    drill.remarks.append(f"{len(held)} sockets held")
    await drill.hold()
    if drill.scale.is_full:
        closed = await asyncio.gather(*(each.is_closed(CLOSED_WITHIN_S) for each in held))
        drill.expect(
            all(closed), f"{closed.count(False)} of {len(held)} sockets are open after {CLOSED_WITHIN_S:g} s"
        )


@ATTACKS.add("1,010 silent sockets at each server", "H5")
async def silent_sockets(drill: Drill) -> None:
    await _hold_open(drill, lambda attacker, server: b"")


@ATTACKS.add("1,010 incomplete heads at each server", "H5")
async def half_heads(drill: Drill) -> None:
    await _hold_open(
        drill, lambda attacker, server: attacker.request("GET", "/healthz/live", server=server)[:-4]
    )


@ATTACKS.add("1,010 incomplete bodies at each server", "H5", "L")
async def half_bodies(drill: Drill) -> None:
    def half(attacker: Attacker, server: str) -> bytes:
        path = "/api/v1/sessions" if server == "chat" else "/stream/v1/rooms/lobby"
        head = attacker.request(
            "POST", path, server=server, Content_Type="application/json", Content_Length="1000"
        )
        return head + b'{"nickname":'

    await _hold_open(drill, half)


@ATTACKS.add("heads and bodies sent byte by byte", "H5")
async def drip(drill: Drill) -> None:
    """One byte a second never exceeds an idle deadline. Only a deadline for the whole head or body ends the request."""
    attacker = drill.attacker()
    await drill.start_measuring()
    open_after: list[Connection] = []

    async def drip_one(number: int) -> None:
        server = SERVERS[number % 2]
        connection = await attacker.connect(server)
        if connection is None:
            return
        head = attacker.request("POST", "/api/v1/sessions", server=server, Content_Length="30000")
        await connection.send(head[:40] if number % 4 < 2 else head)
        for _ in range(40):
            if not await connection.send(b"x") or await connection.receive(within_s=1.0) is not None:
                return
            if not drill.scale.is_full:
                return
        open_after.append(connection)

    await drill.flood(drip_one, calls=400, workers=400)
    drill.expect(not open_after, f"{len(open_after)} requests sent byte by byte are still open after 40 s")


@ATTACKS.add("a request head of 48 MiB", "H5")
async def huge_head(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    head_bytes = drill.of(HEAD_MIB, least=16) << 20

    async def send(number: int) -> None:
        server = SERVERS[number % 2]
        connection = await attacker.connect(server, small_buffer=True)
        if connection is None:
            return
        first_line = (b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")[number // 2 % 2]
        taken = len(first_line)
        is_open = await connection.send(first_line)
        while is_open and taken < head_bytes and not drill.is_over:
            is_open = await connection.send(b"x" * 65_536)
            taken += 65_536
        drill.expect(taken <= HEAD_REFUSED_AT_BYTES, f"{server}_server accepted a head of {taken >> 20} MiB")
        connection.close()

    await drill.flood(send, calls=8, workers=4)


@ATTACKS.add("heads with thousands of fields", "H5")
async def many_fields(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    fields = b"".join(b"X-%d: y\r\n" % number for number in range(1_500))

    async def send(number: int) -> None:
        connection = await attacker.connect(SERVERS[number % 2])
        if connection is not None:
            await connection.send(b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n")
            await connection.answer("a head of 1,500 fields")
            connection.close()

    await drill.flood(send, calls=2_000, workers=32)


@ATTACKS.add("bodies in chunks of one byte")
async def small_chunks(drill: Drill) -> None:
    people = await drill.people(drill.of(8))
    await drill.start_measuring()

    async def send(number: int) -> None:
        person = people[number % len(people)]
        connection = await person.connect("chat")
        if connection is None:
            return
        head = person.request(
            "POST", "/api/v1/rooms", Content_Type="application/json", Transfer_Encoding="chunked"
        )
        extension = b";x=" + b"y" * 200 if number % 2 else b""
        chunks = (b"1" + extension + b"\r\n \r\n") * (4_000 if number % 3 else 40_000)
        await connection.send(head + chunks + b"0\r\n\r\n")
        await connection.answer("a body in small chunks")
        connection.close()

    await drill.flood(send, calls=1_000, workers=16)


@ATTACKS.add("bodies far over 32 KiB, with and without Content-Length")
async def large_bodies(drill: Drill) -> None:
    people = await drill.people(drill.of(8))
    await drill.start_measuring()

    async def send(number: int) -> None:
        person = people[number % len(people)]
        connection = await person.connect(SERVERS[number % 2])
        if connection is None:
            return
        sizes = {"Content_Length": str(8 << 20)} if number % 4 < 2 else {"Transfer_Encoding": "chunked"}
        await connection.send(
            person.request("POST", "/api/v1/rooms", Content_Type="application/json", **sizes)
        )
        piece = b"x" * 65_536
        if "Transfer_Encoding" in sizes:
            piece = b"10000\r\n" + piece + b"\r\n"
        taken = 0
        while taken < (8 << 20) and await connection.send(piece):
            taken += 65_536
        connection.close()

    await drill.flood(send, calls=400, workers=16)


@ATTACKS.add("1,000 pipelined requests without reads of the responses", "H5")
async def pipelining(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    held: list[Connection] = []

    async def send(number: int) -> None:
        connection = await attacker.connect(SERVERS[number % 2], small_buffer=True)
        if connection is not None:
            request = attacker.request("GET", "/metrics", server=SERVERS[number % 2])
            await connection.send(request * drill.of(1_000))
            held.append(connection)

    await drill.flood(send, calls=64, workers=32)
    await drill.hold()


@ATTACKS.add("short connections with 303 pipelined requests each", "H5")
async def short_pipelines(drill: Drill) -> None:
    attacker = drill.attacker()
    requests = b"GET /a HTTP/1.1\r\nHost:a\r\n\r\n" * 303
    await drill.start_measuring()

    async def send(number: int) -> None:
        connection = await attacker.connect(SERVERS[number % 2])
        if connection is not None:
            await connection.send(requests)
            connection.close()

    await drill.flood(send, calls=6_000, workers=64)


@ATTACKS.add("endless pipelines split inside requests", "H5")
async def endless_pipelines(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()

    async def send(number: int) -> None:
        server = SERVERS[number % 2]
        connection = await attacker.connect(server)
        if connection is None:
            return
        request = attacker.request("GET", "/healthz/live", server=server)
        is_open = await connection.send(b"GET /healthz/live?longer HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(drill.of(400)):
            if not is_open or drill.is_over:
                break
            is_open = await connection.send(request * 100)
            await connection.receive(within_s=0.5)
        connection.close()

    await drill.flood(send, calls=4, workers=4)


@ATTACKS.add("large responses read slowly or not at all", "H5", "M1")
async def slow_readers(drill: Drill) -> None:
    people = await drill.people(drill.of(8))
    room = await drill.room(people[0])
    for number in range(drill.of(64, least=8)):
        await people[number % len(people)].post(room, "\U0001f389" * 4_000)
    attacker = drill.attacker()
    await drill.start_measuring()
    held: list[Connection] = []

    async def ask(number: int) -> None:
        connection = await attacker.connect("chat", small_buffer=True)
        if connection is not None:
            tail = ("messages?limit=100", "events?after_seq=0&limit=500")[number % 2]
            await connection.send(attacker.request("GET", f"/api/v1/rooms/{room}/{tail}"))
            held.append(connection)

    await drill.flood(ask, calls=200, workers=32)
    await drill.hold()
    await asyncio.gather(*(each.receive(1, within_s=0.1) for each in held))


@ATTACKS.add("downloads of the frontend's script", "H5")
async def asset_downloads(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(4)]
    page = await attackers[0].call("GET", "/", what="the page")
    paths = [part.split(b'"')[0].decode() for part in page.body.split(b'src="')[1:]]
    paths = [path for path in paths if path.startswith("/assets/")] or ["/"]
    await drill.start_measuring()
    await drill.flood(
        lambda number: attackers[number % 4].call(
            "GET",
            paths[number % len(paths)],
            what="a script",
            Accept_Encoding=("gzip", "br", "gzip, br")[number % 3],
        ),
        calls=4_000,
        workers=16,
    )


@ATTACKS.add("connections reset right after opening")
async def resets(drill: Drill) -> None:
    attackers = [drill.attacker() for _ in range(4)]
    await drill.start_measuring()

    async def reset(number: int) -> None:
        attacker = attackers[number % 4]
        connection = await attacker.connect(SERVERS[number % 2])
        if connection is not None:
            if number % 3:
                await connection.send(attacker.request("GET", "/api/v1/rooms", server=SERVERS[number % 2]))
            connection.reset()

    await drill.flood(reset, calls=20_000, workers=64)


@ATTACKS.add("requests that are not HTTP", "L")
async def not_http(drill: Drill) -> None:
    attacker = drill.attacker()
    await drill.start_measuring()
    rubbish: tuple[bytes, ...] = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\n" * 500,
        b"\x00" * 2_000,
    )

    async def send(number: int) -> None:
        connection = await attacker.connect(SERVERS[number % 2])
        if connection is not None:
            await connection.send(rubbish[number // 2 % len(rubbish)])
            if number // 2 % len(rubbish) < len(rubbish) - 2:
                await connection.answer("a request that is not HTTP", within_s=2.0)
            connection.close()

    await drill.flood(send, calls=2_000, workers=32)
