"""Runs a crowd against real servers, and gives one record of what happened."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final, NamedTuple

import aiohttp

from load_tests.bench.crowds import StreamCrowd, StreamRows, stream_crowd
from load_tests.bench.delivery import arrived
from load_tests.bench.fixtures import ChatFixture, chat_fixture, sign_in
from load_tests.bench.server_metrics import read_sum
from load_tests.bench.stores import Stores
from load_tests.chaos.crowd import Crowd, CrowdSize, Outcome, open_crowd
from load_tests.chaos.tab_record import Identity
from load_tests.crowd.arrivals import present
from load_tests.crowd.fixed_sample import FixedSample, quantile
from load_tests.crowd.notify_crowd import NotifyCrowd, notify_crowd
from load_tests.crowd.notify_reader import ALL_SIGNS, NotifyReader, SignPolicy
from load_tests.crowd.plan import Plan
from load_tests.crowd.processes import ProcessWatch, Use
from load_tests.crowd.reader_record import ReaderRecord
from load_tests.crowd.record import CrowdRecord, Presence, Probes, Readers, Servers, Streams
from local_stack.ports import LOOPBACK

SEED: Final = 16
TICK_S: Final = 0.1
TICKS_A_SAMPLE: Final = 10
SAMPLED_STREAMS: Final = 500
CURRENT_WITHIN_S: Final = 30.0
HEAT_WITHIN_S: Final = 0.5
FETCHES: Final = "hotchat_fetches_total"
REFUSED: Final = "hotchat_fetches_refused_total"
STATEMENTS: Final = "hotchat_read_statements_total"


class _Sampled(NamedTuple):
    presence: list[Presence]
    uses: list[Use]
    late_ms: list[float]
    hot_samples: int


async def run_crowd(
    stores: Stores,
    plan: Plan,
    *,
    policy: str = "ours",
    settings: Mapping[str, str] | None = None,
    query: str = "",
    target_posts_per_s: float | None = None,
    signs: SignPolicy = ALL_SIGNS,
    say: Callable[[str], None] = print,
) -> CrowdRecord:
    """`query` is that of the streams, such as `?pace=calm`.

    Raises CrowdFailed, TimeoutError, httpx.HTTPError, aiohttp.ClientError.
    """
    heat = {"HOTCHAT_ENTER_PER_S": f"{plan.enter_per_s:g}"}
    async with chat_fixture(stores, with_streams=True, settings={**heat, **(settings or {})}) as fixture:
        publish_port = _publish_port(fixture)
        size = CrowdSize(
            rooms=1,
            authors=plan.authors,
            reactors=plan.reactors,
            tabs=plan.probes,
            every_s=plan.every_s,
        )
        staleness_s, until_current_s = FixedSample(Random(SEED)), FixedSample(Random(SEED))
        async with (
            open_crowd(
                [fixture.chat.base_url], [(LOOPBACK, publish_port)], size, name="crowd", rng=Random(SEED)
            ) as crowd,
            _checked_readers(crowd, fixture, plan.checked, staleness_s, until_current_s, signs) as checked,
            _native_readers(crowd, fixture, plan.readers, signs) as readers,
            _native_readers(
                crowd, fixture, plan.refreshers, ALL_SIGNS, refresh_ms=plan.refresh_ms
            ) as refreshers,
            stream_crowd(
                LOOPBACK,
                publish_port,
                f"/stream/v1/rooms/{crowd.rooms.ids[0]}{query}",
                plan.streams,
                f"sample={max(1, plan.streams // SAMPLED_STREAMS)}",
                start=present(plan.shape, plan.streams, 0, plan.seconds),
            ) as streams,
        ):
            room_id = crowd.rooms.ids[0]
            if target_posts_per_s is not None:
                await _govern(crowd, fixture.chat.base_url, target_posts_per_s)
            before = await _counts(fixture)
            began_s = time.monotonic()
            await streams.reset()
            readers.reset()
            refreshers.reset()
            crowd.begin_window()
            sampled = await _sample(plan, streams, crowd, fixture.chat.base_url, say)
            await crowd.quiet()
            head = await _all_current(crowd, checked, [readers, refreshers])
            for group in (readers, refreshers):
                await (
                    group.stop()
                )  # refused readers could keep the room hot, so that nobody could read its log
            for reader in checked:
                reader.known.end(time.monotonic())
                await reader.close()
            if head is None:
                head = await crowd.pages.head(room_id)
            reports = [await group.report(head) for group in (readers, refreshers)]
            counts = [after - earlier for after, earlier in zip(await _counts(fixture), before, strict=True)]
            outcome = await crowd.judge_window(None)
            log = await crowd.pages.after(room_id, 0)
            await arrived(streams, log.head)
            rows, window = await streams.rows(), await streams.report()
        return CrowdRecord(
            policy=policy,
            plan=plan,
            took_s=time.monotonic() - began_s,
            streams=Streams(
                wanted=plan.streams,
                open=window.open,
                refused=window.refused,
                closed=window.closed,
                gaps=window.gaps,
                judged=rows.streams,
                rows=rows.rows,
                skipped=sum(streams for _, streams in rows.skipped),
                lost=lost_rows(log, log.left_out, rows),
                doubled=window.repeated,
                reordered=window.went_back,
                bytes=window.bytes,
                samples=window.samples,
                p50_ms=window.p50_ms,
                p90_ms=window.p90_ms,
                p99_ms=window.p99_ms,
                max_ms=window.max_ms,
                cpu_share=window.cpu_share,
            ),
            probes=_probes(plan, outcome),
            readers=reports[0].figures,
            refreshers=reports[1].figures,
            checked=_figures_of(checked, head, staleness_s, until_current_s),
            servers=Servers(
                fetches=round(counts[0]),
                fetches_refused=round(counts[1]),
                read_statements=round(counts[2]),
                was_hot_s=sampled.hot_samples,
            ),
            answers=dict(outcome.ledger.statuses),
            answer_p99_s=outcome.ledger.answered_within_s(0.99),
            late_tick_ms=quantile(sampled.late_ms, 0.99),
            presence=sampled.presence,
            uses=sampled.uses,
        )


@asynccontextmanager
async def _checked_readers(
    crowd: Crowd,
    fixture: ChatFixture,
    count: int,
    staleness_s: FixedSample,
    until_current_s: FixedSample,
    signs: SignPolicy,
) -> AsyncIterator[list[NotifyReader]]:
    (room_id,), url, rng = crowd.rooms.ids, fixture.chat.base_url, Random(SEED)
    head = await crowd.pages.head(room_id)
    readers = [
        NotifyReader(
            ReaderRecord(head, staleness_s, until_current_s),
            room_id,
            crowd.http,
            url,
            await sign_in(url),
            crowd.publishers,
            crowd.pages,
            rng,
            signs,
        )
        for _ in range(count)
    ]
    try:
        for reader in readers:
            reader.start()
        yield readers
    finally:
        await asyncio.gather(*(reader.close() for reader in readers))


@asynccontextmanager
async def _native_readers(
    crowd: Crowd, fixture: ChatFixture, count: int, signs: SignPolicy, *, refresh_ms: float = 0
) -> AsyncIterator[NotifyCrowd]:
    (room_id,) = crowd.rooms.ids
    head = await crowd.pages.head(room_id)
    ports = fixture.chat.port, _publish_port(fixture)
    async with notify_crowd(
        LOOPBACK, *ports, room_id, count, head, signs=signs, refresh_ms=refresh_ms, seed=SEED
    ) as readers:
        yield readers


async def _sample(
    plan: Plan, streams: StreamCrowd, crowd: Crowd, chat_url: str, say: Callable[[str], None]
) -> _Sampled:
    """Let the streams arrive, and sample once a second."""
    sampled, watch, hot_samples = _Sampled([], [], [], 0), ProcessWatch(), 0
    began_s = time.monotonic()
    for tick in range(round(plan.seconds / TICK_S) + 1):
        due_s = began_s + tick * TICK_S
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        passed_s = time.monotonic() - began_s
        sampled.late_ms.append((passed_s - tick * TICK_S) * 1000)
        wanted = present(plan.shape, plan.streams, passed_s, plan.seconds)
        streams.open(wanted)
        if tick % TICKS_A_SAMPLE:
            continue
        window, is_hot = await streams.report(), await _is_hot(crowd, chat_url)
        hot_samples += is_hot
        sampled.presence.append(Presence(passed_s, wanted, window.open))
        sampled.uses.extend(await asyncio.to_thread(watch.sample))
        say(
            f"{passed_s:4.0f} of {plan.seconds} s  {window.open} of {plan.streams} streams  "
            f"{window.deliveries} deliveries  {'hot' if is_hot else 'calm'}"
        )
    return sampled._replace(hot_samples=hot_samples)


async def _govern(crowd: Crowd, chat_url: str, target_posts_per_s: float) -> None:
    """Let the governor choose the wait of the room's slow mode."""
    url = f"{chat_url}/api/v1/rooms/{crowd.rooms.ids[0]}"
    change = {"slow_mode": {"mode": "auto", "target_posts_per_s": target_posts_per_s}}
    headers = {"Authorization": f"Bearer {crowd.owner_token}"}
    async with crowd.http.patch(url, json=change, headers=headers) as answer:
        answer.raise_for_status()


async def _is_hot(crowd: Crowd, chat_url: str) -> bool:
    """False if the server does not answer in time."""
    url = f"{chat_url}/api/v1/rooms/{crowd.rooms.ids[0]}"
    with suppress(aiohttp.ClientError, OSError):  # a TimeoutError is an OSError
        async with asyncio.timeout(HEAT_WITHIN_S), crowd.http.get(url) as answer:
            body = await answer.json(content_type=None)
            return body.get("code") == "room_hot" or bool(body.get("heat", {}).get("hot"))
    return False


async def _all_current(crowd: Crowd, checked: list[NotifyReader], groups: list[NotifyCrowd]) -> int | None:
    """Wait until all readers have the last event, at most CURRENT_WITHIN_S.

    Returns its seq; None if that could not be read, because refused readers keep the room hot.
    """
    head = None
    with suppress(TimeoutError):
        async with asyncio.timeout(CURRENT_WITHIN_S):
            head = await crowd.pages.head(crowd.rooms.ids[0])
            while not all(reader.known.cursor >= head for reader in checked):
                await asyncio.sleep(TICK_S)
            for group in groups:
                while (report := await group.report(head)).current < report.readers:
                    await asyncio.sleep(TICK_S)
    return head


def _figures_of(
    readers: list[NotifyReader], head: int, staleness_s: FixedSample, until_current_s: FixedSample
) -> Readers:
    return Readers(
        count=len(readers),
        current=sum(reader.known.cursor >= head for reader in readers),
        fetches=sum(reader.known.fetches for reader in readers),
        refused=sum(reader.known.refused for reader in readers),
        failed=sum(reader.failed_fetches for reader in readers),
        dropped_signs=sum(reader.known.dropped_signs for reader in readers),
        staleness_s=staleness_s.summary(),
        until_current_s=until_current_s.summary(),
        staleness_values_s=sorted(staleness_s.values)[:: max(1, len(staleness_s.values) // 500)],
    )


async def _counts(fixture: ChatFixture) -> list[float]:
    url = fixture.chat.base_url
    return [await read_sum(url, name) for name in (FETCHES, REFUSED, STATEMENTS)]


def lost_rows(log: Mapping[int, Identity], left_out: AbstractSet[int], rows: StreamRows) -> int:
    """Rows of the log that streams neither got nor rightly skipped, summed over the streams.

    `left_out`: the seqs that chat_server marked for the calm lane. A reaction may be missing, because a later one may
    replace it.
    """
    seqs = [seq for seq, identity in log.items() if identity.type != "reaction.changed"]
    needed = set(seqs)
    missed = sum(streams for seq, streams in rows.missed if seq in needed)
    skipped = sum(streams for seq, streams in rows.skipped if seq in needed - left_out)
    late = sum(streams * sum(seq > end for seq in seqs) for end, streams in rows.ends)
    return missed + skipped + late + rows.uncounted


def _probes(plan: Plan, outcome: Outcome) -> Probes:
    verdict = outcome.verdict
    return Probes(
        count=plan.probes,
        posts=verdict.posts_answered,
        seen_exactly_once=verdict.seen_exactly_once,
        lost=verdict.lost,
        doubled=verdict.duplicated,
        reordered=verdict.reordered,
        gaps=outcome.gaps,
        reopenings=outcome.reopenings,
        examples=verdict.examples,
    )


def _publish_port(fixture: ChatFixture) -> int:
    if fixture.publish is None:
        raise ValueError("this fixture has no streams")
    return fixture.publish.port
