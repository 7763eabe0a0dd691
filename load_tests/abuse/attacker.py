"""A client at one address that misbehaves: calls, raw connections and streams. Every response is tallied."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import aiohttp
import orjson
from multidict import CIMultiDict

from load_tests.abuse.tally import CLOSED, NO_ANSWER, Tally
from load_tests.chaos.stream_tab import Address

ANSWER_WITHIN_S: Final = 20.0
HEAD_MAX_BYTES: Final = 1 << 16
SMALL_BUFFER_BYTES: Final = 4_096
"""Receive buffer of a client that reads nothing. The kernel doubles it."""

SEND_BUFFER_BYTES: Final = 65_536
"""Send buffer of the same client, so that it notices soon that the server reads no more. The kernel doubles it."""


@dataclass(frozen=True)
class Answer:
    """`status` is 0 if the connection broke or the response timed out."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


class Connection:
    """A raw socket from the attacker's address."""

    def __init__(self, connected: socket.socket, tally: Tally) -> None:
        self._socket = connected
        self._tally = tally
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> bool:
        """False if the server has closed the connection or reads nothing for ANSWER_WITHIN_S."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._loop.sock_sendall(self._socket, data)
        except (OSError, TimeoutError):
            return False
        return True

    async def receive(self, most: int = 65_536, within_s: float = ANSWER_WITHIN_S) -> bytes | None:
        """The received bytes; empty if the server closed the connection; None after a timeout."""
        try:
            async with asyncio.timeout(within_s):
                return await self._loop.sock_recv(self._socket, most)
        except TimeoutError:
            return None
        except OSError:
            return b""

    async def answer(self, what: str, within_s: float = ANSWER_WITHIN_S) -> Answer:
        """Read and tally the next response head, with the body bytes that came with it."""
        data = b""
        while b"\r\n\r\n" not in data and len(data) < HEAD_MAX_BYTES:
            more = await self.receive(within_s=within_s)
            if not more:
                self._tally.answers[NO_ANSWER if more is None else CLOSED] += 1
                return Answer(0, {}, data)
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = CIMultiDict((name, value.strip()) for name, _, value in pairs)
        status = int(first[9:12])
        self._tally.note(status, headers, what)
        return Answer(status, headers, body)

    async def is_closed(self, within_s: float) -> bool:
        """Read and drop until the server closes; False if it does not in time."""
        received: bytes | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while received := await self.receive(within_s=within_s):
                    pass
        return received == b""

    def close(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        """Close with RST, as a killed client does."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()


class Attacker:
    """All traffic comes from `address`, a loopback address for this client only. Close it at the end."""

    def __init__(self, address: str, chat: Address, publish: Address, tally: Tally) -> None:
        self.address = address
        self._servers = {"chat": chat, "publish": publish}
        self._tally = tally
        self._connections: list[Connection] = []
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(local_addr=(address, 0), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
            auto_decompress=False,
        )
        self.token = ""
        self.user_id = ""

    async def call(
        self,
        method: str,
        path: str,
        document: object = None,
        *,
        body: bytes | None = None,
        server: str = "chat",
        what: str = "",
        **headers: str,
    ) -> Answer:
        """Send one request with the attacker's session, if it has one. `headers`: underscores stand for hyphens."""
        host, port = self._servers[server]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if document is not None:
            body = orjson.dumps(document)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        named = what or f"{method} {path.partition('?')[0]}"
        try:
            async with self._http.request(
                method, f"http://{host}:{port}{path}", data=body, headers=sent, allow_redirects=False
            ) as answer:
                content = await answer.read()
                self._tally.note(answer.status, answer.headers, named)
                return Answer(answer.status, answer.headers, content)
        except TimeoutError:
            self._tally.answers[NO_ANSWER] += 1
        except (aiohttp.ClientError, OSError):
            self._tally.answers[CLOSED] += 1
        return Answer(0, {}, b"")

    async def sign_in(self, nickname: str = "mallory") -> Answer:
        """Create a session and use it for later calls."""
        answer = await self.call("POST", "/api/v1/sessions", {"nickname": nickname})
        if answer.status == 201:
            self.token = answer.json()["token"]
            self.user_id = answer.json()["user"]["id"]
        return answer

    async def post(self, room: str, text: str, key: str | None = None, **more: str) -> Answer:
        draft = {"client_message_id": key or str(uuid4()), "text": text, **more}
        return await self.call("POST", f"/api/v1/rooms/{room}/messages", draft, what="a post")

    async def connect(self, server: str = "chat", *, small_buffer: bool = False) -> Connection | None:
        """Open a raw connection; None if it was refused."""
        made = socket.socket()
        made.setblocking(False)
        if small_buffer:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        # Choose the port at connect: otherwise silent sockets of one address would use up its ephemeral ports.
        made.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        made.bind((self.address, 0))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await asyncio.get_running_loop().sock_connect(made, self._servers[server])
        except (OSError, TimeoutError):
            made.close()
            self._tally.answers[CLOSED] += 1
            return None
        connection = Connection(made, self._tally)
        self._connections.append(connection)
        return connection

    async def stream(self, path: str, *, small_buffer: bool = False, **headers: str) -> Connection | None:
        """Open a stream of publish_server; None if it was refused."""
        connection = await self.connect("publish", small_buffer=small_buffer)
        if connection is None:
            return None
        await connection.send(self.request("GET", path, server="publish", **headers))
        answer = await connection.answer("a stream")
        if answer.status != 200:
            connection.close()
            return None
        return connection

    def request(self, method: str, path: str, *, server: str = "chat", **headers: str) -> bytes:
        """The head of a request without a body, as bytes."""
        host, port = self._servers[server]
        named = {
            "Host": f"{host}:{port}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if self.token:
            named.setdefault("Authorization", f"Bearer {self.token}")
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1", "replace")

    async def close(self) -> None:
        for connection in self._connections:
            connection.close()
        await self._http.close()
