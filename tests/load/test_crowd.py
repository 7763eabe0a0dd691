"""The crowd: its shapes, samples and readers as tables, and a small run with real servers."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest

from load_tests.bench.crowds import StreamRows
from load_tests.bench.stores import Stores
from load_tests.chaos.tab_record import Identity
from load_tests.crowd.__main__ import plan_of, write
from load_tests.crowd.arrivals import SHAPES, present
from load_tests.crowd.compare import PAGE, compare, conditions, with_table
from load_tests.crowd.fixed_sample import FixedSample
from load_tests.crowd.plan import FULL, TINY
from load_tests.crowd.policies import POLICIES, conclusion, table
from load_tests.crowd.policy_plots import draw_policies
from load_tests.crowd.processes import LOAD, READER_LOAD, STREAM_LOAD, Use, role_of
from load_tests.crowd.reader_record import ReaderRecord
from load_tests.crowd.record import CrowdRecord
from load_tests.crowd.report import html, warnings
from load_tests.crowd.run import lost_rows, run_crowd


@pytest.mark.parametrize(
    ("shape", "counts"),
    [
        ("flat", [100, 100, 100, 100, 100]),
        ("ramp", [0, 32, 63, 94, 100]),
        ("flash", [5, 100, 100, 100, 100]),
        ("kick-off", [6, 7, 96, 100, 100]),
    ],
)
def test_each_shape_gives_the_people_present_at_each_quarter(shape: str, counts: list[int]) -> None:
    assert [present(shape, 100, quarter * 10, 40) for quarter in range(5)] == counts


@pytest.mark.parametrize("shape", SHAPES)
def test_nobody_leaves_and_everybody_comes(shape: str) -> None:
    counts = [present(shape, 1_000, tick / 10, 30) for tick in range(301)]
    assert counts == sorted(counts)
    assert counts[-1] == present(shape, 1_000, 99, 30) == 1_000


def test_a_sample_keeps_its_size_and_the_greatest_value() -> None:
    sample = FixedSample(Random(1), size=100)
    for value in range(10_000):
        sample.add(float(value))
    found = sample.summary()
    assert (len(sample.values), found.count, found.greatest) == (100, 10_000, 9_999)
    assert 3_000 < found.p50 < 7_000


def reader() -> tuple[ReaderRecord, FixedSample, FixedSample]:
    stale, refused = FixedSample(Random(1)), FixedSample(Random(1))
    return ReaderRecord(10, stale, refused), stale, refused


def test_a_reader_is_stale_from_the_first_sign_until_a_page_covers_it() -> None:
    known, stale, _ = reader()
    known.signed(10, 1.0)
    known.signed(12, 2.0)
    known.signed(15, 3.0)
    known.fetched(12, 4.0, has_more=True)
    assert (stale.values, known.is_current) == ([2.0], False)
    known.fetched(15, 9.0, has_more=False)
    assert (stale.values, known.is_current) == ([2.0, 6.0], True)


def test_a_reader_is_stale_after_a_dropped_sign_but_does_not_fetch() -> None:
    known, stale, _ = reader()
    known.signed(12, 2.0, is_dropped=True)
    assert known.is_current
    known.signed(15, 3.0)
    assert not known.is_current
    known.fetched(15, 9.0, has_more=False)
    assert (stale.values, known.dropped_signs) == ([7.0], 1)


def test_a_refused_reader_counts_from_the_first_refusal_until_the_last_page() -> None:
    known, _, refused = reader()
    known.signed(20, 0.0)
    for at_s in (1.0, 2.0):
        known.was_refused(at_s)
    known.fetched(15, 3.0, has_more=True)
    assert refused.count == 0
    known.fetched(20, 5.0, has_more=False)
    assert (refused.values, known.refused, known.fetches) == ([4.0], 2, 4)


def test_a_reader_that_never_becomes_current_counts_until_the_end() -> None:
    known, stale, refused = reader()
    known.signed(11, 1.0)
    known.was_refused(2.0)
    known.end(10.0)
    assert (stale.values, refused.values) == ([9.0], [8.0])


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("python -m chat_server", "chat_server"),
        ("python -m chat_server.hotchat.scheduler", "scheduler"),
        ("python -m publish_server", "publish_server"),
        ("postgres: walwriter", "Postgres"),
        ("/usr/bin/valkey-server 127.0.0.1:1", "Valkey"),
        ("java -cp kafka.jar kafka.Kafka", "Kafka"),
        ("build/bin/stream_crowd 127.0.0.1 80", "load: streams"),
        ("build/bin/notify_crowd 127.0.0.1 80", "load: readers"),
        ("bash", None),
    ],
)
def test_a_command_line_tells_what_a_process_is(command: str, role: str | None) -> None:
    assert role_of(command.split()) == role


def test_a_number_out_of_bounds_is_refused_with_its_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        plan_of(["--streams", "0"])
    assert "--streams must be from 1 to 50000" in capsys.readouterr().err
    assert plan_of([]) == FULL


@pytest.mark.timeout(600)
async def test_a_small_crowd_loses_nothing_and_its_report_says_so(stores: Stores, tmp_path: Path) -> None:
    said: list[str] = []
    record = await run_crowd(stores, TINY, say=said.append)
    streams, probes = record.streams, record.probes
    assert (streams.open, streams.judged, streams.refused, streams.gaps) == (60, 60, 0, 0)
    assert (streams.lost, streams.doubled, streams.reordered) == (0, 0, 0)
    assert probes.posts == probes.seen_exactly_once > 0
    assert record.is_exact
    assert streams.rows >= probes.posts
    assert streams.samples > 0
    assert (record.answers.get("200", 0) > 0, streams.skipped) == (True, 0)
    counts = {"readers": 5, "refreshers": 2, "checked": 2}
    for name, count in counts.items():
        group = getattr(record, name)
        assert (name, group.current, group.count, group.failed) == (name, count, count, 0)
        assert group.fetches >= count
        assert group.staleness_s.count > 0
    assert record.servers.fetches >= sum(getattr(record, name).fetches for name in counts)
    assert record.presence[-1].wanted == 60
    assert len(said) == len(record.presence) == TINY.seconds + 1
    assert {"chat_server", "publish_server", STREAM_LOAD, READER_LOAD, LOAD} <= {
        use.role for use in record.uses
    }

    report, results = write(record, tmp_path)
    assert msgspec.json.decode(results.read_bytes(), type=CrowdRecord) == record
    page = report.read_text()
    assert page.count("<svg") == 4
    assert not re.search(r'(src|href)="(?!#)', page)  # needs no other file


@pytest.mark.timeout(600)
async def test_readers_that_are_always_refused_are_counted_and_so_is_a_busy_generator(stores: Stores) -> None:
    plan = replace(TINY, readers=20, enter_per_s=15)
    settings = {"HOTCHAT_STRATEGY": "refuse_all", "HOTCHAT_EXIT_RATIO": "1"}
    record = await run_crowd(stores, plan, settings=settings, say=lambda _: None)
    for group in (record.readers, record.refreshers, record.checked):
        assert group.refused > 0
        assert group.until_current_s.count > 0
    assert record.servers.fetches_refused >= record.readers.refused + record.refreshers.refused
    assert record.streams.lost == record.probes.lost == 0
    busy = [Use(float(at), LOAD, 0.99, 1.0) for at in range(7)]
    saturated = msgspec.structs.replace(record, uses=busy)
    assert any("GENERATOR SATURATED" in line for line in warnings(saturated))
    assert "GENERATOR SATURATED" in html(saturated)
    check_conclusions(record)


def check_conclusions(record: CrowdRecord) -> None:
    """Ours with no refusal and the others as given, in each order of merit."""

    def with_figures(policy: str, refused: int, *, stale_s: float = 0.5, cpu: float = 0.1) -> CrowdRecord:
        stale = msgspec.structs.replace(record.readers.staleness_s, greatest=stale_s)
        readers = msgspec.structs.replace(record.readers, fetches=100, refused=refused, staleness_s=stale)
        none = msgspec.structs.replace(readers, fetches=0, refused=0)
        uses = [Use(float(at), "chat_server", cpu, 1.0) for at in range(7)]
        return msgspec.structs.replace(record, policy=policy, readers=readers, refreshers=none, uses=uses)

    none, ours, all_refused = (
        with_figures("none", 0, cpu=1.0),
        with_figures("ours", 5),
        with_figures("all", 90),
    )
    calm_lane = with_figures("ours, calm lane", 4)
    assert "ours refused least (none saturated them)." in conclusion([none, ours, all_refused, calm_lane])
    assert "together with none" in conclusion([with_figures("none", 5), ours])
    assert "within the goal" in conclusion([ours])
    assert "above the goal" in conclusion([with_figures("ours", 5, stale_s=1.5)])
    assert "none refused less" in conclusion([with_figures("none", 0), ours])
    assert "not compared" in conclusion([with_figures("ours", 5, cpu=1.0)])
    assert "| 5.0% | 0.50, 0.50 s |" in table([ours])
    together = [
        Use(float(at), role, 0.5, 1.0) for at in range(7) for role in ("chat_server", "publish_server")
    ]
    assert "not compared" in conclusion([msgspec.structs.replace(ours, uses=together)])


LOG = {seq: Identity("reaction.changed" if seq == 7 else "message.created", str(seq)) for seq in range(5, 11)}


@pytest.mark.parametrize(
    ("missed", "skipped", "end", "lost"),
    [
        ([], [], 10, 0),
        ([(7, 3)], [], 10, 0),  # a later reaction replaced it
        ([(6, 2)], [], 10, 2),
        ([], [(8, 4), (7, 4)], 10, 0),
        ([], [(9, 4)], 10, 4),  # chat_server did not mark it
        ([], [], 8, 20),  # two rows late, on ten streams
    ],
)
def test_rows_and_rightly_skipped_ranges_must_equal_the_log(
    missed: list[tuple[int, int]], skipped: list[tuple[int, int]], end: int, lost: int
) -> None:
    rows = StreamRows(0, [(4, 10)], [(end, 10)], missed, skipped, 0)
    assert lost_rows(LOG, {7, 8}, rows) == lost


def test_the_table_is_written_between_the_marks_of_the_page() -> None:
    assert "\n| new |\n" in with_table(PAGE.read_text(), "| new |")


@pytest.mark.timeout(600)
async def test_the_governor_and_the_calm_lane_take_part_in_a_small_comparison(
    stores: Stores, tmp_path: Path
) -> None:
    """8 authors post 30 times a second together, and the lane shows 3 a second."""
    policies = [policy for policy in POLICIES if policy.target_posts_per_s is not None or policy.query]
    plan = replace(
        TINY, streams=10, authors=8, reactors=0, readers=1, refreshers=0, checked=0, seconds=2, shape="flat"
    )
    governed, calm = await compare(stores, plan, policies)
    assert (governed.policy, governed.is_exact, governed.streams.open) == ("ours, governor", True, 10)
    assert (calm.policy, calm.is_exact, calm.streams.open) == ("ours, calm lane", True, 10)
    assert calm.streams.judged == 10
    assert calm.streams.skipped > 0

    plots = draw_policies([governed, calm], tmp_path / "new")
    assert [plot.stem for plot in plots] == ["refused", "greatest-staleness", "servers-cpu", "staleness"]
    assert all(0 < plot.stat().st_size < 60_000 for plot in plots)
    assert "10 streams" in conditions(plan)
