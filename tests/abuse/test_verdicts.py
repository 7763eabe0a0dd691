"""How the drill judges a row, and how it prints the results."""

import pytest

from load_tests.abuse.attack import Attack
from load_tests.abuse.attack_result import HEAD, AttackResult, sum_line, table
from load_tests.abuse.bystander import Times, Window, times
from load_tests.abuse.drill import Drill
from load_tests.abuse.security_page import BEGIN, END, PAGE, with_results
from load_tests.abuse.server_watch import Use, kept
from load_tests.abuse.tally import Tally
from load_tests.bench.loop_steps import LoopReading, LoopSteps, between, together

QUICK = Times(100, 5.0, 20.0, 30.0)
SLOW = Times(100, 5.0, 900.0, 1_000.0)


async def _nothing(_: Drill) -> None:
    """An attack that does nothing."""


ATTACK = Attack("nothing", ("C1",), _nothing)


def row(
    *,
    posts: Times = QUICK,
    delays: Times = QUICK,
    bad: dict[str, int] | None = None,
    unseen: int = 0,
    tally: Tally | None = None,
    faults: tuple[str, ...] = (),
    steps: LoopSteps | None = None,
    kept: tuple[str, ...] = (),
) -> AttackResult:
    window = Window(posts, QUICK, QUICK, delays, bad or {}, unseen)
    by_server = {} if steps is None else {"chat_server": steps}
    return AttackResult(
        ATTACK, window, tally or Tally(), faults, (), by_server, 0.0, None if kept else 1.0, kept
    )


def tally_of(status: int, **headers: str) -> Tally:
    tally = Tally()
    tally.note(status, {name.replace("_", "-"): value for name, value in headers.items()}, "a request")
    return tally


PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("judged", "trouble"),
    [
        (row(), ""),
        (row(posts=SLOW), "posts p99 900 ms"),
        (row(delays=SLOW), "stream delay p99 900 ms"),
        (row(bad={"readiness: 503": 2}), "the bystander got 2 × readiness: 503"),
        (row(unseen=3), "3 posts were not seen on a stream"),
        (row(faults=("it was accepted", "it was accepted")), "it was accepted"),
        (row(steps=LoopSteps({0.02: 99, 0.05: 100}, {}, 0.044)), "chat_server: longest loop step 44 ms"),
        (row(steps=LoopSteps({0.02: 100, 0.05: 100}, {}, 0.044)), ""),
        (
            row(kept=("chat_server still holds 60 MiB more than before",)),
            "chat_server still holds 60 MiB more than before",
        ),
        (row(tally=tally_of(500, Content_Type=PROBLEM)), "1 × a request was answered 500"),
        (row(tally=tally_of(404)), "1 × a request was answered 404 without problem+json"),
        (
            row(tally=tally_of(503, Content_Type=PROBLEM)),
            "1 × a request was answered 503 without Retry-After",
        ),
        (row(tally=tally_of(503, Content_Type=PROBLEM, Retry_After="1")), ""),
        (row(tally=tally_of(429, Content_Type=PROBLEM)), ""),
    ],
)
def test_a_row_names_each_failure_once(judged: AttackResult, trouble: str) -> None:
    assert judged.troubles == ([trouble] if trouble else [])


def test_the_table_has_a_cell_for_each_column_and_the_summary_names_the_failed_attacks() -> None:
    rows = [row(), row(posts=SLOW)]
    assert all(len(each.cells()) == len(HEAD) for each in rows)
    assert "**posts p99 900 ms**" in table(HEAD, [each.cells() for each in rows])
    assert sum_line(rows).endswith("Failed: nothing.")
    assert sum_line(rows[:1]).endswith("None affected the bystander.")


def test_the_steps_of_a_window_are_the_difference_of_two_readings() -> None:
    before = LoopReading({0.001: 90.0, 0.01: 100.0, float("inf"): 101.0}, {}, 3.0)
    after = LoopReading({0.001: 1_089.0, 0.01: 1_100.0, float("inf"): 1_101.0}, {}, 0.008)
    steps = between(before, after)
    assert steps is not None
    assert (steps.p999_ms, steps.longest_ms, steps.longest_pause_ms) == (1.0, 8.0, 0.0)
    assert between(after, after) is None


def test_combined_windows_keep_the_longest_step() -> None:
    short, long = LoopSteps({0.001: 999.0, 1.0: 999.0}, {}, 0.9), LoopSteps({0.001: 0.0, 1.0: 1.0}, {}, 0.3)
    both = together([short, long])
    assert (short.longest_ms, both.p999_ms, both.longest_ms) == (1.0, 1.0, 300.0)
    assert both.is_short is False


def test_remaining_memory_and_descriptors_are_reported_with_their_amount() -> None:
    before = Use(100.0, 50)
    assert kept("chat_server", before, Use(147.0, 73)) == []
    assert kept("chat_server", before, Use(161.0, 180)) == [
        "chat_server still holds 61 MiB more than before",
        "chat_server still holds 130 descriptors more than before",
    ]


def test_percentiles_do_not_depend_on_the_order_of_the_times() -> None:
    assert times([0.003, 0.001, 0.002]) == Times(3, 2.0, 3.0, 3.0)
    assert times([]) == Times(0, 0.0, 0.0, 0.0)


def test_results_are_written_between_the_marks_of_the_page() -> None:
    made = with_results(PAGE.read_text(), "the results")
    assert made.count(BEGIN) == made.count(END) == 1
    assert with_results(made, "the results") == made
    with pytest.raises(ValueError, match="lacks the marks"):
        with_results("no marks", "the results")
