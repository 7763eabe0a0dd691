"""`make run` as it is: the time from a post to its event on one stream of a quiet room."""

from urllib.parse import urlsplit

import httpx

from load_tests.bench.cores import on_all_cores
from load_tests.bench.crowds import CrowdFailed, http_crowd, stream_crowd
from load_tests.bench.delivery import arrived
from load_tests.bench.http_requests import post_message
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from load_tests.jmeter.temporary_stack import temporary_stack

POSTS, POSTS_PER_S = 1_000, 50
ROOM = "lobby"


async def run(_stores: Stores, scale: Scale) -> Outcome:
    """Starts its own stores, because this figure measures the embedded ones."""
    posts = scale.of(POSTS, least=20)
    with on_all_cores(), temporary_stack({"POSTS_PER_USER_PER_S": "0"}) as target:
        async with httpx.AsyncClient(base_url=target.url, timeout=30) as client:
            signed_in = await client.post("/api/v1/sessions", json={"nickname": "bench"})
            token = signed_in.raise_for_status().json()["token"]
            config = (await client.get("/api/v1/config")).raise_for_status().json()
        stream_port = urlsplit(config["stream_url"]).port or 80
        stream = stream_crowd(target.host, stream_port, f"/stream/v1/rooms/{ROOM}", 1, core=None)
        async with stream as crowd:
            await crowd.reset()
            request, seconds = post_message(ROOM, token), posts / POSTS_PER_S
            found = await http_crowd(
                target.host, target.port, [request], 4, seconds, rate=POSTS_PER_S, core=None
            )
            if found.others_than(201) or found.broken:
                raise CrowdFailed(f"Posts were answered {found.statuses}, {found.broken} connections broke.")
            complete = await arrived(crowd, found.answered)
            window = await crowd.report()
    seen = f"{window.deliveries} of {found.answered} posts seen{'' if complete else ': NOT ALL'}"
    what = "make run, quiet room: post → seen"
    return Outcome(
        [
            Row(
                f"{what}, p50",
                window.p50_ms,
                "ms",
                Better.LOWER,
                goal=15 if scale.is_full else None,
                note=f"{seen}; post answered: p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms",
            ),
            Row(f"{what}, p99", window.p99_ms, "ms", Better.LOWER, goal=60 if scale.is_full else None),
        ]
    )
