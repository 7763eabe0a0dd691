"""A crowd that enters one room within a second: 10,000 newest pages on new connections, and as many streams.

All processes share the machine with the crowd, as in `whole_system`. Each reader has an address of its own, as behind a
trusted proxy: the room turns hot, and its throttle refuses only clients that fetch again too soon.
"""

import asyncio
import time

import asyncpg

from load_tests.bench.cores import on_all_cores
from load_tests.bench.crowds import CrowdFailed, http_crowd, stream_crowd
from load_tests.bench.fixtures import ChatFixture, chat_fixture, make_rooms
from load_tests.bench.http_requests import get
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

READERS, MESSAGES = 10_000, 200
WITHIN_S = 1.0
ALL_LIVE_S = 5.0
SETTINGS = {"TRUSTED_PROXIES": LOOPBACK}
COUNTED_AFTER_S = 1.5
"""Postgres adds up the transactions of a connection within a second."""


async def run(stores: Stores, scale: Scale) -> Outcome:
    readers = scale.of(READERS, least=20)
    with on_all_cores():
        async with chat_fixture(
            stores, server_core=None, other_core=None, with_streams=True, settings=SETTINGS
        ) as fixture:
            await make_rooms(fixture, ["show"], messages=scale.of(MESSAGES, least=5))
            before = await transactions(fixture.database_url)
            began_s = time.monotonic()
            pages, opened_s = await _enter(fixture, readers)
            all_live_s = time.monotonic() - began_s
            read = await transactions(fixture.database_url) - before
    refused = readers - pages.get("200", 0)
    what = f"{readers:,} readers enter within {WITHIN_S:g} s"
    return Outcome(
        [
            Row(
                f"{what}: all live",
                all_live_s,
                "s",
                Better.LOWER,
                goal=ALL_LIVE_S if scale.is_full else None,
                note=f"last stream after {opened_s:.1f} s; pages {pages}",
            ),
            Row(f"{what}: newest pages refused", float(refused), "", Better.LOWER, goal=0),
            Row(
                f"{what}: Postgres transactions per reader",
                read / readers,
                "",
                Better.LOWER,
                goal=0.05 if scale.is_full else None,
                note="those of background tasks included",
            ),
        ]
    )


async def _enter(fixture: ChatFixture, readers: int) -> tuple[dict[str, int], float]:
    """Statuses of the newest pages, and how long the streams took to open. Raises CrowdFailed if one was refused."""
    if fixture.publish is None:
        raise CrowdFailed("There is no publish_server.")
    requests = [
        get("/api/v1/rooms/show/messages", **{"X-Forwarded-For": _address(number)})
        for number in range(readers)
    ]
    pages = asyncio.create_task(
        http_crowd(
            LOOPBACK,
            fixture.chat.port,
            requests,
            readers,
            ALL_LIVE_S,
            rate=readers / WITHIN_S,
            most=readers,
            core=None,
        )
    )
    path = "/stream/v1/rooms/show"
    async with stream_crowd(LOOPBACK, fixture.publish.port, path, readers, core=None) as crowd:
        statuses = (await pages).statuses
        return statuses, crowd.opened.took_s


def _address(number: int) -> str:
    return f"10.0.{number >> 8}.{number & 255}"


async def transactions(database_url: str) -> int:
    """How many transactions the database has ended."""
    await asyncio.sleep(COUNTED_AFTER_S)
    connection = await asyncpg.connect(database_url)
    try:
        return int(
            await connection.fetchval(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            )
        )
    finally:
        await connection.close()
