"""All problem codes (RFC 9457) that the servers send; `docs/contract.md` shows the same table."""

from typing import Final, NamedTuple


class ProblemKind(NamedTuple):
    status: int
    title: str


PROBLEMS: Final[dict[str, ProblemKind]] = {
    "bad_request": ProblemKind(400, "The request is not valid HTTP"),
    "validation_failed": ProblemKind(422, "The request is not valid"),
    "unauthenticated": ProblemKind(401, "No session"),
    "session_expired": ProblemKind(401, "The session has expired"),
    "ticket_invalid": ProblemKind(401, "The ticket is not valid"),
    "forbidden": ProblemKind(403, "Not allowed"),
    "banned": ProblemKind(403, "You are banned here"),
    "posting_restricted": ProblemKind(403, "Posting is restricted"),
    "nickname_reserved": ProblemKind(403, "The nickname is reserved"),
    "invite_not_found": ProblemKind(404, "No such invite"),
    "room_not_found": ProblemKind(404, "No such room"),
    "message_refused": ProblemKind(422, "The message is refused"),
    "message_not_found": ProblemKind(404, "No such message"),
    "not_found": ProblemKind(404, "Nothing here"),
    "method_not_allowed": ProblemKind(405, "Method not allowed"),
    "room_exists": ProblemKind(409, "The room exists already"),
    "too_many": ProblemKind(409, "A bound is reached"),
    "request_timeout": ProblemKind(408, "The request took too long"),
    "cursor_expired": ProblemKind(410, "The cursor is too old"),
    "body_too_large": ProblemKind(413, "The body is too large"),
    "uri_too_long": ProblemKind(414, "The address is too long"),
    "misdirected": ProblemKind(421, "Not a host of this server"),
    "unsupported_media_type": ProblemKind(415, "Unsupported media type"),
    "head_too_large": ProblemKind(431, "The request's head is too large"),
    "rate_limited": ProblemKind(429, "Too many requests"),
    "slow_mode": ProblemKind(429, "This room is in slow mode"),
    "room_hot": ProblemKind(429, "This room is hot"),
    "internal": ProblemKind(500, "Internal error"),
    "store_unavailable": ProblemKind(503, "The store is not available"),
    "server_full": ProblemKind(503, "The server is full"),
}
