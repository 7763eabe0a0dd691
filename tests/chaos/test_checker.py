"""The checker finds exactly the errors of a broken server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import aiohttp
import pytest

from load_tests.chaos.checker import Answered, Verdict, judge
from load_tests.chaos.event_pages import EventPages
from load_tests.chaos.sse_frames import event_identity
from load_tests.chaos.stream_tab import StreamTab
from load_tests.chaos.tab_record import Identity, TabRecord
from tests.chaos.broken_server import BrokenServer, Frames, event, reaction

DEADLINE_S = 10.0
TEN = [event(seq) for seq in range(1, 11)]


@asynccontextmanager
async def following(server: BrokenServer, *, is_calm: bool = False) -> AsyncIterator[StreamTab]:
    host, port = await server.start()
    async with aiohttp.ClientSession() as http:
        record = TabRecord("room", 0, {})
        pages = EventPages(http, [f"http://{host}:{port}"], Random(7))
        tab = StreamTab(record, [(host, port)], pages, Random(7), is_calm=is_calm)
        record.begin_window(time.monotonic())
        tab.start()
        try:
            yield tab
        finally:
            await tab.close()
            await server.stop()


async def verdict_on(
    server: BrokenServer, *, until_seq: int, is_calm: bool = False
) -> tuple[Verdict, TabRecord]:
    """The verdict after a tab has followed the server up to this seq; all posts were answered 201."""
    async with following(server, is_calm=is_calm) as tab:
        async with asyncio.timeout(DEADLINE_S):
            while tab.record.last_seq < until_seq:
                await asyncio.sleep(0.01)
    return judge_log(server.log, tab.record), tab.record


def judge_log(log: Frames, *records: TabRecord) -> Verdict:
    answered = [Answered("room", event_identity(e), e["seq"]) for e in log if e["type"] == "message.created"]
    stored = {e["seq"]: event_identity(e) for e in log}
    marked = {e["seq"] for e in log if e.get("calm") is False}
    return judge(answered, {"room": stored}, {"room": 0}, records, {"room": marked})


MARKED = [one | {"calm": False} if one["seq"] in (3, 4, 7, 10) else one for one in TEN]


def skipped(from_seq: int, to_seq: int) -> dict[str, object]:
    return {"type": "stream.skipped", "seq": to_seq, "from_seq": from_seq, "to_seq": to_seq}


CALM = [*MARKED[:2], skipped(2, 4), *MARKED[4:6], skipped(6, 7), *MARKED[7:9], skipped(9, 10)]


async def calm_verdict(frames: Frames, *, cut_after: int | None = None) -> Verdict:
    server = BrokenServer(MARKED, lambda _: frames, cut_after=cut_after)
    verdict, _ = await verdict_on(server, until_seq=10, is_calm=True)
    return verdict


@pytest.mark.parametrize("cut_after", [None, 1, 2, 3])
async def test_the_rows_and_the_skipped_runs_of_the_calm_lane_are_the_log(cut_after: int | None) -> None:
    verdict = await calm_verdict(CALM, cut_after=cut_after)
    assert verdict.is_clean()
    assert verdict.seen_exactly_once == 10


@pytest.mark.parametrize(
    ("frames", "counts"),
    [
        pytest.param([*CALM[:2], *CALM[3:]], (2, 0, 0), id="a run that is not announced"),
        pytest.param([*CALM[:2], skipped(3, 4), *CALM[3:]], (1, 0, 0), id="a run that begins late"),
        pytest.param([*CALM[:2], skipped(2, 5), *CALM[4:]], (1, 0, 0), id="a run over an unmarked event"),
        pytest.param([*CALM[:3], skipped(2, 4), *CALM[3:]], (0, 2, 0), id="a run announced twice"),
        pytest.param([*CALM[:2], skipped(1, 4), *CALM[3:]], (0, 1, 0), id="a run over a row"),
        pytest.param([*CALM[:2], *MARKED[2:4], *CALM[3:]], (0, 2, 0), id="marked events as rows"),
        pytest.param([*CALM[:3], MARKED[3], *CALM[3:]], (0, 1, 0), id="an event as a row and in a run"),
    ],
)
async def test_what_the_calm_lane_says_wrongly_is_noticed(
    frames: Frames, counts: tuple[int, int, int]
) -> None:
    verdict = await calm_verdict(frames)
    assert (verdict.lost, verdict.duplicated, verdict.reordered) == counts


async def test_a_correct_server_gets_a_clean_verdict() -> None:
    verdict, _ = await verdict_on(BrokenServer(TEN), until_seq=10)
    assert verdict.is_clean()
    assert (verdict.posts_answered, verdict.seen_exactly_once) == (10, 10)


async def test_a_dropped_event_is_lost() -> None:
    verdict, _ = await verdict_on(BrokenServer(TEN, lambda log: log[:4] + log[5:]), until_seq=10)
    assert (verdict.lost, verdict.duplicated, verdict.reordered) == (1, 0, 0)
    assert verdict.seen_exactly_once == 9


async def test_an_event_sent_twice_is_duplicated() -> None:
    verdict, _ = await verdict_on(BrokenServer(TEN, lambda log: log[:5] + log[4:]), until_seq=10)
    assert (verdict.lost, verdict.duplicated, verdict.reordered) == (0, 1, 0)
    assert verdict.seen_exactly_once == 9


async def test_two_swapped_events_are_reordered() -> None:
    swapped = BrokenServer(TEN, lambda log: [*log[:4], log[5], log[4], *log[6:]])
    verdict, _ = await verdict_on(swapped, until_seq=10)
    assert (verdict.lost, verdict.duplicated, verdict.reordered) == (0, 0, 1)


async def test_swapped_texts_under_the_right_seqs_are_noticed() -> None:
    def swap_ids(log: Frames) -> Frames:
        return [*log[:4], event(5, message="message-6"), event(6, message="message-5"), *log[6:]]

    identities: dict[int, Identity] = {}
    first = TabRecord("room", 0, identities)
    for one in TEN:
        first.saw(one["seq"], event_identity(one), 0.0)
    second = TabRecord("room", 0, identities)
    for one in swap_ids(TEN):
        second.saw(one["seq"], event_identity(one), 0.0)
    assert judge_log(TEN, first, second).lost == 2


async def test_a_missing_last_event_is_lost() -> None:
    verdict, _ = await verdict_on(BrokenServer(TEN, lambda log: log[:-1]), until_seq=9)
    assert verdict.lost == 1
    assert verdict.seen_exactly_once == 9


async def test_a_post_that_was_answered_and_not_stored_is_lost() -> None:
    verdict = judge(
        [Answered("room", Identity("message.created", "never"), 3)], {"room": {}}, {"room": 0}, []
    )
    assert (verdict.lost, verdict.seen_exactly_once) == (1, 0)


async def test_a_message_stored_twice_is_duplicated() -> None:
    log = [event(1, message="same"), event(2, message="same")]
    verdict = judge_log(log)
    assert verdict.duplicated == 1


async def test_a_hole_in_the_log_is_lost() -> None:
    log = [event(1), event(3)]
    record = TabRecord("room", 0, {})
    for one in log:
        record.saw(one["seq"], event_identity(one), 0.0)
    assert judge_log(log, record).lost == 1


async def test_a_tab_that_is_cut_resumes_by_its_last_event_id_and_sees_each_event_once() -> None:
    server = BrokenServer(TEN, cut_after=3)
    verdict, record = await verdict_on(server, until_seq=10)
    assert verdict.is_clean()
    assert server.cursors == [0, 3, 6, 9]
    assert record.reopenings == 3


async def test_a_resume_that_repeats_the_last_event_is_duplicated() -> None:
    def twice(log: Frames) -> Frames:
        return [log[0], log[1], {**log[2], "seq": 3}, {**log[2], "seq": 3}, *log[3:]]

    verdict, _ = await verdict_on(BrokenServer(TEN, twice), until_seq=10)
    assert verdict.duplicated == 1


async def test_events_skipped_by_a_gap_count_as_seen_once_they_are_read_over_rest() -> None:
    verdict, record = await verdict_on(BrokenServer(TEN, gap=6), until_seq=10)
    assert verdict.is_clean()
    assert record.gaps == 1


def test_a_reaction_may_be_missing_if_a_later_one_replaced_it() -> None:
    log = [event(1), reaction(2, "message-1"), reaction(3, "message-1"), reaction(4, "message-1", "sad")]
    conflated, without_last = TabRecord("room", 0, {}), TabRecord("room", 0, {})
    for one in (log[0], log[2], log[3]):
        conflated.saw(one["seq"], event_identity(one), 0.0)
    for one in log[:3]:
        without_last.saw(one["seq"], event_identity(one), 0.0)
    assert judge_log(log, conflated).is_clean()
    assert judge_log(log, without_last).lost == 1


async def test_purges_and_changes_of_the_room_are_events_like_any_other() -> None:
    def room_event(seq: int, event_type: str, **rest: object) -> dict[str, object]:
        return {"type": event_type, "room_id": "room", "seq": seq, **rest}

    log = [
        event(1),
        room_event(2, "messages.purged", author_id="mallory", up_to_seq=1),
        room_event(3, "room.changed", room={"who_can_post": "regulars"}),
        room_event(4, "messages.purged", author_ids=["mallory", "oscar"], up_to_seq=3),
        room_event(5, "message.unpinned", message_id="message-1"),
        event(6),
    ]
    verdict, record = await verdict_on(BrokenServer(log), until_seq=6)
    assert verdict.is_clean()
    assert record.has_all_between(1, 6)

    def without_a_purge(frames: Frames) -> Frames:
        return [*frames[:3], *frames[4:]]

    def of_another_author(frames: Frames) -> Frames:
        return [frames[0], frames[1] | {"author_id": "oscar"}, *frames[2:]]

    lossy, _ = await verdict_on(BrokenServer(log, without_a_purge), until_seq=6)
    assert (lossy.lost, lossy.duplicated, lossy.reordered) == (1, 0, 0)
    altered = TabRecord("room", 0, {one["seq"]: event_identity(one) for one in log})
    for one in of_another_author(log):
        altered.saw(one["seq"], event_identity(one), 0.0)
    assert judge_log(log, altered).lost == 1


def test_silence_is_the_longest_time_between_two_events_or_until_the_end() -> None:
    record = TabRecord("room", 0, {})
    record.begin_window(100.0)
    record.saw(1, Identity("message.created", "a"), 101.0)
    record.saw(2, Identity("message.created", "b"), 104.0)
    record.end_window(106.5)
    assert record.longest_silence_s == 3.0


def test_judged_events_are_dropped() -> None:
    record = TabRecord("room", 0, {})
    for seq in (1, 2, 3, 5):
        record.saw(seq, Identity("message.created", str(seq)), 0.0)
    record.settle(3)
    assert list(record.runs()) == [(5, 5)]
    assert record.start_seq == 3
