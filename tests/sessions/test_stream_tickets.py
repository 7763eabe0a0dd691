"""Stream tickets: what publish_server accepts, and every forgery that it does not."""

import hashlib
import time
import uuid
from typing import Any

import jwt
import pytest

from server_kit.http.problem import ChatError
from server_kit.session_tokens import SessionTokens
from server_kit.stream_tickets import LIFETIME_S, MAX_TICKET_BYTES, StreamTicket, StreamTickets

SECRET = "a secret for tests only"
NOW_S = 1_800_000_000.0
TICKET = StreamTicket(uuid.UUID(int=1), {"a-room": 3})


def key_of(secret: str) -> bytes:
    return hashlib.sha256(b"hotchat stream ticket v1 " + secret.encode()).digest()


def signed(key: Any = None, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {"aud": "stream", "exp": int(NOW_S) + 60, "sub": str(TICKET.user_id), "rooms": {"a-room": 3}}
    claims |= changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key_of(SECRET) if key is None else key, algorithm=algorithm)


def refused(token: str, now_s: float = NOW_S) -> bool:
    with pytest.raises(ChatError) as error:
        StreamTickets(SECRET).verify(token, now_s)
    return (error.value.status, error.value.code) == (401, "ticket_invalid")


def test_a_ticket_carries_the_person_and_the_access_versions_for_a_minute() -> None:
    tickets = StreamTickets(SECRET)
    token, expires_s = tickets.issue(TICKET, NOW_S)
    assert expires_s == NOW_S + LIFETIME_S == NOW_S + 60
    for _ in range(2):
        assert tickets.verify(token, expires_s - 1) == TICKET
    assert refused(token, expires_s)
    anonymous = StreamTicket(None, {"a-room": 3})
    assert tickets.verify(tickets.issue(anonymous, NOW_S)[0], NOW_S) == anonymous


def test_a_ticket_of_an_old_secret_counts_as_long_as_the_secret_does() -> None:
    token, _ = StreamTickets("an old secret").issue(TICKET, NOW_S)
    assert StreamTickets(SECRET, ["an old secret"]).verify(token, NOW_S) == TICKET
    assert refused(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é",
        "\0",
        signed(key=key_of("another secret")),
        signed(key=hashlib.sha256(SECRET.encode()).digest()),
        signed(key=b"\0" * 32),
        signed(algorithm="none", key=""),
        signed(key=key_of(SECRET) * 2, algorithm="HS512"),
        signed(aud=None),
        signed(aud="session"),
        signed(exp=None),
        signed(exp="soon"),
        signed(rooms=None),
        signed(rooms=["a-room"]),
        signed(rooms={"a-room": "x"}),
        signed(sub="nobody"),
        signed()[:-2],
        "x" * (MAX_TICKET_BYTES + 1),
    ],
    ids=range(20),
)
def test_a_forged_ticket_is_refused(token: str) -> None:
    assert refused(token)


def test_neither_token_stands_for_the_other() -> None:
    sessions, tickets = SessionTokens(SECRET), StreamTickets(SECRET)
    session, _ = sessions.issue(uuid.UUID(int=1), "ann", time.time(), session_id=uuid.UUID(int=2))
    assert refused(session)
    ticket, _ = tickets.issue(TICKET, time.time())
    with pytest.raises(ChatError) as error:
        sessions.verify(ticket, time.time())
    assert error.value.code == "unauthenticated"


def test_a_signed_ticket_is_valid() -> None:
    """The forgeries above differ from this one in one thing each."""
    assert StreamTickets(SECRET).verify(signed(), NOW_S) == TICKET
