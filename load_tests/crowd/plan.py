"""The size of one run of the crowd."""

from dataclasses import dataclass
from typing import Final

MAX_SECONDS: Final = 600
MAX_STREAMS: Final = 50_000
MAX_PEOPLE: Final = 2_000
"""Of probes, authors and readers each: they are clients in Python."""


@dataclass(frozen=True)
class Plan:
    """`streams` arrive by `shape`; `probes`, `authors` and `readers` are there from the start.

    Each author posts, reacts, edits or deletes about once in `every_s`. The room turns hot at `enter_per_s` fetches.
    """

    streams: int
    probes: int
    authors: int
    readers: int
    seconds: int
    shape: str
    every_s: float = 2.0
    enter_per_s: float = 50.0


FULL: Final = Plan(streams=2_000, probes=50, authors=20, readers=200, seconds=45, shape="kick-off")
TINY: Final = Plan(
    streams=60, probes=3, authors=4, readers=5, seconds=3, shape="ramp", every_s=0.25, enter_per_s=5
)
