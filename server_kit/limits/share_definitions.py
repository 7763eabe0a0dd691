"""Defines all shares; `docs/settings.md` shows the table. `shares.py` applies them."""

from dataclasses import dataclass
from typing import Final, Literal

RESERVED_PART: Final = 0.25
USER_PART: Final = 0.1
"""Less than RESERVED_PART, so that one established user cannot use up what is reserved for all of them."""


@dataclass(frozen=True, slots=True)
class Share:
    """One row of the table.

    - `setting`: the settings field with the limit; 0 means no limit.
    - `window_s`: the limit is per this many seconds; None: it bounds what is open at the same time.
    - `covers`, `refusal`: texts for the documentation and for the client.
    - `by`: "user" limits each user, also on loopback.
    - `burst_s`: a burst may use the allowance of this many seconds at once.
    - `reserved_part`: the part of an address's limit that only established people may use.
    - `user_part`: the part of an address's limit that one user may use over all addresses; None: no limit by user.
    """

    name: str
    setting: str
    window_s: float | None
    covers: str
    refusal: str
    by: Literal["address", "user"] = "address"
    burst_s: float = 2.0
    reserved_part: float = RESERVED_PART
    user_part: float | None = USER_PART


SHARES: Final = {
    share.name: share
    for share in (
        Share(
            "requests",
            "requests_per_address_per_s",
            1,
            "every request to either server, except calls between our servers",
            "Too many requests from your address",
        ),
        Share(
            "connections",
            "connections_per_address",
            None,
            "open connections of a peer that is no trusted proxy, streams included",
            "Too many open connections from your address",
            reserved_part=0,  # a connection has no session yet
            user_part=None,
        ),
        Share(
            "new_connections",
            "requests_per_address_per_s",
            1,
            "new connections of a peer that is no trusted proxy",
            "Too many new connections from your address",
            burst_s=5,
            reserved_part=0,  # a connection has no session yet
            user_part=None,
        ),
        Share(
            "streams",
            "streams_per_address",
            None,
            "open streams of rooms and of room lists",
            "Too many open streams from your address",
        ),
        Share(
            "places",
            "places_per_address",
            None,
            "places in the queue of a full server that one process has renewed recently",
            "Too many places in the queue from your address",
        ),
        Share(
            "followed_rooms",
            "followed_rooms_per_address",
            None,
            "distinct rooms that open streams follow",
            "Too many followed rooms from your address",
        ),
        Share(
            "unknown_rooms",
            "unknown_rooms_per_address",
            None,
            "distinct rooms of streams that wait until chat_server confirms them",
            "Too many unknown rooms from your address",
            user_part=None,  # one user's part would be too small for a room-list stream
        ),
        Share(
            "fetches",
            "fetches_per_address_per_s",
            1,
            "GETs of one room while it is cold, search left out",
            "Too many fetches from your address",
            burst_s=6,
        ),
        Share(
            "room_lists",
            "room_lists_per_address_per_s",
            1,
            "lists of rooms and searches among them",
            "Too many lists of rooms from your address",
            burst_s=4,
        ),
        Share(
            "page_loads",
            "page_loads_per_address_per_s",
            1,
            "`/api/v1/config` and `/api/v1/me`, which the page asks for when it loads",
            "Too many loads of the page from your address",
            burst_s=4,
        ),
        Share(
            "operation",
            "operation_per_address_per_s",
            1,
            "health checks, metrics, `/docs` and `/openapi.json` of either server",
            "Too many health checks, metrics or documents from your address",
            burst_s=2,
        ),
        Share(
            "searches",
            "searches_per_address_per_s",
            1,
            "searches in a room",
            "Too many searches from your address",
            burst_s=4,
        ),
        Share(
            "sessions",
            "sessions_per_address_per_min",
            60,
            "new sessions",
            "Too many new sessions from your address",
            burst_s=30,
            reserved_part=0,  # the client has no session yet
            user_part=None,
        ),
        Share(
            "session_ends",
            "session_ends_per_user_per_min",
            60,
            "ends of sessions",
            "You are ending sessions too often",
            by="user",
            burst_s=60,
            reserved_part=0,
            user_part=None,
        ),
        Share(
            "exports",
            "exports_per_user_per_min",
            60,
            "files of what a person wrote, or a room holds",
            "You are downloading too often",
            by="user",
            burst_s=60,
            reserved_part=0,
            user_part=None,
        ),
        Share(
            "posts",
            "posts_per_address_per_s",
            1,
            "new messages over all rooms",
            "Too many messages from your address",
        ),
        Share(
            "edits",
            "edits_per_address_per_s",
            1,
            "edits of messages over all rooms",
            "Too many edits from your address",
        ),
        Share(
            "deletions",
            "deletions_per_address_per_s",
            1,
            "deletions of messages over all rooms",
            "Too many deletions from your address",
        ),
        Share(
            "reactions",
            "reactions_per_address_per_s",
            1,
            "reactions given and taken back over all rooms",
            "Too many reactions from your address",
        ),
        Share(
            "pins",
            "pins_per_address_per_min",
            60,
            "pins and unpins",
            "Too many pins from your address",
            burst_s=30,
        ),
        Share(
            "typing",
            "typing_per_address_per_s",
            1,
            "typing signals",
            "Too many typing signals from your address",
        ),
        Share(
            "room_creations",
            "room_creations_per_address_per_min",
            60,
            "new rooms",
            "Too many new rooms from your address",
            burst_s=60,
        ),
        Share(
            "room_changes",
            "room_changes_per_address_per_min",
            60,
            "changes of rooms' settings",
            "Too many changes of rooms from your address",
            burst_s=60,
        ),
        Share(
            "moderation",
            "moderation_per_user_per_min",
            60,
            "calls of hosts, and one's own role in a room; a ban takes another tenth for each person",
            "You are moderating too fast",
            by="user",
            burst_s=10,
            reserved_part=0,
            user_part=None,
        ),
        Share(
            "moderation_of_address",
            "moderation_per_address_per_min",
            60,
            "the same calls",
            "Too many calls of hosts from your address",
            burst_s=10,
            user_part=None,  # MODERATION_PER_USER_PER_MIN limits each user
        ),
        Share(
            "reports",
            "reports_per_user_per_min",
            60,
            "reports of messages to the hosts of rooms",
            "You are reporting too often",
            by="user",
            burst_s=1_800,
            reserved_part=0,
            user_part=None,
        ),
        Share(
            "reports_of_address",
            "reports_per_address_per_min",
            60,
            "the same calls",
            "Too many reports from your address",
            burst_s=1_800,
            user_part=None,  # REPORTS_PER_USER_PER_MIN limits each user
        ),
        Share(
            "invite_codes",
            "invite_codes_per_address_per_min",
            60,
            "invites that are accepted, also those with wrong codes",
            "Too many invites from your address",
            burst_s=30,
        ),
        Share(
            "stream_tickets",
            "stream_tickets_per_address_per_s",
            1,
            "tickets for streams",
            "Too many tickets from your address",
            burst_s=10,
        ),
        Share(
            "operator_guesses",
            "operator_guesses_per_address_per_min",
            60,
            "wrong operator tokens; in force on loopback, too",
            "Too many wrong operator tokens from your address",
            burst_s=60,
            reserved_part=0,
            user_part=None,
        ),
    )
}
