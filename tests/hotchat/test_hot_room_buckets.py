"""The shares of clients in a hot room. Time is an argument."""

import uuid

from chat_server.limits.hot_room_buckets import HotRoomBuckets

ANN, BOB = uuid.uuid4(), uuid.uuid4()


def buckets(max_clients: int = 1000) -> HotRoomBuckets:
    return HotRoomBuckets(per_session_per_s=2, session_burst=10, max_clients=max_clients)


def test_a_session_may_use_its_burst_and_then_its_rate() -> None:
    share = buckets()
    waits = [share.take_for_session("lobby", ANN, 0, is_page=False) for _ in range(12)]
    assert waits[:10] == [0] * 10
    assert waits[10] == waits[11] == 0.5
    assert share.take_for_session("lobby", ANN, 0.5, is_page=False) == 0
    assert share.take_for_session("lobby", ANN, 0.5, is_page=False) > 0


def test_every_session_has_its_own_share_of_every_room() -> None:
    share = buckets()
    for _ in range(11):
        share.take_for_session("lobby", ANN, 0, is_page=False)
    assert share.take_for_session("lobby", BOB, 0, is_page=False) == 0
    assert share.take_for_session("kitchen", ANN, 0, is_page=False) == 0


def test_the_first_page_of_a_session_is_served_when_its_share_is_used_up() -> None:
    share = buckets()
    for _ in range(20):
        share.take_for_session("lobby", ANN, 0, is_page=False)
    assert share.over_share_wait_s("lobby", ANN, "", 0) == 0
    assert share.take_for_session("lobby", ANN, 0, is_page=True) == 0
    assert share.over_share_wait_s("lobby", ANN, "", 0) > 0
    assert share.take_for_session("lobby", ANN, 0, is_page=True) > 0


def test_clients_without_a_session_share_fifty_times_the_burst_per_address() -> None:
    share = buckets()
    waits = [share.take_for_address("lobby", "192.0.2.1", 0) for _ in range(501)]
    assert waits[:500] == [0] * 500
    assert 0 < waits[500] <= 0.01


def test_an_evicted_client_starts_with_a_full_bucket() -> None:
    share = buckets(max_clients=1)
    for _ in range(10):
        share.take_for_session("lobby", ANN, 0, is_page=True)
    share.take_for_session("lobby", BOB, 0, is_page=True)
    assert share.take_for_session("lobby", ANN, 0, is_page=True) == 0


def test_the_headers_name_the_share_and_when_it_refills() -> None:
    assert buckets().session_share.headers(2) == {
        "RateLimit-Policy": '"session";q=10;w=5',
        "RateLimit": '"session";r=0;t=2',
    }
