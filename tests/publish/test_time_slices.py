"""Each step of long work is bounded, for any number of rooms, streams and events."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
import pytest

from publish_server.fanout.followed_rooms import ROOMS_PER_STEP
from publish_server.fanout.room_audience import RoomAudience
from publish_server.fanout.stalled_streams import STREAMS_PER_STEP
from publish_server.fanout.subscriber import Subscriber
from publish_server.recovery.chat_client import StoredEvents, stored_event
from publish_server.rooms.hub import EVENTS_PER_STEP
from publish_server.scheduling.paced_admission import PacedAdmission
from publish_server.scheduling.time_slices import SLICE_S, in_slices, run_in_slices
from tests.publish.hub_fixtures import Core, CountingTransport, event_record, subscriber_of
from tests.publish.stored_rooms import message_event

CROWD = 1_000


class TickingClock:
    """Each reading takes a tenth of a millisecond, or as long as given."""

    def __init__(self, tick_s: float = 0.0001) -> None:
        self.now = 0.0
        self._tick_s = tick_s

    def __call__(self) -> float:
        self.now += self._tick_s
        return self.now


def crowd_of(
    audience: RoomAudience, sock: socket.socket, cursor: Callable[[int], int | None] = lambda number: None
) -> list[Subscriber]:
    """CROWD subscribers that have joined, each with the cursor of its number."""
    crowd = [subscriber_of(audience, CountingTransport(sock), cursor(number)) for number in range(CROWD)]
    for subscriber in crowd:
        audience.join(subscriber, b"", 2_000)
    return crowd


def stored(room_id: str, seqs: Iterable[int], *, has_more: bool = False) -> StoredEvents:
    """A page of chat_server with these events."""
    events = [stored_event(orjson.dumps(message_event(room_id, seq, "hello"))) for seq in seqs]
    return StoredEvents(events, events[-1].seq, has_more)


def largest_step(steps: Iterator[None], count: Callable[[], int]) -> int:
    """Run the work; returns the largest growth of that number within one step."""
    largest, before = 0, count()
    for _ in steps:
        now = count()
        largest, before = max(largest, now - before), now
    return max(largest, count() - before)


def largest_slice(core: Core, clock: TickingClock, count: Callable[[], int]) -> int:
    """Drain the replay queue in slices of 2 ms; returns the largest growth of that number in one of them."""
    largest = before = 0
    while core.replay_queue.run_until(clock.now + 0.002):
        now = count()
        largest, before = max(largest, now - before), now
    return largest


@pytest.mark.parametrize(("cost_s", "per_slice"), [(0.1 * SLICE_S, 10), (0.4 * SLICE_S, 3), (5 * SLICE_S, 1)])
def test_work_in_slices_does_every_item_in_order_and_yields_once_a_slice_is_over(
    cost_s: float, per_slice: int
) -> None:
    now, done = 0.0, list[int]()

    def act(item: int) -> None:
        nonlocal now
        now += cost_s * 1.001
        done.append(item)

    slices = in_slices(range(60), act, lambda: now)
    for number, _ in enumerate(slices, 1):
        assert len(done) == number * per_slice
        now += 1.0  # what other work takes does not count
    assert done == list(range(60))


def test_work_in_slices_takes_items_that_arrive_while_it_runs() -> None:
    waiting, done = [1, 2], list[int]()

    def next_ones() -> Iterator[int]:
        while waiting:
            yield waiting.pop(0)

    slices = in_slices(next_ones(), done.append, TickingClock(SLICE_S))
    next(slices)
    waiting.append(3)
    list(slices)
    assert done == [1, 2, 3]


async def test_other_work_runs_between_slices() -> None:
    loop, order = asyncio.get_running_loop(), list[str]()

    def act(item: str) -> None:
        order.append(item)
        loop.call_soon(order.append, f"after {item}")

    await run_in_slices(in_slices(["a", "b"], act, TickingClock(SLICE_S)))
    assert order == ["a", "after a", "b", "after b"]


def test_a_page_of_missing_events_is_offered_in_steps() -> None:
    core = Core()
    room = core.follow_at(0).room
    steps = core.restore(room, 0, 500, stored("lobby", range(1, 501)))
    assert largest_step(steps, lambda: room.log.head) <= EVENTS_PER_STEP
    assert room.log.head == 500


def test_kafka_may_deliver_while_a_page_of_missing_events_is_offered() -> None:
    core = Core(ring_events=1_000)
    room = core.follow_at(0).room
    for _ in core.restore(room, 0, 500, stored("lobby", range(1, 501), has_more=True)):
        head = room.log.head
        records = [event_record(message_event("lobby", seq, "hello")) for seq in range(head + 1, head + 51)]
        list(core.ingest(*records))
    joined = room.log.since(0, room.log.head, 2**30)
    assert joined is not None
    seqs = [int(line[4:]) for line in joined.body.split(b"\n") if line.startswith(b"id: ")]
    assert seqs == list(range(1, room.log.head + 1))
    assert room.log.head >= 500


def test_a_batch_of_records_is_taken_in_steps() -> None:
    core = Core(ring_events=1_000)
    room = core.follow_at(0).room
    records = [event_record(message_event("lobby", seq, "hello")) for seq in range(1, 501)]
    assert largest_step(core.ingest(*records), lambda: room.log.head) <= EVENTS_PER_STEP
    assert room.log.head == 500


def test_idle_rooms_are_dropped_in_steps() -> None:
    now = 0.0
    core = Core(lambda: now, max_rooms=10_000)
    for number in range(3 * ROOMS_PER_STEP):
        core.follow_at(0, f"room-{number}")
    now = 1_000.0
    rooms = core.registry.rooms
    assert largest_step(core.followed_rooms.drop_idle(), lambda: -len(rooms)) <= ROOMS_PER_STEP
    assert not rooms


@pytest.mark.parametrize("exists", [True, False])
def test_a_crowd_that_waited_for_its_room_opens_or_ends_in_slices(sock: socket.socket, exists: bool) -> None:
    clock = TickingClock()
    core = Core(clock)
    audience = core.followed_rooms.follow("lobby")
    crowd = crowd_of(audience, sock)
    if exists:
        core.follow_at(5)
    else:
        core.no_heads([audience.room])

    def served() -> int:
        return sum(subscriber.is_opened or subscriber.is_closed for subscriber in crowd)

    assert served() == 0, "the reply itself must serve no subscriber"
    assert largest_slice(core, clock, served) <= 25
    assert served() == CROWD
    assert all(subscriber.is_opened is exists for subscriber in crowd)


def test_stalled_streams_are_cut_in_steps(sock: socket.socket) -> None:
    now = 0.0
    core = Core(lambda: now, stall_s=30)
    for subscriber in crowd_of(core.follow_at(5), sock):
        subscriber.pause_writing()
    now = 31.0
    steps = core.stalled.cut_overdue()
    assert largest_step(steps, lambda: -core.open_streams.count) <= STREAMS_PER_STEP
    assert core.open_streams.count == 0
    assert not core.wheel.all()


@pytest.mark.asyncio
async def test_a_crowd_is_admitted_a_few_per_iteration_of_the_loop_and_in_order() -> None:
    pacer, passed, waves = PacedAdmission(per_iteration=10), list[int](), list[int]()

    async def arrive(number: int) -> None:
        await pacer.wait()
        passed.append(number)

    crowd = [asyncio.create_task(arrive(number)) for number in range(CROWD)]
    crowd[500].cancel()
    while len(passed) < CROWD - 1:
        before = len(passed)
        await asyncio.sleep(0)
        waves.append(len(passed) - before)
    assert max(waves) <= 10
    assert passed == [number for number in range(CROWD) if number != 500]
    await asyncio.wait_for(pacer.wait(), 1)


async def test_callers_one_at_a_time_cost_the_event_loop_one_callback_in_ten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    pacer, scheduled, call_soon = PacedAdmission(per_iteration=10), list[str](), loop.call_soon

    def counted(callback: Callable[..., object], *arguments: Any, **options: Any) -> asyncio.Handle:
        scheduled.append(getattr(callback, "__qualname__", ""))
        return call_soon(callback, *arguments, **options)

    monkeypatch.setattr(loop, "call_soon", counted)
    for _ in range(100):
        await pacer.wait()
        await asyncio.sleep(0)
    assert scheduled.count("PacedAdmission._begin_iteration") == 10


def test_a_resuming_crowd_is_caught_up_in_slices(sock: socket.socket) -> None:
    clock = TickingClock()
    core = Core(clock, ring_events=1_000)
    audience = core.follow_at(0)
    list(core.restore(audience.room, 0, 500, stored("lobby", range(1, 501))))
    audience.full.flushed = 500
    crowd = crowd_of(audience, sock, lambda number: number % 500)
    assert not any(subscriber.is_live for subscriber in crowd)
    assert largest_slice(core, clock, lambda: sum(each.is_live for each in crowd)) <= 25
    assert all(subscriber.is_live for subscriber in crowd)


def test_a_crowd_that_resumes_in_one_room_does_not_delay_another_room(sock: socket.socket) -> None:
    core = Core(TickingClock())
    crowded, other = core.follow_at(5, "crowded"), core.follow_at(5, "other")
    for audience in (crowded, other):
        list(core.restore(audience.room, 5, 6, stored(audience.room.id, [6])))
        audience.full.flushed = 6
    crowd = crowd_of(crowded, sock, lambda number: 5)
    bystander = subscriber_of(other, CountingTransport(sock), 5)
    other.join(bystander, b"", 2_000)
    core.replay_queue.run_until(0)
    core.replay_queue.run_until(0)
    assert bystander.is_live
    assert sum(subscriber.is_live for subscriber in crowd) == 1


def test_a_crowd_that_reads_again_is_caught_up_in_slices(sock: socket.socket) -> None:
    clock = TickingClock()
    core = Core(clock)
    audience = core.follow_at(5)
    crowd = crowd_of(audience, sock)
    for subscriber in crowd:
        subscriber.pause_writing()
    list(core.restore(audience.room, 5, 6, stored("lobby", [6])))
    audience.full.flushed = 6
    for subscriber in crowd:
        subscriber.resume_writing()
    assert not any(subscriber.is_live for subscriber in crowd)
    assert largest_slice(core, clock, lambda: sum(each.is_live for each in crowd)) <= 25
    assert all(subscriber.is_live for subscriber in crowd)
