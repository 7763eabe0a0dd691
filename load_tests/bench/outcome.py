"""The results of a figure: rows of the table, and series for the plots."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Better(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class Row:
    """One line: the measurement, our value, its reference in the same run, and the goal.

    `ratio` is ours ÷ reference. `goal` bounds `ours`, `ratio_goal` bounds the ratio, both in the direction of `better`.
    `note` gives what a reader must know: the generator's share of a core, what was skipped and why.
    """

    what: str
    ours: float
    unit: str
    better: Better
    reference: str = ""
    reference_value: float | None = None
    goal: float | None = None
    ratio_goal: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.reference_value if self.reference_value else None

    @property
    def met(self) -> bool | None:
        """None without a goal, or if none of its parts could be measured."""
        pairs = ((self.ours, self.goal), (self.ratio, self.ratio_goal))
        verdicts = [
            value >= goal if self.better is Better.HIGHER else value <= goal
            for value, goal in pairs
            if value is not None and goal is not None
        ]
        return all(verdicts) if verdicts else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "met": self.met}


@dataclass(frozen=True)
class Series:
    """A line of a plot: `y` over `x`, same length."""

    plot: str
    label: str
    x_label: str
    y_label: str
    x: list[float]
    y: list[float]


@dataclass
class Outcome:
    rows: list[Row] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
