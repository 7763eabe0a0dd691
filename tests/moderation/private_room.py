"""A private room with an owner, a moderator, members, and people who must not notice that it exists."""

from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.moderation.hosted_room import HostedRoom
from tests.support.people import People, Person


async def invite(by: Person, room_id: str, **fields: Any) -> dict[str, Any]:
    answer = await by.http.post(f"/api/v1/rooms/{room_id}/invites", json=fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def accept(person: Person, code: str) -> httpx.Response:
    return await person.http.post("/api/v1/invites/accept", json={"code": code})


async def join(by: Person, person: Person, room_id: str, **fields: Any) -> None:
    made = await invite(by, room_id, **fields)
    answer = await accept(person, made["code"])
    assert answer.status_code == 200, answer.text


@dataclass(frozen=True)
class PrivateRoom(HostedRoom):
    """`guest` and `target` are members, as in a public room everybody is. `stranger` is not, `banned` was one."""

    stranger: Person = field(default=None)  # type: ignore[assignment]
    banned: Person = field(default=None)  # type: ignore[assignment]

    @classmethod
    async def of(cls, people: People) -> Self:
        names = ("Owner Ann", "Moderator Ben", "Member Cleo", "Member Dan", "Stranger Eve", "Banned Fay")
        owner, moderator, guest, target, stranger, banned = [await people.enter(name) for name in names]
        answer = await owner.http.post("/api/v1/rooms", json={"name": "Book club", "visibility": "private"})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        for person in (guest, target, banned):
            await join(owner, person, made["id"])
        await join(owner, moderator, made["id"], role="moderator")
        base = await HostedRoom.make(people)
        room = cls(
            made["id"],
            made["recovery_code"],
            owner,
            moderator,
            guest,
            target,
            base.operator,
            base.nobody,
            stranger,
            banned,
        )
        await room.ban(banned, seconds=None)
        return room
