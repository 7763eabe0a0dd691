"""What a refused client is told."""

import json
import math
import uuid
from random import Random

from chat_server.hotchat.throttle_response import RefusalAnswers, RefusalPolicy
from chat_server.limits.fetch_throttle import Throttle

ANN = uuid.uuid4()


def policy(*, refuse_all: bool = False) -> RefusalPolicy:
    throttle = Throttle(per_session_per_s=2, session_burst=1)
    return RefusalPolicy(throttle, refuse_all=refuse_all, cooling_s=3)


def test_refuse_all_refuses_even_the_first_page() -> None:
    refusal = policy(refuse_all=True).of_fetch("lobby", ANN, "192.0.2.1", 0, is_page=True)
    assert refusal is not None
    assert refusal.reason == "refuse_all"


def test_the_wait_is_jittered_and_the_header_never_shorter_than_the_body() -> None:
    shares = policy()
    assert shares.of_fetch("lobby", ANN, "192.0.2.1", 0, is_page=False) is None
    refusal = shares.of_fetch("lobby", ANN, "192.0.2.1", 0, is_page=False)
    assert refusal is not None
    answers = RefusalAnswers(Random(7), mode="enforce")
    waits_ms = set()
    for _ in range(100):
        head, body = answers.answer(refusal)
        told = {name.decode(): value.decode() for name, value in head.headers}
        problem = json.loads(body)
        assert problem["code"] == "room_hot"
        assert problem["status"] == 429
        assert int(told["content-length"]) == len(body)
        assert int(told["retry-after"]) == max(1, math.ceil(problem["retry_after_ms"] / 1000))
        assert told["ratelimit-policy"] == '"session";q=1;w=1'
        assert told["ratelimit"] == '"session";r=0;t=1'
        waits_ms.add(problem["retry_after_ms"])
    assert len(waits_ms) > 15
    assert min(waits_ms) >= 500
    assert max(waits_ms) <= 760


def test_history_is_refused_until_a_room_can_have_cooled() -> None:
    head, body = RefusalAnswers(Random(7), mode="enforce").answer(policy().of_history())
    assert 3000 <= json.loads(body)["retry_after_ms"] <= 4510
    assert (b"ratelimit-policy", b'"hot-room-history";q=0;w=1') in head.headers
