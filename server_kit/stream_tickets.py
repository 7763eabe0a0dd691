"""Signed tickets for streams: chat_server issues them to readers of rooms, publish_server verifies them in memory.

A browser cannot give an EventSource a header, so a ticket stands in the URL, and is valid for a minute only.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import jwt

from server_kit.http.problem import ChatError

LIFETIME_S: Final = 60
MAX_TICKET_BYTES: Final = 12 * 1024
"""A ticket of 100 rooms with the longest ids has about 10 KB."""

_AUDIENCE: Final = "stream"
_OPTIONS: Final[Any] = {
    "require": ["exp", "aud", "rooms"],
    "verify_iat": False,
    "verify_sub": False,
    "verify_exp": False,
}


@dataclass(frozen=True, slots=True)
class StreamTicket:
    """`rooms`: the access versions of the rooms that it covers, at its issue. `user_id` None: without a session."""

    user_id: UUID | None
    rooms: dict[str, int]


class StreamTickets:
    """Signs with a key derived from `secret`; verifies with it and those of `old_secrets`.

    The keys differ from those of sessions, so that neither token can stand for the other.
    """

    def __init__(self, secret: str, old_secrets: Sequence[str] = ()) -> None:
        self._keys = [
            hashlib.sha256(b"hotchat stream ticket v1 " + each.encode()).digest()
            for each in (secret, *old_secrets)
        ]

    def issue(self, ticket: StreamTicket, now_s: float) -> tuple[str, int]:
        """The ticket and when it expires, in Unix seconds."""
        expires_s = int(now_s) + LIFETIME_S
        claims: dict[str, Any] = {"aud": _AUDIENCE, "exp": expires_s, "rooms": ticket.rooms}
        if ticket.user_id is not None:
            claims["sub"] = str(ticket.user_id)
        return jwt.encode(claims, self._keys[0], algorithm="HS256"), expires_s

    def verify(self, token: str, now_s: float) -> StreamTicket:
        """Raises ChatError `ticket_invalid`."""
        if len(token) > MAX_TICKET_BYTES:
            raise ticket_invalid()
        for key in self._keys:
            try:
                claims = jwt.decode(token, key, algorithms=["HS256"], audience=_AUDIENCE, options=_OPTIONS)
                if now_s >= int(claims["exp"]):
                    break
                user_id = UUID(claims["sub"]) if "sub" in claims else None
                rooms = {str(room_id): int(version) for room_id, version in claims["rooms"].items()}
                return StreamTicket(user_id, rooms)
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, AttributeError, KeyError, TypeError, ValueError):
                break
        raise ticket_invalid()


def ticket_invalid() -> ChatError:
    """The same for every reason, and whether or not the room exists."""
    return ChatError(
        "ticket_invalid",
        "This ticket does not open the stream; get a new one: POST /api/v1/rooms/{room_id}/stream-tickets.",
    )
