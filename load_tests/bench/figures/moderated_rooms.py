"""Durable posts into rooms with many bans and filtered words, compared with rooms without either."""

from typing import Final

import asyncpg
import httpx

from load_tests.bench.crowds import HttpRun, http_crowd
from load_tests.bench.fixtures import ChatFixture, chat_fixture, make_rooms, sign_in
from load_tests.bench.http_requests import post_message
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.ports import LOOPBACK

IN_FLIGHT: Final = 128
ROOMS: Final = 4
BANS: Final = 10_000
WORDS: Final = 500
TEXT: Final = "@mina what a show, see you all there. What a night it will be"
"""What people write. Filters read repeated letters, such as those of the other figures, more carefully."""

RUNS: Final = 5
"""Rounds of each kind. The kinds take turns at going first, because a database grows while it is measured."""

# Bans of people who have never entered; 10,000 sessions would take minutes.
_BAN: Final = """
INSERT INTO bans (room_id, user_id, nickname, actor_nickname, created_at)
SELECT room_id, gen_random_uuid(), 'banned', 'owner', now()
FROM unnest($1::text[]) AS room_id, generate_series(1, $2)"""
_MARK_ROOMS: Final = "UPDATE rooms SET has_bans = true WHERE id = ANY($1::text[])"


async def run(stores: Stores, scale: Scale) -> Outcome:
    plain = [f"plain-{number}" for number in range(ROOMS)]
    moderated = [f"moderated-{number}" for number in range(ROOMS)]
    bans = scale.of(BANS)
    async with chat_fixture(stores) as fixture:
        await make_rooms(fixture, plain + moderated)
        await _ban(fixture, moderated, bans)
        await _filter(fixture, moderated)
        token = await sign_in(fixture.chat.base_url)
        runs: tuple[list[HttpRun], list[HttpRun]] = ([], [])
        order = list(zip((plain, moderated), runs, strict=True))
        for _ in range(RUNS if scale.is_full else 1):
            for rooms, found in order:
                found.append(await _posts(fixture, rooms, token, scale))
            order.reverse()
    without, with_both = map(_median, runs)
    others = with_both.others_than(201)
    return Outcome(
        [
            Row(
                f"durable posts into {ROOMS} rooms with {bans:,} bans and {WORDS} words each, {IN_FLIGHT} in flight",
                with_both.per_s,
                "/s",
                Better.HIGHER,
                reference="rooms without them",
                reference_value=without.per_s,
                ratio_goal=0.97 if scale.is_full else None,
                note=f"OTHER RESPONSES {others}" if others else with_both.note,
            ),
            Row(
                "the same: p99",
                with_both.p99_ms,
                "ms",
                Better.LOWER,
                reference="rooms without them",
                reference_value=without.p99_ms,
            ),
        ]
    )


async def _ban(fixture: ChatFixture, rooms: list[str], bans: int) -> None:
    connection = await asyncpg.connect(fixture.database_url)
    try:
        await connection.execute(_BAN, rooms, bans)
        await connection.execute(_MARK_ROOMS, rooms)
        await connection.execute("VACUUM ANALYZE bans")
    finally:
        await connection.close()


async def _filter(fixture: ChatFixture, rooms: list[str]) -> None:
    filters = {"words": [f"forbid{number}" for number in range(WORDS)], "words_action": "refuse"}
    headers = {"Authorization": f"Bearer {fixture.token}"}
    async with httpx.AsyncClient(base_url=fixture.chat.base_url, headers=headers, timeout=30) as client:
        for room in rooms:
            response = await client.patch(
                f"/api/v1/rooms/{room}", json={"filters": filters | {"links": "refuse"}}
            )
            response.raise_for_status()


def _median(runs: list[HttpRun]) -> HttpRun:
    return sorted(runs, key=lambda run: run.per_s)[len(runs) // 2]


async def _posts(fixture: ChatFixture, rooms: list[str], token: str, scale: Scale) -> HttpRun:
    requests = [post_message(room, token, text=TEXT) for room in rooms]
    return await http_crowd(
        LOOPBACK, fixture.chat.port, requests, scale.of(IN_FLIGHT), scale.window_s, warmup_s=scale.settle_s
    )
