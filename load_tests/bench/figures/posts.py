"""Durable posts, 128 in flight, compared with one transaction per post."""

from contextlib import ExitStack

from load_tests.bench.crowds import HttpRun, http_crowd
from load_tests.bench.fixtures import chat_fixture, make_rooms
from load_tests.bench.http_requests import post_message
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.references.uvicorn_app import uvicorn_app
from load_tests.bench.resource_use import use_of
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores, temporary_folder
from local_stack.ports import LOOPBACK

IN_FLIGHT = 128
ROOMS = 4


async def run(stores: Stores, scale: Scale) -> Outcome:
    reference = await _transaction_each(stores, scale)
    rooms = [f"posts-{number}" for number in range(ROOMS)]
    async with chat_fixture(stores) as fixture:
        await make_rooms(fixture, rooms)
        requests = [post_message(room, fixture.token) for room in rooms]
        before = use_of(fixture.chat.pid)
        found = await http_crowd(
            LOOPBACK,
            fixture.chat.port,
            requests,
            scale.of(IN_FLIGHT),
            scale.window_s,
            warmup_s=scale.settle_s,
        )
        share = use_of(fixture.chat.pid).cpu_share_since(before)
    others = found.others_than(201)
    notes = [f"chat_server {share:.0%} of its core", found.note, f"p50 {found.p50_ms:.0f} ms"]
    if others or found.broken:
        notes.append(f"OTHER RESPONSES {others}, {found.broken} broken")
    return Outcome(
        [
            Row(
                f"durable posts into {ROOMS} rooms, {IN_FLIGHT} in flight",
                found.per_s,
                "/s",
                Better.HIGHER,
                reference="a transaction each",
                reference_value=reference.per_s,
                goal=4_000 if scale.is_full else None,
                note="; ".join(notes),
            ),
            Row(
                "the same: p99",
                found.p99_ms,
                "ms",
                Better.LOWER,
                reference="a transaction each",
                reference_value=reference.p99_ms,
                goal=100 if scale.is_full else None,
                note=f"reference: {reference.note}",
            ),
        ]
    )


async def _transaction_each(stores: Stores, scale: Scale) -> HttpRun:
    with ExitStack() as stack:
        path = stack.enter_context(temporary_folder())
        env = {"DATABASE_URL": stores.fresh_database()}
        port, _ = stack.enter_context(uvicorn_app("post_each:app", path / "reference.log", env))
        requests = [post_message(f"posts-{number}", "no-token") for number in range(ROOMS)]
        return await http_crowd(
            LOOPBACK, port, requests, scale.of(IN_FLIGHT), scale.window_s, warmup_s=scale.settle_s
        )
