"""The table of results, with a row for each fault."""

from dataclasses import dataclass
from typing import Final

from load_tests.chaos.crowd import Outcome

FAULT_WIDTH: Final = 50
COLUMNS: Final = (
    ("answered", 8),
    ("once", 7),
    ("lost", 5),
    ("double", 6),
    ("order", 5),
    ("silence s", 9),
    ("normal s", 8),
    ("p99 s", 6),
    ("max s", 6),
    ("refusal s", 9),
    ("503/429", 7),
    ("cut", 5),
    ("hang", 5),
    ("other", 5),
)
LEGEND: Final = """\
answered   posts answered 201 · once: those that every tab of the room received exactly once
lost, double, order   events that a tab missed, received twice, or received after a later one
silence    longest time in which a tab received no event · normal: from the repair until every tab has a later post
p99, max   response time of 2xx · refusal: slowest 503 or 429
503/429    refusals with Retry-After; the write was repeated until it was answered
cut, hang  attempts whose connection broke; abandoned after 3 s without a response
other      responses that are neither 2xx nor a refusal with Retry-After"""


@dataclass(frozen=True)
class Row:
    """One fault's outcome. `findings` name other broken promises; `remarks` are figures for the reader."""

    fault: str
    outcome: Outcome
    findings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Nothing was lost, duplicated or reordered, everything recovered, and every response was valid."""
        outcome = self.outcome
        return (
            outcome.verdict.is_clean()
            and outcome.back_to_normal_s is not None
            and outcome.ledger.invalid == 0
            and not self.findings
        )

    def line(self) -> str:
        outcome, verdict, ledger = self.outcome, self.outcome.verdict, self.outcome.ledger
        normal = "never" if outcome.back_to_normal_s is None else f"{outcome.back_to_normal_s:.1f}"
        refused = sum(count for status, count in ledger.statuses.items() if status[:3] in ("503", "429"))
        cells = (
            verdict.posts_answered,
            verdict.seen_exactly_once,
            verdict.lost,
            verdict.duplicated,
            verdict.reordered,
            f"{outcome.longest_silence_s:.1f}",
            normal,
            f"{ledger.answered_within_s(0.99):.2f}",
            f"{ledger.slowest_answer_s:.2f}",
            f"{ledger.slowest_refusal_s:.2f}",
            refused,
            ledger.cuts,
            ledger.hangs,
            ledger.invalid,
        )
        return (
            self.fault.ljust(FAULT_WIDTH)
            + " "
            + " ".join(str(cell).rjust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True))
        )

    def notes(self) -> list[str]:
        return [*self.outcome.verdict.examples, *self.outcome.ledger.examples, *self.findings, *self.remarks]


def head_line() -> str:
    return "fault".ljust(FAULT_WIDTH) + " " + " ".join(name.rjust(width) for name, width in COLUMNS)


def not_tried_line(fault: str, reason: str) -> str:
    """Replaces a row if this machine lacks something that the fault needs."""
    return f"{fault.ljust(FAULT_WIDTH)} not tried: {reason}"


def last_lines(rows: list[Row]) -> list[str]:
    """The summary in words."""
    posts = sum(row.outcome.verdict.posts_answered for row in rows)
    lost = sum(row.outcome.verdict.lost for row in rows)
    doubled = sum(row.outcome.verdict.duplicated for row in rows)
    reordered = sum(row.outcome.verdict.reordered for row in rows)
    bad = [row.fault for row in rows if not row.is_good]
    sentence = (
        f"{len(rows)} windows, {posts:,} posts: {lost} lost, {doubled} duplicated, {reordered} reordered."
    )
    return [sentence, f"Broken promises: {'; '.join(bad)}." if bad else "All promises held."]
