"""Bans and purges on a real Postgres: what reads show at once, and the steps that rewrite rows afterwards."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chat_server.messages.host_repository import MAX_SCANNED, expire_bans
from chat_server.messages.message_erasure import MessageErasure
from chat_server.messages.operations import DeleteMessage, EditMessage, PostMessage, SetPin, SetReaction
from chat_server.messages.purge_conversion import ROWS_PER_STEP, convert_some
from chat_server.messages.room_operations import (
    BanResult,
    BanUsers,
    ChangeRoom,
    LiftBan,
    Recovery,
    RoomChange,
)
from chat_server.messages.writer import GroupCommitWriter
from chat_server.rooms.slow_mode_rule import SlowModeRule
from server_kit.http.problem import ChatError
from tests.contract.reducer import replay
from tests.support.message_store import CommitCutter, Store, post
from tests.support.read_paths import ReadPaths, open_read_paths

OWNER, TROLL, GUEST = UUID(int=1), UUID(int=2), UUID(int=3)
SECRET = "a secret"  # a text, not a password


@pytest.fixture
async def paths(store: Store, redis_url: str) -> AsyncIterator[ReadPaths]:
    async with open_read_paths(store.dsn, redis_url) as paths:
        yield paths


@pytest.fixture
async def room(store: Store) -> str:
    """A room of the owner, with three people who have entered."""
    await store.enter(OWNER, TROLL, GUEST)
    return await store.make_room(OWNER)


def ban(room: str, *users: UUID, purge: bool = False, seconds: int | None = None) -> BanUsers:
    return BanUsers(
        room_id=room, actor_id=OWNER, actor_nickname="Owner", user_ids=users, seconds=seconds, purge=purge
    )


def lift(room: str, user: UUID) -> LiftBan:
    return LiftBan(room_id=room, actor_id=OWNER, actor_nickname="Owner", user_id=user)


async def troll_writes(store: Store, writer: GroupCommitWriter, room: str) -> list[PostMessage]:
    """Messages of the troll among others: edited, pinned, liked, and one that replies to a guest."""
    messages = [post(room, f"{SECRET} {n}", author=TROLL) for n in range(4)]
    for message in messages:
        await writer.store(message)
    await writer.store(post(room, "harmless", author=GUEST))
    edited, pinned, liked, _ = messages
    await writer.store(EditMessage(room, edited.message_id, TROLL, f"{SECRET}, edited"))
    await writer.store(SetPin(room, pinned.message_id, OWNER, True))
    await writer.react(SetReaction(room, liked.message_id, GUEST, "heart", True))
    return messages


async def shown(paths: ReadPaths, room: str) -> dict[str, Any]:
    """Everything that readers see, without the order of events."""
    return {
        **await paths.everywhere(room),
        "found": await paths.found(room, "secret"),
        "last": await paths.last_message(room),
        "mine": await paths.mine(room, GUEST),
    }


async def test_every_read_hides_a_purge_at_once_and_the_same_after_rows_were_rewritten(
    store: Store, room: str, paths: ReadPaths
) -> None:
    writer = await store.writer()
    messages = await troll_writes(store, writer, room)
    await writer.store(post(room, f"{SECRET}, the last", author=TROLL))
    before = {message["id"]: message for message in await paths.newest(room)}
    assert len(await paths.found(room, "secret")) == 5

    result = await writer.ban(ban(room, TROLL, purge=True))
    assert (result.purged, result.seq) == (5, (await store.assert_no_holes(room))[-1])
    at_once = await shown(paths, room)
    assert SECRET not in str(at_once)
    for message in at_once["newest"]:
        old = before[message["id"]]
        if message["author"]["id"] == str(TROLL):
            assert message == old | {"text": "", "deleted": True, "reactions": {}}
        else:
            assert message == old
    assert at_once["pinned"] == [] and at_once["found"] == [] and at_once["mine"] == {}
    assert await paths.reactors(room, str(messages[2].message_id)) == {}
    assert (at_once["last"]["text"], at_once["last"]["deleted"]) == ("", True)
    repeated = await writer.store(messages[0])
    assert not repeated.created and repeated.message["deleted"]

    await store.convert_all()
    assert await store.rows("SELECT 1 FROM purge_marks") == []
    assert await shown(paths, room) == at_once
    await store.erase_all()
    assert await shown(paths, room) == at_once
    assert await store.rows("SELECT 1 FROM tombstones") == []
    assert await store.rows("SELECT 1 FROM reactions WHERE room_id = $1", room) == []
    texts = await store.rows("SELECT 1 FROM messages WHERE text LIKE '%' || $1 || '%'", SECRET)
    stored_events = await store.rows("SELECT 1 FROM events WHERE payload LIKE '%' || $1 || '%'", SECRET)
    assert texts == stored_events == []


async def test_events_replayed_during_a_purge_give_the_newest_page(
    store: Store, room: str, paths: ReadPaths
) -> None:
    writer = await store.writer()
    await troll_writes(store, writer, room)
    await writer.ban(ban(room, TROLL, purge=True))
    for finish in (store.convert_all, store.erase_all):
        state = replay({"seq": 0, "messages": {}, "pinned": []}, await paths.events(room))
        assert list(state["messages"].values()) == await paths.newest(room)
        assert state["pinned"] == await paths.pinned(room)
        await finish()


async def test_a_purge_spares_other_rooms_and_later_messages(
    store: Store, room: str, paths: ReadPaths
) -> None:
    writer, other = await store.writer(), await store.make_room(OWNER)
    same_key = uuid.uuid4()
    await writer.store(post(other, "elsewhere", author=TROLL, key=same_key))
    await writer.store(post(room, "here", author=TROLL, key=same_key))
    await writer.ban(ban(room, TROLL, purge=True))
    await writer.lift_ban(lift(room, TROLL))
    await writer.store(post(room, "sorry", author=TROLL))
    for finish in (store.convert_all, store.erase_all):
        assert [message["text"] for message in await paths.newest(room)] == ["", "sorry"]
        assert [message["text"] for message in await paths.newest(other)] == ["elsewhere"]
        await finish()


async def test_rows_are_rewritten_in_bounded_steps_also_of_people_who_wrote_elsewhere(
    store: Store, room: str
) -> None:
    """Messages of other rooms are read on the way, and the same key may be in several rooms."""
    other = await store.make_room(OWNER)
    count = 3 * ROWS_PER_STEP // 2
    for each in (room, other):
        await store.rows(
            "INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at)"
            " SELECT gen_random_uuid(), $1, n, $2, 'Troll', lpad(to_hex(n), 32, '0')::uuid, $3, now()"
            " FROM generate_series(1, $4::int) n",
            each, TROLL, SECRET, count,
        )  # fmt: skip
    await store.rows("UPDATE rooms SET last_seq = $2 WHERE id = $1", room, count)
    writer = await store.writer()
    result = await writer.ban(ban(room, TROLL, purge=True))
    assert result.purged == count
    assert await store.convert_all() == 2 * count // ROWS_PER_STEP + 1
    left = await store.rows(
        "SELECT DISTINCT room_id FROM messages WHERE author_id = $1 AND NOT deleted", TROLL
    )
    assert [row["room_id"] for row in left] == [other]


async def test_a_later_purge_of_the_same_person_starts_again(
    store: Store, room: str, paths: ReadPaths
) -> None:
    writer = await store.writer()
    await writer.store(post(room, SECRET, author=TROLL))
    first = await writer.ban(ban(room, TROLL, purge=True))
    await writer.lift_ban(lift(room, TROLL))
    await writer.store(post(room, SECRET, author=TROLL))
    second = await writer.ban(ban(room, TROLL, purge=True))
    assert (first.purged, second.purged) == (1, 1)
    [mark] = await store.rows("SELECT up_to_seq FROM purge_marks WHERE room_id = $1", room)
    assert mark["up_to_seq"] == second.seq - 1
    assert SECRET not in str(await shown(paths, room))


async def test_a_purge_of_a_person_with_very_many_messages_leaves_the_count_out(
    store: Store, room: str
) -> None:
    other = await store.make_room()
    await store.rows(
        "INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at)"
        " SELECT gen_random_uuid(), $1, n, $2, 'Troll', gen_random_uuid(), '', now()"
        " FROM generate_series(1, $3::int) n",
        other, TROLL, MAX_SCANNED,
    )  # fmt: skip
    result = await (await store.writer()).ban(ban(room, TROLL, purge=True))
    assert result.purged is None


async def test_the_background_task_finishes_a_purge(store: Store, room: str) -> None:
    writer = await store.writer()
    await troll_writes(store, writer, room)
    await writer.ban(ban(room, TROLL, purge=True))
    task = asyncio.create_task(MessageErasure(store.dsn, Random(7)).run())
    async with asyncio.timeout(30):
        while await store.rows("SELECT 1 FROM purge_marks UNION ALL SELECT 1 FROM tombstones"):
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await store.rows("SELECT 1 FROM events WHERE payload LIKE '%' || $1 || '%'", SECRET) == []


async def refused(write: Any) -> str:
    with pytest.raises(ChatError) as error:
        await write
    return error.value.code


async def test_a_ban_ends_by_the_clock_of_postgres_and_retention_removes_it(store: Store, room: str) -> None:
    writer = await store.writer()
    result = await writer.ban(ban(room, TROLL, seconds=3600))
    assert result.until is not None
    assert await refused(writer.store(post(room, author=TROLL))) == "banned"
    await store.rows("UPDATE bans SET until = clock_timestamp() - interval '1 ms'")
    await writer.store(post(room, author=TROLL))
    connection = await asyncpg.connect(store.dsn)
    await expire_bans(connection, 100)
    assert len(await store.rows("SELECT 1 FROM bans")) == 1  # a transaction may have begun before its end
    await store.rows("UPDATE bans SET until = now() - interval '1 hour'")
    await expire_bans(connection, 100)
    assert await store.rows("SELECT 1 FROM bans") == []
    await connection.close()


async def test_a_ban_holds_in_every_process_and_only_in_its_room(store: Store, room: str) -> None:
    writers, other = [await store.writer(), await store.writer()], await store.make_room(OWNER)
    await writers[0].ban(ban(room, TROLL))
    for writer in writers:
        assert await refused(writer.store(post(room, author=TROLL))) == "banned"
        await writer.store(post(other, author=TROLL))
        await writer.store(post(room, author=GUEST))
    await writers[1].lift_ban(lift(room, TROLL))
    await writers[0].store(post(room, author=TROLL))


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_ban_whose_commit_was_cut_off_is_in_force_once_it_is_answered(
    store: Store, cutter: tuple[CommitCutter, str], room: str, when: str, purge: bool
) -> None:
    proxy, dsn = cutter
    writer = await store.writer(dsn)
    await writer.store(post(room, author=TROLL))
    proxy.cut_next = when
    result = await writer.ban(ban(room, TROLL, purge=purge))
    assert proxy.cuts == 1
    assert result.seq == 1 + purge
    assert await refused(writer.store(post(room, author=TROLL))) == "banned"
    assert len(await store.assert_no_holes(room)) == result.seq


async def test_hosts_and_rules_are_stored_with_their_event_and_log(store: Store, room: str) -> None:
    writer = await store.writer()
    stranger = uuid.uuid4()  # known from a message only, as after a restore
    await writer.store(post(room, author=stranger))

    def change(**fields: Any) -> ChangeRoom:
        return ChangeRoom(room_id=room, actor_id=OWNER, actor_nickname="Owner", change=RoomChange(**fields))

    appointed = await writer.change_room(change(add_moderator=GUEST))
    assert appointed.room.moderators == [{"id": str(GUEST), "nickname": str(GUEST)}]
    await writer.change_room(
        change(name="Tea", slow_mode=SlowModeRule(5), who_can_post="regulars", regular_after_s=7)
    )
    await writer.change_room(change(recovery=Recovery(None, b"code")))
    handed = await writer.change_room(change(new_owner=stranger))
    assert (handed.room.owner_id, handed.room.owner_nickname) == (stranger, "ann")
    assert [each["id"] for each in handed.room.moderators] == [str(GUEST), str(OWNER)]
    assert handed.seq == handed.room.last_seq == (await store.assert_no_holes(room))[-1] == 4
    [row] = await store.rows(
        "SELECT name, slow_mode_s, who_can_post, regular_after_s, owner_id, recovery_code_hash FROM rooms"
        " WHERE id = $1",
        room,
    )
    assert tuple(row) == ("Tea", 5, "regulars", 7, stranger, None)
    log = await store.rows("SELECT action, actor_id FROM moderation_log WHERE room_id = $1 ORDER BY id", room)
    assert [(row["action"], row["actor_id"]) for row in log] == [
        (action, OWNER) for action in ("add_moderator", "change_room", "renew_recovery_code", "hand_over")
    ]
    recovered = await writer.change_room(
        ChangeRoom(
            room_id=room, actor_id=OWNER, actor_nickname="Owner", is_operator=True,
            change=RoomChange(recovery=Recovery(None, b"other")),
        )
    )  # fmt: skip
    assert recovered.room.owner_id == stranger
    again = ChangeRoom(
        room_id=room,
        actor_id=GUEST,
        actor_nickname="Guest",
        change=RoomChange(recovery=Recovery(b"other", b"x")),
    )
    assert (await writer.change_room(again)).room.owner_id == GUEST


async def test_a_thousand_bans_are_stored_in_transactions_of_bounded_size(store: Store, room: str) -> None:
    people = [uuid.UUID(int=n) for n in range(1000, 2500)]
    await store.enter(*people)
    writer = await store.writer()
    calls = [ban(room, *people[n : n + 500], purge=True) for n in range(0, len(people), 500)]
    results: list[BanResult] = await asyncio.gather(*map(writer.ban, calls))
    assert [len(result.users) for result in results] == [500] * 3
    commits = await store.rows("SELECT count(DISTINCT xmin::text) AS commits, count(*) AS bans FROM bans")
    assert commits[0]["bans"] == len(people) and commits[0]["commits"] >= 2
    await store.assert_no_holes(room)


async def test_a_purged_message_cannot_be_deleted_edited_or_pinned_again(store: Store, room: str) -> None:
    writer = await store.writer()
    message = post(room, SECRET, author=TROLL)
    await writer.store(message)
    await writer.ban(ban(room, TROLL, purge=True))
    await writer.lift_ban(lift(room, TROLL))
    deleted = await writer.store(DeleteMessage(room, message.message_id, OWNER))
    assert deleted.message["deleted"]
    for write in (
        writer.store(EditMessage(room, message.message_id, TROLL, "back")),
        writer.store(SetPin(room, message.message_id, OWNER, True)),
        writer.react(SetReaction(room, message.message_id, GUEST, "heart", True)),
    ):
        assert await refused(write) == "message_not_found"
    await store.assert_no_holes(room)


async def test_a_purge_of_people_without_messages_leaves_no_mark(store: Store, room: str) -> None:
    writer = await store.writer()
    for purged in (0, 0):
        assert (await writer.ban(ban(room, TROLL, purge=True))).purged == purged
    assert await store.rows("SELECT FROM purge_marks") == []
    other = await store.make_room(OWNER)
    await writer.store(post(other, SECRET, author=TROLL))
    assert (await writer.ban(ban(other, TROLL, purge=True))).purged == 1
    assert len(await store.rows("SELECT FROM purge_marks")) == 1
    await store.convert_all()
    assert (await writer.ban(ban(other, TROLL, purge=True))).purged == 0
    assert await store.rows("SELECT FROM purge_marks") == []


async def test_rooms_take_turns_in_the_conversion_of_purges(store: Store) -> None:
    """Many marks of one room do not delay those of another."""
    writer = await store.writer()
    trolls = [uuid.uuid4() for _ in range(5)]
    await store.enter(OWNER, TROLL, *trolls)
    raided, other = sorted([await store.make_room(OWNER), await store.make_room(OWNER)])
    for room_id, author in [*((raided, troll) for troll in trolls), (other, TROLL)]:
        await writer.store(post(room_id, SECRET, author=author))
        await writer.ban(ban(room_id, author, purge=True))
    connection = await asyncpg.connect(store.dsn)
    rooms = [""]
    while converted := await convert_some(connection, rooms[-1]):
        rooms.append(converted)
    await connection.close()
    assert rooms[1:] == [raided, other, raided, raided, raided, raided]
