"""The fetches as FastAPI documents them. The gate answers them before the router is reached; these never run."""

from typing import Annotated, Any, NoReturn, NotRequired
from uuid import UUID

from fastapi import APIRouter, Path, Query
from typing_extensions import TypedDict

from chat_contract.events import Author, Message, SequencedEvent
from chat_contract.limits import EVENTS_PAGE_MAX, MAX_SEQ, PAGE_DEFAULT, PAGE_MAX, ROOM_ID_PATTERN
from chat_server.http.errors import problems
from chat_server.rooms.schemas import RoomView


class MessagePage(TypedDict):
    """Messages from oldest to newest. `cursor` is the room's last_seq at the moment of the page: a stream opened
    after it misses nothing. `has_more`: the room goes on in the direction that was asked for. `pinned`, the last one
    pinned first, is on the newest page only, and only where the room has pinned messages."""

    messages: list[Message]
    cursor: int
    has_more: bool
    pinned: NotRequired[list[Message]]


class EventPage(TypedDict):
    """The room's log after `after_seq`. `cursor` is the seq to go on from, `last_seq` the room's head."""

    events: list[SequencedEvent]
    cursor: int
    last_seq: int
    has_more: bool


class MyReactions(TypedDict):
    """The session's own reactions, by message id."""

    mine: dict[str, list[str]]


class Reactors(TypedDict):
    """Who reacted to a message, by kind; the first 20 of each, the message's own count is the truth."""

    message_id: str
    reactions: dict[str, list[Author]]


RoomIdInPath = Annotated[str, Path(pattern=ROOM_ID_PATTERN)]
Seq = Annotated[int | None, Query(ge=0, le=MAX_SEQ)]

_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The client has it already (If-None-Match)"}
}


def _answers(*codes: str) -> dict[int | str, dict[str, Any]]:
    return _NOT_MODIFIED | problems("room_not_found", "room_hot", "store_unavailable", *codes)


def _answered_by_the_gate() -> NoReturn:
    raise RuntimeError("the fetch gate answers this; it is not in front of the router")


router = APIRouter(prefix="/rooms/{room_id}", tags=["fetches"])


@router.get("", response_model=RoomView, responses=_answers())
async def get_room(room_id: RoomIdInPath) -> NoReturn:
    """One room: its head, heat and viewers."""
    _answered_by_the_gate()


@router.get("/messages", response_model=MessagePage, responses=_answers("validation_failed"))
async def get_messages(
    room_id: RoomIdInPath,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    before_seq: Seq = None,
    after_seq: Seq = None,
    around_seq: Seq = None,
) -> NoReturn:
    """The newest page, or the one before, after or around a seq; at most one of the three may be given."""
    _answered_by_the_gate()


@router.get("/messages/{message_id}", response_model=Message, responses=_answers("message_not_found"))
async def get_message(room_id: RoomIdInPath, message_id: UUID) -> NoReturn:
    """One message."""
    _answered_by_the_gate()


@router.get(
    "/messages/{message_id}/reactions", response_model=Reactors, responses=_answers("message_not_found")
)
async def get_reactors(room_id: RoomIdInPath, message_id: UUID) -> NoReturn:
    """Who reacted to one message."""
    _answered_by_the_gate()


@router.get("/events", response_model=EventPage, responses=_answers("validation_failed", "cursor_expired"))
async def get_events(
    room_id: RoomIdInPath,
    after_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)],
    limit: Annotated[int, Query(ge=1, le=EVENTS_PAGE_MAX)] = EVENTS_PAGE_MAX,
) -> NoReturn:
    """The room's log after a seq; 410 with `oldest_seq` when it is no longer kept that far back."""
    _answered_by_the_gate()


@router.get(
    "/reactions/mine",
    response_model=MyReactions,
    responses=_answers("validation_failed", "unauthenticated", "session_expired"),
)
async def get_my_reactions(
    room_id: RoomIdInPath,
    from_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = 0,
    to_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = MAX_SEQ,
) -> NoReturn:
    """The session's own reactions to messages of a range of seqs, so that pages are the same for everybody."""
    _answered_by_the_gate()
