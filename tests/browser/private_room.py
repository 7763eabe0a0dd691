"""A private room with its owner and a member, in browsers."""

import uuid
from dataclasses import dataclass
from typing import Any, Self

from tests.browser.tab import People, Person


@dataclass(frozen=True)
class PrivateRoom:
    id: str
    name: str
    owner: Person
    member: Person

    @classmethod
    async def of(cls, people: People) -> Self:
        owner, member = await people.person("Ann"), await people.person("Bob")
        name = f"Book club {uuid.uuid4().hex[:8]}"
        made: dict[str, Any] = await owner.call("POST", "/rooms", {"name": name, "visibility": "private"})
        invite = await owner.call("POST", f"/rooms/{made['id']}/invites", {"role": "member"})
        await member.call("POST", "/invites/accept", {"code": invite["code"]})
        return cls(made["id"], name, owner, member)
