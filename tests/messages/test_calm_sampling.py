"""Which messages of a busy room the calm lane leaves out, and what follows for their later events."""

import time
import uuid
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_contract.calm_mark import is_left_out
from chat_contract.limits import CALM_ROWS_PER_S
from chat_contract.topics import event_headers, header
from chat_server.fetch.read_repository import ReadRepository
from chat_server.messages.batch_state import BatchResult
from chat_server.messages.calm_sampling import BURST, take_calm_row
from chat_server.messages.operations import DeleteMessage, EditMessage, MessageResult, PostMessage
from chat_server.outbox.repository import OutboxRepository
from chat_server.postgres.read_lane import open_read_lane
from chat_server.rooms.known_rooms import KnownRooms
from tests.messages.test_apply_operations import NOW, OWNER, apply, pin, react
from tests.support.message_store import Store, post


@given(st.lists(st.floats(0, 3), max_size=60))
def test_a_room_shows_at_most_its_burst_and_its_rate(pauses_s: list[float]) -> None:
    now, full_at, shown = NOW, None, 0
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        is_shown, full_at = take_calm_row(full_at, now, is_host=False)
        shown += is_shown
        assert shown <= BURST + (now - NOW).total_seconds() * CALM_ROWS_PER_S + 0.001


@given(st.integers(BURST, 40))
def test_every_message_is_shown_below_the_rate(count: int) -> None:
    full_at = None
    for number in range(count):
        now = NOW + number * timedelta(seconds=1 / CALM_ROWS_PER_S)
        is_shown, full_at = take_calm_row(full_at, now, is_host=False)
        assert is_shown


def test_messages_of_hosts_are_always_shown_and_use_up_only_what_there_is() -> None:
    full_at = None
    for _ in range(100):
        is_shown, full_at = take_calm_row(full_at, NOW, is_host=True)
        assert is_shown
    assert not take_calm_row(full_at, NOW, is_host=False)[0]
    later = NOW + timedelta(seconds=1 / CALM_ROWS_PER_S)
    assert take_calm_row(full_at, later, is_host=False)[0]


def test_a_clock_that_was_set_back_leaves_nothing_out_for_long() -> None:
    _, full_at = take_calm_row(None, NOW + timedelta(hours=1), is_host=False)
    is_shown, full_at = take_calm_row(full_at, NOW, is_host=False)
    assert not is_shown
    assert take_calm_row(full_at, NOW + timedelta(seconds=1), is_host=False)[0]


def burst(count: int) -> list[PostMessage]:
    return [post("r") for _ in range(count)]


def left_out(result: BatchResult) -> list[tuple[str, bool]]:
    """The type of each event, and whether it carries the mark everywhere or nowhere."""
    marks = []
    for event in result.events:
        carries_mark = orjson.loads(event.payload).get("calm") is False
        assert carries_mark == event.is_left_out == is_left_out(event.payload)
        marks.append((event.type, event.is_left_out))
    return marks


def test_the_mark_is_in_the_event_the_message_and_the_response() -> None:
    *_, last = burst(BURST + 1)
    result = apply(*burst(BURST), last)
    assert left_out(result) == [("message.created", False)] * BURST + [("message.created", True)]
    shown, hidden = result.events[-2:]
    assert b"calm" not in shown.payload
    assert orjson.loads(hidden.payload)["message"]["calm"] is False
    assert result.new_messages[last.message_id].calm is False
    answer = result.results[-1]
    assert isinstance(answer, MessageResult) and b'"calm":false' in answer.json


def test_later_events_of_a_message_follow_its_mark() -> None:
    shown, *_, hidden = posts = burst(BURST + 1)
    later = [EditMessage("r", each.message_id, each.author_id, "edited") for each in (shown, hidden)]
    reactions = [react(each.message_id, uuid.uuid4()) for each in (shown, hidden)]
    pins = [pin(hidden.message_id), pin(hidden.message_id, present=False)]
    deletions = [DeleteMessage("r", each.message_id, each.author_id) for each in (shown, hidden)]
    result = apply(*posts, *later, *reactions, *pins, *deletions, post("r", author=OWNER))
    assert left_out(result)[len(posts) :] == [
        ("message.edited", False), ("message.edited", True),
        ("reaction.changed", False), ("reaction.changed", True),
        ("message.pinned", False), ("message.unpinned", False),
        ("message.deleted", False), ("message.deleted", False),
        ("message.created", False),
    ]  # fmt: skip


def test_a_reply_that_is_left_out_names_the_author_it_answers() -> None:
    first, *others = burst(BURST)
    replies = [
        PostMessage("r", uuid.uuid4(), "ben", uuid.uuid4(), uuid.uuid4(), "yes", first.message_id)
        for _ in range(2)
    ]
    result = apply(first, replies[0], *others[1:], replies[1])
    assert [event.replied_to for event in result.events] == [None] * BURST + [first.author_id]
    headers = event_headers("message.created", 7, is_left_out=True, replied_to="ann")
    assert (header(headers, "calm"), header(headers, "replied_to")) == (b"false", b"ann")
    assert header(event_headers("message.created", 7), "calm") is None


def test_what_people_write_never_looks_like_the_mark() -> None:
    result = apply(post("r", ',"calm":false,'), post("r", '{"calm":false}'))
    assert [is_left_out(each.payload) for each in result.events] == [False, False]


@pytest.fixture
async def busy_room(store: Store) -> tuple[str, list[PostMessage]]:
    """A room, and the messages of one burst in it; the last two are left out."""
    room, writer = await store.make_room(), await store.writer()
    posts = [post(room, "a secret") for _ in range(BURST)]
    for each in posts:
        await writer.store(each)
    # As after more messages than the lane shows, whatever time those took.
    await store.rows("UPDATE rooms SET calm_full_at = now() + interval '1 hour' WHERE id = $1", room)
    for _ in range(2):
        posts.append(post(room, "a secret"))
        await writer.store(posts[-1])
    return room, posts


async def test_the_mark_of_a_message_is_kept_by_every_process_and_every_read(
    store: Store, busy_room: tuple[str, list[PostMessage]]
) -> None:
    room, posts = busy_room
    other_writer, last = await store.writer(), posts[-1]
    await other_writer.store(EditMessage(room, last.message_id, last.author_id, "edited"))
    assert [event.is_left_out for event in store.handed_over] == [False] * BURST + [True] * 3
    async with open_read_lane(store.dsn, 2, "reads", clock=time.monotonic) as lane:
        page = await ReadRepository(lane, KnownRooms()).newest(room, 50)
        assert page is not None
    assert [b'"calm":false' in each.json for each in page.messages] == [False] * BURST + [True] * 2


async def test_an_event_keeps_its_mark_when_the_message_is_deleted_and_erased(
    store: Store, busy_room: tuple[str, list[PostMessage]]
) -> None:
    room, posts = busy_room
    writer = await store.writer()
    for each in (posts[0], posts[-1]):
        await writer.store(DeleteMessage(room, each.message_id, each.author_id))
    expected = [False] * BURST + [True] * 2 + [False] * 2
    async with open_read_lane(store.dsn, 2, "reads", clock=time.monotonic) as lane:
        for _ in ("with a tombstone", "erased"):
            page = await ReadRepository(lane, KnownRooms()).events(room, 0, 500)
            assert page is not None
            assert [is_left_out(event.payload) for event in page.events] == expected
            assert b"secret" not in page.events[-3].payload
            await store.erase_all()


async def test_the_relay_sends_the_mark_again(store: Store, busy_room: tuple[str, list[PostMessage]]) -> None:
    room, _ = busy_room
    await store.rows("UPDATE outbox SET created_at = now() - interval '1 minute'")
    claimed = await OutboxRepository(store.engine).claim(100)
    marks = [event.is_left_out for event in claimed if event.room_id == room]
    assert marks == [False] * BURST + [True] * 2
