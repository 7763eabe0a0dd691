"""Who can post in a room, and the errors for those who cannot. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from chat_contract.timestamps import optional_rfc3339_ms, rfc3339_ms
from server_kit.http.problem import ChatError

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_LATEST_MS: Final = (_LATEST - _EPOCH) // timedelta(milliseconds=1)


def regular_at(user_id: UUID, regular_after_s: int) -> datetime:
    """When the person becomes a regular: `regular_after_s` after the time in the user id, which is a UUIDv7."""
    at_ms = (user_id.int >> 80) + regular_after_s * 1000
    return _EPOCH + timedelta(milliseconds=min(at_ms, _LATEST_MS))


def check_guest_can_post(who_can_post: str, regular_after_s: int, user_id: UUID, now: datetime) -> None:
    """Whether a person who is no host may post now. Raises ChatError `posting_restricted`."""
    if who_can_post == "everyone":
        return
    if who_can_post == "moderators":
        raise ChatError(
            "posting_restricted", "Only the hosts of this room can post at the moment.", may_post_at=None
        )
    may_post_at = regular_at(user_id, regular_after_s)
    if may_post_at > now:
        at = rfc3339_ms(may_post_at)
        raise ChatError(
            "posting_restricted",
            f"This room is closed to newcomers at the moment; you can post from {at} on.",
            may_post_at=at,
        )


def banned(until: datetime | None, *, everywhere: bool = False) -> ChatError:
    """The error for a banned person. `until` None: for good. `everywhere`: by the operator, from all rooms."""
    end = optional_rfc3339_ms(until)
    where = "all rooms of this server" if everywhere else "this room"
    detail = f"You are banned from {where}." if end is None else f"You are banned from {where} until {end}."
    error = ChatError("banned", detail, until=end)
    if everywhere:
        error.extra["everywhere"] = True
    return error
