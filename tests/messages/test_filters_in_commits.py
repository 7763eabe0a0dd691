"""Filters are checked by the commit: no post that waited while they were set gets past them."""

import asyncio
import uuid

from chat_server.filters.rules import FilterChange
from chat_server.messages.operations import EditMessage, MessageResult, Operation, OperationResult
from chat_server.messages.room_operations import ChangeRoom, RoomChange
from chat_server.messages.writer import MAX_CHECKS, GroupCommitWriter
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session
from tests.support.message_store import CommitCutter, Store, post

OWNER, GUEST = uuid.UUID(int=1), uuid.UUID(int=2)


def set_words(room: str, *words: str) -> ChangeRoom:
    change = RoomChange(filters=FilterChange(words=words))
    return ChangeRoom(room_id=room, actor_id=OWNER, actor_nickname="Owner", change=change)


async def code(writer: GroupCommitWriter, text: str, room: str) -> str:
    try:
        await writer.store(post(room, text))
    except ChatError as error:
        return error.code
    return ""


async def test_posts_that_wait_while_a_filter_is_set_meet_it(
    store: Store, cutter: tuple[CommitCutter, str]
) -> None:
    proxy, dsn = cutter
    await store.enter(OWNER)
    room = await store.make_room(OWNER)
    writer = await store.writer(dsn)
    first = await writer.store(post(room, "hello", author=GUEST))
    proxy.commits.clear()
    held = asyncio.create_task(code(writer, "spam before", room))
    change = asyncio.create_task(writer.change_room(set_words(room, "spam")))
    waiting = [asyncio.create_task(code(writer, text, room)) for text in ("spam", "ham", "s p a m")]
    edit = EditMessage(room, uuid.UUID(first.message["id"]), GUEST, "spam")
    edited = asyncio.create_task(writer.store(edit))
    await asyncio.sleep(0)
    proxy.commits.set()
    await change
    assert await held == ""
    assert await asyncio.gather(*waiting) == ["message_refused", "", "message_refused"]
    [refused] = await asyncio.gather(edited, return_exceptions=True)
    assert isinstance(refused, ChatError) and refused.code == "message_refused"
    await store.assert_no_holes(room)


async def test_another_process_meets_a_filter_from_its_commit_on(store: Store) -> None:
    await store.enter(OWNER)
    room = await store.make_room(OWNER)
    one, other = await store.writer(), await store.writer()
    assert await code(other, "spam", room) == ""
    await one.change_room(set_words(room, "spam"))
    assert await code(other, "spam", room) == "message_refused"
    await one.change_room(set_words(room, "ham"))
    assert [await code(other, text, room) for text in ("spam", "ham")] == ["", "message_refused"]
    await one.change_room(set_words(room))
    assert await code(other, "ham", room) == ""


async def test_a_check_against_older_filters_is_repeated(store: Store) -> None:
    await store.enter(OWNER)
    room = await store.make_room(OWNER)
    writer = await store.writer()
    await writer.change_room(set_words(room, "spam"))
    await writer.change_room(set_words(room, "ham"))
    result = await writer.store(post(room, "spam"))
    assert isinstance(result, MessageResult) and result.created
    assert await code(writer, "ham", room) == "message_refused"


async def test_a_text_is_checked_outside_the_commit_a_bounded_number_of_times(store: Store) -> None:
    await store.enter(OWNER)
    room = await store.make_room(OWNER)
    one, other = await store.writer(), await store.writer()
    checks = 0

    async def change_before(number: int) -> None:
        await one.change_room(set_words(room, "spam", f"word{number}"))

    submit = other._submit

    async def submit_after_a_change(operation: Operation, session: Session | None) -> OperationResult:
        nonlocal checks
        await change_before(checks)
        checks += 1
        return await submit(operation, session)

    other._submit = submit_after_a_change  # type: ignore[method-assign]
    assert await code(other, "hello", room) == "store_unavailable"
    assert checks == MAX_CHECKS + 1
    other._submit = submit  # type: ignore[method-assign]
    assert [await code(other, text, room) for text in ("hello", "spam")] == ["", "message_refused"]
    await store.assert_no_holes(room)
