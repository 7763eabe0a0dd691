"""The SQL of fetches, on a real Postgres."""

import json
import re
import uuid

import pytest

from chat_server.fetch import read_repository
from chat_server.fetch.read_repository import MAX_MESSAGES_BYTES, MAX_SHORT_TEXT_BYTES, ReadRepository
from chat_server.fetch.rows import MessageRows
from tests.fetch.conftest import AUTHOR, Store


def texts(rows: MessageRows | None) -> list[str]:
    assert rows is not None
    return [json.loads(message.json)["text"] for message in rows.messages]


async def test_pages_are_ordered_by_seq_and_have_has_more(store: Store, repository: ReadRepository) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcdefghij")
    newest = await repository.newest(room_id, 3)
    assert texts(newest) == ["h", "i", "j"]
    assert newest is not None
    assert newest.has_older
    assert newest.room.last_seq == newest.room.message_count == 10
    whole = await repository.newest(room_id, 10)
    assert whole is not None
    assert not whole.has_older

    before = await repository.before(room_id, 4, 2)
    assert texts(before) == ["b", "c"]
    assert before is not None
    assert before.has_older

    after = await repository.after(room_id, 7, 2)
    assert texts(after) == ["h", "i"]
    assert after is not None
    assert after.has_newer


async def test_a_page_around_a_seq_is_filled_from_the_longer_side(
    store: Store, repository: ReadRepository
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *"abcdefghij")
    assert texts(await repository.around(room_id, 5, 4)) == ["d", "e", "f", "g"]
    assert texts(await repository.around(room_id, 1, 4)) == ["a", "b", "c", "d"]
    assert texts(await repository.around(room_id, 10, 4)) == ["g", "h", "i", "j"]
    assert texts(await repository.around(room_id, 999, 4)) == ["g", "h", "i", "j"]
    assert texts(await repository.around(room_id, 0, 3)) == ["a", "b", "c"]
    assert texts(await repository.around(room_id, 5, 1)) == ["e"]


async def test_a_message_has_the_shape_of_the_contract(store: Store, repository: ReadRepository) -> None:
    room_id = await store.make_room()
    [message_id] = await store.post(room_id, "héllo")
    await store.react(room_id, message_id)
    rows = await repository.message(room_id, message_id)
    assert rows is not None
    assert json.loads(rows.messages[0].json) == {
        "id": str(message_id),
        "room_id": room_id,
        "seq": 1,
        "author": {"id": str(AUTHOR), "nickname": "ann"},
        "text": "héllo",
        "reply_to": None,
        "created_at": "2026-01-02T03:04:05.678Z",
        "edited_at": None,
        "deleted": False,
        "reactions": {"heart": 1},
    }
    assert rows.room.last_seq == 2


async def test_an_empty_room_differs_from_a_missing_room(store: Store, repository: ReadRepository) -> None:
    room_id = await store.make_room()
    empty = await repository.newest(room_id, 50)
    assert empty is not None
    assert empty.messages == []
    assert empty.room.last_seq == 0
    assert await repository.newest("nowhere", 50) is None
    assert await repository.events("nowhere", 0, 10) is None
    assert await repository.recent_events("nowhere", 10) is None
    assert await repository.mine("nowhere", AUTHOR, 0, 10) is None
    other = await repository.message(room_id, uuid.uuid4())
    assert other is not None
    assert other.messages == []


async def test_the_row_of_a_room_is_the_same_alone_and_with_its_messages(
    store: Store, repository: ReadRepository
) -> None:
    room_id = await store.make_room()
    message_ids = await store.post(room_id, "a", "b")
    await store.connection.execute(
        "UPDATE rooms SET pinned = $2, owner_nickname = 'ann', moderators = $3::text::jsonb WHERE id = $1",
        room_id, message_ids, json.dumps([{"id": str(AUTHOR), "nickname": "bo"}]),
    )  # fmt: skip
    room = await repository.room(room_id)
    assert room is not None
    assert (room.id, room.last_seq, room.owner_nickname) == (room_id, 2, "ann")
    assert json.loads(room.moderators) == [{"id": str(AUTHOR), "nickname": "bo"}]
    newest = await repository.newest(room_id, 50)
    assert newest is not None
    assert newest.room == room
    assert [message.seq for message in newest.pinned] == [1, 2]
    assert await repository.room("nowhere") is None


async def test_messages_that_a_deleted_room_left_behind_are_no_page(
    store: Store, repository: ReadRepository
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "a")
    await store.connection.execute("DELETE FROM rooms WHERE id = $1", room_id)
    assert await repository.newest(room_id, 50) is None
    assert await repository.before(room_id, 9, 50) is None
    assert await repository.around(room_id, 1, 50) is None


async def test_a_page_of_events_carries_the_oldest_kept_seq(store: Store, repository: ReadRepository) -> None:
    room_id = await store.make_room()
    empty = await repository.events(room_id, 0, 10)
    assert empty is not None
    assert (empty.events, empty.last_seq, empty.oldest_seq) == ([], 0, 1)
    await store.post(room_id, *"abcde")
    await store.delete_events(room_id, 2)
    page = await repository.events(room_id, 2, 2)
    assert page is not None
    assert [event.seq for event in page.events] == [3, 4]
    assert (page.last_seq, page.oldest_seq, page.has_more) == (5, 3, True)
    tail = await repository.recent_events(room_id, 2)
    assert tail is not None
    assert [event.seq for event in tail.events] == [4, 5]
    await store.delete_events(room_id, 5)
    gone = await repository.events(room_id, 5, 2)
    assert gone is not None
    assert gone.oldest_seq == 6


async def test_own_reactions_within_a_range(store: Store, repository: ReadRepository) -> None:
    room_id = await store.make_room()
    one, two = await store.post(room_id, "a", "b")
    await store.react(room_id, one, "heart")
    await store.react(room_id, one, "sad")
    await store.react(room_id, two, "heart")
    await store.react(room_id, two, "laugh", user_id=uuid.uuid4())
    mine = await repository.mine(room_id, AUTHOR, 0, 100)
    assert mine is not None
    assert mine.mine == {str(one): ["heart", "sad"], str(two): ["heart"]}
    assert mine.last_seq == 6
    first = await repository.mine(room_id, AUTHOR, 1, 1)
    assert first is not None
    assert first.mine == {str(one): ["heart", "sad"]}
    another_user = await repository.mine(room_id, uuid.uuid4(), 0, 100)
    assert another_user is not None
    assert another_user.mine == {}


async def test_a_page_of_messages_ends_early_by_its_bytes(store: Store, repository: ReadRepository) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *["\N{GRINNING FACE}" * 4_000] * 40)

    def seqs(rows: MessageRows | None) -> list[int]:
        assert rows is not None
        assert 200_000 < sum(len(message.json) for message in rows.messages) <= MAX_MESSAGES_BYTES
        return [message.seq for message in rows.messages]

    newest = await repository.newest(room_id, 100)
    assert newest is not None
    assert seqs(newest) == list(range(41 - len(newest.messages), 41))
    assert newest.has_older
    assert newest.is_full

    found: list[int] = []
    has_older, position = True, 41
    while has_older:
        rows = await repository.before(room_id, position, 100)
        assert rows is not None
        has_older, position = rows.has_older, rows.messages[0].seq
        found = [message.seq for message in rows.messages] + found
    assert found == list(range(1, 41))

    found = []
    has_newer, position = True, 0
    while has_newer:
        rows = await repository.after(room_id, position, 100)
        assert rows is not None
        has_newer, position = rows.has_newer, rows.messages[-1].seq
        found += [message.seq for message in rows.messages]
    assert found == list(range(1, 41))

    around = await repository.around(room_id, 20, 100)
    assert around is not None
    assert 20 in seqs(around)
    assert around.has_older
    assert around.has_newer
    assert seqs(await repository.around(room_id, 0, 100))[0] == 1
    assert seqs(await repository.around(room_id, 40, 100))[-1] == 40


async def test_a_page_holds_at_least_one_message(
    store: Store, repository: ReadRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_repository, "MAX_MESSAGES_BYTES", 10)
    room_id = await store.make_room()
    await store.post(room_id, *"abc")
    assert texts(await repository.newest(room_id, 2)) == ["c"]
    assert texts(await repository.before(room_id, 3, 2)) == ["b"]
    assert texts(await repository.after(room_id, 1, 2)) == ["b"]
    assert texts(await repository.around(room_id, 2, 2)) == ["b"]


async def test_a_page_of_the_longest_short_texts_stays_within_its_bytes(
    store: Store, repository: ReadRepository
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *["x" * MAX_SHORT_TEXT_BYTES] * 120)
    rows = await repository.newest(room_id, 100)
    assert rows is not None
    assert rows.is_short
    sizes = [len(message.json) for message in rows.messages]
    assert MAX_MESSAGES_BYTES - 2 * max(sizes) < sum(sizes) <= MAX_MESSAGES_BYTES
    assert rows.has_older


async def test_the_statement_of_most_pages_neither_sorts_nor_adds_up(store: Store) -> None:
    """These steps take as long as the rest of the statement."""
    async with store.connection.transaction():
        await store.connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = await store.connection.fetchval(
            f"EXPLAIN (FORMAT JSON) {read_repository._NEWEST_SHORT}", "lobby", 51
        )
    steps = re.findall(r'"Node Type": "([A-Z][\w ]*)"', plan)
    assert len(steps) <= 14, steps
    assert not {"WindowAgg", "Sort", "Incremental Sort", "Nested Loop", "Hash Join"} & set(steps), steps
