"""A room with an owner, a moderator, a guest and a target of the others."""

from dataclasses import dataclass, replace
from typing import Any, Self

import httpx

from tests.support.chat_stack import ADMIN_TOKEN
from tests.support.people import People, Person

GOOD_FOR_A_MINUTE = {"seconds": 60, "purge": False}


@dataclass(frozen=True)
class HostedRoom:
    """`code` is the recovery code that the owner got. `operator` is a client with the operator's token."""

    id: str
    code: str
    owner: Person
    moderator: Person
    guest: Person
    target: Person
    operator: httpx.AsyncClient
    nobody: httpx.AsyncClient

    @classmethod
    async def make(cls, people: People) -> Self:
        names = ("Owner Ann", "Moderator Ben", "Guest Cleo", "Target Dan")
        owner, moderator, guest, target = [await people.enter(name) for name in names]
        operator = people.anonymous()
        operator.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
        made = cls("", "", owner, moderator, guest, target, operator, people.anonymous())
        return await made.another()

    async def another(self) -> Self:
        """A new room with the same people in the same roles."""
        room = await self.owner.make_room()
        made = replace(self, id=room["id"], code=room["recovery_code"])
        answer = await self.owner.http.put(made.path(f"moderators/{self.moderator.id}"))
        assert answer.status_code == 200, answer.text
        return made

    def path(self, rest: str = "") -> str:
        return f"/api/v1/rooms/{self.id}/{rest}".rstrip("/")

    def client(self, role: str) -> httpx.AsyncClient:
        """The client of `operator`, `owner`, `moderator`, `guest`, `target` or `nobody`."""
        found = getattr(self, role)
        return found.http if isinstance(found, Person) else found

    async def room(self) -> dict[str, Any]:
        return await self.owner.get(self.path())

    async def last_seq(self) -> int:
        """Without the caches of pages: from the newest event."""
        return int((await self.events())[-1]["seq"])

    async def events(self, after_seq: int = 0) -> list[dict[str, Any]]:
        page = await self.owner.get(self.path("events"), after_seq=after_seq)
        events: list[dict[str, Any]] = page["events"]
        return events

    async def ban(self, person: Person, *, role: str = "moderator", **fields: Any) -> dict[str, Any]:
        answer = await self.client(role).put(
            self.path(f"bans/{person.id}"), json={**GOOD_FOR_A_MINUTE, **fields}
        )
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def me(self, person: Person) -> dict[str, Any]:
        return await person.get(self.path("me"))


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """The status, and the code of a problem."""
    return answer.status_code, answer.json().get("code", "") if answer.status_code >= 400 else ""
