"""Starts the C crowds on the load core and reads their measurements."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import cast

import msgspec

from load_tests.bench.cores import LOAD_CORE, on_core
from load_tests.bench.native_programs import HTTP_CROWD, STREAM_CROWD, program

SATURATED_SHARE = 0.95
OPEN_WITHIN_S = 60.0
ANSWER_WITHIN_S = 30.0


class CrowdFailed(Exception):
    """The load generator failed, or its streams were not opened."""


class StreamWindow(msgspec.Struct, frozen=True):
    """What all streams of a crowd received in one window; latencies are those of the sampled streams.

    With the option `exact`, `skipped` counts stream.skipped frames, and `holes` the events that neither came nor were
    skipped. `different` counts streams whose rows differ from those of the first stream, whose hash is `rows_hash`.
    """

    took_s: float
    open: int
    closed: int
    refused: int
    deliveries: int
    bytes: int
    went_back: int
    repeated: int
    gaps: int
    skipped: int
    holes: int
    different: int
    rows_hash: int
    fewest: int
    most: int
    lowest_last_id: int
    highest_last_id: int
    samples: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    cpu_share: float

    @property
    def per_s(self) -> float:
        return self.deliveries / self.took_s

    @property
    def is_in_order(self) -> bool:
        return self.went_back == 0 and self.repeated == 0

    @property
    def note(self) -> str:
        return generator_note(self.cpu_share)


class StreamRows(msgspec.Struct, frozen=True):
    """What open streams without a gap have received since they were opened.

    `rows` counts all events but reactions, summed over the streams. `starts` has (seq of stream.opened, streams),
    `ends` (last seq, streams). `missed` has (seq, streams that neither got nor skipped it before a later one),
    `skipped` those whose stream.skipped covers it; both also count streams that were closed later. `uncounted`: seqs
    beyond the bound of the program.
    """

    rows: int
    starts: list[tuple[int, int]]
    ends: list[tuple[int, int]]
    missed: list[tuple[int, int]]
    skipped: list[tuple[int, int]]
    uncounted: int

    @property
    def streams(self) -> int:
        return sum(streams for _, streams in self.starts)


class StreamMarks(msgspec.Struct, frozen=True):
    """How many streams have had the event of the option `mark`, and how long 99 % of these took from a moment."""

    streams: int
    p99_ms: float


class HttpRun(msgspec.Struct, frozen=True):
    """The responses to a crowd of HTTP clients."""

    took_s: float
    requests: int
    per_s: float
    sent: int
    answered: int
    broken: int
    bare_429: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    cpu_share: float
    statuses: dict[str, int]

    def others_than(self, *good: int) -> dict[str, int]:
        return {status: count for status, count in self.statuses.items() if int(status) not in good}

    @property
    def note(self) -> str:
        return generator_note(self.cpu_share)


class Opened(msgspec.Struct, frozen=True):
    opened: int
    refused: int
    failed: int
    took_s: float


def generator_note(cpu_share: float) -> str:
    """The note for the table. It reports a saturated generator, which would otherwise look like a slow server."""
    if cpu_share >= SATURATED_SHARE:
        return f"GENERATOR SATURATED ({cpu_share:.0%} of its core): the figure is its own limit, not the server's"
    return f"generator {cpu_share:.0%} of its core"


@dataclass
class RunningCrowd:
    """A C program that has said what it opened, and obeys words on its standard input."""

    process: asyncio.subprocess.Process
    opened: Opened

    def say(self, words: str) -> None:
        cast(asyncio.StreamWriter, self.process.stdin).write(f"{words}\n".encode())

    async def ask(self, words: str) -> bytes:
        self.say(words)
        return await answer_line(self.process, ANSWER_WITHIN_S)


@asynccontextmanager
async def running_crowd(
    name: str, *words: str, within_s: float = OPEN_WITHIN_S, core: int | None = LOAD_CORE
) -> AsyncIterator[RunningCrowd]:
    """Start the C program, and end it afterwards. Raises CrowdFailed if it says nothing within `within_s`."""
    with on_core(core):
        process = await asyncio.create_subprocess_exec(
            str(program(name)), *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
    try:
        yield RunningCrowd(process, msgspec.json.decode(await answer_line(process, within_s), type=Opened))
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class StreamCrowd:
    """A running crowd whose streams are open."""

    def __init__(self, running: RunningCrowd) -> None:
        self._running = running
        self.opened = running.opened

    async def reset(self) -> None:
        """Begin a window."""
        await self._running.ask("reset")

    async def report(self) -> StreamWindow:
        """The results since the window began. The window continues."""
        return msgspec.json.decode(await self._running.ask("report"), type=StreamWindow)

    async def rows(self) -> StreamRows:
        return msgspec.json.decode(await self._running.ask("rows"), type=StreamRows)

    async def marked(self, since_s: float) -> StreamMarks:
        """`since_s`: a time of the monotonic clock."""
        return msgspec.json.decode(
            await self._running.ask(f"marked {round(since_s * 1_000_000)}"), type=StreamMarks
        )

    def open(self, streams: int) -> None:
        """Let as many streams be open: for crowds that were opened with `start`."""
        self._running.say(f"open {streams}")


@asynccontextmanager
async def stream_crowd(
    host: str,
    port: int,
    path: str,
    subscribers: int,
    *options: str,
    core: int | None = LOAD_CORE,
    start: int | None = None,
) -> AsyncIterator[StreamCrowd]:
    """Open `subscribers` streams of `path` (with `%d`: of `rooms` rooms). Raises CrowdFailed if one was refused.

    With `start` only as many are opened at first; `StreamCrowd.open` opens the others, and refusals are only counted.
    """
    at_first = subscribers if start is None else start
    words = (host, str(port), path, str(subscribers), f"start={at_first}", *options)
    async with running_crowd(STREAM_CROWD, *words, core=core) as running:
        opened = running.opened
        if opened.opened != at_first:
            raise CrowdFailed(
                f"Of {at_first} streams {opened.refused} were refused and {opened.failed} failed."
            )
        yield StreamCrowd(running)


async def http_crowd(
    host: str,
    port: int,
    requests: Sequence[bytes],
    connections: int,
    seconds: float,
    *,
    warmup_s: float = 0,
    rate: float = 0,
    most: int = 0,
    core: int | None = LOAD_CORE,
) -> HttpRun:
    """Send `requests` in turn for `seconds`, at `rate` a second or as fast as possible, and stop after `most` requests.

    Raises CrowdFailed.
    """
    with NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\x1e".join(requests))
        file.flush()
        options = [
            f"warmup={warmup_s}",
            *([f"rate={rate}"] if rate else []),
            *([f"most={most}"] if most else []),
        ]
        with on_core(core):
            process = await asyncio.create_subprocess_exec(
                str(program(HTTP_CROWD)),
                *(host, str(port), file.name, str(connections), str(seconds), *options),
                stdout=asyncio.subprocess.PIPE,
            )
        try:
            line = await answer_line(process, warmup_s + seconds + ANSWER_WITHIN_S)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            raise
        finally:  # it ends by itself after its line; a kill at that moment makes asyncio log an unknown process
            await process.wait()
    return msgspec.json.decode(line, type=HttpRun)


async def answer_line(process: asyncio.subprocess.Process, within_s: float) -> bytes:
    """The next line of a C crowd. Raises CrowdFailed if it ends, or prints nothing for so long."""
    try:
        line = await asyncio.wait_for(cast(asyncio.StreamReader, process.stdout).readline(), within_s)
    except TimeoutError:
        raise CrowdFailed(f"The load generator printed nothing for {within_s:g} s.") from None
    if not line:
        raise CrowdFailed("The load generator ended.")
    return line
