"""Search scans a room in chunks up to its first message, with little effect on other requests."""

import asyncio
import unicodedata
import uuid
from collections.abc import AsyncIterator
from random import Random

import pytest
from prometheus_client import REGISTRY

from chat_contract.limits import MAX_SEQ
from chat_server.limits.search_semaphore import MAX_WAITING_OF_ADDRESS, search_semaphore
from chat_server.postgres.read_lane import StatementTooSlow, open_read_lane
from chat_server.search.message_search import (
    BUDGET_S,
    FIRST_CHUNK,
    MAX_CHUNK,
    MAX_WORDS,
    STATEMENT_TIMEOUT_S,
    MessageSearch,
    words_of,
)
from server_kit.http.problem import ChatError
from server_kit.limits.fair_semaphore import FairSemaphore
from tests.fetch.conftest import AUTHOR, Store
from tests.support.people import People

AT_ONCE = 2
_MANY = """
INSERT INTO messages (id, room_id, seq, author_id, author_nickname, client_message_id, text, created_at)
SELECT gen_random_uuid(), $1, n, $2, 'ann', gen_random_uuid(),
       CASE n WHEN 1 THEN 'the first 비밀번호' ELSE 'chatter' END, now()
FROM generate_series(1, $3::bigint) AS n"""


class Clock:
    """A clock that a test advances, or that advances by a step at every reading."""

    def __init__(self) -> None:
        self.now_s = 50.0
        self.step_s = 0.0

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def search(store: Store, clock: Clock) -> AsyncIterator[MessageSearch]:
    loop_time = asyncio.get_running_loop().time
    async with open_read_lane(
        store.dsn, AT_ONCE, "search", clock=loop_time, timeout_s=STATEMENT_TIMEOUT_S
    ) as lane:
        yield MessageSearch(lane, clock=clock)


@pytest.fixture
def semaphore(clock: Clock) -> FairSemaphore:
    return search_semaphore(AT_ONCE, clock, Random(7))


def statements() -> float:
    return REGISTRY.get_sample_value("hotchat_read_statements_total", {"statement": "search"}) or 0.0


async def test_a_search_that_runs_out_of_time_returns_where_to_continue(
    store: Store, search: MessageSearch, clock: Clock
) -> None:
    room_id = await store.make_room()
    await store.connection.execute(_MANY, room_id, AUTHOR, FIRST_CHUNK + 10)
    clock.step_s = BUDGET_S
    before = statements()
    page = await search.find(room_id, ["비밀"], 20, FIRST_CHUNK + 11)
    assert (page["messages"], page["has_more"], page["next_before_seq"]) == ([], True, 11)
    assert statements() - before == 1
    page = await search.find(room_id, ["비밀"], 20, 11)
    assert [message["seq"] for message in page["messages"]] == [1]
    assert (page["has_more"], page["next_before_seq"]) == (False, None)


async def test_a_slow_start_does_not_end_a_search_before_its_first_messages(
    store: Store, search: MessageSearch, clock: Clock
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "word")
    clock.step_s = BUDGET_S
    page = await search.find(room_id, ["word"], 20, MAX_SEQ)
    assert [message["seq"] for message in page["messages"]] == [1]
    assert (page["has_more"], page["next_before_seq"]) == (False, None)


async def test_chunks_grow_while_they_are_fast(store: Store, search: MessageSearch) -> None:
    room_id = await store.make_room()
    rows = FIRST_CHUNK * 3 + MAX_CHUNK
    await store.connection.execute(_MANY, room_id, AUTHOR, rows)
    before = statements()
    page = await search.find(room_id, ["FIRST", "비밀"], 20, rows + 1)
    assert [message["seq"] for message in page["messages"]] == [1]
    assert statements() - before == 3


async def test_a_search_skips_a_gap_of_a_million_seqs_with_one_query(
    store: Store, search: MessageSearch
) -> None:
    """A restore raises the seq by a million, and the search of a new room begins at the largest possible seq."""
    room_id = await store.make_room()
    await store.post(room_id, "before the restore")
    await store.connection.execute("UPDATE rooms SET last_seq = 1000000 WHERE id = $1", room_id)
    await store.post(room_id, "after the restore")
    before = statements()
    page = await search.find(room_id, ["restore"], 20, MAX_SEQ)
    assert [message["seq"] for message in page["messages"]] == [1_000_001, 1]
    assert statements() - before == 3


async def test_a_full_page_continues_after_its_last_result(store: Store, search: MessageSearch) -> None:
    room_id = await store.make_room()
    await store.post(room_id, *(f"word {uuid.uuid4()}" for _ in range(5)))
    found: list[int] = []
    before_seq: int | None = MAX_SEQ
    while before_seq is not None:
        page = await search.find(room_id, ["WORD"], 2, before_seq)
        found += [message["seq"] for message in page["messages"]]
        before_seq = page["next_before_seq"]
    assert found == [5, 4, 3, 2, 1]


async def test_a_word_is_taken_literally_and_in_any_case(store: Store, search: MessageSearch) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "100% Straße", "100 percent", "a_b", "axb", "c\\d", "GRÜßE", "検索する", "")
    for words, seqs in (
        (["100%"], [1]),
        (["A_B"], [3]),
        (["C\\D"], [5]),
        (["grüß"], [6]),
        (["STRA", "100"], [1]),
        (["索す"], [7]),
    ):
        page = await search.find(room_id, words, 20)
        assert [message["seq"] for message in page["messages"]] == seqs, words


@pytest.mark.parametrize(
    "q", ["", "  ", "a\0b", " ".join("abcdefghijklmnopqrstuvwxyz"), "x" * 51, "a b c d e"]
)
def test_too_many_and_too_long_words_are_refused_before_any_work(q: str) -> None:
    with pytest.raises(ChatError) as caught:
        words_of(q)
    assert caught.value.code == "validation_failed"


def test_a_repeated_word_counts_once() -> None:
    assert words_of(" so so so  good ") == ["so", "good"]
    assert len(words_of("a b c d")) == MAX_WORDS


def test_decomposed_words_find_composed_texts() -> None:
    decomposed = unicodedata.normalize("NFD", "한국 é")
    assert words_of(decomposed) == ["한국", "é"]


@pytest.mark.parametrize("word", ["한국어", "café", "がぎぐ", "Ångström", "tiếng"])
async def test_messages_and_rooms_are_found_in_every_form_of_normalisation(people: People, word: str) -> None:
    ann = await people.enter()
    forms = [unicodedata.normalize(form, word) for form in ("NFC", "NFD")]
    for stored in forms:
        room = await ann.make_room(name=f"{stored} {uuid.uuid4().hex[:8]}")
        unique = room["name"].split()[1]
        message = await ann.post(room["id"], f"before {stored} after")
        for searched in forms:
            found = await ann.get(f"/api/v1/rooms/{room['id']}/search", q=searched)
            assert [each["id"] for each in found["messages"]] == [message["id"]]
            listed = await ann.get("/api/v1/rooms", q=f"{searched} {unique}")
            assert [each["id"] for each in listed["rooms"]] == [room["id"]]


async def test_the_length_of_a_query_is_that_of_its_composed_form(people: People) -> None:
    http = people.anonymous()
    longest = unicodedata.normalize("NFD", "각" * 49 + " " + "각" * 50)
    assert (await http.get("/api/v1/rooms/lobby/search", params={"q": longest})).status_code == 200
    assert (await http.get("/api/v1/rooms", params={"q": longest})).status_code == 200
    for q in (longest + "각", "각" * 101, "e" + "\u0301" * 200, "x" * 5_000):
        for path in ("/api/v1/rooms/lobby/search", "/api/v1/rooms"):
            answer = await http.get(path, params={"q": q})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "q")


async def test_one_address_runs_one_search_and_leaves_the_other_slot_free(semaphore: FairSemaphore) -> None:
    entered: list[str] = []
    go_on = asyncio.Event()

    async def searching(address: str) -> None:
        async with semaphore.permit(address):
            entered.append(address)
            await go_on.wait()

    crowd = [asyncio.create_task(searching("192.0.2.1")) for _ in range(12)]
    other = asyncio.create_task(searching("192.0.2.2"))
    async with asyncio.timeout(5):
        while len(entered) < 2:
            await asyncio.sleep(0)
    assert sorted(entered) == ["192.0.2.1", "192.0.2.2"]
    refused = [task for task in crowd if task.done()]
    assert len(refused) == 12 - (1 + MAX_WAITING_OF_ADDRESS)
    for task in refused:
        error = task.exception()
        assert isinstance(error, ChatError)
        assert (error.code, error.status) == ("rate_limited", 429)
        assert "Retry-After" in error.headers and "retry_after_ms" in error.extra
    go_on.set()
    await asyncio.gather(*crowd, other, return_exceptions=True)
    assert entered.count("192.0.2.1") == 1 + MAX_WAITING_OF_ADDRESS


async def test_a_search_that_waits_too_long_is_refused_with_429(semaphore: FairSemaphore) -> None:
    go_on = asyncio.Event()

    async def searching(number: int) -> None:
        async with semaphore.permit(f"192.0.2.{number}"):
            await go_on.wait()

    tasks = [asyncio.create_task(searching(number)) for number in range(AT_ONCE + 1)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=10)
    [refused] = done
    error = refused.exception()
    assert isinstance(error, ChatError)
    assert error.code == "rate_limited"
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_next_turn_goes_to_a_bystander_while_five_addresses_search(
    semaphore: FairSemaphore, clock: Clock
) -> None:
    order: list[str] = []
    go_on = asyncio.Event()

    async def searching(address: str) -> None:
        async with semaphore.permit(address):
            order.append(address)
            await go_on.wait()
            clock.now_s += BUDGET_S

    crowd = [asyncio.create_task(searching(f"192.0.2.{number % 5}")) for number in range(15)]
    while len(order) < AT_ONCE:
        await asyncio.sleep(0)
    bystander = asyncio.create_task(searching("198.51.100.1"))
    go_on.set()
    await asyncio.gather(*crowd, bystander)
    assert len(order) == 16
    assert order.index("198.51.100.1") <= 5, "an address had its second permit before the bystander's first"
    for first in range(5):
        assert len(set(order[first : first + 5])) == 5, order


async def test_a_search_cancelled_by_postgres_raises_a_separate_error(
    store: Store, search: MessageSearch
) -> None:
    room_id = await store.make_room()
    await store.post(room_id, "word")
    async with store.connection.transaction():
        await store.connection.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StatementTooSlow):
            await search.find(room_id, ["word"], 20)
    page = await search.find(room_id, ["word"], 20)
    assert len(page["messages"]) == 1
