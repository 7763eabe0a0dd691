"""The wire form of a message, built from its row. Only this module maps columns to wire fields."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chat_contract.events import Author, HeldBy, HeldMessage, Message
from chat_contract.timestamps import rfc3339_ms

STORED_ONLY = frozenset({"client_message_id", "revisions", "written_by"})
"""Columns of a message that are never sent to clients."""

AuthorRole = Literal["owner", "moderator", "bot", "system"]


def message_view(
    *,
    id: UUID,  # noqa: A002 - the column's and the field's name
    room_id: str,
    seq: int,
    author_id: UUID,
    author_nickname: str,
    text: str,
    reply_to: UUID | None,
    created_at: datetime,
    edited_at: datetime | None,
    deleted: bool,
    reactions: dict[str, int],
    author_role: AuthorRole | None = None,
    calm: bool | None = None,
) -> Message:
    """The wire form. A deleted message keeps its place and author but shows no text; zero counts are left out."""
    author: Author = {"id": str(author_id), "nickname": author_nickname}
    if author_role is not None:
        author["role"] = author_role
    view: Message = {
        "id": str(id),
        "room_id": room_id,
        "seq": seq,
        "author": author,
        "text": "" if deleted else text,
        "reply_to": None if reply_to is None else str(reply_to),
        "created_at": rfc3339_ms(created_at),
        "edited_at": None if edited_at is None else rfc3339_ms(edited_at),
        "deleted": deleted,
        "reactions": {kind: count for kind, count in reactions.items() if count > 0},
    }
    if calm is False:
        view["calm"] = False
    return view


def held_message_view(
    *,
    id: UUID,  # noqa: A002 - the column's and the field's name
    room_id: str,
    author_id: UUID,
    author_nickname: str,
    text: str,
    reply_to: UUID | None,
    created_at: datetime,
    filter: HeldBy,  # noqa: A002 - the column's and the field's name
) -> HeldMessage:
    """The wire form of a message that waits for a host."""
    return {
        "id": str(id),
        "room_id": room_id,
        "seq": None,
        "author": {"id": str(author_id), "nickname": author_nickname},
        "text": text,
        "reply_to": None if reply_to is None else str(reply_to),
        "created_at": rfc3339_ms(created_at),
        "edited_at": None,
        "deleted": False,
        "reactions": {},
        "held": True,
        "filter": filter,
    }
