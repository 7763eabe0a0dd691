"""Every call belongs to a share, and a share refuses before a request costs anything."""

import uuid
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from chat_server.fastpath.call_shares import SHARE_OF
from chat_server.fastpath.routes import API, FAST_ROUTES
from chat_server.fastpath.share_limiter import FETCHES, REQUESTS, SERVICE, ShareLimiter
from chat_server.limits.host_shares import HostShares
from chat_server.main import create_app as create_chat_app
from chat_server.settings import ChatSettings
from publish_server.main import create_app as create_publish_app
from server_kit.http.path_table import PathTable
from server_kit.http.problem import ChatError
from server_kit.limits.share_definitions import SHARES
from server_kit.limits.shares import Shares
from server_kit.session_tokens import SessionTokens
from tests.support.api_calls import calls_of, path_of
from tests.support.chat_stack import SECRET, StartChatStack
from tests.support.people import People

NOW_S = 1_800_000_000.0
STREAM_CALLS = {("GET", "/stream/v1/rooms"), ("GET", "/stream/v1/rooms/{room_id}")}
"""Streams of publish_server, which the share `streams` bounds."""


def test_every_call_of_both_servers_belongs_to_a_share() -> None:
    fast = {(route.method, API + route.path) for route in FAST_ROUTES}
    others, publish = set(calls_of(create_chat_app())), set(calls_of(create_publish_app()))
    assert not fast & others, "a FastAPI route with the path of a fast-path route never runs"
    chat = fast | others
    documented = {
        (method.upper(), path)
        for path, methods in create_chat_app().openapi()["paths"].items()
        for method in methods
    }
    assert chat == set(SHARE_OF) and documented <= chat
    assert publish - STREAM_CALLS <= set(SHARE_OF)
    assert set(SHARE_OF.values()) - {REQUESTS, SERVICE} <= set(SHARES)


def test_a_share_is_found_by_method_and_path() -> None:
    table = PathTable(SHARE_OF.items())

    def share_of(method: str, path: str) -> str | None:
        found = table.find(method, path)
        return None if found is None else found[0]

    for (method, template), share in SHARE_OF.items():
        path = path_of(template)
        assert share_of(method, path) == share
    assert share_of("GET", "/api/v1/rooms/lobby/messages/mine") == FETCHES
    for method, path in (("GET", "/"), ("PUT", "/api/v1/rooms"), ("GET", "")):
        assert share_of(method, path) is None


def shares_with(**settings: Any) -> Shares:
    return Shares(ChatSettings(hotchat_secret=SECRET, **settings), Random(1))


class Asked:
    """The limiter without a server, at a fixed time; counts the requests that it refuses."""

    def __init__(self, hot: Sequence[str] = (), **settings: Any) -> None:
        self.tokens = SessionTokens(SECRET)
        self.shares = shares_with(**settings)
        self.gate = ShareLimiter(
            SHARE_OF, self.shares, self.tokens, hot.__contains__, lambda: 100.0, lambda: NOW_S
        )

    async def refused(self, method: str, path: str, times: int, address: str, token: str = "") -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            raise AssertionError("a share is checked before the body is read")

        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": (address, 1)}
        refusals = 0
        for _ in range(times):
            refusals += await self.gate(scope, receive, send, [])
        statuses = [message["status"] for message in sent if message["type"] == "http.response.start"]
        assert statuses == [429] * refusals
        return refusals

    def token(self, age_s: float) -> str:
        user_id = uuid.UUID(
            int=int((NOW_S - age_s) * 1000) << 80 | 7 << 76 | uuid.uuid4().int & (1 << 70) - 1
        )
        return self.tokens.issue(user_id, "ann", NOW_S, session_id=uuid.uuid4())[0]


async def test_a_flood_without_a_session_cannot_use_the_part_reserved_for_older_sessions() -> None:
    asked = Asked(room_lists_per_address_per_s=40)
    flood = await asked.refused("GET", "/api/v1/rooms", 1_000, "192.0.2.1")
    assert flood > 0
    assert await asked.refused("GET", "/api/v1/rooms", 1, "192.0.2.1", asked.token(age_s=60)) == 1
    assert await asked.refused("GET", "/api/v1/rooms", 4, "192.0.2.1", asked.token(age_s=3600)) == 0
    assert await asked.refused("GET", "/api/v1/rooms", 4, "192.0.2.2") == 0


async def test_one_user_cannot_use_up_the_share_of_an_address() -> None:
    asked = Asked(posts_per_address_per_s=60)
    posts = "/api/v1/rooms/lobby/messages"
    assert await asked.refused("POST", posts, 1_000, "192.0.2.1", asked.token(age_s=3600)) > 900
    assert await asked.refused("POST", posts, 5, "192.0.2.1", asked.token(age_s=3600)) == 0


async def test_many_users_of_one_address_share_its_calls_of_hosts() -> None:
    asked = Asked(hotchat_bind="0.0.0.0", moderation_per_address_per_min=600)
    bans = "/api/v1/rooms/lobby/bans"
    refusals = [await asked.refused("POST", bans, 50, "192.0.2.1", asked.token(age_s=60)) for _ in range(20)]
    assert refusals[0] == 0 and refusals[-1] == 50
    assert await asked.refused("POST", bans, 50, "192.0.2.2", asked.token(age_s=60)) == 0


@pytest.mark.parametrize(("people", "bans", "left"), [(1, 90, 1), (100, 9, 1), (500, 1, 49)])
async def test_a_ban_of_many_people_takes_more_of_the_share(people: int, bans: int, left: int) -> None:
    asked = Asked()
    token = asked.token(age_s=60)
    session = asked.tokens.verify(token, NOW_S)
    of_hosts = HostShares(asked.shares, lambda: 100.0, lambda: NOW_S)
    scope = {"type": "http", "headers": [], "client": ("127.0.0.1", 1)}
    for _ in range(bans):
        assert await asked.refused("POST", "/api/v1/rooms/lobby/bans", 1, "127.0.0.1", token) == 0
        of_hosts.check_ban(scope, session, people)
    assert await asked.refused("POST", "/api/v1/rooms/lobby/bans", 100, "127.0.0.1", token) == 100 - left
    with pytest.raises(ChatError, match="moderating too fast"):
        of_hosts.check_ban(scope, session, 10)


async def test_fetches_of_a_hot_room_are_limited_by_the_throttle_alone() -> None:
    asked = Asked(hot=["hot"], fetches_per_address_per_s=10)
    assert await asked.refused("GET", "/api/v1/rooms/hot/messages", 1_000, "192.0.2.1") == 0
    assert await asked.refused("GET", "/api/v1/rooms/cold/messages", 1_000, "192.0.2.1") > 900
    assert await asked.refused("HEAD", "/api/v1/rooms/cold/messages", 10, "192.0.2.1") == 10


async def test_defaults_are_off_on_loopback_and_admit_a_school_class_and_an_office() -> None:
    local = Asked()
    for method, template in SHARE_OF:
        path = path_of(template)
        assert await local.refused(method, path, 2_000, "127.0.0.1") == 0
    behind_one_address = Asked(hotchat_bind="0.0.0.0")
    for _ in range(30):  # a school class that enters together and writes
        assert await behind_one_address.refused("POST", "/api/v1/sessions", 1, "192.0.2.1") == 0
        token = behind_one_address.token(age_s=5)
        for method, path, times in (
            ("GET", "/api/v1/rooms", 2),
            ("GET", "/api/v1/rooms/lobby/messages", 4),
            ("POST", "/api/v1/rooms/lobby/messages", 2),
            ("PUT", "/api/v1/rooms/lobby/messages/x/reactions/heart", 2),
            ("POST", "/api/v1/rooms/lobby/typing", 2),
            ("POST", "/api/v1/rooms", 1),
        ):
            assert await behind_one_address.refused(method, path, times, "192.0.2.1", token) == 0, path
    office = Asked(hotchat_bind="0.0.0.0")
    for _ in range(300):  # the office's readers reconnect together
        assert await office.refused("GET", "/api/v1/rooms/lobby/messages", 1, "192.0.2.1") == 0


@pytest.mark.parametrize(
    ("setting", "method", "path"),
    [
        ("ROOM_CHANGES_PER_ADDRESS_PER_MIN", "PATCH", "/api/v1/rooms/lobby"),
        ("POSTS_PER_ADDRESS_PER_S", "POST", "/api/v1/rooms/no-such-room/messages"),
        ("SEARCHES_PER_ADDRESS_PER_S", "GET", "/api/v1/rooms/lobby/search?q=a"),
        ("ROOM_LISTS_PER_ADDRESS_PER_S", "GET", "/api/v1/rooms"),
        ("FETCHES_PER_ADDRESS_PER_S", "GET", "/api/v1/rooms/lobby/messages?before_seq=3"),
    ],
)
async def test_a_call_refused_by_a_share_does_not_count_as_a_fetch(
    start_chat_stack: StartChatStack, setting: str, method: str, path: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, **{setting: "1"})
    people = People(stack.chat_url)
    ann = await people.enter()
    ann.http.headers["Connection"] = "close"  # a refusal pauses its connection
    answers = [await ann.http.request(method, path) for _ in range(150)]
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(429) >= 140
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited" and int(refused.headers["Retry-After"]) >= 1
    assert "RateLimit" in refused.headers and "RateLimit-Policy" in refused.headers
    metrics = (await ann.http.get("/metrics")).text
    answered = sum(
        float(line.rsplit(" ", 1)[1])
        for line in metrics.splitlines()
        if line.startswith("hotchat_fetches_total{")
    )
    assert answered <= 10
    await people.leave()
