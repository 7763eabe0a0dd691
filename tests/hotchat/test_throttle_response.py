"""The 429 responses to fetches of a hot room."""

import json
import math
import uuid
from random import Random

from chat_server.hotchat.heat_rules import DEFAULTS
from chat_server.hotchat.throttle_policy import Refusal, ThrottlePolicy
from chat_server.hotchat.throttle_response import ThrottleResponses
from chat_server.limits.hot_room_buckets import HotRoomBuckets

ANN = uuid.uuid4()
RULES = DEFAULTS._replace(fetch_per_client_per_s=2, fetch_burst=1, calm_ticks=3)


def policy(*, refuse_all: bool = False) -> ThrottlePolicy:
    rules = RULES._replace(strategy="refuse_all") if refuse_all else RULES
    return ThrottlePolicy(rules, HotRoomBuckets(per_session_per_s=2, session_burst=1))


def test_refuse_all_refuses_the_latest_page_too() -> None:
    refusal = policy(refuse_all=True).check_fetch("lobby", ANN, "192.0.2.1", 0, is_page=True)
    assert refusal is not None
    assert refusal.reason == "refuse_all"


def test_waits_are_jittered_and_retry_after_is_the_wait_rounded_up() -> None:
    refusals = policy()
    assert refusals.check_fetch("lobby", ANN, "192.0.2.1", 0, is_page=False) is None
    refusal = refusals.check_fetch("lobby", ANN, "192.0.2.1", 0, is_page=False)
    assert refusal is not None
    responses = ThrottleResponses(Random(7), mode="enforce")
    waits_ms = set()
    for _ in range(100):
        head, body = responses.answer(refusal)
        headers = {name.decode(): value.decode() for name, value in head.headers}
        problem = json.loads(body)
        assert problem["code"] == "room_hot"
        assert problem["status"] == 429
        assert int(headers["content-length"]) == len(body)
        assert int(headers["retry-after"]) == max(1, math.ceil(problem["retry_after_ms"] / 1000))
        assert headers["ratelimit-policy"] == '"session";q=1;w=1'
        assert headers["ratelimit"] == '"session";r=0;t=1'
        waits_ms.add(problem["retry_after_ms"])
    assert len(waits_ms) > 15
    assert min(waits_ms) >= 500
    assert max(waits_ms) <= 760


def test_refused_history_waits_for_the_room_to_cool() -> None:
    head, body = ThrottleResponses(Random(7), mode="enforce").answer(policy().history_refusal())
    assert 3000 <= json.loads(body)["retry_after_ms"] <= 4510
    assert (b"ratelimit-policy", b'"hot-room-history";q=0;w=1') in head.headers


def test_changed_rules_hold_from_the_next_fetch_on() -> None:
    refusals, responses = policy(), ThrottleResponses(Random(7), mode="enforce")

    def fetch() -> Refusal | None:
        return refusals.check_fetch("lobby", ANN, "192.0.2.1", 0, is_page=False)

    def share_of_refusals() -> set[bytes]:
        """What the responses say, over many waits: each wait has a cached response."""
        refused = [fetch() for _ in range(100)]
        return {dict(responses.answer(each)[0].headers)[b"ratelimit-policy"] for each in refused if each}

    assert fetch() is None
    assert share_of_refusals() == {b'"session";q=1;w=1'}
    changed = RULES._replace(fetch_burst=4)
    refusals.apply(changed)
    responses.apply(changed)
    assert [fetch() for _ in range(3)] == [None] * 3, "what was used stays used"
    assert share_of_refusals() == {b'"session";q=4;w=2'}
    refusals.apply(changed._replace(strategy="refuse_all"))
    refused = refusals.check_fetch("lobby", uuid.uuid4(), "192.0.2.1", 0, is_page=True)
    assert refused is not None and refused.reason == "refuse_all"
