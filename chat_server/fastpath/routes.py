"""The fast path as a table: every route that is answered below FastAPI, with its parser, handler and documentation.

The router, the OpenAPI document, the shares of calls and the contract tests read this table. FastAPI's routing and
dependency injection cost 75 % of a post's CPU time and about half of a fetch's.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel

from chat_contract.events import HeldMessage, Message
from chat_server.fetch import query
from chat_server.fetch.handler import FetchHandler
from chat_server.fetch.schemas import EventPage, MessagePage, MyReactions, Reactors
from chat_server.http.asgi_responses import Reply
from chat_server.http.query_string import QueryParameter, QueryString
from chat_server.limits.host_shares import MODERATION
from chat_server.messages.schemas import WRITE_PROBLEMS, MessageDraft, ReactionView
from chat_server.messages.write_handlers import WriteHandler, parse_post, parse_reaction
from chat_server.moderation import read_handlers as moderation
from chat_server.moderation.read_handlers import ModerationReads
from chat_server.moderation.schemas import AuditLog, BanList, HeldList, OwnRole, ReportList
from chat_server.rooms import list_handler
from chat_server.rooms.list_handler import RoomListHandler
from chat_server.rooms.schemas import FiltersView, RoomList, RoomView
from chat_server.search import handler as search_handler
from chat_server.search.handler import SearchHandler
from chat_server.search.message_search import SearchPage

API: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class FastRoute:
    """One route. `path` is below API; `share` names the row of SHARES that bounds its calls.

    `parse` takes the ids of the path, in order, and the query string. `handler` is a method of one of the router's
    objects. It is called with the parsed request, the scope and `receive`; of a fetch, with `is_hot` too. A fetch is
    counted as demand for its room, and a hot room may refuse it. Both may raise ChatError.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    parse: Callable[[Sequence[str], QueryString], Any]
    handler: Callable[..., Awaitable[Reply | None]]
    share: str
    name: str
    description: str
    response: type
    problems: tuple[str, ...]
    tag: str
    parameters: tuple[QueryParameter, ...] = ()
    body: type[BaseModel] | None = None
    is_fetch: bool = False
    has_etag: bool = False
    is_created: bool = False
    """Answers 201; 200 if the same call was made before."""
    held_response: type | None = None
    """Answers 202 with it while hosts have yet to decide."""


_ROOM: Final = "/rooms/{room_id}"
_MESSAGE: Final = f"{_ROOM}/messages/{{message_id}}"


CHEAP_READS: Final = tuple(b"GET %b/rooms%b" % (API.encode(), following) for following in (b"/", b"?", b" "))
"""First bytes of all reads of the table. Two rare reads of hosts begin alike and are routed by FastAPI: invites and the
export of a room. A check for them would slow down every read; their own shares bound them instead."""


def _fetch(
    path: str,
    parse: Callable[[Sequence[str], QueryString], Any],
    name: str,
    description: str,
    response: type,
    *problems: str,
    parameters: tuple[QueryParameter, ...] = (),
    handler: Callable[..., Awaitable[Reply | None]] = FetchHandler.answer,
) -> FastRoute:
    return FastRoute(
        "GET",
        path,
        parse,
        handler,
        "fetches",
        name,
        description,
        response,
        ("validation_failed", "room_not_found", "room_hot", "store_unavailable", *problems),
        tag="fetches",
        parameters=parameters,
        is_fetch=True,
        has_etag=True,
    )


def _of_hosts(
    path: str,
    parse: Callable[[Sequence[str], QueryString], Any],
    handler: Callable[..., Awaitable[Reply]],
    name: str,
    description: str,
    response: type,
    *problems: str,
    parameters: tuple[QueryParameter, ...] = (),
) -> FastRoute:
    """A read that concerns the hosts of a room. It is no fetch: hosts must be able to act in a hot room."""
    return FastRoute(
        "GET",
        f"{_ROOM}/{path}",
        parse,
        handler,
        MODERATION,
        name,
        description,
        response,
        (
            "unauthenticated",
            "session_expired",
            "room_not_found",
            "rate_limited",
            "store_unavailable",
            *problems,
        ),
        tag="hosts",
        parameters=parameters,
    )


def _reaction(
    method: Literal["PUT", "DELETE"], handler: Callable[..., Awaitable[Reply]], name: str, description: str
) -> FastRoute:
    return FastRoute(
        method,
        f"{_MESSAGE}/reactions/{{kind}}",
        parse_reaction,
        handler,
        "reactions",
        name,
        description,
        ReactionView,
        WRITE_PROBLEMS,
        tag="messages",
    )


FAST_ROUTES: Final = (
    FastRoute(
        "GET",
        "/rooms",
        list_handler.parse_room_list,
        RoomListHandler.list_rooms,
        "room_lists",
        "list_rooms",
        "Rooms by activity, the liveliest first; with `q`, those whose name contains it. At most 1 s old.",
        RoomList,
        ("validation_failed", "rate_limited", "store_unavailable"),
        tag="rooms",
        parameters=(list_handler.LIMIT, list_handler.CURSOR, list_handler.Q),
    ),
    _fetch(_ROOM, query.parse_room, "get_room", "One room: its head, heat and viewers.", RoomView),
    _fetch(
        f"{_ROOM}/messages",
        query.parse_page,
        "get_messages",
        "The newest page, or the one before, after or around a seq; at most one of the three may be given.",
        MessagePage,
        parameters=(query.PAGE_LIMIT, query.BEFORE_SEQ, query.AFTER_SEQ, query.AROUND_SEQ),
    ),
    _fetch(_MESSAGE, query.parse_message, "get_message", "One message.", Message, "message_not_found"),
    _fetch(
        f"{_MESSAGE}/reactions",
        query.parse_reactors,
        "get_reactors",
        "Who reacted to one message.",
        Reactors,
        "message_not_found",
    ),
    _fetch(
        f"{_ROOM}/events",
        query.parse_events,
        "get_events",
        "The room's log after a seq; 410 with `oldest_seq` when it is no longer kept that far back. With `wait_s` and "
        "without a newer event, a cold room's answer waits up to that long for one.",
        EventPage,
        "cursor_expired",
        parameters=(query.EVENTS_AFTER_SEQ, query.EVENTS_LIMIT, query.EVENTS_WAIT_S),
        handler=FetchHandler.answer_events,
    ),
    _fetch(
        f"{_ROOM}/reactions/mine",
        query.parse_my_reactions,
        "get_my_reactions",
        "The session's own reactions to messages of a range of seqs, so that pages are the same for everybody.",
        MyReactions,
        "unauthenticated",
        "session_expired",
        parameters=(query.FROM_SEQ, query.TO_SEQ),
    ),
    _of_hosts(
        "me",
        moderation.parse_room_id,
        ModerationReads.own_role,
        "get_own_role",
        "What the caller is in the room, and whether they can post; at most 1 s old.",
        OwnRole,
    ),
    _of_hosts(
        "bans",
        moderation.parse_bans,
        ModerationReads.list_bans,
        "list_bans",
        "Bans in force, the newest first, or that of `user_id` only; for hosts.",
        BanList,
        "forbidden",
        "validation_failed",
        parameters=(moderation.USER_ID, moderation.LIMIT, moderation.CURSOR),
    ),
    _of_hosts(
        "held",
        moderation.parse_held,
        ModerationReads.list_held,
        "list_held",
        "Messages that a filter holds until a host decides, the newest first; for hosts.",
        HeldList,
        "forbidden",
        "validation_failed",
        parameters=(moderation.LIMIT, moderation.CURSOR),
    ),
    _of_hosts(
        "reports",
        moderation.parse_reports,
        ModerationReads.list_reports,
        "list_reports",
        "Reports of messages in one state, open unless `state` says otherwise, the newest first; for hosts.",
        ReportList,
        "forbidden",
        "validation_failed",
        parameters=(moderation.STATE, moderation.LIMIT, moderation.CURSOR),
    ),
    _of_hosts(
        "filters",
        moderation.parse_room_id,
        ModerationReads.read_filters,
        "get_filters",
        "What the room does not allow in messages of guests; for hosts.",
        FiltersView,
        "forbidden",
    ),
    _of_hosts(
        "audit",
        moderation.parse_entries,
        ModerationReads.read_audit_log,
        "get_audit_log",
        "Every action of hosts and of the operator, the newest first; for hosts.",
        AuditLog,
        "forbidden",
        "validation_failed",
        parameters=(moderation.LIMIT, moderation.CURSOR),
    ),
    FastRoute(
        "GET",
        f"{_ROOM}/search",
        search_handler.parse_search,
        SearchHandler.search_room,
        "searches",
        "search_room",
        "Find messages by their words, at most four. Refused in a hot room: it would cost what the room needs.",
        SearchPage,
        ("validation_failed", "room_not_found", "room_hot", "rate_limited", "store_unavailable"),
        tag="messages",
        parameters=(search_handler.Q, search_handler.LIMIT, search_handler.BEFORE_SEQ),
        is_fetch=True,
    ),
    FastRoute(
        "POST",
        f"{_ROOM}/messages",
        parse_post,
        WriteHandler.post_message,
        "posts",
        "post_message",
        "Append a message to the room. 201 means: it is stored, and every stream will see it once. "
        "202: a filter of the room holds it until a host allows it.",
        Message,
        WRITE_PROBLEMS,
        tag="messages",
        body=MessageDraft,
        is_created=True,
        held_response=HeldMessage,
    ),
    _reaction(
        "PUT",
        WriteHandler.add_reaction,
        "add_reaction",
        "Give a reaction; giving it again changes nothing.",
    ),
    _reaction(
        "DELETE",
        WriteHandler.remove_reaction,
        "remove_reaction",
        "Take a reaction back; without one nothing changes.",
    ),
)
