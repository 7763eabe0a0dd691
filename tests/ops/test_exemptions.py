"""The operator exempts a venue's address from the shares of addresses for some hours."""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final
from uuid import UUID

import httpx
import pytest

from chat_server.ops.exemption_endpoints import MAX_HOURS, venue_key
from chat_server.ops.exemption_repository import MAX_EXEMPTIONS
from chat_server.settings import ChatSettings
from server_kit.limits.shares import Person, Shares
from server_kit.limits.venue_exemptions import POLL_S, ExemptionsPoll
from tests.moderation.hosted_room import code_of
from tests.support.chat_stack import ADMIN_TOKEN, SECRET, StartChatStack
from tests.support.fetching_crowd import until
from tests.support.people import People

EXEMPTIONS: Final = "/api/v1/ops/exemptions"
VENUE: Final = "203.0.113.7"
VENUE_6: Final = "2001:db8:1:2::5"
ANN: Final = Person(UUID(int=1), is_established=False)


class SourceDownError(Exception):
    pass


def shares_of(**settings: object) -> Shares:
    given = {"hotchat_secret": SECRET, "hotchat_bind": "0.0.0.0", **settings}
    return Shares(ChatSettings.model_validate(given), Random(7))


def scope_of(address: str) -> dict[str, object]:
    return {"type": "http", "client": (address, 5), "headers": []}


def poll_of(
    shares: Shares, read: Callable[[], Awaitable[Mapping[str, float]]], clock: Callable[[], float]
) -> ExemptionsPoll:
    return ExemptionsPoll(shares, read, (SourceDownError,), clock)


@pytest.mark.parametrize(("given", "near", "far"), [(VENUE, VENUE, "203.0.113.8"), (
    VENUE_6, "2001:db8:1:2:ffff::1", "2001:db8:1:3::5")])  # fmt: skip
async def test_an_address_is_let_in_until_its_exemption_ends_and_others_are_not(
    given: str, near: str, far: str
) -> None:
    shares = shares_of(sessions_per_address_per_min=1, connections_per_address=1)
    rate, count = shares.rate("sessions"), shares.count("connections")
    assert rate is not None and count is not None
    now_s, is_down = 100.0, False

    async def read() -> Mapping[str, float]:
        if is_down:
            raise SourceDownError
        return {venue_key(given): 200.0}

    poll = poll_of(shares, read, lambda: now_s)

    def waits_s(address: str) -> float:
        return max(rate.wait_s(shares.source_of(scope_of(address)), None, 0.0) for _ in range(5))

    assert waits_s(near) > 0
    await poll.poll()
    assert waits_s(near) == 0
    assert waits_s(far) > 0
    seats = [count.enter(shares.source_of_peer(near)) for _ in range(3)]
    assert None not in seats
    is_down = True
    await poll.poll()
    assert poll.is_stale
    assert waits_s(near) == 0, "the last known list stays in force"
    now_s = 200.0
    await poll.poll()
    assert waits_s(near) > 0, "also while the source is down"
    assert count.enter(shares.source_of_peer(near)) is None
    for seat in seats:
        assert seat is not None
        seat.leave()
    assert count.enter(shares.source_of_peer(near)) is not None


async def test_the_share_of_a_user_stays_in_force() -> None:
    shares = shares_of(fetches_per_address_per_s=10)
    rate = shares.rate("fetches")
    assert rate is not None
    shares.exempt_venues(frozenset({VENUE}))
    source = shares.source_of(scope_of(VENUE))
    assert [rate.wait_s(source, None, 0.0) for _ in range(100)] == [0.0] * 100
    assert any(rate.wait_s(source, ANN, 0.0) > 0 for _ in range(100))


def test_both_servers_follow_within_two_seconds() -> None:
    """chat_server polls Postgres, then publish_server polls chat_server; a second is left for the calls."""
    assert 2 * POLL_S <= 1.0


async def test_an_exemption_is_in_force_in_both_servers_without_redis_survives_a_restart_and_ends(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(
        chat=2,
        scheduler=0,
        REDIS_URL="redis://127.0.0.1:1/0",
        TRUSTED_PROXIES="127.0.0.1",
        PAGE_LOADS_PER_ADDRESS_PER_S="0.1",
        STREAMS_PER_ADDRESS="1",
        FETCHES_PER_ADDRESS_PER_S="10",
    )
    headers = {"X-Forwarded-For": VENUE}
    other = {"X-Forwarded-For": "203.0.113.8"}
    bearer = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with httpx.AsyncClient(timeout=30) as client:

        async def config(given: dict[str, str], server: int = 1) -> int:
            url = f"{stack.chat_servers[server].base_url}/api/v1/config"
            return max([(await client.get(url, headers=given)).status_code for _ in range(3)])

        async def two_streams() -> int:
            url = f"{stack.publish_url}/stream/v1/rooms/lobby"
            async with client.stream("GET", url, headers=headers) as first:
                assert first.status_code in (200, 429)
                async with client.stream("GET", url, headers=headers) as second:
                    return second.status_code

        async def lets_in() -> bool:
            return (await config(headers), await two_streams()) == (200, 200)

        async def refuses() -> bool:
            return (await config(headers), await two_streams()) == (429, 429)

        assert await refuses()
        added = await client.post(
            stack.chat_url + EXEMPTIONS, json={"address": VENUE, "hours": 1}, headers=bearer
        )
        assert added.status_code == 201, added.text
        await until(lets_in, within_s=20, what="the venue is let in")
        assert await config(other) == 429

        async def fetches(**given: str) -> set[int]:
            url = f"{stack.chat_url}/api/v1/rooms/lobby"
            return {(await client.get(url, headers=headers | given)).status_code for _ in range(80)}

        session = await client.post(
            f"{stack.chat_url}/api/v1/sessions", json={"nickname": "ann"}, headers=headers
        )
        client.cookies.clear()
        assert await fetches() == {200}
        assert await fetches(Authorization=f"Bearer {session.json()['token']}") == {200, 429}, (
            "one user's part"
        )

        second = stack.chat_servers[1]
        second.stop()
        second.start()
        second.wait_ready()
        await until(lets_in, within_s=20, what="the venue is let in after a restart")
        assert await config(other) == 429
        ended = await client.delete(f"{stack.chat_url}{EXEMPTIONS}/{VENUE}", headers=bearer)
        assert ended.status_code == 204
        await until(refuses, within_s=20, what="the venue is refused again")


async def test_exemptions_are_listed_replaced_logged_and_bounded(people: People) -> None:
    operator = people.anonymous()
    operator.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    given = {"address": VENUE_6, "hours": 2, "reason": "The stadium"}
    first = (await operator.post(EXEMPTIONS, json=given)).json()
    assert (first["address"], first["reason"]) == ("2001:db8:1:2::", "The stadium")
    second = (await operator.post(EXEMPTIONS, json={**given, "hours": 3})).json()
    assert second["expires_at"] > first["expires_at"]
    listed = (await operator.get(EXEMPTIONS)).json()["exemptions"]
    assert [each for each in listed if each["address"] == first["address"]] == [second]
    assert (await operator.delete(f"{EXEMPTIONS}/{VENUE_6}")).status_code == 204
    assert code_of(await operator.delete(f"{EXEMPTIONS}/{VENUE_6}")) == (404, "not_found")
    entries = (await operator.get("/api/v1/ops/audit", params={"limit": 3})).json()["entries"]
    actions = [(each["action"], each["details"]["address"]) for each in entries]
    assert actions == [
        ("end_exemption", first["address"]),
        ("exempt_address", first["address"]),
        ("exempt_address", first["address"]),
    ]
    for wrong in (
        {"address": "the stadium"},
        {"address": "203.0.113.0/24"},
        {"hours": 0},
        {"hours": MAX_HOURS + 1},
    ):
        refused = await operator.post(EXEMPTIONS, json={**given, **wrong})
        assert code_of(refused) == (422, "validation_failed")
    assert code_of(await operator.delete(f"{EXEMPTIONS}/nonsense")) == (404, "not_found")


async def test_the_list_of_exemptions_is_bounded_and_a_full_one_still_replaces(people: People) -> None:
    operator = people.anonymous()
    operator.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"

    async def exempt(number: int) -> httpx.Response:
        return await operator.post(EXEMPTIONS, json={"address": f"198.51.100.{number}", "hours": 1})

    present = len((await operator.get(EXEMPTIONS)).json()["exemptions"])
    added = range(MAX_EXEMPTIONS - present)
    try:
        assert {(await exempt(number)).status_code for number in added} == {201}
        assert code_of(await exempt(len(added))) == (409, "too_many")
        assert (await exempt(added[0])).status_code == 201
    finally:
        ended = {(await operator.delete(f"{EXEMPTIONS}/198.51.100.{number}")).status_code for number in added}
    assert ended == {204}
