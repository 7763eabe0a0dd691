"""Which share bounds which call of chat_server, for all calls: those of the fast path and those of FastAPI."""

from typing import Final

from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.fastpath.share_limiter import REQUESTS, SERVICE
from chat_server.limits.host_shares import MODERATION, REPORTS

_ROOM: Final = f"{API}/rooms/{{room_id}}"
_MESSAGE: Final = f"{_ROOM}/messages/{{message_id}}"

SHARE_OF: Final[dict[tuple[str, str], str]] = {
    **{(route.method, API + route.path): route.share for route in FAST_ROUTES},
    ("POST", f"{API}/sessions"): "sessions",
    ("DELETE", f"{API}/sessions"): "session_ends",
    ("DELETE", f"{API}/sessions/current"): "session_ends",
    ("GET", f"{API}/me"): "page_loads",
    ("GET", f"{API}/me/export"): "exports",
    ("DELETE", f"{API}/me"): "session_ends",
    ("GET", f"{API}/config"): "page_loads",
    ("POST", f"{API}/rooms"): "room_creations",
    ("PATCH", _ROOM): "room_changes",
    ("GET", f"{_ROOM}/export"): "exports",
    ("DELETE", _ROOM): "room_changes",
    ("PUT", f"{_ROOM}/bans/{{user_id}}"): MODERATION,
    ("POST", f"{_ROOM}/bans"): MODERATION,
    ("DELETE", f"{_ROOM}/bans/{{user_id}}"): MODERATION,
    ("PUT", f"{_ROOM}/moderators/{{user_id}}"): MODERATION,
    ("DELETE", f"{_ROOM}/moderators/{{user_id}}"): MODERATION,
    ("POST", f"{_ROOM}/owner"): MODERATION,
    ("POST", f"{_ROOM}/owner/recover"): MODERATION,
    ("POST", f"{_ROOM}/owner/recovery-code"): MODERATION,
    ("POST", f"{_ROOM}/held/{{held_id}}/allow"): MODERATION,
    ("POST", f"{_ROOM}/held/{{held_id}}/refuse"): MODERATION,
    ("POST", f"{_ROOM}/invites"): MODERATION,
    ("GET", f"{_ROOM}/invites"): MODERATION,
    ("DELETE", f"{_ROOM}/invites/{{invite_id}}"): MODERATION,
    ("POST", f"{API}/invites/accept"): "invite_codes",
    ("POST", f"{_ROOM}/stream-tickets"): "stream_tickets",
    ("POST", f"{API}/stream-tickets"): "stream_tickets",
    ("GET", f"{API}/me/rooms"): "room_lists",
    ("POST", f"{_MESSAGE}/reports"): REPORTS,
    ("POST", f"{_ROOM}/reports/{{report_id}}/resolve"): MODERATION,
    ("POST", f"{_ROOM}/typing"): "typing",
    ("PATCH", _MESSAGE): "edits",
    ("DELETE", _MESSAGE): "deletions",
    ("PUT", f"{_MESSAGE}/pin"): "pins",
    ("DELETE", f"{_MESSAGE}/pin"): "pins",
    ("POST", f"{API}/ops/session"): MODERATION,
    ("DELETE", f"{API}/ops/session"): MODERATION,
    ("PUT", f"{API}/ops/bans/{{user_id}}"): MODERATION,
    ("POST", f"{API}/ops/bans"): MODERATION,
    ("DELETE", f"{API}/ops/bans/{{user_id}}"): MODERATION,
    ("GET", f"{API}/ops/bans"): MODERATION,
    ("GET", f"{API}/ops/audit"): MODERATION,
    ("GET", f"{API}/ops/settings"): MODERATION,
    ("PATCH", f"{API}/ops/settings"): MODERATION,
    ("GET", f"{API}/ops/rooms"): MODERATION,
    ("DELETE", f"{API}/ops/rooms/{{room_id}}"): MODERATION,
    ("PUT", f"{API}/ops/rooms/{{room_id}}/hidden"): MODERATION,
    ("DELETE", f"{API}/ops/rooms/{{room_id}}/hidden"): MODERATION,
    ("POST", f"{API}/ops/rooms/{{room_id}}/owner"): MODERATION,
    ("GET", "/docs"): REQUESTS,
    ("GET", "/docs/start.js"): REQUESTS,
    ("GET", "/openapi.json"): REQUESTS,
    ("GET", "/healthz/live"): REQUESTS,
    ("GET", "/healthz/ready"): REQUESTS,
    ("GET", "/metrics"): REQUESTS,
    ("POST", "/internal/v1/heads"): SERVICE,
    ("POST", "/internal/v1/access"): SERVICE,
    ("GET", "/internal/v1/rooms/{room_id}/events"): SERVICE,
    ("GET", "/internal/v1/ended-sessions"): SERVICE,
}
"""By method and path template. A test fails for a call without a share."""
