"""The league: dialects and verdict as tables, and a small run with real servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import orjson
import pytest
from aiohttp import web

from load_tests.bench.stores import Stores
from load_tests.chaos.tab_record import TabRecord
from load_tests.league.centrifugo import CENTRIFUGO_MEMORY, CENTRIFUGO_REDIS, wrap
from load_tests.league.climb import Climb, Step, climb
from load_tests.league.contestant import Contestant
from load_tests.league.dialects import CentrifugoConnect, LastEventIds, Request, Taken
from load_tests.league.go_programs import GoProgram
from load_tests.league.hotchat import STREAMS, SYSTEM
from load_tests.league.kill import kill_drill
from load_tests.league.nchan import NCHAN, NCHAN_REDIS
from load_tests.league.page import BEGIN, END, PAGE, with_table
from load_tests.league.plan import FULL, TINY
from load_tests.league.reader import MESSAGE, Reader
from load_tests.league.run import measure
from load_tests.league.standing import Standing, markdown, text_table
from load_tests.league.verdict import Exactness, judge
from tests.load.conftest import Serve


def record(*seqs: int, start: int = 0) -> TabRecord:
    made = TabRecord("hot", start, {})
    for seq in seqs:
        made.saw(seq, MESSAGE, float(seq))
    return made


@pytest.mark.parametrize(
    ("seqs", "lost", "doubled", "reordered"),
    [
        ((1, 2, 3, 4), 0, 0, 0),
        ((1, 4), 2, 0, 0),
        ((1, 2, 2, 3, 4), 0, 1, 0),
        ((1, 2, 4, 3), 0, 0, 1),
        ((1, 3, 3, 2), 1, 1, 1),
        ((), 4, 0, 0),
    ],
)
def test_each_delivery_is_lost_doubled_or_reordered(
    seqs: tuple[int, ...], lost: int, doubled: int, reordered: int
) -> None:
    found = judge([1, 2, 3, 4], [record(*seqs), record(1, 2, 3, 4)])
    assert (found.deliveries, found.lost, found.doubled, found.reordered) == (8, lost, doubled, reordered)
    assert found.is_exact is (lost == doubled == reordered == 0)


def test_readers_without_the_last_message_and_readers_who_were_told_are_counted() -> None:
    notified, behind = record(1, 2), record(1)
    notified.gaps = 2
    found = judge([1, 2], [notified, behind])
    assert (found.notified, found.unfinished) == (1, 1)


def test_a_number_that_was_never_acknowledged_is_not_lost() -> None:
    assert judge([1, 3], [record(1, 3)]).lost == 0


@pytest.mark.parametrize(
    ("block", "taken"),
    [
        (b'id: 7\nevent: message.created\ndata: {"seq":7}', Taken((7,), "7")),
        (b'id: 1700000000:3\ndata: {"seq":7}', Taken((7,), "1700000000:3")),
        (b"id: 9\nevent: stream.opened\ndata: {}", Taken((), "9")),
        (b'id: 9\nevent: stream.gap\ndata: {"from_seq":1}', Taken((), "9", is_gap=True)),
        (b'event: room.heat\ndata: {"hot":true}', Taken()),
        (b": hi", Taken()),
        (b"retry: 2000", Taken()),
    ],
)
def test_a_stream_with_ids_is_read(block: bytes, taken: Taken) -> None:
    assert LastEventIds("/sub/hot").take(block, None) == taken


def test_a_stream_with_ids_resumes_after_the_last_id() -> None:
    dialect = LastEventIds("/sub/hot")
    assert dialect.request(None) == Request("/sub/hot", {})
    assert dialect.request("17:0") == Request("/sub/hot", {"Last-Event-ID": "17:0"})


def connect_push(**result: object) -> bytes:
    return b"data: " + orjson.dumps({"connect": {"client": "c", "subs": {"hot": result}}})


def test_centrifugo_gives_a_position_and_each_publication_moves_it() -> None:
    dialect = CentrifugoConnect("hot")
    opened = dialect.take(b"\r\n" + connect_push(epoch="e:1", offset=4, recoverable=True), None)
    assert opened == Taken((), "e:1:4")
    pushed = b'data: {"channel":"hot","pub":{"data":{"seq":5},"offset":5}}'
    assert dialect.take(pushed, opened.position) == Taken((5,), "e:1:5")
    assert dialect.take(b"data: {}", "e:1:5") == Taken()


def test_centrifugo_recovers_by_epoch_and_offset_and_says_when_it_cannot() -> None:
    dialect = CentrifugoConnect("hot")
    path = dialect.request("e:5").path
    assert path.startswith("/connection/uni_sse?cf_connect=%7B")
    assert "recover%22%3Atrue" in path
    missed = [{"data": {"seq": 6}, "offset": 6}, {"data": {"seq": 7}, "offset": 7}]
    recovered = connect_push(epoch="e", offset=7, recovered=True, publications=missed)
    assert dialect.take(recovered, "e:5") == Taken((6, 7), "e:7")
    assert dialect.take(connect_push(epoch="f", offset=1), "e:5") == Taken((), "f:1", is_gap=True)


def test_the_body_of_a_publish_call_has_the_event_as_its_data() -> None:
    assert orjson.loads(wrap(3, b'{"seq":3}')) == {
        "channel": "hot",
        "idempotency_key": "3",
        "data": {"seq": 3},
    }


async def test_a_reader_resumes_after_each_cut(serve: Serve) -> None:
    """The server sends one message a connection, the one after the reader's position, and ends it."""
    asked: list[str | None] = []

    async def one_message(request: web.Request) -> web.StreamResponse:
        position = request.headers.get("Last-Event-ID")
        asked.append(position)
        response = web.StreamResponse()
        await response.prepare(request)
        seq = int(position or 0) + 1
        await response.write(b'id: %d\ndata: {"seq":%d}\n\n' % (seq, seq))
        return response

    reader = Reader(await serve(one_message), LastEventIds("/"), "hot", Random(1))
    reader.start()
    async with asyncio.timeout(20):
        while not reader.record.has(3):
            await asyncio.sleep(0.02)
    await reader.close()
    assert asked[:3] == [None, "1", "2"]
    assert next(iter(reader.record.runs()))[0] == 1


def step(messages_per_s: int, per_s: float, **changed: object) -> Step:
    fields: dict[str, object] = {
        "messages_per_s": messages_per_s,
        "offered_per_s": messages_per_s * 100,
        "per_s": per_s,
        "p50_ms": 1.0,
        "p99_ms": 2.0,
        "server_share": 0.5,
        "generator_share": 0.25,
        "deliveries": 1_000,
        "expected": 1_000,
        "in_order": True,
        "closed": 0,
    }
    return Step(**{**fields, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "is_sustained"),
    [
        (step(10, 1_000), True),
        (step(10, 980), True),
        (step(10, 979), False),
        (step(10, 1_000, deliveries=999), False),
        (step(10, 1_000, closed=1), False),
        (step(10, 1_000, in_order=False), False),
    ],
)
def test_a_step_is_sustained_if_everything_arrived_once_in_order_and_in_time(
    found: Step, is_sustained: bool
) -> None:
    assert found.is_sustained is is_sustained


EXACT = Exactness(400, 0, 0, 0, 0, 0, 1.5)


def test_the_table_has_worse_figures_and_reasons_like_the_others() -> None:
    good = Standing("ours", "Kafka", Climb((step(10, 1_000), step(20, 2_000)), 4.0, 2.0), EXACT)
    limited = Standing(
        "slow", "memory", Climb((step(10, 1_000), step(20, 1_200, closed=3)), 9.0, None), EXACT
    )
    failing = Standing("bad", "memory", Climb((step(10, 300, generator_share=0.99),), 9.0, None), None)
    absent = Standing("absent", "memory", absent="no compiler")
    shown = text_table([good, limited, failing, absent], 1_000)
    for part in (
        "≥ 2,000",
        "slow: at 2,000 deliveries/s offered it delivered 1,200/s",
        "< 1,000",
        "bad: GENERATOR SATURATED",
        "absent: not measured: no compiler",
    ):
        assert part in shown
    assert [one.is_whole for one in (good, failing, absent)] == [True, False, True]
    page = markdown({"cpu": "one"}, [good, absent], 1_000)
    assert "| sustained deliveries/s | ≥ 2,000 | – |" in page
    assert "- absent: not measured: no compiler" in page


def test_the_table_is_written_between_the_marks_of_the_page() -> None:
    page = with_table(f"# League\n{BEGIN}\nold\n{END}\nafter\n", "| new |")
    assert "old" not in page
    assert page.endswith(f"| new |\n\n{END}\nafter\n")
    with_table(PAGE.read_text(), "")


def test_without_go_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = GoProgram("Absentium", "absentium", "example.org/absentium", "v1.0.0", "1.26").build()
    assert reason == "Absentium needs Go 1.26 or newer: install it from go.dev/dl, then repeat this command"


async def test_a_program_that_is_not_installed_keeps_its_column(stores: Stores) -> None:
    @asynccontextmanager
    async def nothing(_: Stores) -> AsyncIterator[None]:
        raise AssertionError("it is not there")
        yield

    absent = Contestant("absent", "memory", nothing, lambda: "no compiler")  # type: ignore[arg-type]
    assert await measure(absent, stores, TINY) == Standing("absent", "memory", absent="no compiler")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("contestant", [STREAMS, SYSTEM], ids=lambda one: one.name)
async def test_20_readers_of_hotchat_get_every_message_once_across_a_kill(
    contestant: Contestant, stores: Stores
) -> None:
    async with contestant.open(stores) as server:
        (found,) = (await climb(server, TINY)).steps
        assert found.is_complete
        assert found.deliveries == found.expected == TINY.readers * 21
        exact = await kill_drill(server, TINY, Random(1))
    assert exact.deliveries == TINY.checked_readers * TINY.messages
    assert (exact.lost, exact.doubled, exact.reordered, exact.notified) == (0, 0, 0, 0)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "contestant", [NCHAN, NCHAN_REDIS, CENTRIFUGO_MEMORY, CENTRIFUGO_REDIS], ids=lambda one: one.name
)
async def test_20_readers_of_another_server_get_every_message_and_resume_after_a_kill(
    contestant: Contestant, stores: Stores
) -> None:
    """Its readers lose nothing if Redis keeps the messages: the league resumes their streams correctly."""
    if reason := contestant.why_absent():
        pytest.skip(reason)
    async with contestant.open(stores) as server:
        (found,) = (await climb(server, TINY)).steps
        assert found.is_complete
        assert found.deliveries == found.expected == TINY.readers * 21
        killed = await kill_drill(server, TINY, Random(1))
    assert killed.deliveries == TINY.checked_readers * TINY.messages
    if contestant.stores == "Redis":
        assert killed.lost == killed.unfinished == 0


def test_the_full_league_offers_each_program_the_same_first_step() -> None:
    assert FULL.readers * FULL.steps[0] == 50_000
    assert list(FULL.steps) == sorted(FULL.steps)
