"""People on the wire."""

from uuid import UUID

from chat_contract.events import Author


def person(user_id: UUID, nickname: str | None) -> Author:
    """A person whose nickname may be unknown."""
    return {"id": str(user_id), "nickname": nickname or ""}


def optional_person(user_id: UUID | None, nickname: str | None) -> Author | None:
    """The person, or None for the operator and for nobody."""
    return None if user_id is None else person(user_id, nickname)
