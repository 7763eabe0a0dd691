"""Each benchmark runs at a size too small for meaningful figures."""

import math
from pathlib import Path

import pytest

from load_tests.bench.outcome import Better, Outcome, Row, Series
from load_tests.bench.performance_page import BEGIN, END, PAGE, with_figures
from load_tests.bench.plots import draw
from load_tests.bench.registry import FIGURES
from load_tests.bench.results import number, read_json, table, write_json
from load_tests.bench.scale import TINY
from load_tests.bench.server_metrics import sum_of
from load_tests.bench.stores import Stores


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FIGURES)
async def test_the_figure_can_be_taken(name: str, stores: Stores) -> None:
    outcome = await FIGURES[name](stores, TINY)
    assert outcome.rows
    for row in outcome.rows:
        assert math.isfinite(row.ours)
        for trouble in ("NOT EVERYTHING", "NOT ALL", "OTHER RESPONSES", "went back", "closed;"):
            assert trouble not in row.note


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("x", 9, "/s", Better.HIGHER), None),
        (Row("x", 9, "/s", Better.HIGHER, goal=9), True),
        (Row("x", 9, "/s", Better.HIGHER, goal=10), False),
        (Row("x", 9, "ms", Better.LOWER, goal=9), True),
        (Row("x", 9, "ms", Better.LOWER, goal=8), False),
        (Row("x", 9, "/s", Better.HIGHER, reference_value=3, goal=9, ratio_goal=3), True),
        (Row("x", 9, "/s", Better.HIGHER, reference_value=3, goal=9, ratio_goal=4), False),
        (Row("x", 9, "/s", Better.HIGHER, ratio_goal=4), None),
    ],
)
def test_a_goal_is_met_in_the_better_direction(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_the_table_shows_ours_the_reference_and_the_ratio() -> None:
    row = Row(
        "fan-out",
        987_654,
        "/s",
        Better.HIGHER,
        "nchan",
        90_000,
        ratio_goal=10,
        note="generator 40% of its core",
    )
    shown = table([row])
    for part in ("987,654 /s", "90,000 nchan", "11 ×", "≥ 10 ×", "met", "generator 40%"):
        assert part in shown


@pytest.mark.parametrize(
    ("value", "text"), [(1_000_000, "1,000,000"), (12.34, "12.3"), (0.0634, "0.0634"), (0, "0")]
)
def test_numbers_keep_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_results_are_written_as_json_and_as_plots(tmp_path: Path) -> None:
    series = [Series("growth", "ours", "subscribers", "ms", [1, 100, 10_000], [1.0, 2.0, 30.0])]
    outcome = Outcome([Row("x", 9, "/s", Better.HIGHER)], series)
    write_json(tmp_path / "results.json", {"cpu": "one"}, {"figure": outcome})
    assert b'"growth"' in (tmp_path / "results.json").read_bytes()
    assert read_json(tmp_path / "results.json", {"cpu": "one"}) == {"figure": outcome}
    assert read_json(tmp_path / "results.json", {"cpu": "another"}) == {}
    (plot,) = draw(series, tmp_path)
    assert plot.read_text().startswith("<?xml")


def test_figures_are_written_between_the_marks_of_the_page() -> None:
    page = f"# Speed\n{BEGIN}\nold figures\n{END}\nafter\n"
    made = with_figures(
        page, {"cpu": "one"}, [Row("fan-out", 9, "/s", Better.HIGHER, note="noted")], ["growth"]
    )
    assert "old figures" not in made
    for part in (
        "# Speed",
        "cpu: one",
        "| fan-out [1] | 9 /s |",
        "1. noted",
        "![growth](performance/growth.svg)",
        "after",
    ):
        assert part in made
    assert with_figures(made, {"cpu": "one"}, [], []).count(BEGIN) == 1


def test_the_performance_page_has_its_marks() -> None:
    with_figures(PAGE.read_text(), {}, [], [])


def test_a_metric_is_summed_over_its_labels_and_a_missing_one_is_no_0() -> None:
    metrics = (
        "# TYPE reads_total counter\n"
        'reads_total{statement="a"} 2.0\nreads_total{statement="b"} 3.0\nreads_totals 7.0\n'
        "# TYPE writes_total counter\n"
        "# TYPE step_seconds histogram\nstep_seconds_count 4.0\n"
    )
    found = [sum_of(metrics, name) for name in ("reads_total", "writes_total", "step_seconds_count")]
    assert found == [5.0, 0.0, 4.0]
    with pytest.raises(LookupError):
        sum_of(metrics, "reads")
