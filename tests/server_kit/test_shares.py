"""Shares of addresses and users. The time is an argument, so that no test waits."""

import heapq
from collections import Counter
from collections.abc import Callable
from random import Random
from uuid import UUID

import pytest

from chat_server.settings import ChatSettings
from publish_server.settings import PublishSettings
from server_kit.http.problem import ChatError
from server_kit.limits.share_definitions import SHARES
from server_kit.limits.shares import PROMISED_WINDOWS, CountShare, Person, RateShare, Shares, Source, person
from server_kit.settings import ServerSettings

SECRET = "a secret for tests only"
OUTSIDE = "203.0.113.5"
NEW, OLD = Person("new", is_established=False), Person("old", is_established=True)


def shares(**settings: object) -> Shares:
    given = {"hotchat_secret": SECRET, "hotchat_bind": "0.0.0.0", **settings}
    return Shares(PublishSettings.model_validate(given), Random(7))


def rate(limit: float, **settings: object) -> RateShare:
    found = shares(requests_per_address_per_s=limit, **settings).rate("requests")
    assert found is not None
    return found


def count(limit: int) -> CountShare:
    found = shares(streams_per_address=limit).count("streams")
    assert found is not None
    return found


def scope(peer: str, *forwarded: str) -> dict[str, object]:
    return {"client": (peer, 1), "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded]}


def passes(share: RateShare, source: Source, someone: Person | None = None, times: int = 10_000) -> int:
    """How many of `times` simultaneous requests are admitted."""
    return sum(share.wait_s(source, someone, 0.0) == 0 for _ in range(times))


def test_every_share_names_a_setting_in_which_0_means_no_limit() -> None:
    fields = ChatSettings.model_fields | PublishSettings.model_fields
    for share in SHARES.values():
        assert any(getattr(rule, "ge", None) == 0 for rule in fields[share.setting].metadata), share
        if share.reserved_part and share.user_part is not None:
            assert share.user_part < share.reserved_part, share


def test_a_flood_without_a_session_cannot_use_the_part_reserved_for_established_people() -> None:
    share = rate(200)
    source = shares().source_of(scope(OUTSIDE))
    assert passes(share, source) == 300, "three quarters of two seconds' worth"
    assert passes(share, source, NEW) == 0
    assert passes(share, source, OLD) == 40, "a user's own share, from the reserved part"
    assert passes(share, source, Person("another", is_established=True)) == 40


def test_an_address_cannot_use_up_the_share_of_another() -> None:
    share = rate(10)
    assert passes(share, Source("203.0.113.5")) == passes(share, Source("203.0.113.6")) == 15


def test_a_used_share_refills_with_time() -> None:
    share = rate(200)
    source = Source(OUTSIDE)
    passes(share, source)
    wait_s = share.wait_s(source, None, 0.0)
    assert wait_s > 0
    assert share.wait_s(source, None, wait_s) == 0


def test_a_refused_request_gets_429_with_retry_after() -> None:
    share = rate(1)
    share.check(Source(OUTSIDE), None, 0.0)
    with pytest.raises(ChatError) as refused:
        for _ in range(3):
            share.check(Source(OUTSIDE), None, 0.0)
    assert refused.value.code == "rate_limited"
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= refused.value.headers.keys()
    assert refused.value.extra["retry_after_ms"] >= 1


@pytest.mark.parametrize("apart_s", [0.0, 0.02], ids=["at the same moment", "within two seconds"])
@pytest.mark.parametrize("wait_of", ["header", "body"])
def test_each_of_a_hundred_who_join_behind_one_address_enters_after_its_retry_after(
    apart_s: float, wait_of: str
) -> None:
    share = Shares(ChatSettings(hotchat_secret=SECRET, hotchat_bind="0.0.0.0"), Random(7)).rate("sessions")
    assert share is not None
    attempts = [(number * apart_s, number) for number in range(100)]
    heapq.heapify(attempts)
    refusals: Counter[int] = Counter()
    last_s = 0.0
    while attempts:
        now_s, number = heapq.heappop(attempts)
        try:
            share.check(Source(OUTSIDE), None, now_s)
            last_s = now_s
        except ChatError as refused:
            refusals[number] += 1
            wait_s = (
                float(refused.headers["Retry-After"])
                if wait_of == "header"
                else refused.extra["retry_after_ms"] / 1000
            )
            heapq.heappush(attempts, (now_s + wait_s, number))
    overtaken = sum(times > 1 for times in refusals.values())
    assert overtaken <= 100 * apart_s, "one wait is enough, except for who is overtaken by a newcomer"
    assert 60 <= len(refusals) <= 70
    assert last_s <= len(refusals) + 3, "nobody waits longer than the tokens take"


def test_callers_beyond_the_longest_wait_are_spread() -> None:
    share = rate(10)
    waits = []
    for _ in range(10_000):
        try:
            share.check(Source(OUTSIDE), None, 0.0)
        except ChatError as refused:
            waits.append(refused.extra["retry_after_ms"] / 1000)
    assert max(waits) <= PROMISED_WINDOWS and len(set(waits)) > 500


def test_a_count_share_reserves_seats_and_takes_them_back() -> None:
    share = count(500)
    source = Source(OUTSIDE)
    seats = [share.enter(source) for _ in range(500)]
    taken = [seat for seat in seats if seat is not None]
    assert len(taken) == 375
    assert share.enter(source, NEW) is None
    of_one = [seat for _ in range(100) if (seat := share.enter(source, OLD)) is not None]
    assert len(of_one) == 50
    assert share.enter(Source("203.0.113.6")) is not None
    for seat in taken + of_one:
        seat.leave()
        seat.leave()
    assert sum(share.enter(source) is not None for _ in range(500)) == 375


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_small_limit_of_connections_still_admits_clients_without_a_session(limit: int) -> None:
    assert count(limit).enter(Source(OUTSIDE)) is not None


@pytest.mark.parametrize(
    ("bind", "settings", "peer", "is_limited"),
    [
        pytest.param("127.0.0.1", {}, OUTSIDE, False, id="defaults are off on loopback"),
        pytest.param("localhost", {}, OUTSIDE, False, id="loopback by name"),
        pytest.param("::1", {}, OUTSIDE, False, id="loopback in IPv6"),
        pytest.param("0.0.0.0", {}, OUTSIDE, True, id="defaults hold beyond loopback"),
        pytest.param("0.0.0.0", {}, "127.0.0.1", False, id="a local peer is exempt from defaults"),
        pytest.param("0.0.0.0", {}, "::ffff:127.0.0.1", False, id="an IPv4-mapped local peer too"),
        pytest.param(
            "127.0.0.1",
            {"requests_per_address_per_s": 1},
            "127.0.0.1",
            True,
            id="a set value holds on loopback",
        ),
        pytest.param(
            "0.0.0.0",
            {"requests_per_address_per_s": 1},
            "127.0.0.1",
            True,
            id="a set value holds for local peers",
        ),
        pytest.param("0.0.0.0", {"requests_per_address_per_s": 0}, OUTSIDE, False, id="0 is no limit"),
        pytest.param("0.0.0.0", {"shares_exempt": "203.0.113.0/24"}, OUTSIDE, False, id="an exempt network"),
        pytest.param("0.0.0.0", {"trusted_proxies": OUTSIDE}, OUTSIDE, False, id="a trusted proxy itself"),
    ],
)
def test_which_peers_a_share_limits(
    bind: str, settings: dict[str, object], peer: str, *, is_limited: bool
) -> None:
    decided = shares(hotchat_bind=bind, **settings)
    share = decided.rate("requests")
    limited = share is not None and passes(share, decided.source_of(scope(peer))) < 10_000
    assert limited is is_limited


def test_a_loopback_peer_that_forwards_a_client_is_limited() -> None:
    decided = shares()
    share = decided.rate("requests")
    assert share is not None
    assert passes(share, decided.source_of(scope("127.0.0.1", "203.0.113.5"))) < 10_000


def test_each_client_that_a_trusted_proxy_names_is_limited_separately() -> None:
    decided = shares(trusted_proxies="10.0.0.1")
    share = decided.rate("requests")
    assert share is not None
    one, other = (
        decided.source_of(scope("10.0.0.1", address)) for address in ("2001:db8::1", "2001:db8:0:1::")
    )
    assert one.address == "2001:db8::/64"
    assert passes(share, one) == passes(share, other) < 10_000
    assert decided.source_of_peer("10.0.0.1").is_exempt


def test_an_expensive_call_takes_several_tokens_and_never_more_than_a_burst() -> None:
    share = rate(10)
    one = Source(OUTSIDE)
    burst = passes(share, one)
    dear, other = Source("203.0.113.6"), Source("203.0.113.7")
    assert share.wait_s(dear, None, 0.0, tokens=burst - 2) == 0
    assert passes(share, dear) == 2
    assert share.wait_s(other, None, 0.0, tokens=100 * burst) == 0
    assert passes(share, other) == 0
    wait_s = share.wait_s(other, None, 0.0, tokens=5)
    assert wait_s > share.wait_s(other, None, 0.0)
    assert share.wait_s(other, None, wait_s, tokens=5) == 0


def test_a_share_is_the_same_for_all_who_use_it() -> None:
    decided = shares(requests_per_address_per_s=10)
    assert decided.rate("requests") is decided.rate("requests")


def test_the_tables_of_addresses_and_users_are_bounded() -> None:
    share = rate(10)
    for number in range(60_000):
        share.wait_s(Source(f"{number}"), Person(number, is_established=True), 0.0)
    assert len(share._common._buckets) == 50_000
    assert share._users is not None
    assert len(share._users._buckets) == 50_000


def test_the_age_of_a_user_is_read_from_their_id() -> None:
    made_at_ms = 1_700_000_000_000
    user_id = UUID(int=made_at_ms << 80 | 7 << 76 | 2 << 62)
    assert not person(user_id, made_at_ms / 1000 + 599).is_established
    assert person(user_id, made_at_ms / 1000 + 600).is_established


def test_a_share_set_in_the_environment_applies_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTCHAT_SECRET", SECRET)
    monkeypatch.setenv("REQUESTS_PER_ADDRESS_PER_S", "200")
    read: Callable[[], ServerSettings] = PublishSettings
    assert Shares(read(), Random(7)).rate("requests") is not None
    monkeypatch.setenv("REQUESTS_PER_ADDRESS_PER_S", "")
    assert Shares(read(), Random(7)).rate("requests") is None
