"""The newest page of 50: from memory while the room is hot, and of cold rooms from Postgres."""

import asyncio
from collections.abc import Mapping

import httpx

from load_tests.bench.crowds import HttpRun, http_crowd
from load_tests.bench.fixtures import ChatFixture, chat_fixture, make_rooms
from load_tests.bench.http_requests import get
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.references.uvicorn_app import uvicorn_app
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores, temporary_folder
from local_stack.ports import LOOPBACK

CONNECTIONS = 100
MESSAGES = 50
COLD_ROOMS = 2_000
MESSAGES_OF_COLD_ROOM = 5
CALM_RATE_PER_S = 500
HOT_WITHIN_S = 15.0
ROOM = "hot"
PATH = f"/api/v1/rooms/{ROOM}/messages"
SHADOW = {"HOTCHAT_MODE": "shadow", "HOTCHAT_ENTER_PER_S": "1", "HOTCHAT_CALM_TICKS": "60"}
REFUSING = {**SHADOW, "HOTCHAT_MODE": "enforce", "HOTCHAT_STRATEGY": "refuse_all"}


async def run(stores: Stores, scale: Scale) -> Outcome:
    page, served, unchanged = await _from_memory(stores, scale)
    refused = await _refused(stores, scale)
    floors = await _floors(scale, page)
    outcome = Outcome(
        [
            _row(
                "fetch, newest page of 50, hot room", served, 200, "bare ASGI", floors["bare 200"], 0.7, scale
            ),
            _row(
                "the same compared with FastAPI", served, 200, "FastAPI", floors["FastAPI 200"], None, scale
            ),
            _row("fetch answered 304", unchanged, 304, "bare ASGI", floors["bare 304"], 0.8, scale),
            _row("fetch refused (429)", refused, 429, "bare ASGI", floors["bare 429"], 0.8, scale),
        ]
    )
    outcome.rows += await _from_postgres(stores, scale)
    return outcome


def _row(
    what: str, found: HttpRun, status: int, name: str, floor: HttpRun, ratio_goal: float | None, scale: Scale
) -> Row:
    others = found.others_than(status)
    notes = [found.note, f"p99 {found.p99_ms:.1f} ms", f"reference: {floor.note}"]
    return Row(
        what,
        found.per_s,
        "/s",
        Better.HIGHER,
        reference=name,
        reference_value=floor.per_s,
        ratio_goal=ratio_goal if scale.is_full else None,
        note="; ".join([*notes, f"OTHER RESPONSES {others}"] if others or found.broken else notes),
    )


async def _from_memory(stores: Stores, scale: Scale) -> tuple[bytes, HttpRun, HttpRun]:
    async with chat_fixture(stores, settings=SHADOW) as fixture:
        await make_rooms(fixture, [ROOM], messages=MESSAGES)
        page, etag = await _heat_up(fixture)
        port = fixture.chat.port
        served = await _measured(port, get(PATH), scale)
        unchanged = await _measured(port, get(PATH, **{"If-None-Match": etag}), scale)
    return page, served, unchanged


async def _refused(stores: Stores, scale: Scale) -> HttpRun:
    async with chat_fixture(stores, settings=REFUSING) as fixture:
        await make_rooms(fixture, [ROOM])
        await _heat_up(fixture, until_refused=True)
        return await _measured(fixture.chat.port, get(PATH), scale)


async def _floors(scale: Scale, page: bytes) -> Mapping[str, HttpRun]:
    found = {}
    with temporary_folder() as path:
        (path / "page.json").write_bytes(page)
        env = {"PAGE": str(path / "page.json")}
        with uvicorn_app("page_floor:bare", path / "bare.log", env) as (port, _):
            found["bare 200"] = await _measured(port, get(PATH), scale)
            found["bare 304"] = await _measured(port, get(PATH, **{"If-None-Match": 'W/"constant"'}), scale)
            found["bare 429"] = await _measured(port, get("/refused"), scale)
        with uvicorn_app("page_floor:framework", path / "framework.log", env) as (port, _):
            found["FastAPI 200"] = await _measured(port, get(PATH), scale)
    return found


async def _from_postgres(stores: Stores, scale: Scale) -> list[Row]:
    names = [f"cold-{number}" for number in range(scale.of(COLD_ROOMS))]
    async with chat_fixture(stores) as fixture:
        await make_rooms(fixture, names, messages=MESSAGES_OF_COLD_ROOM)
        requests = [get(f"/api/v1/rooms/{name}/messages") for name in names]
        port, connections = fixture.chat.port, scale.of(CONNECTIONS)
        fastest = await http_crowd(
            LOOPBACK, port, requests, connections, scale.window_s, warmup_s=scale.settle_s
        )
        calm = await http_crowd(
            LOOPBACK,
            port,
            requests,
            connections,
            scale.window_s,
            warmup_s=scale.settle_s,
            rate=scale.of(CALM_RATE_PER_S, least=20),
        )
    return [
        Row(
            f"fetch, newest page, {len(names):,} cold rooms, from Postgres",
            fastest.per_s,
            "/s",
            Better.HIGHER,
            goal=2_000 if scale.is_full else None,
            note=f"{fastest.note}; responses {fastest.statuses}",
        ),
        Row(
            f"the same at {CALM_RATE_PER_S}/s: p99",
            calm.p99_ms,
            "ms",
            Better.LOWER,
            goal=25 if scale.is_full else None,
            note=f"p50 {calm.p50_ms:.1f} ms; responses {calm.statuses}",
        ),
    ]


async def _measured(port: int, request: bytes, scale: Scale) -> HttpRun:
    return await http_crowd(
        LOOPBACK, port, [request], scale.of(CONNECTIONS), scale.window_s, warmup_s=scale.settle_s
    )


async def _heat_up(fixture: ChatFixture, *, until_refused: bool = False) -> tuple[bytes, str]:
    """Fetch the room until it is hot. Returns its latest page and ETag (both empty for a room that refuses)."""
    async with httpx.AsyncClient(base_url=fixture.chat.base_url, timeout=10) as client:
        async with asyncio.timeout(HOT_WITHIN_S):
            while True:
                answer = await client.get(PATH)
                if answer.status_code == 429:
                    return b"", ""
                room = (await client.get(f"/api/v1/rooms/{ROOM}")).json()
                if not until_refused and room["heat"]["hot"]:
                    return answer.content, answer.headers["ETag"]
