"""Writes, bans, purges and lifts of hosts and of the operator that race through two writers, in two rooms: nothing of a
banned person takes a seq, and no read shows what a purge covers."""

import asyncio
import time
import uuid
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    MessageResult,
    Operation,
    OperationResult,
    PostMessage,
    SetPin,
    SetReaction,
)
from chat_server.messages.room_operations import (
    BanResult,
    BanUsers,
    ChangeRoom,
    ErasePerson,
    LiftBan,
    PurgeUsers,
    RoomChange,
)
from chat_server.messages.writer import GroupCommitWriter
from chat_server.ops.ban_repository import ServerBanRepository
from chat_server.ops.server_purge import ServerPurge
from chat_server.postgres.pools import asyncpg_dsn, open_database
from chat_server.rooms.slow_mode_rule import SlowModeRule
from server_kit.http.problem import ChatError
from server_kit.session_tokens import Session
from tests.contract.reducer import replay
from tests.support.message_store import Store, post
from tests.support.read_paths import ReadPaths, open_read_paths

OWNER = UUID(int=1)
PEOPLE = [UUID(int=n) for n in range(2, 5)]
OPERATORS_CONNECTIONS = 4

EXPECTED_CODES = {"banned", "message_not_found", "posting_restricted", "store_unavailable", "forbidden"}


HOSTS_ACTS = ("ban", "purge", "lift")
OPERATORS_BANS = ("server ban", "server purge")


class Step(NamedTuple):
    """A write of a person, or an act of the owner or the operator on them, through one of two writers."""

    what: str
    writer: int
    room: int
    person: int
    which: int


STEP = st.builds(
    Step,
    what=st.sampled_from(
        ["post"] * 4
        + ["again", "edit", "react", "unreact", "delete", "pin", "slow", "ban", "ban", "purge", "lift"]
        + ["server ban", "server ban", "server purge", "server lift"]
    ),
    writer=st.integers(0, 1),
    room=st.integers(0, 1),
    person=st.integers(0, len(PEOPLE) - 1),
    which=st.integers(0, 9),
)

ROUNDS = st.lists(
    st.tuples(st.lists(STEP, min_size=3, max_size=14), st.sampled_from(["", "", "convert", "erase", "kill"])),
    min_size=2,
    max_size=5,
)
"""The steps of a round race; something else happens meanwhile: rows are rewritten or connections are killed."""


RoomUser = tuple[str, UUID]


@dataclass
class Run:
    store: Store
    paths: ReadPaths
    writers: list[GroupCommitWriter]
    rooms: list[str]
    server_bans: ServerBanRepository
    server_purge: ServerPurge
    posts: list[PostMessage] = field(default_factory=list)
    stored: set[UUID] = field(default_factory=set)
    """Keys of posts that got a result."""
    banned_since: dict[RoomUser, int] = field(default_factory=dict)
    """The seq that the ban answered, of everybody whose ban is in force for certain."""
    server_banned_since: dict[RoomUser, int] = field(default_factory=dict)
    """The same of bans from all rooms: the newest seq of each room when the ban was answered."""
    purged_up_to: dict[RoomUser, int] = field(default_factory=dict)

    def operation(self, step: Step) -> Operation:
        person, room = PEOPLE[step.person], self.rooms[step.room]
        if step.what == "ban" or step.what == "purge":
            return BanUsers(
                room_id=room, actor_id=OWNER, actor_nickname="Owner", user_ids=(person,),
                seconds=3600, purge=step.what == "purge",
            )  # fmt: skip
        if step.what == "lift":
            return LiftBan(room_id=room, actor_id=OWNER, actor_nickname="Owner", user_id=person)
        if step.what == "slow":
            change = RoomChange(slow_mode=SlowModeRule(step.which))
            return ChangeRoom(room_id=room, actor_id=OWNER, actor_nickname="Owner", change=change)
        if step.what == "post" or not self.posts:
            self.posts.append(post(room, f"secret {len(self.posts)}", author=person))
            return self.posts[-1]
        earlier = self.posts[step.which % len(self.posts)]
        match step.what:
            case "again":
                return replace(earlier, message_id=uuid.uuid4())
            case "edit":
                return EditMessage(
                    earlier.room_id, earlier.message_id, earlier.author_id, f"secret edit {step}"
                )
            case "delete":
                return DeleteMessage(earlier.room_id, earlier.message_id, earlier.author_id)
            case "pin":
                return SetPin(earlier.room_id, earlier.message_id, OWNER, True)
            case _:
                return SetReaction(earlier.room_id, earlier.message_id, person, "heart", step.what == "react")

    async def send(self, writer: GroupCommitWriter, operation: Operation) -> OperationResult:
        match operation:
            case SetReaction():
                return await writer.react(operation, session_of(operation.actor_id))
            case BanUsers():
                return await writer.ban(operation)
            case LiftBan():
                return await writer.lift_ban(operation)
            case ChangeRoom():
                return await writer.change_room(operation)
            case ErasePerson():
                return await writer.erase_person(operation)
            case PurgeUsers():
                return await writer.purge(operation)
            case _:
                return await writer.store(operation, session_of(operation.actor_id))

    async def ban_everywhere(self, person: UUID, *, purge: bool) -> None:
        """As the operator's call does, up to its answer."""
        await self.server_bans.ban([person], 3600, None, purge=purge)
        await self.server_bans.end_writes_under_way()
        for room in self.rooms:
            seq = await self.last_seq(room)
            self.server_banned_since[room, person] = min(
                seq, self.server_banned_since.get((room, person), seq)
            )

    async def last_seq(self, room: str) -> int:
        [row] = await self.store.rows("SELECT last_seq FROM rooms WHERE id = $1", room)
        return int(row["last_seq"])

    def act_of_operator(self, step: Step) -> Coroutine[Any, Any, object] | None:
        person = PEOPLE[step.person]
        if step.what == "server lift":
            return self.server_bans.lift(person)
        if step.what in OPERATORS_BANS:
            return self.ban_everywhere(person, purge=step.what == "server purge")
        return None

    def forget_bans_that_may_end(self, steps: Sequence[Step]) -> None:
        for step in steps:
            person = PEOPLE[step.person]
            if step.what == "lift":
                self.banned_since.pop((self.rooms[step.room], person), None)
            elif step.what == "server lift":
                for room in self.rooms:
                    self.server_banned_since.pop((room, person), None)

    async def race(self, steps: Sequence[Step], meanwhile: str) -> None:
        steps = without_second_acts(steps)
        writes: list[tuple[Operation, asyncio.Task[OperationResult]]] = []
        by_operator: list[asyncio.Task[object]] = []
        for step in steps:
            act = self.act_of_operator(step)
            if act is not None:
                by_operator.append(asyncio.create_task(act))
            else:
                operation = self.operation(step)
                task = asyncio.create_task(self.send(self.writers[step.writer], operation))
                writes.append((operation, task))
            if step.which == 0:
                await asyncio.sleep(0)
        repeatable = set(self.stored)
        self.forget_bans_that_may_end(steps)
        await self.do(meanwhile)
        for operation, task in writes:
            try:
                self.note(operation, await task)
            except ChatError as error:
                assert error.code in EXPECTED_CODES, error
                is_repeat = isinstance(operation, PostMessage) and operation.client_message_id in repeatable
                assert not is_repeat or error.code == "store_unavailable"
        await asyncio.gather(*by_operator)
        await self.purge_everywhere()

    async def purge_everywhere(self) -> None:
        try:
            while await self.server_purge.step():
                pass
        except ChatError as error:
            assert error.code == "store_unavailable"  # another process would go on later

    async def do(self, what: str) -> None:
        if what == "convert":
            await self.store.convert_all()
        elif what == "erase":
            await self.store.erase_all()
        elif what == "kill":
            await self.store.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'hotchat writer'"
            )

    def note(self, operation: Operation, result: OperationResult) -> None:
        if isinstance(operation, PostMessage):
            assert isinstance(result, MessageResult)
            self.stored.add(operation.client_message_id)
        if isinstance(operation, BanUsers):
            assert isinstance(result, BanResult)
            for person in operation.user_ids:
                key = operation.room_id, person
                self.banned_since[key] = min(result.seq, self.banned_since.get(key, result.seq))

    async def check(self) -> None:
        """After a round, and on every read path."""
        for room in self.rooms:
            await self.check_room(room)

    async def check_room(self, room: str) -> None:
        seqs = await self.store.assert_no_holes(room)
        stored = await self.store.rows("SELECT payload FROM events WHERE room_id = $1 ORDER BY seq", room)
        events = [orjson.loads(row["payload"]) for row in stored]
        for event in events:
            for (of_room, person), since in (*self.banned_since.items(), *self.server_banned_since.items()):
                is_later = of_room == room and event["seq"] > since
                assert not is_later or not is_new_of(event, str(person)), (event, since)
            if event["type"] == "messages.purged":
                assert event["up_to_seq"] == event["seq"] - 1
                self.purged_up_to[room, UUID(event["author_id"])] = event["up_to_seq"]
        shown = await self.paths.everywhere(room)
        for path, messages in shown.items():
            for message in messages:
                up_to_seq = self.purged_up_to.get((room, UUID(message["author"]["id"])), 0)
                if message["seq"] <= up_to_seq:
                    assert path != "pinned", message
                    assert (message["text"], message["deleted"], message["reactions"]) == ("", True, {}), path
        replayed = replay({"seq": 0, "messages": {}, "pinned": []}, await self.paths.events(room))
        assert list(replayed["messages"].values()) == shown["newest"]
        assert replayed["pinned"] == shown["pinned"]
        assert replayed["seq"] == len(seqs)
        found = {message["id"] for message in await self.paths.found(room, "secret")}
        assert found == {message["id"] for message in shown["newest"] if not message["deleted"]}


def without_second_acts(steps: Sequence[Step]) -> list[Step]:
    """Of bans and lifts of one person in a room, or in all rooms, only the first: their order is known then."""
    kept: list[Step] = []
    acted_on: set[tuple[int | None, int]] = set()
    for step in steps:
        if step.what in (*HOSTS_ACTS, *OPERATORS_BANS, "server lift"):
            key = step.room if step.what in HOSTS_ACTS else None, step.person
            if key in acted_on:
                continue
            acted_on.add(key)
        kept.append(step)
    return kept


def session_of(user_id: UUID) -> Session:
    """The writer looks for bans from all rooms by the users of sessions."""
    return Session(user_id, "ann", 0, 2**40, user_id)


def is_new_of(event: dict[str, Any], person: str) -> bool:
    """Whether the event holds a new message, an edit or a given reaction of the person."""
    if event["type"] in ("message.created", "message.edited"):
        return bool(event["message"]["author"]["id"] == person)
    return event["type"] == "reaction.changed" and person in event["added"]


async def run(dsn: str, redis_url: str, rounds: Sequence[tuple[list[Step], str]]) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(dsn, OPERATORS_CONNECTIONS))
        store = Store(engine, asyncpg_dsn(dsn), stack)
        paths = await stack.enter_async_context(open_read_paths(store.dsn, redis_url))
        await store.enter(OWNER, *PEOPLE)
        writers = [await store.writer(), await store.writer()]
        rooms = [await store.make_room(OWNER) for _ in range(2)]
        look_ups = LookUpSemaphore(OPERATORS_CONNECTIONS, lambda _: "", time.monotonic, Random(7))
        server_bans = ServerBanRepository(engine)
        for person in PEOPLE:
            await server_bans.lift(person)  # of an earlier example
        purge = ServerPurge(server_bans, writers[0], look_ups)
        machine = Run(store, paths, writers, rooms, server_bans, purge)
        for steps, meanwhile in rounds:
            await machine.race(steps, meanwhile)
            await machine.check()
        await store.erase_all()
        await machine.check()


def test_nothing_of_a_banned_person_takes_a_seq_and_purges_are_complete(
    database_url: str, redis_url: str
) -> None:
    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(rounds=ROUNDS)
    def any_mix(rounds: list[tuple[list[Step], str]]) -> None:
        asyncio.run(run(database_url, redis_url, rounds))

    any_mix()
