"""Posts numbered messages in our format to another program's HTTP API."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from load_tests.bench.references.publisher import Publisher, publisher, stamped_events
from load_tests.league.contestant import ROOM, post_until
from local_stack.ports import LOOPBACK

Wrap = Callable[[int, bytes], bytes]
"""(seq, event) → the body of the call."""


class NumberedPosts:
    """Seqs are 1, 2, 3 … in the order of the calls. Use `numbered_posts`."""

    def __init__(
        self, http: aiohttp.ClientSession, stack: AsyncExitStack, port: int, path: str, wrap: Wrap
    ) -> None:
        self._http = http
        self._stack = stack
        self._publisher: Publisher | None = None
        self._port = port
        self._path = path
        self._wrap = wrap
        self._event = stamped_events(ROOM)
        self._last_seq = 0

    async def publish(self) -> int:
        """A message whose response is lost is sent again, so a program without idempotence may double it."""
        self._last_seq += 1
        seq = self._last_seq
        body = self._body(seq)

        async def attempt() -> tuple[int, bytes]:
            url = f"http://{LOOPBACK}:{self._port}{self._path}"
            async with self._http.post(url, data=body) as answer:
                return answer.status, await answer.read()

        await post_until(lambda status: 200 <= status < 300, attempt)
        return seq

    async def publish_at(self, per_s: float, seconds: float) -> int:
        before = self._last_seq
        if (
            self._publisher is None
        ):  # open until the end: closing it would cut calls that the server has not read
            self._publisher = await self._stack.enter_async_context(publisher(self._port))
        sent = await self._publisher.publish_at(
            self._path, per_s, seconds, lambda number: self._body(before + number)
        )
        self._last_seq = before + sent
        return self._last_seq

    def _body(self, seq: int) -> bytes:
        return self._wrap(seq, self._event(seq))


@asynccontextmanager
async def numbered_posts(port: int, path: str, wrap: Wrap) -> AsyncIterator[NumberedPosts]:
    async with aiohttp.ClientSession() as http, AsyncExitStack() as stack:
        yield NumberedPosts(http, stack, port, path, wrap)
